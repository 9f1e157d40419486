import pytest
import torch


@pytest.fixture(autouse=True, scope="package")
def _one_thread():
    """Thousands of tiny operations: on a busy machine threads cost more than they give."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
