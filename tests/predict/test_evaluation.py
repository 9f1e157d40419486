"""What `evaluate` promises whatever happens to it: interruption, repetition, batches, limits."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from noise_split import NoiseSplit, results

import rebench
from rebench.errors import RebenchError
from rebench.evaluation import Run, evaluate
from rebench.predict.interface import ModelCard
from rebench.predict.mock import Mock
from rebench.store.folder import RunFolder

HERE = Path(__file__).parent


def watched(before):
    """A mock, the same model to the store, that calls `before(expressions)` first."""
    mock = Mock()

    def predict(image, expressions):
        before(expressions)
        return Mock.predict(mock, image, expressions)

    mock.predict = predict
    return mock


@pytest.fixture
def asked():
    return []


@pytest.fixture
def counting(asked):
    """A mock that leaves every expression it is asked in `asked`."""
    return watched(asked.extend)


def test_a_run_leaves_what_the_contract_names(run):
    done = run(Mock())
    assert done.path.parts[-2:] == ("noise-test", "mock")
    assert done.record.status == "complete"
    assert (done.record.counts.ok, done.record.counts.failed, done.record.counts.missing) == (12, 0, 0)
    assert len(done.scores) == 12
    assert done.summary["overall"]["n"] == 12
    predictions = done.predictions()
    assert list(predictions["status"].unique()) == ["ok"]
    assert done.record.model.warning == Mock().card.warning


def test_the_package_offers_evaluate_whatever_was_imported_before():
    assert rebench.evaluate is evaluate


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, rebench; print(sorted({'torch', 'pandas', 'numpy', 'typer'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_batch_size_changes_nothing(run, tmp_path):
    one = run(Mock(), out=tmp_path / "1", batch_size=1)
    many = run(Mock(), out=tmp_path / "16", batch_size=16)
    assert results(one.path) == results(many.path)


def test_a_finished_run_does_no_work(run, counting, asked):
    first = run(Mock())
    before = {f: f.stat().st_mtime_ns for f in first.path.rglob("*.*") if f.name != ".lock"}
    second = run(counting)
    assert asked == []
    assert {f: f.stat().st_mtime_ns for f in first.path.rglob("*.*") if f.name != ".lock"} == before
    assert second.summary == first.summary


def test_a_limited_run_is_partial_and_can_be_continued(run, tmp_path, counting, asked):
    limited = run(Mock(), limit=5)
    assert limited.record.status == "partial"
    assert limited.record.counts.missing == 7
    assert limited.summary["coverage"]["missing"] == 7
    whole = run(counting)
    assert len(asked) == 7
    assert whole.record.status == "complete"
    assert results(whole.path) == results(run(Mock(), out=tmp_path / "undisturbed").path)


def test_a_finished_run_is_shown_from_where_nobody_can_write(run, monkeypatch):
    done = run(Mock())
    (done.path / ".lock").unlink()
    folders = [done.path, done.path / "predictions.parquet"]
    for folder in folders:
        folder.chmod(0o500)  # stops everybody but root, whom the next line stops
    monkeypatch.setattr("rebench.evaluation.RunWriter", None)
    try:
        again = run(Mock())
    finally:
        for folder in folders:
            folder.chmod(0o700)
    assert (again.summary, again.record) == (done.summary, done.record)
    assert not (done.path / ".lock").exists()


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["scores.parquet", "summary.json"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"[" * 100_000, b'{"schema_version": 99}'])
def test_lost_scores_are_made_again_from_the_predictions(run, lost, content, counting, asked):
    done = run(Mock())
    before = results(done.path)
    (done.path / lost).unlink()
    if content is not None:
        (done.path / lost).write_bytes(content)
    run(counting)
    assert asked == []
    assert results(done.path) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "change", [{"overall": None}, {"groups": []}, {"slices": []}, {"notes": 3}, {"coverage": {}}]
)
def test_a_summary_that_is_none_is_made_again(run, change, counting, asked):
    done = run(Mock())
    before = results(done.path)
    file = done.path / "summary.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    run(counting)
    assert asked == []
    assert results(done.path) == before


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["without iou", "iou in words"])
def test_scores_that_are_none_are_made_again(run, damage, counting, asked):
    done = run(Mock())
    before, scores = results(done.path), done.scores
    changed = scores.drop(columns="iou") if damage == "without iou" else scores.assign(iou="high")
    changed.to_parquet(done.path / "scores.parquet")
    run(counting)
    assert asked == []
    assert results(done.path) == before


def test_a_lost_shard_is_predicted_again(run, monkeypatch, counting, asked):
    monkeypatch.setattr("rebench.store.writer.SHARD_ROWS", 3)
    done = run(Mock())
    before = results(done.path)
    shards = sorted((done.path / "predictions.parquet").iterdir())
    assert len(shards) == 4
    shards[1].write_bytes(shards[1].read_bytes()[:100])
    with pytest.raises(RebenchError, match=rf"{shards[1].name} is damaged .* delete this file"):
        run(Mock())
    shards[1].unlink()
    run(counting)
    assert len(asked) == 3
    assert results(done.path) == before


def test_fresh_begins_anew(run, counting, asked):
    run(Mock())
    run(counting, fresh=True)
    assert len(asked) == 12


def test_an_interrupted_run_keeps_what_is_done(run, tmp_path, counting, asked):
    pictures = iter(range(9))

    def interrupt(expressions):
        if next(pictures) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(watched(interrupt))
    (path,) = (tmp_path / "runs").glob("*/*")
    record = RunFolder(path).record
    assert (record.status, record.counts.ok, record.counts.missing) == ("partial", 6, 6)
    done = run(counting)
    assert len(asked) == 6
    assert results(path) == results(run(Mock(), out=tmp_path / "undisturbed").path)
    assert done.record.status == "complete"


SLOW = """
import sys, time
sys.path.insert(0, sys.argv[2])
from noise_split import NoiseSplit
from rebench.evaluation import evaluate
from rebench.predict.interface import ModelCard
from rebench.predict.mock import Mock
import rebench.store.writer
rebench.store.writer.SHARD_ROWS = 4

