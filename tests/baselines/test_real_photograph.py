"""The models of the papers, with random weights, on a photograph: a mask, and the same one by two scans."""

import gc
import os
from pathlib import Path

import numpy as np
import pytest

from rebench.predict.registry import find, load
from rebench.profile.profile import picture

SENTENCES = ["the person in front", "it stands to the left of the other one and is the smaller of both"]


@pytest.fixture(scope="module")
def photograph():
    root = Path(os.environ.get("REBENCH_REAL_DATA", ""))
    files = sorted((root / "train2014").glob("*.jpg")) if root.name else []
    if not files:
        pytest.skip("no photographs: set REBENCH_REAL_DATA to a data root that has some")
    return picture(files[0])


@pytest.mark.slow
@pytest.mark.parametrize("model", ["safire:base", "remamber:conv", "risam:base", "tfanet:base"])
def test_the_papers_models_give_the_same_masks_by_either_scan(model, photograph, monkeypatch):
    predictor = load(find(model, "untrained"), device="cpu").predictor
    found = {}
    for backend in ("cpu", "reference"):
        monkeypatch.setenv("REBENCH_SCAN", backend)
        found[backend] = np.stack(predictor.predict(photograph, SENTENCES))
    del predictor
    gc.collect()
    ours, plain = found["cpu"], found["reference"]
    assert np.isfinite(ours).all()
    spread = float(plain.max() - plain.min())
    worst = float(np.abs(ours - plain).max())
    flipped = int(((ours > 0) != (plain > 0)).sum())
    print(f"{model}: logits span {spread:.3g}, differ by {worst:.2g}, {flipped} of {ours.size} pixels flip")
    assert spread > 0
    assert worst <= 1e-4 * spread
    # a mask can differ only where a logit is zero up to that
    assert (np.abs(plain)[(ours > 0) != (plain > 0)] <= worst).all()
    assert flipped <= 1e-4 * ours.size
