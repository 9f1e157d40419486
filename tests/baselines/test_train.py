"""Training: the same seed gives the same weights, interrupted or not."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from baselines.nn.losses import dice_loss, focal_loss, identity_loss, identity_scores, membership_loss
from baselines.train.loop import fit, success
from baselines.train.phrases import make_phrase
from baselines.train.recipe import Recipe
from baselines.train.tensors import TensorSplit
from baselines.train.tiny import export
from rebench import load_split
from rebench.errors import RebenchError
from rebench.scenes.lexicon import KINDS, NOUNS

RECIPE = Recipe(steps=12, warmup=2, check_every=4, seed=3)


class Stop(Exception):
    pass


def run(folder, stop_after=None, recipe=RECIPE):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1))

    def loss_of(model, step):
        if step == stop_after:
            raise Stop
        x = torch.randn(16, 4)  # drawn after the step's seed, so it is the step's own
        return (model(x) - x.sum(1, keepdim=True)).square().mean()

    trained = fit(model, loss_of, lambda model: {}, recipe, folder, lambda *_: None)
    return {name: value.clone() for name, value in trained.state_dict().items()}


def same(a, b):
    return all(torch.equal(a[k], b[k]) for k in a.keys() | b.keys())


def test_one_seed_one_result(tmp_path):
    assert same(run(tmp_path / "a"), run(tmp_path / "b"))
    assert not same(
        run(tmp_path / "a"), run(tmp_path / "c", recipe=Recipe(steps=12, warmup=2, check_every=4, seed=4))
    )


@pytest.mark.parametrize("stop", [2, 5, 11])
def test_interrupted_and_resumed_is_the_same_to_the_bit(tmp_path, stop):
    whole = run(tmp_path / "whole")
    with pytest.raises(Stop):
        run(tmp_path / "cut", stop_after=stop)
    assert same(run(tmp_path / "cut"), whole)
    logs = [(tmp_path / name / "log.csv").read_text().splitlines() for name in ("whole", "cut")]
    assert [[row.split(",")[0] for row in log] for log in logs] == [["step", "4", "8", "12"]] * 2


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path):
    run(tmp_path)
    with pytest.raises(RebenchError, match="another recipe"):
        run(tmp_path, recipe=Recipe(steps=20))


def test_a_checkpoint_about_something_else_is_refused(tmp_path):
    def go(about):
        torch.manual_seed(0)
        model = nn.Linear(2, 1)
        fit(
            model,
            lambda model, step: model(torch.ones(3, 2)).square().mean(),
            lambda _: {},
            RECIPE,
            tmp_path,
            lambda *_: None,
            about=about,
        )

    go({"model": "safire:tiny", "trained_on": "scenes:train-8"})
    with pytest.raises(RebenchError, match="trained_on was scenes:train-8, is scenes:train-16"):
        go({"model": "safire:tiny", "trained_on": "scenes:train-16"})


def tensors(pictures=12):
    owners = torch.zeros(pictures, 8, 8, dtype=torch.uint8)
    owners[:, :, :3], owners[:, :, 5:] = 1, 2
    return TensorSplit(
        torch.arange(pictures).view(pictures, 1),
        torch.arange(pictures),
        owners,
        torch.tensor([[1, 2]] * pictures),
    )


def test_every_picture_comes_once_per_epoch():
    data = tensors()
    steps = range(3), range(3, 6)
    epochs = [torch.cat([data.batch(step, 4, seed=1).ids for step in some]) for some in steps]
    assert all(sorted(epoch.tolist()) == list(range(12)) for epoch in epochs)
    assert epochs[0].tolist() != epochs[1].tolist()


def test_losses_know_right_from_wrong():
    target = torch.zeros(1, 1, 8, 8)
    target[..., :4] = 1
    right, wrong = (target * 2 - 1) * 20, (1 - target * 2) * 20
    assert dice_loss(right, target) < 1e-3 < 0.9 < dice_loss(wrong, target)
    assert focal_loss(right, target) < 1e-6 < 10 < focal_loss(wrong, target)


def test_identity_is_the_choice_among_instances():
    batch = tensors(1)
    right = torch.where(batch.masks, 5.0, -5.0)
    swapped = right.flip(1)
    assert identity_loss(right, batch.owners, batch.referents) < 1e-3
    assert identity_loss(swapped, batch.owners, batch.referents) > 9
    fits = torch.tensor([[[True, False], [False, True]]])
    assert (
        membership_loss(right, batch.owners, fits) < 0.01 < 4 < membership_loss(swapped, batch.owners, fits)
    )
    ious, picked = success(right.flatten(0, 1)[:, None], batch)
    assert ious.tolist() == picked.tolist() == [1, 1]
    assert success(swapped.flatten(0, 1)[:, None], batch)[1].tolist() == [0, 0]


def test_an_instance_without_a_pixel_is_never_picked():
    owners = torch.full((1, 4, 4), 2)  # nobody sees the first
    scores = identity_scores(torch.full((1, 1, 4, 4), -50.0), owners)
    assert scores.argmax(2).tolist() == [[1]]
    assert torch.isfinite(scores).all()


def test_phrases_fit_what_they_say(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    split = load_split("scenes:train-20")
    rng = np.random.default_rng(0)
    texts = set()
    for image_id in sorted({s.image_id for s in split.samples}):
        looks = split.looks(image_id)
        middles = rng.random(len(looks))
        for _ in range(30):
            phrase = make_phrase(looks, middles, rng)
            texts.add(phrase.text)
            assert phrase.fits.any()
            for i in np.flatnonzero(phrase.fits):
                _agrees(phrase.text.split(), looks[i], middles[i])
    assert len(texts) > 150


def _agrees(words, look, middle):
    kind = list(KINDS)[look[0] - 1]
    if words[-1] in ("left", "right"):
        assert (middle < 0.5) == (words[-1] == "left")
    for word in words:
        if word in NOUNS:
            assert kind in NOUNS[word]
    if "dress" in words:
        assert kind == "girl"
    if "hat" in words:
        bare = "no" in words or "without" in words
        assert bool(look[3]) != bare


def test_weights_come_back_from_the_file_even_where_half_precision_ends(tmp_path):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    model[1].running_var.fill_(800_000.0)
    export(model, tmp_path / "w.safetensors", {})
    state = load_file(tmp_path / "w.safetensors")
    assert state["1.running_var"].tolist() == [800_000.0] * 4
    assert state["0.weight"].dtype == torch.float16
    torch.testing.assert_close(state["0.weight"].float(), model[0].weight.detach(), rtol=1e-3, atol=1e-4)
