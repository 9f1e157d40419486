"""From the tokenizer to the scores: which expressions a model did not read to the end."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rebench import evaluate
from rebench.data.masks import encode
from rebench.data.split import Instance, Sample, Split
from rebench.predict.runner import Truncation
from rebench.store.shards import COLUMNS, Prediction, read_shards, write_shard

MASK = encode(np.eye(8, dtype=bool))


class Long(Split):
    """Two pictures with expressions of one to four words."""

    name = "long:test"
    labels = "gold"

    def __init__(self):
        texts = ["dog", "a dog", "a big dog", "a big old dog"]
        self.samples = [
            Sample(f"l/{image}/{k}", image, image, k, image, text, 8, 8, "dog", False, False)
            for image in (1, 2)
            for k, text in enumerate(texts)
        ]

    def image(self, image_id):
        return np.zeros((8, 8, 3), np.uint8)

    def target(self, sample, overlap="union"):
        return MASK

    def instances(self, image_id):
        return [Instance(image_id, "dog", False, MASK)]


class Reader:
    def __init__(self, answer=None):
        self.answer = answer

    def predict(self, image, expressions):
        return [np.eye(8, dtype=bool)] * len(expressions)


class Teller(Reader):
    """Reads three words; `answer` replaces what it tells."""

    def truncated(self, expressions):
        return [len(e.split()) > 3 for e in expressions] if self.answer is None else self.answer(expressions)


def told(predictor, out):
    return evaluate(predictor, Long(), out=out).predictions()["truncated"].tolist()


def test_what_the_model_tells_is_stored(tmp_path):
    assert told(Teller(), tmp_path) == [False, False, False, True] * 2
    assert told(Teller(lambda texts: np.array([True] * len(texts))), tmp_path / "array") == [True] * 8


def test_a_model_that_does_not_tell_leaves_it_open(tmp_path):
    assert told(Reader(), tmp_path) == [None] * 8


def broken(expressions):
    raise ValueError("no tokenizer")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (broken, "ValueError: no tokenizer"),
        (lambda texts: None, "expected 4 bools"),
        (lambda texts: [True], "expected 4 bools"),
        (lambda texts: [3] * len(texts), "expected 4 bools, got int64"),
    ],
)
def test_one_that_tells_nonsense_is_asked_once_and_loses_no_prediction(tmp_path, caplog, answer, problem):
    run = evaluate(Teller(answer), Long(), out=tmp_path)
    assert run.predictions()["truncated"].tolist() == [None] * 8
    assert run.failed == 0
    assert caplog.text.count("does not say which expressions") == 1
    assert problem in caplog.text


def test_ctrl_c_is_not_swallowed():
    def interrupted(texts):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Truncation(Teller(interrupted)).of(["dog"])


def test_a_failed_prediction_says_it_too(tmp_path):
    class Failing(Teller):
        def predict(self, image, expressions):
            raise ValueError("no")

    predictions = evaluate(Failing(), Long(), out=tmp_path).predictions()
    assert set(predictions["status"]) == {"failed"}
    assert predictions["truncated"].tolist() == [False, False, False, True] * 2


def test_shards_of_before_read_as_unknown(tmp_path):
    samples = Long().samples
    write_shard(tmp_path, 1, [Prediction.answered(samples[0], MASK, truncated=True)])
    write_shard(tmp_path, 0, [Prediction.answered(samples[1], MASK)])
    old = pq.read_table(tmp_path / "part-00000.parquet").drop_columns(["truncated"])
    pq.write_table(old, tmp_path / "part-00000.parquet")
    parts = [tmp_path / f"part-0000{k}.parquet" for k in (0, 1)]
    frame = read_shards(parts)
    assert list(frame.columns) == list(COLUMNS)
    assert frame["truncated"].tolist() == [None, True]
    assert read_shards(parts, ["sample_id"])["sample_id"].tolist() == ["l/1/1", "l/1/0"]
    assert pa.types.is_boolean(pq.read_schema(parts[1]).field("truncated").type)
