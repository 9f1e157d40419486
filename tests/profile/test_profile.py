"""What is found out of a model: with hooks and without, with PyTorch and without."""

import json
import mmap
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from rebench.errors import RebenchError
from rebench.predict.interface import UNTRAINED, Variant
from rebench.predict.mock import Mock
from rebench.predict.registry import wrap
from rebench.profile.memory import peak_of
from rebench.profile.profile import SENTENCES, picture, prepare, profile
from rebench.profile.published import figures
from rebench.profile.timing import timed
from rebench.published.ledger import Ledger

PICTURE = np.zeros((6, 8, 3), np.uint8)


class Plain:
    """No hooks: a matrix per expression, half of it frozen."""

    def __init__(self):
        self.net = nn.Linear(4, 5, bias=False)
        self.again, self.calls = self.net, []
        self.frozen = nn.Linear(2, 3, bias=False).requires_grad_(False)

    def predict(self, image, expressions):
        self.calls.append(len(expressions))
        return [self.net(torch.ones(7, 4)).detach().numpy() for _ in expressions]


class Hooked(Plain):
    """A matrix of 20 for the picture, and one of 6 per expression."""

    def encode(self, image):
        assert image.shape == PICTURE.shape
        return self.net(torch.ones(7, 4))

    def decode(self, encoded, expressions):
        return [self.frozen(torch.ones(9, 2)).detach().numpy() for _ in expressions]


def test_a_model_without_hooks():
    model = Plain()
    found = profile(wrap(model), PICTURE, (1, 3), repeats=2)
    assert found.encode is None
    assert (found.parameters, found.trainable) == (26, 20)  # the second name of a module adds nothing
    assert [batch.operations.total for batch in found.batches] == [2 * 7 * 20, 3 * 2 * 7 * 20]
    assert found.per_expression(found.batches[1])[0] == 2 * 7 * 20
    assert model.calls == [1, 3, 1, 1, 3, 3]
    assert found.memory.peak > found.weights_bytes == 26 * 4


def test_what_is_encoded_once_is_shared():
    found = profile(wrap(Hooked()), PICTURE, (1, 5), repeats=3)
    assert found.encode[0].total == 2 * 7 * 20
    one, five = (found.per_expression(batch)[0] for batch in found.batches)
    assert one == 2 * 7 * 20 + 2 * 9 * 6
    assert five == 2 * 7 * 20 / 5 + 2 * 9 * 6
    assert [len(batch.time.seconds) for batch in found.batches] == [3, 3]
    document = json.loads(json.dumps(found.as_dict()))
    assert document["batches"][1]["flops_per_expression"] == five
    assert document["published"] == []


def test_without_a_module_there_is_time_and_nothing_else():
    found = profile(wrap(Mock()), PICTURE, (2,), repeats=1)
    assert (found.parameters, found.encode, found.batches[0].operations) == (None, None, None)
    assert found.batches[0].time.median > 0
    assert json.loads(json.dumps(found.as_dict()))["parameters"] is None


def test_a_model_that_fails_is_named():
    class Failing(Mock):
        def predict(self, image, expressions):
            raise RuntimeError("no\nway")

    with pytest.raises(RebenchError, match=r"failed: RuntimeError: no way"):
        profile(wrap(Failing()), PICTURE)


@pytest.mark.parametrize(("expressions", "repeats"), [((), 1), ((0,), 1), ((1,), 0)])
def test_nothing_to_measure_is_refused(expressions, repeats):
    with pytest.raises(RebenchError, match="at least one"):
        profile(wrap(Mock()), PICTURE, expressions, repeats)


def test_every_repeat_is_kept():
    pauses = iter([1, 2, 3])
    found = timed(lambda: next(pauses), 3)
    assert len(found.seconds) == 3
    assert min(found.seconds) <= found.median <= max(found.seconds)


def test_the_peak_is_that_of_the_call():
    def take():
        with mmap.mmap(-1, 80_000_000) as pages:  # an array could find room in what was freed before
            pages.write(bytes(len(pages)))

    made, small = peak_of(lambda: 1, cuda=False)
    assert made == 1
    _, large = peak_of(take, cuda=False)
    if large.kind == "of the process":
        assert large.peak - small.peak > 60_000_000


def test_sentences_are_as_long_as_those_of_arefcoco():
    words = [len(sentence.split()) for sentence in SENTENCES]
    assert 12 <= np.mean(words) <= 14


def test_a_picture_from_a_file_and_none(tmp_path):
    from PIL import Image

    Image.fromarray(np.full((4, 5), 9, np.uint8)).save(tmp_path / "grey.png")
    assert picture(tmp_path / "grey.png").shape == (4, 5, 3)
    assert np.array_equal(picture(None), picture(None))
    (tmp_path / "no.jpg").write_text("no picture")
    header = struct.pack(">4sIIBBBBB", b"IHDR", 30_000, 30_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    (tmp_path / "bomb.png").write_bytes(bomb + struct.pack(">I4s", 0, b"IDAT"))
    for name in ("no.jpg", "absent.jpg", "bomb.png"):
        with pytest.raises(RebenchError, match="cannot be read as a picture"):
            picture(tmp_path / name)


def test_weights_are_random_only_where_none_are_packaged():
    assert prepare("safire", None)[0].weights is None
    assert prepare("safire", None)[1].name == "tiny"
    assert prepare("safire:base", None)[0].weights == UNTRAINED
    assert prepare("safire", UNTRAINED)[1].name == "base"
    found, variant = prepare("rebench.predict.mock:Mock", None)
    assert (found.weights, variant) == (None, None)
    with pytest.raises(RebenchError, match="no variant 'huge'"):
        prepare("safire:huge", None)


def test_the_ledger_has_figures_and_says_what_they_leave_open():
    gflops, fps, *_ = figures("safire")
    assert (gflops.quantity, gflops.value, fps.printed) == ("GFLOPs", 384.0, "8.26")
    assert "input size" in gflops.unstated
    assert [f.value for f in figures("tfanet", "baseline + CFSM") if f.quantity == "parameters"] == [248.0]
    assert len(figures("risam")) == 2  # printed twice, listed once
    assert figures("safire", ledger=Path("nowhere")) == ()


def test_what_is_called_unstated_is_in_the_ledger():
    ledger = Ledger.read()
    known = {(row.paper, row.quantity) for row in ledger.efficiency}
    assert ledger.unstated
    for said in ledger.unstated:
        assert (said.paper, said.quantity) in known
        assert said.unstated


def test_ours_stand_beside_the_papers_only_for_the_papers_model():
    loaded, variant = wrap(Hooked()), Variant(name="x", as_published=True)
    found = profile(loaded, PICTURE, (1,), repeats=1, variant=variant)
    assert found.published == ()  # the ledger knows no such model
    assert dict(found.own("FLOPs"))["FLOPs"] == 2 * dict(found.own("FLOPs"))["multiply-adds"]
    assert found.own("parameters") == (("", 26e-6),)
    assert found.own("trainable share of all parameters")[0][1] == pytest.approx(100 * 20 / 26)
    assert found.own("hats") == ()
