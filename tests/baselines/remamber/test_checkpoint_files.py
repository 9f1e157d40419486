"""Weights files: what is read, what is refused, and that nothing in them runs."""

import argparse
import os
import pickle
from collections import defaultdict
from contextlib import suppress

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from baselines.nn.checkpoint import adopt, read_state
from rebench.errors import RebenchError

TENSORS = {"a.weight": torch.arange(6.0).view(2, 3), "a.bias": torch.ones(2)}


def same(state):
    return state.keys() == TENSORS.keys() and all(torch.equal(state[k], TENSORS[k]) for k in state)


def test_safetensors_and_plain_checkpoints_are_read(tmp_path):
    save_file(TENSORS, tmp_path / "w.safetensors")
    torch.save(TENSORS, tmp_path / "w.pt")
    torch.save({"state_dict": TENSORS, "epoch": 3}, tmp_path / "s.pth")
    for name in ("w.safetensors", "w.pt", "s.pth"):
        assert same(read_state(tmp_path / name))


class Unknown:
    """Some class of the project that wrote the checkpoint."""

    def __init__(self):
        self.note = "never read"


class Slots:
    """Its state is a pair and not a dict."""

    __slots__ = ("a",)

    def __init__(self):
        self.a = 1


@pytest.mark.skipif(
    not hasattr(torch.serialization, "get_unsafe_globals_in_checkpoint"), reason="PyTorch before 2.6"
)
def test_what_lies_beside_the_weights_is_left(tmp_path):
    extras = {"args": argparse.Namespace(lr=1.0), "best": np.float64(0.5), "log": Unknown()}
    torch.save({"model": TENSORS, **extras}, tmp_path / "w.pth")
    assert same(read_state(tmp_path / "w.pth"))


class Options(dict):
    """As yacs' CfgNode, which VMamba's ImageNet checkpoints hold: a dict with attributes of its own."""

    def __init__(self, *args):
        super().__init__(*args)
        self.frozen = True


@pytest.mark.skipif(
    not hasattr(torch.serialization, "get_unsafe_globals_in_checkpoint"), reason="PyTorch before 2.6"
)
@pytest.mark.parametrize(
    "extra",
    [Options({"a": 1, "b": Options({"c": 2})}), defaultdict(list, a=[1]), Slots()],
    ids=["options", "defaultdict", "slots"],
)
def test_options_that_are_dicts_or_fill_slots_are_left_too(tmp_path, extra):
    torch.save({"model": TENSORS, "config": extra}, tmp_path / "w.pth")
    assert same(read_state(tmp_path / "w.pth"))


class Names(list):
    """What PyTorch cannot fill as long as it is not loaded."""


def test_what_cannot_be_read_is_named_without_the_advice_to_run_it(tmp_path):
    torch.save({"model": TENSORS, "names": Names(["a", "b"])}, tmp_path / "w.pth")
    with pytest.raises(RebenchError, match="Names") as caught:
        read_state(tmp_path / "w.pth")
    assert "False" not in str(caught.value)


class Payload:
    """Makes a folder when it is unpickled by a careless reader."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def test_no_code_in_a_checkpoint_runs(tmp_path):
    torch.save({"model": TENSORS, "extra": Payload(str(tmp_path / "made"))}, tmp_path / "w.pth")
    with suppress(RebenchError):  # before PyTorch 2.6 such a file is refused
        assert same(read_state(tmp_path / "w.pth"))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
@pytest.mark.parametrize(
    "content",
    [b"", b"not weights", b"PK\x03\x04 broken", pickle.dumps({"a": 1}), b"\xff" * 100],
    ids=["empty", "text", "zip", "pickle", "bytes"],
)
def test_damaged_files_are_one_clear_line(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RebenchError, match=name) as caught:
        read_state(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_truncated_checkpoint_and_a_missing_file_are_named(tmp_path):
    torch.save(TENSORS, tmp_path / "w.pt")
    whole = (tmp_path / "w.pt").read_bytes()
    (tmp_path / "w.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RebenchError, match=r"w\.pt"):
        read_state(tmp_path / "w.pt")
    with pytest.raises(RebenchError, match="no weights file"):
        read_state(tmp_path / "none.pt")


@pytest.mark.parametrize("content", [{}, {"model": {}}, {"model": {"a": 1}}, [torch.ones(1)], torch.ones(1)])
def test_a_file_without_named_tensors_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(RebenchError, match="no tensors by name"):
        read_state(tmp_path / "w.pt")


def test_every_kind_of_difference_is_counted():
    model = nn.ModuleDict({"a": nn.Linear(3, 2), "b": nn.Linear(2, 2)})
    state = {"a.weight": torch.zeros(3, 2), "b.weight": torch.zeros(2, 2), "c": torch.zeros(1)}
    with pytest.raises(RebenchError, match=r"2 missing \(a\.bias, b\.bias\)") as caught:
        adopt(model, state, "these weights")
    assert "1 unexpected (c)" in str(caught.value)
    assert "1 of another shape (a.weight)" in str(caught.value)


def test_without_strictness_what_fits_is_taken_and_the_rest_is_said(caplog):
    model = nn.Linear(3, 2)
    before = model.bias.clone()
    adopt(model, {"weight": TENSORS["a.weight"], "odd": torch.ones(1)}, "these weights", strict=False)
    assert torch.equal(model.weight, TENSORS["a.weight"])
    assert torch.equal(model.bias, before)
    assert "1 missing (bias)" in caplog.text
    assert "1 unexpected (odd)" in caplog.text
    assert model.weight.requires_grad
