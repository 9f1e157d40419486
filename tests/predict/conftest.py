import pytest
from noise_split import NoiseSplit

from rebench.evaluation import evaluate


@pytest.fixture
def split():
    return NoiseSplit()


@pytest.fixture
def run(split, tmp_path):
    """Evaluates a predictor on the noise, into a folder of this test."""
    return lambda predictor, on=split, **options: evaluate(
        predictor, on, **{"out": tmp_path / "runs"} | options
    )
