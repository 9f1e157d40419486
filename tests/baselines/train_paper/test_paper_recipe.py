"""Recipes as data: rates, losses, and other values by name."""

from dataclasses import replace
from math import cos, pi

import numpy as np
import pytest
import torch

from baselines.nn.losses import dice_loss, focal_loss
from baselines.remamber.training import PAPER, RELEASED
from baselines.risam.training import PAPER_RECIPE as RISAM
from baselines.tfanet.training import PAPER_RECIPE as TFANET
from baselines.tfanet.training import mask_loss as tfanet_loss
from baselines.train.learners.safire import PAPER_RECIPE as SAFIRE
from baselines.train.paper import FIELDS, PaperRecipe
from rebench.errors import RebenchError

ANY = PaperRecipe(dice=1.0)


def drawn():
    draw = np.random.RandomState(3)
    logits = torch.tensor(draw.standard_normal((3, 1, 5, 6)))
    return logits, torch.tensor((draw.random_sample((3, 1, 5, 6)) > 0.6).astype(float))


def test_the_losses_are_those_of_the_papers():
    x, t = drawn()
    torch.testing.assert_close(SAFIRE.loss(x, t), 0.5 * dice_loss(x, t) + 0.5 * focal_loss(x, t, 2.0))
    torch.testing.assert_close(RELEASED.loss(x, t), dice_loss(x, t) + focal_loss(x, t, 0.0))
    torch.testing.assert_close(RISAM.loss(x, t), 0.5 * focal_loss(x, t, 2.0) + 0.5 * dice_loss(x, t))


def test_one_logit_has_the_cross_entropy_of_two_scores():
    _, t = drawn()
    scores = torch.tensor(np.random.RandomState(4).standard_normal((3, 2, 5, 6)))
    torch.testing.assert_close(TFANET.loss(scores[:, 1:] - scores[:, :1], t), tfanet_loss(scores, t))


def test_rates_over_the_epochs():
    cosine = [SAFIRE.rate(epoch) for epoch in range(51)]
    assert cosine == pytest.approx([5e-5 * (1 + cos(pi * e / 50)) / 2 for e in range(51)])
    assert [RISAM.rate(e) for e in (0, 29, 30, 41, 42, 49)] == pytest.approx(
        [1e-4, 1e-4, 1e-5, 1e-5, 1e-6, 1e-6]
    )
    fallen = [TFANET.rate(e) for e in range(24, 50)]
    assert fallen == pytest.approx([5e-5 * (1 - k / 26) ** 0.9 for k in range(26)])
    assert replace(ANY, schedule="constant").rate(40) == ANY.lr


def test_steps_and_epochs():
    assert [SAFIRE.rate_at(step, 10) for step in (0, 5)] == [SAFIRE.rate(0), SAFIRE.rate(0.5)]
    assert {RELEASED.rate_at(step, 10) for step in range(20, 30)} == {RELEASED.rate(2)}
    warm = replace(ANY, schedule="constant", warmup=0.5)
    assert [warm.rate_at(step, 8) / warm.lr for step in range(5)] == [0.25, 0.5, 0.75, 1, 1]


def test_parts_have_their_own_peaks_and_one_end():
    assert RELEASED.rate(1, RELEASED.lr_text) == 2.5e-5
    assert RELEASED.rate(51, RELEASED.lr_text) == RELEASED.rate(51, RELEASED.lr) == 1e-6
    assert RELEASED.rate(3, 0.0) == 0
    assert PAPER.lr_text is None
    assert PAPER.lag == 0


def test_words_follow_the_data_sets():
    assert RISAM.for_splits(["refcoco:train"]).max_words == 17
    assert RISAM.for_splits(["refcoco:train", "refcocog:train"]).max_words == 25
    assert TFANET.for_splits(["arefcoco:train"]).max_words == 22
    assert TFANET.changed(["max_words=9"]).for_splits(["refcoco:train"]).max_words == 9


@pytest.mark.parametrize(
    ("setting", "field", "value"),
    [
        ("lr=1e-3", "lr", 1e-3),
        ("epochs = 3", "epochs", 3),
        ("ema=none", "ema", None),
        ("ema=0.9", "ema", 0.9),
        ("betas=0.8,0.9", "betas", (0.8, 0.9)),
        ("milestones=3, 5,7", "milestones", (3, 5, 7)),
        ("milestones=", "milestones", ()),
        ("max_words_of=refcoco:9,refcoco+:11", "max_words_of", (("refcoco", 9), ("refcoco+", 11))),
        ("schedule=poly", "schedule", "poly"),
        ("protocol=lavt", "protocol", "lavt"),
    ],
)
def test_a_field_is_set_by_its_name(setting, field, value):
    changed = ANY.changed([setting])
    assert getattr(changed, field) == value
    others = [name for name in FIELDS if name != field]
    assert [getattr(changed, name) for name in others] == [getattr(ANY, name) for name in others]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("learning_rate=1", "no field 'learning_rate'"),
        ("epoch=1", "did you mean epochs"),
        ("lr", "no field=value"),
        ("lr=fast", "lr is a number, not 'fast'"),
        ("lr=nan", "lr is a number"),
        ("lr=-1", "lr is -1, it must be at least 0"),
        ("epochs=2.5", "epochs is a whole number"),
        ("epochs=0", "at least 1"),
        ("epochs=none", "epochs is a whole number"),
        ("schedule=wave", "no schedule 'wave': there are constant, cosine"),
        ("betas=0.9", "betas is a list"),
        ("betas=0.9,1", "betas is 1, it must be below 1"),
        ("ema=1", "ema is 1, it must be below 1"),
        ("dice=0", "no loss has a weight"),
        ("max_words_of=refcoco", "max_words_of is a list"),
    ],
)
def test_what_cannot_be_set_says_why(setting, message):
    with pytest.raises(RebenchError, match=message) as caught:
        ANY.changed([setting])
    assert "\n" not in str(caught.value)
