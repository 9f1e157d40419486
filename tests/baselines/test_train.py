"""Training: the same seed gives the same weights, interrupted or not."""

import pytest
import torch
from torch import nn

from baselines.nn.losses import dice_loss, focal_loss
from baselines.train.loop import fit, mask_iou
from baselines.train.recipe import Recipe
from baselines.train.tensors import TensorSplit

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
    with pytest.raises(ValueError, match="another recipe"):
        run(tmp_path, recipe=Recipe(steps=20))


def test_every_picture_comes_once_per_epoch():
    data = TensorSplit(torch.arange(12).view(12, 1), torch.arange(12), torch.arange(12))
    epochs = [
        torch.cat([data.batch(step, 4, seed=1)[0].flatten() for step in steps])
        for steps in (range(3), range(3, 6))
    ]
    assert all(sorted(epoch.tolist()) == list(range(12)) for epoch in epochs)
    assert epochs[0].tolist() != epochs[1].tolist()


def test_losses_and_iou_know_right_from_wrong():
    target = torch.zeros(1, 1, 8, 8)
    target[..., :4] = 1
    right, wrong = (target * 2 - 1) * 20, (1 - target * 2) * 20
    assert dice_loss(right, target) < 1e-3 < 0.9 < dice_loss(wrong, target)
    assert focal_loss(right, target) < 1e-6 < 10 < focal_loss(wrong, target)
    half = torch.full_like(target, -1.0)
    half[..., :2] = 1
    assert mask_iou(half, target).tolist() == [0.5]
