"""A run on disk: written by one process, read by anybody, never half there."""

import os
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_record import RECORD

from rebench.data.split import Rle, Sample
from rebench.errors import RebenchError
from rebench.store import writer as writing
from rebench.store.folder import RunFolder, folder_name, run_path
from rebench.store.record import StatusCounts
from rebench.store.shards import Prediction
from rebench.store.writer import RunWriter

MASK = Rle(size=[2, 3], counts="06")
SAMPLES = [Sample(f"x/1/{n}", 7, 1, n, 1, f"the 🦒 {n}", 2, 3, "giraffe") for n in range(6)]
SIX = replace(RECORD, split=replace(RECORD.split, expressions=6))


def answers(*numbers):
    return [Prediction.answered(SAMPLES[n], MASK, 0.5) for n in numbers]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs" / "x-test" / "model"


def write(path, *numbers, record=SIX, **options):
    with RunWriter(path, record, **options) as writer:
        writer.add(answers(*numbers))
        return writer.finish()


def test_predictions_come_back_in_order(path):
    with RunWriter(path, SIX) as writer:
        writer.add(answers(2, 0))
        writer.flush()
        writer.add([Prediction.failed(SAMPLES[1], "ValueError: no\nidea \ud800", 0.1)])
        record = writer.finish()
    assert record.status == "partial"
    assert record.counts == StatusCounts(ok=2, failed=1, missing=3)
    rows = RunFolder(path).predictions()
    assert list(rows["sample_id"]) == ["x/1/2", "x/1/0", "x/1/1"]
    assert list(rows["status"]) == ["ok", "ok", "failed"]
    assert rows["error"].iloc[2] == "ValueError: no idea ?"
    assert rows["rle"].iloc[0] == "06"
    assert rows["rle"].isna().iloc[2]
    assert RunFolder(path).record == record
    assert len(pd.read_parquet(path / "predictions.parquet")) == 3  # any Parquet reader can read the folder


def test_shards_are_added_never_rewritten(path):
    write(path, 0, 1)
    first = (path / "predictions.parquet" / "part-00000.parquet").read_bytes()
    record = write(path, 2, 3, 4, 5)
    assert record.status == "complete"
    assert sorted(os.listdir(path / "predictions.parquet")) == ["part-00000.parquet", "part-00001.parquet"]
    assert (path / "predictions.parquet" / "part-00000.parquet").read_bytes() == first


def test_many_expressions_make_a_shard_by_themselves(path, monkeypatch):
    monkeypatch.setattr("rebench.store.writer.SHARD_ROWS", 2)
    with RunWriter(path, SIX) as writer:
        writer.add(answers(0))
        assert writer.status == {}
        writer.add(answers(1))
        assert writer.status == {"x/1/0": "ok", "x/1/1": "ok"}


def test_time_makes_a_shard(path, monkeypatch):
    monkeypatch.setattr("rebench.store.writer.SHARD_SECONDS", 0.0)
    with RunWriter(path, SIX) as writer:
        writer.add(answers(0))
        assert len(writer.status) == 1


def test_of_two_predictions_the_first_counts(path):
    with RunWriter(path, SIX) as writer:
        writer.add(answers(0))
        writer.flush()
        writer.add([Prediction.failed(SAMPLES[0], "later")])
        writer.flush()
    assert list(RunFolder(path).predictions()["status"]) == ["ok"]


def test_an_empty_run_has_the_columns(path):
    write(path)
    rows = RunFolder(path).predictions()
    assert rows.empty
    assert "rle" in rows.columns


def test_new_predictions_make_old_scores_go(path):
    write(path, 0)
    folder = RunFolder(path)
    folder.write_scores(pd.DataFrame({"iou": [1.0]}))
    folder.write_summary({"n": 1})
    assert folder.scored
    write(path, 1)
    assert not folder.scored


def test_scores_and_summary_have_stable_bytes(path):
    write(path)
    folder = RunFolder(path)
    scores = pd.DataFrame({"sample_id": ["a", "b"], "iou": [0.5, 1.0], "both": [True, False]})
    for _ in range(2):
        folder.write_scores(scores.copy())
        folder.write_summary({"b": 1, "a": {"value": None}})
    first = (path / "scores.parquet").read_bytes(), (path / "summary.json").read_bytes()
    folder.write_scores(scores.astype({"sample_id": object}))
    assert (path / "scores.parquet").read_bytes() == first[0]
    assert folder.scores().equals(scores.astype(folder.scores().dtypes.to_dict()))
    assert list(folder.summary()) == ["b", "a"]
    assert pq.read_schema(path / "scores.parquet").metadata is None  # no versions of pandas in there
    with pytest.raises(ValueError, match="Out of range"):
        folder.write_summary({"a": float("nan")})


