"""Losses, parameter groups, the schedule, and a step of training."""

from dataclasses import replace
from math import exp, log

import numpy as np
import pytest
import torch
from remamber_small import inputs, small

from baselines.nn.clip import ClipText
from baselines.nn.losses import dice_loss, focal_loss
from baselines.remamber import ReMamber
from baselines.remamber.config import BASE
from baselines.remamber.training import PAPER, RELEASED, decided, mask_loss, train_iou
from baselines.train.learners.remamber import ReMamberLearner

pytestmark = pytest.mark.slow  # together they take seconds


def plain_losses(logits, targets, alpha, gamma, epoch):
    """Dice and focal loss, one pixel after another."""
    dices, focals = [], []
    for picture, mask in zip(logits, targets, strict=True):
        shared = area = truth = 0.0
        for x, t in zip(picture.ravel(), mask.ravel(), strict=True):
            p = 1 / (1 + exp(-x))
            keep = epoch is None or epoch < 8 or abs(p - 0.5) > 0.008 * epoch
            shared, area, truth = shared + keep * p * t, area + keep * p, truth + keep * t
            right = p if t else 1 - p
            weight = 1 if alpha is None else (alpha if t else 1 - alpha)
            focals.append(-keep * weight * (1 - right) ** gamma * log(right))
        dices.append(1 - (2 * shared + 1) / (area + truth + 1))
    return np.mean(dices), np.mean(focals)


def drawn_masks():
    draw = np.random.RandomState(3)
    return draw.standard_normal((3, 1, 5, 6)), (draw.random_sample((3, 1, 5, 6)) > 0.6).astype(float)


@pytest.mark.parametrize("epoch", [None, 0, 7, 8, 20, 49])
@pytest.mark.parametrize(("alpha", "gamma"), [(None, 0.0), (0.25, 2.0), (None, 2.0)])
def test_losses_are_those_of_a_plain_loop(alpha, gamma, epoch):
    logits, targets = drawn_masks()
    dice, focal = plain_losses(logits, targets, alpha, gamma, epoch)
    x, t = torch.tensor(logits), torch.tensor(targets)
    keep = None if epoch is None else decided(x, epoch)
    assert dice_loss(x, t, keep).item() == pytest.approx(dice, rel=1e-12)
    assert focal_loss(x, t, gamma, alpha, keep).item() == pytest.approx(focal, rel=1e-12)
    if (alpha, gamma) == (None, 0.0):
        assert mask_loss(x, t, epoch).item() == pytest.approx(dice + focal, rel=1e-12)


def test_the_gradient_of_the_loss_stays_finite_where_a_pixel_is_sure():
    logits = torch.tensor([[[[80.0, -80.0]]]], requires_grad=True)
    mask_loss(logits, torch.tensor([[[[1.0, 0.0]]]])).backward()
    assert logits.grad.isfinite().all()


def test_the_logged_iou():
    logits, targets = drawn_masks()
    expected = []
    for picture, mask in zip(logits >= 0, targets > 0, strict=True):
        expected.append((picture & mask).sum() / ((picture | mask).sum() + 1e-6))
    assert train_iou(torch.tensor(logits), torch.tensor(targets)).item() == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("decoder", ["conv", "mamba"])
def test_every_parameter_has_the_rate_of_the_release(decoder):
    """The release names decoder and new modules of the backbone apart; their rate is the same."""
    with torch.device("meta"):
        learner = ReMamberLearner.__new__(ReMamberLearner)
        learner.model = ReMamber(replace(BASE, decoder=decoder), ClipText.large())
    groups = {g["name"]: g for g in learner.groups(RELEASED)}
    totals = {name: sum(p.numel() for p in group["params"]) for name, group in groups.items()}
    assert totals == {
        "new": (9_484_545 if decoder == "conv" else 36_458_305) + 34_502_400,
        "text": 123_060_480,
        "backbone": 87_530_752,
    }
    assert {name: group["peak"] for name, group in groups.items()} == {
        "new": 5e-5,
        "text": 2.5e-5,
        "backbone": 2.5e-5,
    }
    assert {group["weight_decay"] for group in groups.values()} == {1e-4}
    assert {group["peak"] for group in learner.groups(PAPER)} == {5e-5}


def test_the_released_schedule_runs_one_epoch_behind_the_papers():
    for peak in (RELEASED.lr, RELEASED.lr_text):
        rates = [RELEASED.rate(epoch, peak) for epoch in range(50)]
        assert rates[0] == rates[1] == pytest.approx(peak)
        assert rates[2:] == sorted(rates[2:], reverse=True)
        paper = [replace(RELEASED, lag=0).rate(epoch, peak) for epoch in range(50)]
        assert rates[1:] == paper[:-1]
    half_way = RELEASED.rate(26)
    assert half_way == pytest.approx((5e-5 + 1e-6) / 2)


@pytest.mark.parametrize("decoder", ["conv", "mamba"])
def test_a_step_has_the_gradient_of_finite_differences(decoder):
    """Along one direction in all weights at once, with the statistics of the batch."""
    model = small(decoder=decoder).double().train()
    image, words, sentence, real = inputs(2, 32, 32, dtype=torch.float64)
    target = (image[:, :1] > 0).double()

    def loss():
        return mask_loss(model(image, words, sentence, real), target)

    loss().backward()
    torch.manual_seed(5)
    used = [p for p in model.parameters() if p.grad is not None]
    ways = [torch.randn_like(p) for p in used]
    slope = sum((p.grad * way).sum() for p, way in zip(used, ways, strict=True)).item()
    values, step = [], 1e-6
    for sign in (1, -2):
        with torch.no_grad():
            for p, way in zip(used, ways, strict=True):
                p += sign * step * way
            values.append(loss().item())
    assert (values[0] - values[1]) / (2 * step) == pytest.approx(slope, rel=1e-3, abs=1e-6)


def test_training_mode_drops_branches_and_evaluation_mode_does_not():
    model, batch = small(drop_path=0.9), inputs(2, 32, 32)
    model.backbone.train()
    torch.manual_seed(0)
    first, second = model(*batch), model(*batch)
    assert not torch.equal(first, second)
    model.eval()
    assert torch.equal(model(*batch), model(*batch))
