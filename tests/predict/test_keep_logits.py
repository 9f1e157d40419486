"""Runs under every protocol, and runs that keep their logits: whatever happens, the same scores."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from noise_split import NoiseSplit, results

from rebench.errors import RebenchError
from rebench.evaluation import Run, evaluate
from rebench.metrics import protocol_names, score_samples
from rebench.predict.mock import Mock
from rebench.protocol_comparison import compare_protocols
from rebench.rescoring import rescore
from rebench.store.folder import RunFolder

pytestmark = pytest.mark.slow  # together they take seconds

HERE = Path(__file__).parent


class Blobs:
    """Float logits of a low resolution: the right box where the picture is bright, else noise."""

    def __init__(self, channels=None, scale=1.0):
        self.channels, self.scale = channels, scale

    def predict(self, image, expressions):
        rng = np.random.default_rng(int(image[0, 0, 0]))
        return [self._logits(rng, len(expression)) for expression in expressions]

    def _logits(self, rng, seed):
        plane = rng.normal(size=(10, 12)).astype(np.float32) * 2 - 3
        plane[2:7, 6 * (seed % 2) : 6 * (seed % 2) + 5] += 6
        if self.channels:
            return np.stack([-plane, plane]) * np.float32(self.scale)
        return plane * np.float32(self.scale)


NOISE = NoiseSplit()


def test_a_run_that_keeps_its_logits_can_be_scored_by_every_protocol(run):
    done = run(Blobs(), keep_logits=True)
    assert done.record.logits == "float16"
    for name in protocol_names():
        scored = rescore(done.path, name, split=NOISE)
        assert scored.summary["protocol"] == name
        assert scored.summary["scored_from"] == ("masks" if name == "original" else "logits")
        assert scored.summary["overall"]["n"] == 12
        assert scored.summary["overall"]["miou"]["low"] <= scored.summary["overall"]["miou"]["value"]
    assert run(Blobs(), keep_logits=True).summary["protocol"] == "original", "a run is shown by its own"


@pytest.mark.parametrize("name", ["lavt", "remamber", "cris", "rela"])
@pytest.mark.parametrize("channels", [None, 2])
def test_scoring_kept_logits_is_running_under_that_protocol(run, tmp_path, name, channels):
    kept = rescore(run(Blobs(channels), keep_logits=True).path, name, split=NOISE)
    direct = run(Blobs(channels), protocol=name, out=tmp_path / "direct", keep_logits=True)
    assert direct.record.protocol == name
    assert direct.scores.equals(kept.scores)
    assert direct.summary == kept.summary | {"scored_from": "masks"}


def test_the_numbers_are_those_of_score_samples(run):
    done = run(Blobs(), keep_logits=True)
    logits = dict(RunFolder(done.path).logits())
    annotations = [
        {"segmentation": NOISE.target(sample), "height": sample.height, "width": sample.width}
        for sample in NOISE.samples
    ]
    expected = score_samples([logits[s.sample_id] for s in NOISE.samples], annotations, "lavt")
    scored = rescore(done.path, "lavt", split=NOISE)
    assert scored.scores["intersection"].tolist() == expected.intersection.tolist()
    assert scored.scores["union"].tolist() == expected.union.tolist()
    for metric in ("oiou", "miou", "pr50", "pr90"):
        assert scored.summary["overall"][metric]["value"] == pytest.approx(expected.totals[metric], rel=1e-12)


def test_what_a_protocol_does_not_compute_is_null(run, tmp_path):
    cris = run(Blobs(), protocol="cris").summary
    assert cris["overall"]["oiou"] == {"value": None, "low": None, "high": None}
    assert cris["chance"]["full_mask"]["overall"]["oiou"]["value"] is None
    assert "letterbox" in cris["notes"][0]
    remamber = run(Blobs(), protocol="remamber", out=tmp_path / "r").summary
    assert remamber["overall"]["pr50"]["value"] is None
    assert remamber["overall"]["oiou"]["value"] is not None
    rela = run(Blobs(), protocol="rela", out=tmp_path / "l").summary
    assert "12 of 12 targets have no polygons" in rela["notes"][0]
    assert rela["chance"]["full_mask"]["overall"]["miou"]["value"] == pytest.approx(100 / 480, abs=0.02)


def test_masks_lie_on_the_grid_of_their_protocol(run):
    done = run(Blobs(), protocol="lavt")
    rows = done.predictions()
    assert set(rows["height"]) == set(rows["width"]) == {480}
    assert len(rescore(done.path, split=NOISE).scores) == 12


@pytest.mark.parametrize(
    ("made_by", "wanted"), [("original", "cris"), ("lavt", "original"), ("lavt", "rela")]
)
def test_masks_alone_are_refused_by_another_protocol(run, made_by, wanted):
    done = run(Blobs(), protocol=made_by)
    before = results(done.path)
    with pytest.raises(RebenchError) as caught:
        rescore(done.path, wanted, split=NOISE)
    message = str(caught.value)
    assert f"masks made by protocol {made_by}, not logits" in message
    assert f"the scores would not be those of {wanted}" in message
    assert "--keep-logits" in message
    assert ("align_corners" in message) == (made_by == "lavt" or wanted == "cris")
    assert results(done.path) == before
    with pytest.raises(RebenchError, match="not logits"):
        compare_protocols(done.path, split=NOISE)


def test_a_model_that_answers_masks_has_no_logits_to_keep(run, tmp_path):
    done = run(Mock(), keep_logits=True)
    assert done.failed == 12
    assert "there are no logits to keep" in done.first_failure
    under = run(Mock(), protocol="lavt", out=tmp_path / "l")
    assert "protocol lavt needs logits" in under.first_failure


def test_infinite_logits_are_kept_as_large_ones(run, tmp_path):
    with np.errstate(over="ignore"):
        huge = run(Blobs(scale=np.inf), keep_logits=True)
    values = np.stack([logits for _, logits in RunFolder(huge.path).logits()])
    assert set(np.abs(values).ravel().tolist()) == {65_504.0}
    plain = run(Blobs(scale=np.inf), out=tmp_path / "plain")
    assert huge.scores["intersection"].tolist() == plain.scores["intersection"].tolist()


def test_a_run_without_logits_is_not_continued_with_them(run):
    run(Blobs(), limit=6)
    with pytest.raises(RebenchError, match="logits was None, now 'float16'"):
        run(Blobs(), keep_logits=True)


def test_one_table_of_every_protocol(run):
    document = compare_protocols(run(Blobs(), keep_logits=True).path, split=NOISE)
    assert list(document["protocols"]) == protocol_names()
    mious = [row["miou"] for row in document["protocols"].values()]
    assert document["spread"]["miou"] == max(mious) - min(mious) > 0
    assert document["protocols"]["cris"]["oiou"] is None
    assert document["choices"]["threshold"]["cris"] == "0.35"


def test_lost_logits_are_said(run):
    done = run(Blobs(), keep_logits=True)
    (shard,) = (done.path / "logits.parquet").iterdir()
    content = shard.read_bytes()
    shard.unlink()
    with pytest.raises(RebenchError, match=r"no logits of 'noise/0/0' are kept"):
        rescore(done.path, "lavt", split=NOISE)
    shard.write_bytes(content[:50])
    with pytest.raises(RebenchError, match="damaged"):
        rescore(done.path, "lavt", split=NOISE)


SLOW = """
import sys, time
sys.path.insert(0, sys.argv[2])
from noise_split import NoiseSplit
from test_keep_logits import Blobs
from rebench.evaluation import evaluate
import rebench.store.writer
rebench.store.writer.SHARD_ROWS = 3