def test_what_is_not_there_is_named(path):
    with pytest.raises(RebenchError, match=r"is not a run \(it has no run.json\)"):
        RunFolder(path)
    write(path)
    for read in (RunFolder(path).scores, RunFolder(path).summary):
        with pytest.raises(RebenchError, match=r"make (them|it) with `rebench score"):
            read()


@pytest.mark.parametrize("damage", [b"", b"PAR1 garbage PAR1", None])
def test_a_damaged_shard_is_named_with_the_remedy(path, damage):
    write(path, 0)
    write(path, 1)
    shard = path / "predictions.parquet" / "part-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:-20] if damage is None else damage)
    with pytest.raises(RebenchError, match=r"part-00001.parquet is damaged .*delete this file and run again"):
        write(path, 2)
    shard.unlink()
    assert write(path, 2).counts.ok == 2


def test_a_shard_of_something_else_is_damaged_too(path):
    write(path, 0)
    pd.DataFrame({"sample_id": ["a"]}).to_parquet(path / "predictions.parquet" / "part-00001.parquet")
    with pytest.raises(RebenchError, match=r"part-00001\.parquet is damaged"):
        RunFolder(path).predictions()


def test_leftovers_of_killed_writers_are_removed(path):
    write(path, 0)
    (path / "predictions.parquet" / ".writing-part-00001.parquet.123").write_bytes(b"half")
    assert len(pd.read_parquet(path / "predictions.parquet")) == 1
    write(path, 1)
    assert not list(path.rglob(".writing-*"))


def test_one_writer_at_a_time(path):
    with (
        RunWriter(path, SIX),
        pytest.raises(RebenchError, match=rf"another process \(pid {os.getpid()}\) is writing"),
    ):
        RunWriter(path, SIX)
    write(path, 0)


def test_a_full_disk_does_not_keep_a_run_from_being_locked(path, monkeypatch):
    write(path, 0)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rebench.store.lock.os.write", full)
    with RunWriter(path, SIX), pytest.raises(RebenchError, match="another process is writing"):
        RunWriter(path, SIX)


def test_a_shard_that_cannot_be_read_is_not_called_damaged(path, monkeypatch):
    write(path, 0)

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    with pytest.raises(RebenchError, match=r"could not read .*part-00000.parquet: Permission denied$"):
        RunFolder(path).predictions()


def test_predictions_that_are_gone_are_no_empty_run(path):
    write(path, 0)
    for shard in (path / "predictions.parquet").iterdir():
        shard.unlink()
    (path / "predictions.parquet").rmdir()
    with pytest.raises(RebenchError, match=r"no predictions in .*--fresh"):
        write(path, 1)


def test_a_run_may_lie_in_a_folder_whose_name_is_no_unicode(path):
    odd = path.with_name("caf\udce9")
    try:
        odd.mkdir(parents=True)
    except (OSError, UnicodeError):
        pytest.skip("this file system takes Unicode only")
    write(odd, 0)
    RunFolder(odd).write_scores(pd.DataFrame({"iou": [1.0]}))
    assert len(RunFolder(odd).predictions()) == len(RunFolder(odd).scores()) == 1


