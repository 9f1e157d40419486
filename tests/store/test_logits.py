"""Kept logits: small, whole or absent, and the numbers that were kept."""

from dataclasses import replace

import numpy as np
import pytest
from test_folder import SAMPLES, SIX, answers

from rebench.errors import RebenchError
from rebench.store.folder import RunFolder
from rebench.store.logits import as_kept, read_logits, write_logits
from rebench.store.writer import RunWriter

KEEPING = replace(SIX, logits="float16")


def logits(n, shape=(3, 4)):
    return as_kept(np.random.default_rng(n).normal(size=shape) * 10)


def write(path, *numbers, **options):
    with RunWriter(path, KEEPING, **options) as writer:
        writer.add(answers(*numbers), [(SAMPLES[n].sample_id, logits(n)) for n in numbers])
        return writer.finish()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run"


def test_logits_come_back_with_their_shapes(tmp_path):
    rows = [("a", logits(0)), ("b", logits(1, (2, 5, 3))), ("c", logits(2, (1, 1)))]
    write_logits(tmp_path / "l", 0, rows)
    write_logits(tmp_path / "l", 1, [("ü", logits(3))])
    back = dict(read_logits(tmp_path / "l"))
    assert list(back) == ["a", "b", "c", "ü"]
    for name, values in rows:
        assert back[name].dtype == np.float16
        np.testing.assert_array_equal(back[name], values)


def test_the_same_logits_are_the_same_bytes(tmp_path):
    for name in "ab":
        write_logits(tmp_path / name, 0, [("x", logits(5))])
    assert (tmp_path / "a/part-00000.parquet").read_bytes() == (
        tmp_path / "b/part-00000.parquet"
    ).read_bytes()


def test_what_float16_cannot_hold_is_its_largest_number():
    kept = as_kept(np.array([[np.inf, -np.inf, 1e300, -7e4, 65_504, 0.1, 1e-9]]))
    assert kept.tolist()[0][:5] == [65_504, -65_504, 65_504, -65_504, 65_504]
    assert kept[0, 5] == np.float16(0.1)
    assert kept[0, 6] == 0
    assert as_kept(np.array([[np.float32(3e38)]])).dtype == np.float16


def test_a_shard_of_logits_stands_beside_each_shard_of_predictions(path):
    write(path, 0, 1)
    write(path, 2)
    names = [
        sorted(f.name for f in (path / folder).iterdir())
        for folder in ("logits.parquet", "predictions.parquet")
    ]
    assert names[0] == names[1] == ["part-00000.parquet", "part-00001.parquet"]
    assert [name for name, _ in RunFolder(path).logits()] == [SAMPLES[n].sample_id for n in (0, 1, 2)]


def test_logits_without_their_predictions_are_written_over(path, monkeypatch):
    write(path, 0)
    monkeypatch.setattr("rebench.store.writer.write_shard", None)
    with pytest.raises(TypeError):  # killed between the two
        write(path, 3)
    monkeypatch.undo()
    assert len(list((path / "logits.parquet").iterdir())) == 2
    write(path, 1)
    back = dict(RunFolder(path).logits())
    assert list(back) == [SAMPLES[0].sample_id, SAMPLES[1].sample_id]


def test_a_run_that_kept_no_logits_is_not_continued_with_them(path):
    with RunWriter(path, SIX) as writer:
        writer.add(answers(0))
        writer.finish()
    with pytest.raises(RebenchError, match=r"logits was None, now 'float16'.*--fresh"):
        write(path, 1)


def test_damage_is_named_with_the_remedy(path):
    write(path, 0)
    shard = path / "logits.parquet" / "part-00000.parquet"
    shard.write_bytes(shard.read_bytes()[:-9])
    with pytest.raises(
        RebenchError, match=r"part-00000.parquet is damaged .* of predictions.parquet and run again"
    ):
        list(RunFolder(path).logits())
    shard.unlink()
    (path / "logits.parquet").rmdir()
    with pytest.raises(RebenchError, match=r"no logits in .*--keep-logits"):
        list(RunFolder(path).logits())


def test_a_shard_that_lies_about_its_shape_is_damaged(tmp_path):
    write_logits(tmp_path, 0, [("x", logits(0))])
    import pyarrow.parquet as pq

    table = pq.read_table(tmp_path / "part-00000.parquet").to_pandas().assign(width=5)
    table.to_parquet(tmp_path / "part-00000.parquet")
    with pytest.raises(RebenchError, match="damaged"):
        list(read_logits(tmp_path))


def test_leftovers_of_a_killed_writer_go(path):
    write(path, 0)
    left = path / "logits.parquet" / ".writing-part-00001.parquet.1"
    left.write_bytes(b"half")
    write(path, 1)
    assert not left.exists()