class Slow(Blobs):
    def predict(self, image, expressions):
        time.sleep(0.03)
        return super().predict(image, expressions)

Slow.__name__ = Slow.__qualname__ = "Blobs"
Slow.__module__ = Blobs.__module__
evaluate(Slow(), NoiseSplit(images=30), out=sys.argv[1], keep_logits=True)
"""


@pytest.mark.slow
def test_a_run_killed_twice_keeps_the_same_logits(tmp_path):
    out, split = tmp_path / "killed", NoiseSplit(images=30)
    for moment in (3, 9):
        process = subprocess.Popen([sys.executable, "-c", SLOW, str(out), str(HERE)], stderr=subprocess.PIPE)
        while process.poll() is None and len(list(out.glob("*/*/predictions.parquet/part-*"))) < moment:
            time.sleep(0.005)
        assert process.poll() is None, process.communicate()[1].decode()
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert len(list(out.glob("*/*/predictions.parquet/part-*"))) < 25
    killed = evaluate(Blobs(), split, out=out, keep_logits=True)
    whole = evaluate(Blobs(), split, out=tmp_path / "whole", keep_logits=True)
    assert killed.path.name == whole.path.name
    assert results(killed.path) == results(whole.path)
    for name in ("lavt", "cris"):
        assert results(rescore(killed.path, name, split=split).path) == results(
            rescore(whole.path, name, split=split).path
        )
    ours, theirs = (dict(RunFolder(run.path).logits()) for run in (killed, whole))
    assert list(ours) == list(theirs)
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert Run.read(killed.path).record.counts.missing == 0
