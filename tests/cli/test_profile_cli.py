"""`rebench profile` and the variants of `rebench models`, as a shell sees them."""

import json
import sys
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

sys.path.append(str(Path(__file__).parents[1] / "predict"))
from noise_split import NoiseSplit

from rebench.cli.main import app

pytestmark = pytest.mark.slow  # together they take seconds

MODEL = """
import numpy as np
import torch

print("imported")

class Looks:
    def __init__(self, weights=None):
        self.net = torch.nn.Linear(3, 4)
    def encode(self, image):
        print("looking")
        return self.net(torch.ones(image.shape[0], 3)).sum().item()
    def decode(self, encoded, expressions):
        return [self.net(torch.ones(2, 3)).detach().numpy() for _ in expressions]
    def predict(self, image, expressions):
        return self.decode(self.encode(image), expressions)
"""


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """On a busy machine, threads that wait for each other cost more than they give."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def rebench(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    return lambda *arguments: CliRunner().invoke(app, arguments)


def test_a_table_on_stderr_and_nothing_on_stdout(rebench):
    done = rebench("profile", "-m", "model.py:Looks", "--repeats", "1", "--expressions", "3,1")
    assert done.exit_code == 0
    assert done.stdout == ""
    for said in ("16 parameters, all trainable", "once per picture", "1 expression ", "3 expressions"):
        assert said in done.stderr


def test_one_document_on_stdout(rebench):
    done = rebench(
        "profile", "-m", "model.py:Looks", "-m", "rebench.predict.mock:Mock", "--json", "--repeats", "2"
    )
    looks, mock = json.loads(done.stdout)["models"]
    assert (looks["parameters"], looks["picture"]) == (16, {"height": 480, "width": 640})
    assert looks["encode"]["operations"]["flops"] == 2 * 480 * 3 * 4
    assert [b["expressions"] for b in looks["batches"]] == [1, 5]
    assert looks["batches"][1]["operations"]["multiply_adds"] == 5 * 2 * 3 * 4
    assert len(looks["encode"]["time"]["seconds"]) == 2
    assert (mock["parameters"], mock["encode"]) == (None, None)


def test_the_packaged_model_costs_less_per_expression_where_more_are_asked(rebench):
    done = rebench(
        "profile", "-m", "safire", "--json", "--repeats", "1", "--expressions", "1,2", "--device", "cpu"
    )
    (found,) = json.loads(done.stdout)["models"]
    assert (found["model"]["variant"], found["model"]["weights"]) == ("tiny", "tiny-scenes")
    one, two = (batch["flops_per_expression"] for batch in found["batches"])
    assert two < 0.9 * one
    assert "rebench.directional_scan" in found["batches"][0]["operations"]["other_flops"]
    assert found["published"] == []


def test_random_weights_are_said(rebench):
    done = rebench(
        "profile", "-m", "safire:tiny", "--weights", "untrained", "--repeats", "1", "--expressions", "1"
    )
    assert done.exit_code == 0
    assert "weights untrained, seed 0" in done.stderr
    assert "these weights are random" in done.stderr


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (["-m", "model.py:Looks", "--expressions", "0"], "give numbers from 1 up"),
        (["-m", "model.py:Looks", "--expressions", "one"], "give numbers from 1 up"),
        (["-m", "model.py:Looks", "--image", "no.jpg"], "no.jpg cannot be read as a picture"),
        (["-m", "saphire"], "did you mean safire"),
        (["-m", "safire:huge"], "it has base, tiny"),
        (["-m", "safire", "--weights", "no.safetensors"], "no weights file"),
    ],
)
def test_wrong_requests_end_with_2_and_one_line(rebench, request_, message):
    done = rebench("profile", *request_)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_run_with_random_weights_says_so(rebench, monkeypatch):
    monkeypatch.setattr(
        "rebench.data.catalogue.load_split", lambda name, data_root=None: NoiseSplit(images=1)
    )
    done = rebench("run", "-m", "safire:tiny", "--weights", "untrained", "--split", "noise", "--out", "runs")
    assert done.exit_code == 0, done.stderr
    assert "these weights are random: the scores mean nothing" in done.stderr
    (file,) = Path("runs").rglob("run.json")
    model = json.loads(file.read_text())["model"]
    assert (model["weights"], model["weights_sha256"]) == ("untrained, seed 0", None)
    assert "random" in model["warning"]


def test_the_list_of_models_has_their_variants(rebench):
    listed = rebench("models").stdout
    assert "safire:tiny" in listed
    assert "weights: packaged, Apache-2.0, trained on scenes:train" in listed
    models = {model["name"]: model for model in json.loads(rebench("models", "--json").stdout)["models"]}
    risam = models["risam"]["variants"][0]
    assert (risam["parameters"], risam["trainable"], risam["weights"]) == (
        764_963_648,
        5_795_648,
        "none published",
    )
    assert models["risam"]["variants_problem"] is None


def test_a_list_that_fails_hides_no_model(rebench, tmp_path, monkeypatch):
    info = tmp_path / "site" / "gems-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gems\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[rebench.predictors]\nruby = not_there:Model\nopal = not_there:Opal\n"
        "[rebench.variants]\nruby = not_there:VARIANTS\nopal = rebench.profile.profile:SENTENCES\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    done = rebench("models")
    assert done.exit_code == 0
    assert "not_there:Model (gems)" in done.stdout
    assert "the variants of 'ruby' (not_there:VARIANTS): ModuleNotFoundError" in done.stdout
    assert "lists 'str', not Variant" in done.stdout


def test_a_list_that_prints_leaves_stdout_alone(rebench, tmp_path, monkeypatch):
    info = tmp_path / "site" / "loud-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: loud\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[rebench.predictors]\nloud = loud_variants:Loud\n[rebench.variants]\nloud = loud_variants:VARIANTS\n"
    )
    (tmp_path / "site" / "loud_variants.py").write_text("print('imported')\nVARIANTS = ()\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    done = rebench("models", "--json")
    assert "loud" in [model["name"] for model in json.loads(done.stdout)["models"]]
    assert "imported" in done.stderr