def test_a_lock_ends_with_its_process(path):
    write(path, 0)
    code = (
        "import os, pathlib, sys; from rebench.store.lock import RunLock;"
        " lock = RunLock(pathlib.Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, path]).returncode == -9
    write(path, 1)


def test_a_system_without_locks_still_writes(path, monkeypatch):
    monkeypatch.setattr("rebench.store.lock.fcntl", None)
    assert write(path, 0).counts.ok == 1


def test_another_run_is_not_overwritten(path):
    write(path, 0)
    with pytest.raises(RebenchError, match=r"holds another run \(seed was 0, now 1\)"):
        write(path, 1, record=replace(SIX, seed=1))
    assert len(RunFolder(path).predictions()) == 1


def test_fresh_replaces_the_old_run_and_leaves_nothing(path):
    write(path, 0, 1)
    record = write(path, 2, record=replace(SIX, seed=1), fresh=True)
    assert record.counts.ok == 1
    assert record.seed == 1
    assert os.listdir(path.parent) == ["model"]


def test_fresh_replaces_a_damaged_record(path):
    write(path, 0)
    (path / "run.json").write_text("{")
    with pytest.raises(RebenchError, match="not JSON"):
        write(path, 1)
    assert write(path, 1, fresh=True).counts.ok == 1


@pytest.mark.parametrize("step", ["os.replace", "os.fsync", "pathlib.Path.rename"])
def test_fresh_on_a_full_disk_keeps_the_old_run(path, monkeypatch, step):
    write(path, 0)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(step, full)
        with pytest.raises(RebenchError, match="No space left on device"):
            write(path, 1, fresh=True)
    assert list(RunFolder(path).predictions()["sample_id"]) == ["x/1/0"]
    assert os.listdir(path.parent) == ["model"]
    write(path, 1)


def test_when_the_new_run_cannot_take_the_place_the_old_comes_back(path, monkeypatch):
    write(path, 0)
    real, calls = os.rename, []

    def second_fails(self, target):
        calls.append(target)
        if len(calls) == 2:
            raise OSError(5, "Input/output error")
        real(self, target)

    monkeypatch.setattr("pathlib.Path.rename", second_fails)
    with pytest.raises(RebenchError, match="Input/output error"):
        write(path, 1, fresh=True)
    assert list(RunFolder(path).predictions()["sample_id"]) == ["x/1/0"]
    assert os.listdir(path.parent) == ["model"]


@pytest.mark.parametrize("fresh", [True, False])
def test_a_run_that_appears_meanwhile_is_not_replaced(path, monkeypatch, fresh):
    real = writing._prepare

    def prepare(new, record):
        with monkeypatch.context() as other:
            other.setattr(writing, "_prepare", lambda new, record: real(new.with_name("other"), record))
            other.setattr(
                "pathlib.Path.rename", lambda self, target: os.rename(path.with_name("other"), target)
            )
            write(path, 0)
        return real(new, record)

    monkeypatch.setattr(writing, "_prepare", prepare)
    with pytest.raises(RebenchError, match="another process is writing"):
        write(path, 1, fresh=fresh)
    assert list(RunFolder(path).predictions()["sample_id"]) == ["x/1/0"]


@pytest.mark.parametrize("fresh", [True, False])
def test_a_folder_that_is_no_run_is_left_alone(path, fresh):
    path.mkdir(parents=True)
    (path / "thesis.tex").write_text("precious")
    with pytest.raises(RebenchError, match="is there but is not a run"):
        write(path, 0, fresh=fresh)
    assert os.listdir(path) == ["thesis.tex"]


def test_an_empty_folder_is_taken(path):
    path.mkdir(parents=True)
    assert write(path, 0).counts.ok == 1


def test_a_later_environment_is_remembered(path):
    write(path, 0)
    elsewhere = replace(SIX, environment=replace(SIX.environment, torch="99"))
    assert [e.torch for e in write(path, 1, record=elsewhere).resumed] == ["99"]
    assert len(write(path, 2, record=elsewhere).resumed) == 1


def test_names_become_folders(tmp_path):
    assert run_path("runs", "scenes:test", "safire:tiny").as_posix() == "runs/scenes-test/safire-tiny"
    assert folder_name("refcoco+:testA") == "refcoco+-testA"
    assert folder_name("../../etc/passwd") == "etc-passwd"
    assert folder_name("..").startswith("unnamed-")
    assert folder_name("模型") != folder_name("моделі")
    assert folder_name("模型.py:Static") != folder_name("类型.py:Static")
    assert folder_name("a/" + "x" * 200) != folder_name("b/" + "x" * 200)


@pytest.mark.parametrize("killed", [False, True])
def test_a_run_of_one_file_is_continued(path, killed):
    write(path, 0, 1)
    (shard,) = (path / "predictions.parquet").iterdir()
    before = RunFolder(path).predictions()
    shard.rename(path / "one")
    (path / "predictions.parquet").rmdir()
    (path / "one").rename(path / ("predictions.parquet.moving" if killed else "predictions.parquet"))
    write(path, 2)
    assert RunFolder(path).predictions()[: len(before)].equals(before)
    assert len(RunFolder(path).predictions()) == len(before) + 1


def test_beginning_anew_never_replaces_the_run_of_another_model(path):
    write(path, 0)
    before = {file.name: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    other = replace(SIX, model=replace(SIX.model, name="another"))
    with pytest.raises(RebenchError, match=r"is a run of the model .* --fresh would delete it for 'another'"):
        RunWriter(path, other, fresh=True)
    assert {file.name: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before
    (path / "run.json").write_text("{")  # nobody's run
    RunWriter(path, other, fresh=True).close()
    assert RunFolder(path).record.model.name == "another"


@given(st.text(max_size=400))
def test_no_name_leaves_its_folder(name):
    safe = folder_name(name)
    assert 0 < len(safe) <= 120
    assert safe[0] not in ".-"
    assert "/" not in safe


def test_the_store_imports_no_torch():
    code = "import sys, rebench.store.writer, rebench.store.environment; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
