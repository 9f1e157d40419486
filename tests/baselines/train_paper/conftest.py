import pytest
import torch
from training_data import Photographs


@pytest.fixture(autouse=True, scope="package")
def _one_thread():
    """Thousands of tiny operations: on a busy machine threads cost more than they give."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def photographs(tmp_path_factory):
    return Photographs(tmp_path_factory.mktemp("data"))
