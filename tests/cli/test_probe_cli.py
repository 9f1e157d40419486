"""`rebench run --probe` and `rebench probe` as a shell sees them."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

sys.path.append(str(Path(__file__).parents[1] / "ambiguity"))
from probes_kennel import Kennel

from rebench.cli.main import app
from rebench.errors import RebenchError

pytestmark = pytest.mark.slow  # together they take seconds

MODELS = f"""
import sys
sys.path.append({str(Path(__file__).parents[1] / "ambiguity")!r})
from probes_kennel import Choosy, Reader
"""
RUN = Path("runs/kennel-test/models.py-Reader")


def splits(name, data_root=None):
    if name.startswith("kennel"):
        return Kennel(name=name)
    raise RebenchError(f"unknown split {name!r}")


@pytest.fixture
def rebench(tmp_path, monkeypatch):
    """Runs a command line in an empty folder, with a kennel for a split."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("rebench.data.catalogue.load_split", splits)
    (tmp_path / "models.py").write_text(MODELS)
    return lambda *arguments: CliRunner().invoke(app, arguments)


@pytest.fixture
def run(rebench):
    """A run of the reader."""
    return lambda *more: rebench("run", "--model", "models.py:Reader", "--split", "kennel:test", *more)


def test_probes_are_run_and_reported(run):
    done = run("--probe", "other-target", "--probe", "empty", "--json")
    assert done.exit_code == 0, done.stderr
    (document,) = json.loads(done.stdout)["runs"]
    assert document["probes"] == json.loads((RUN / "probes.json").read_text())
    assert list(document["probes"]["probes"]) == ["empty", "other-target"]
    assert document["run"]["split"]["name"] == "kennel:test"
    assert "kennel:test@empty: 17 expressions" in done.stderr
    assert "Probes of models.py:Reader on kennel:test" in done.stderr
    assert "language sensitivity 100.0 [100.0, 100.0]" in done.stderr
    assert "expressions that a probe does not apply to: other-target 5" in done.stderr


def test_a_run_without_probes_is_as_before(run):
    done = run("--json")
    (document,) = json.loads(done.stdout)["runs"]
    assert set(document) == {"path", "run", "summary"}
    assert not (RUN / "probes.json").exists()
    assert not Path("runs/kennel-test-empty").exists()


def test_the_report_is_made_again_without_the_model(rebench, run):
    run("--probe", "explicit")
    before = (RUN / "probes.json").read_text()
    Path("models.py").unlink()
    (RUN / "probes.json").unlink()
    done = rebench("probe", str(RUN), "--json")
    assert done.exit_code == 0, done.stderr
    assert (RUN / "probes.json").read_text() == before
    assert json.loads(done.stdout) == json.loads(before)
    assert "Probes of" not in done.stdout


def test_a_wrong_name_ends_with_2_before_anything_runs(run):
    done = run("--probe", "empty", "--probe", "shufled")
    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        "error: unknown probe 'shufled': did you mean shuffled?"
        " Known: category, empty, other-target, shuffled, no-distractors, explicit, all"
    ]
    assert not Path("runs").exists()


def test_failures_of_a_probe_end_with_1(rebench):
    done = rebench("run", "--model", "models.py:Choosy", "--split", "kennel:test", "--probe", "empty")
    assert done.exit_code == 1
    assert "expressions that are not scored in both runs: empty 17" in done.stderr


def test_what_cannot_be_reported_ends_with_2(rebench, run):
    assert "no run.json" in rebench("probe", "nowhere").stderr
    run()
    done = rebench("probe", str(RUN))
    assert done.exit_code == 2
    assert done.stderr.startswith("error: no probed runs of this run beside")
    assert len(done.stderr.splitlines()) == 1
