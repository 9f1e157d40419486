"""How a predictor is asked, and what becomes of whatever it answers."""

import itertools
import sys
import types

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from noise_split import NoiseSplit

from rebench.predict.batches import Asker
from rebench.predict.mock import Mock

IMAGE = np.zeros((4, 5, 3), np.uint8)


class Fake:
    """Predicts by a function of image and expressions."""

    def __init__(self, answer):
        self.answer = answer

    def predict(self, image, expressions):
        return self.answer(image, expressions)


def full(image, expressions):
    return [np.ones(image.shape[:2], bool)] * len(expressions)


@pytest.mark.parametrize(
    ("output", "error"),
    [
        (None, "got NoneType"),
        (np.ones((3, 3), bool), "shape"),
        (np.ones((20, 24), np.int64), "dtype int64"),
        (np.full((20, 24), np.nan, np.float32), "NaN"),
        (np.ones(7, np.float32), "shape"),
        (np.ones((0, 0), np.float32), "empty"),
        ("mask", "got str"),
    ],
)
def test_an_output_that_is_no_mask_is_a_failed_sample(run, output, error):
    bad = Fake(
        lambda image, expressions: [output if e == "left one" else full(image, "x")[0] for e in expressions]
    )
    done = run(bad)
    predictions = done.predictions()
    failed = predictions[predictions["status"] == "failed"]
    assert set(failed["expression"]) == {"left one"}
    assert failed["error"].str.startswith("OutputError: ").all()
    assert failed["error"].str.contains(error).all()
    assert failed["rle"].isna().all()
    assert len(done.scores) == 8  # a failed sample is not scored as an empty mask
    assert done.failed == done.record.counts.failed == 4


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda image, e: None, "expected a list of 3 masks, got NoneType"),
        (lambda image, e: 7, "expected a list of 3 masks, got int"),
        (lambda image, e: full(image, e)[1:], "expected 3 masks for 3 expressions, got 2"),
        (lambda image, e: [*full(image, e), None], "expected 3 masks for 3 expressions, got more than 3"),
        (lambda image, e: itertools.repeat(image), "got more than 3"),
    ],
)
def test_a_wrong_number_of_masks_fails_them_all(run, answer, error):
    done = run(Fake(answer))
    assert done.failed == 12
    assert error in done.first_failure


def test_only_the_culprits_of_a_batch_fail(run):
    def answer(image, expressions):
        if "" in expressions:
            raise ValueError("an\nempty   expression " + "x" * 2000)
        return full(image, expressions)

    done = run(Fake(answer))
    predictions = done.predictions()
    assert set(predictions["expression"][predictions["status"] == "failed"]) == {""}
    error = predictions["error"].dropna().iloc[0]
    assert error.startswith("ValueError: an empty expression xxx")
    assert len(error) == 500


def test_a_predictor_that_exits_does_not_end_the_run(run):
    assert run(Fake(lambda image, e: sys.exit("bye"))).first_failure.startswith("SystemExit: bye")


class Panic(BaseException):
    """As extensions in Rust raise it."""


class Speechless(Exception):
    def __str__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Panic("index out of bounds"), "Panic: index out of bounds"),
        (Speechless(), "Speechless"),
        (ValueError("a\x1b[31m\ud800"), r"ValueError: a\x1b[31m\ud800"),
    ],
)
def test_odd_errors_fail_their_samples_like_any_other(run, error, told):
    def answer(image, expressions):
        raise error

    first = run(Fake(answer)).first_failure
    assert first.startswith(f"{told} (test_runner.py, line ")  # where it was raised
    assert first.endswith(") (noise/0/0)")


def test_one_array_filled_again_and_again_gives_different_masks():
    def answer(image, expressions):
        mask = np.zeros(image.shape[:2], bool)
        for row, _ in enumerate(expressions):
            mask[:] = False
            mask[row] = True
            yield mask

    answers = list(Asker(Fake(answer), batch_size=3).ask(IMAGE, list("abc")))
    assert [int(answer.output.any(axis=1).argmax()) for answer in answers] == [0, 1, 2]


def test_an_unreadable_picture_fails_its_expressions_only(run):
    done = run(Mock(), on=NoiseSplit(broken=(1,)))
    assert done.failed == 3
    assert done.first_failure == "RebenchError: image 1 is truncated (noise/10/0)"


