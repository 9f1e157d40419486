"""Protocols as a shell sees them: kept logits, other protocols, refusals in one line."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

sys.path.append(str(Path(__file__).parents[1] / "predict"))
from noise_split import NoiseSplit

from rebench.cli.main import app
from rebench.data.masks import encode
from rebench.metrics import protocol_names

pytestmark = pytest.mark.slow  # together they take seconds

MODEL = """
import numpy as np

class Ramp:
    def predict(self, image, expressions):
        ramp = np.linspace(-4, 4, 12, dtype=np.float32)
        return [np.tile(ramp if len(e) % 2 else -ramp, (10, 1)) for e in expressions]
"""
RAMP = ("--model", "models.py:Ramp", "--split", "noise")


@pytest.fixture
def rebench(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("rebench.data.catalogue.load_split", lambda name, data_root=None: NoiseSplit())
    (tmp_path / "models.py").write_text(MODEL)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def the_run(out="runs"):
    (path,) = Path(out).glob("*/*")
    return path


def refused(done):
    assert done.exit_code == 2, done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


def test_one_set_of_predictions_under_every_protocol(rebench):
    assert rebench("run", *RAMP, "--keep-logits").exit_code == 0
    files = {f: f.read_bytes() for f in the_run().rglob("*") if f.is_file() and f.name != ".lock"}
    done = rebench("compare-protocols", the_run(), "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert list(document["protocols"]) == protocol_names()
    assert {row["n"] for row in document["protocols"].values()} == {12}
    for word in (*protocol_names(), "spread", "what departs from original", "threshold", "0.35 (cris)"):
        assert word in done.stderr
    assert "note on rela: 12 of 12 targets have no polygons" in done.stderr
    assert all(f.read_bytes() == content for f, content in files.items()), "nothing is written"


def test_the_table_agrees_with_scoring_one_protocol(rebench):
    rebench("run", *RAMP, "--keep-logits")
    table = json.loads(rebench("compare-protocols", the_run(), "--json").stdout)["protocols"]
    for name in protocol_names():
        done = rebench("score", the_run(), "--protocol", name, "--json")
        assert done.exit_code == 0, done.stderr
        summary = json.loads(done.stdout)["runs"][0]["summary"]
        assert f"protocol {name}" in done.stderr
        assert ("from the kept logits" in done.stderr) == (name != "original")
        for metric in ("oiou", "miou", "pr50", "pr70"):
            value, row = summary["overall"][metric]["value"], table[name][metric]
            assert value == (row if row is None else pytest.approx(row, rel=1e-12))


def test_without_logits_another_protocol_is_refused(rebench):
    rebench("run", *RAMP)
    message = refused(rebench("score", the_run(), "--protocol", "cris"))
    for word in ("interpolation bicubic", "threshold 0.35", "would not be those of cris", "--keep-logits"):
        assert word in message
    assert "not logits" in refused(rebench("compare-protocols", the_run()))
    assert rebench("score", the_run()).exit_code == 0


def test_imported_masks_are_refused_by_a_protocol_that_needs_logits(rebench, tmp_path):
    mask = encode(np.ones((20, 24), bool))
    lines = [json.dumps({"sample_id": s.sample_id, "rle": mask}) for s in NoiseSplit().samples]
    (tmp_path / "p.jsonl").write_text("\n".join(lines))
    words = ("import", "p.jsonl", "--model", "theirs", "--split", "noise")
    message = refused(rebench(*words, "--protocol", "remamber"))
    assert "holds masks, not logits" in message
    assert "to_picture nearest" in message
    assert not Path("runs").exists()
    assert rebench(*words).exit_code == 0
    assert "import cannot bring logits" in refused(rebench("score", the_run(), "--protocol", "rela"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["original", "lavt", "remamber", "cris", "rela"])
def test_a_run_under_each_protocol_and_its_picture(rebench, name):
    done = rebench("run", *RAMP, "--protocol", name, "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)["runs"][0]
    assert document["run"]["protocol"] == document["summary"]["protocol"] == name
    assert document["run"]["logits"] is None
    drawn = rebench("draw", the_run(), "--out", "p.png")
    assert drawn.exit_code == 0, drawn.stderr
    assert Path("p.png").stat().st_size > 1000


def test_a_failed_expression_shows_in_the_exit_code(rebench, tmp_path):
    (tmp_path / "models.py").write_text(MODEL.replace("return [", "return [None if not e else "))
    assert rebench("run", *RAMP, "--keep-logits").exit_code == 1
    done = rebench("compare-protocols", the_run(), "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["protocols"]["lavt"]["failed"] == 4


def test_what_is_no_run_or_no_protocol(rebench):
    assert "is not a run" in refused(rebench("compare-protocols", "nowhere"))
    assert "unknown protocol 'olympic'" in refused(rebench("run", *RAMP, "--protocol", "olympic"))
