"""`rebench train`: what it refuses, and that a short training ends in weights that load."""

import pytest
from typer.testing import CliRunner

from rebench.cli.main import app


def rebench(*words):
    return CliRunner().invoke(app, [str(w) for w in words])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model", "safire:base"], "'tiny' only"),
        (["--model", "nobody"], "no trainer for 'nobody'"),
        (["--model", "safire:tiny", "--split", "scenes:test"], "their training part alone"),
        (["--model", "safire:tiny", "--device", "abacus"], "unknown device"),
    ],
)
def test_wrong_requests_are_one_line_and_2(tmp_path, words, message):
    result = rebench("train", *words, "--out", tmp_path, "--pictures", 2)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_a_short_training_gives_weights_that_load_and_refuses_another_recipe(tmp_path):
    request = ["train", "--model", "safire:tiny", "--pictures", 8, "--images", 2, "--device", "cpu"]
    result = rebench(*request, "--steps", 2, "--out", tmp_path)
    assert result.exit_code == 0, result.stderr
    weights = tmp_path / "model.safetensors"
    result = rebench(
        "run",
        "--model",
        "safire:tiny",
        "--weights",
        weights,
        "--split",
        "scenes:train-8",
        "--out",
        tmp_path / "runs",
    )
    assert result.exit_code == 0, result.stderr
    result = rebench(*request, "--steps", 3, "--out", tmp_path)
    assert result.exit_code == 2
    assert "another recipe" in result.stderr