def test_a_predictor_cannot_reach_the_picture_of_the_next_call():
    seen = []

    def answer(image, expressions):
        seen.append(image.max())
        image[:] = 255
        expressions.clear()
        return full(image, "x")

    answers = list(Asker(Fake(answer), batch_size=1).ask(IMAGE, ["a", "b", "c"]))
    assert seen == [0, 0, 0]
    assert IMAGE.max() == 0
    assert all(answer.error is None for answer in answers)


def test_a_picture_is_encoded_once():
    class Encoding(Mock):
        encoded, decoded = 0, ()

        def encode(self, image):
            self.encoded += 1
            return image.shape

        def decode(self, encoded, expressions):
            self.decoded += (len(expressions),)
            return [np.ones(encoded[:2], bool)] * len(expressions)

    model = Encoding()
    assert len(list(Asker(model, batch_size=2).ask(IMAGE, list("abcde")))) == 5
    assert (model.encoded, model.decoded) == (1, (2, 2, 1))


def test_a_picture_that_cannot_be_encoded_fails_every_expression():
    class Encoding(Mock):
        def encode(self, image):
            raise MemoryError

        decode = None

        def __getattribute__(self, name):
            return (
                (lambda encoded, expressions: []) if name == "decode" else object.__getattribute__(self, name)
            )

    answers = list(Asker(Encoding(), batch_size=2).ask(IMAGE, list("abc")))
    errors = {answer.error for answer in answers}
    assert len(answers) == 3
    assert len(errors) == 1
    assert errors.pop().startswith("MemoryError (test_runner.py, line ")


class Hungry(Mock):
    """Runs out of memory above so many expressions, and remembers the sizes it was asked."""

    def __init__(self, room, error=MemoryError):
        super().__init__()
        self.room, self.error, self.sizes = room, error, []

    def predict(self, image, expressions):
        self.sizes.append(len(expressions))
        if len(expressions) > self.room:
            raise self.error("out of memory")
        return super().predict(image, expressions)


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 30))
def test_answers_do_not_depend_on_room_or_batch(room, batch_size, number):
    expressions = [f"thing {n}" for n in range(number)]
    answers = list(Asker(Hungry(room), batch_size).ask(IMAGE, expressions))
    expected = Mock().predict(IMAGE, expressions)
    assert [answer.error for answer in answers] == [None] * number
    assert all((answer.output == mask).all() for answer, mask in zip(answers, expected, strict=True))


def test_the_batch_is_halved_and_stays_so():
    model = Hungry(room=2)
    asker = Asker(model, batch_size=8)
    list(asker.ask(IMAGE, [str(n) for n in range(8)]))
    assert model.sizes == [8, 4, 2, 2, 2, 2]
    list(asker.ask(IMAGE, [str(n) for n in range(4)]))
    assert model.sizes[6:] == [2, 2]


def test_one_expression_that_does_not_fit_fails():
    answers = list(Asker(Hungry(room=0), batch_size=4).ask(IMAGE, ["a", "b"]))
    assert len(answers) == 2
    assert all(answer.error.startswith("MemoryError: out of memory") for answer in answers)


def test_the_memory_of_an_accelerator_counts_too(monkeypatch):
    torch = types.ModuleType("torch")
    torch.OutOfMemoryError = type("OutOfMemoryError", (RuntimeError,), {})
    emptied = []
    torch.cuda = types.SimpleNamespace(is_initialized=lambda: True, empty_cache=lambda: emptied.append(1))
    monkeypatch.setitem(sys.modules, "torch", torch)
    model = Hungry(room=1, error=torch.OutOfMemoryError)
    answers = list(Asker(model, batch_size=4).ask(IMAGE, list("abcd")))
    assert model.sizes == [4, 2, 1, 1, 1, 1]
    assert all(answer.error is None for answer in answers)
    assert emptied


def test_a_mock_answers_the_same_question_alike_and_others_otherwise():
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    first = Mock().predict(image, ["a", "b", "🦒 café"])
    assert (Mock().predict(image, ["b"])[0] == first[1]).all()
    assert (first[0] != first[1]).any()
    assert (Mock().predict(image[::-1], ["a"])[0] != first[0]).any()
    assert (Mock(seed=1).predict(image, ["a"])[0] != first[0]).any()
    assert all(mask.any() and mask.dtype == bool and mask.shape == (30, 40) for mask in first)