mock = Mock()
mock.predict = lambda *question: time.sleep(0.02) or Mock.predict(mock, *question)
evaluate(mock, NoiseSplit(images=40), out=sys.argv[1])
"""


def start_slow_run(out):
    return subprocess.Popen(
        [sys.executable, "-c", SLOW, str(out), str(HERE)], stderr=subprocess.PIPE, text=True
    )


def wait_for_shards(out, number, process):
    """Waits until the run has so many shards; false if it has ended before."""
    while process.poll() is None:
        if len(list(out.glob("*/*/predictions.parquet/part-*"))) >= number:
            return True
        time.sleep(0.005)
    return False


@pytest.mark.slow
def test_a_run_killed_three_times_ends_like_an_undisturbed_one(tmp_path):
    out = tmp_path / "killed"
    for moment in (2, 7, 13):
        process = start_slow_run(out)
        assert wait_for_shards(out, moment, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    shards = list(out.glob("*/*/predictions.parquet/part-*"))
    assert 13 <= len(shards) < 30  # it stopped midway
    killed = evaluate(Mock(), NoiseSplit(images=40), out=out)
    undisturbed = evaluate(Mock(), NoiseSplit(images=40), out=tmp_path / "undisturbed")
    assert killed.record.counts == undisturbed.record.counts
    assert results(killed.path) == results(undisturbed.path)
    assert [f.name for f in killed.path.rglob(".*")] == [".lock"]  # no leftovers


@pytest.mark.slow
def test_two_processes_do_not_write_one_run(tmp_path):
    process = start_slow_run(tmp_path)
    try:
        assert wait_for_shards(tmp_path, 1, process)
        with pytest.raises(RebenchError, match=rf"another process \(pid {process.pid}\) is writing"):
            evaluate(Mock(), NoiseSplit(images=40), out=tmp_path)
        with pytest.raises(RebenchError, match="another process"):
            evaluate(Mock(), NoiseSplit(images=40), out=tmp_path, fresh=True)
    finally:
        _, errors = process.communicate()
    assert process.returncode == 0, errors
    (path,) = tmp_path.glob("*/*")
    assert Run.read(path).record.status == "complete"


def test_a_full_disk_is_said_and_costs_no_finished_shard(run, tmp_path, monkeypatch, counting, asked):
    monkeypatch.setattr("rebench.store.writer.SHARD_ROWS", 3)
    real, left = os.fsync, [7]

    def fsync(descriptor):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(RebenchError, match=r"could not write .*part-\d+\.parquet: No space left on device"):
        run(Mock())
    monkeypatch.setattr(os, "fsync", real)
    (path,) = (tmp_path / "runs").glob("*/*")
    stored = len(RunFolder(path).predictions())
    assert 0 < stored < 12
    assert not list(path.rglob(".writing-*"))
    run(counting)
    assert len(asked) == 12 - stored


@pytest.mark.parametrize(
    ("change", "field"),
    [({"seed": 1}, "seed was 0, now 1"), ({"on": NoiseSplit(images=3)}, "split.manifest_sha256 was")],
)
def test_another_run_is_not_continued(run, change, field):
    done = run(Mock())
    before = results(done.path)
    with pytest.raises(RebenchError, match=rf"{field}.*--fresh.*--out"):
        run(Mock(), **change)
    assert results(done.path) == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch size 0"),
        ({"limit": 0}, "limit 0"),
        ({"seed": -1}, "seed -1"),
        ({"protocol": "olympic"}, "unknown protocol 'olympic'"),
        ({"weights": "w.pt"}, "weights go with the name"),
    ],
)
def test_a_wrong_request_touches_nothing(run, tmp_path, options, message):
    with pytest.raises(RebenchError, match=message):
        run(Mock(), **options)
    assert list(tmp_path.iterdir()) == []


def test_when_every_sample_fails_there_is_still_a_summary(run):
    class Broken:
        def predict(self, image, expressions):
            raise ValueError("no idea")

    done = run(Broken())
    assert done.failed == 12
    assert done.summary["overall"]["n"] == 0
    told = r"ValueError: no idea \(test_evaluation.py, line \d+\) \(noise/0/0\)"
    assert re.fullmatch(told, done.first_failure)


@pytest.mark.parametrize(
    ("trained_on", "name", "warned"),
    [
        (("scenes:train",), "noise:test", True),
        (("scenes:train",), "scenes:test", False),
        (("scenes:train", "refcoco:train"), "noise:test", False),
        ((), "noise:test", False),
    ],
)
def test_weights_that_only_saw_scenes_are_warned_of_elsewhere(run, trained_on, name, warned):
    model = Mock()
    model.card = ModelCard("tiny", trained_on=trained_on)
    warning = run(model, on=NoiseSplit(images=1, name=name)).record.model.warning
    assert (warning is not None and f"scores on {name} mean nothing" in warning) == warned


def test_a_run_says_what_it_is(run):
    record = run("rebench.predict.mock:Mock", seed=3).record
    assert record.model.name == "rebench.predict.mock:Mock"
    assert len(record.model.code_sha256) == 64
    assert record.environment.python.startswith("3.")
    assert record.environment.rebench == rebench.__version__
    assert record.seed == 3
    assert record.split.coverage == "12 expressions"
