"""The no-target rules of gRefCOCO, on cases made by hand."""

import numpy as np
import pytest

from rebench.errors import RebenchError
from rebench.metrics import score_gres
from rebench.metrics.gres import gres_totals


def target(left, right, side=480, **more):
    return {
        "segmentation": [[left, 0.0, right, 0, right, side, left, side]],
        "height": side,
        "width": side,
        **more,
    }


def half(columns=240):
    logits = np.full((480, 480), -5.0, np.float32)
    logits[:, :columns] = 5
    return logits


LEFT, RIGHT = target(0.0, 240.0), target(240.0, 480.0)
FULL, NONE = 480 * 480, np.full((480, 480), -5.0, np.float32)


def test_the_four_cases():
    scores = score_gres(
        [half(), half(), half(), half(), NONE],
        [[], [], [LEFT], [LEFT, RIGHT], []],
        no_target=np.array([True, False, True, False, False]),
    )
    assert scores.iou.tolist() == [1, 0, 0, 0.5, 0]
    assert scores.intersection.tolist() == [0, 0, 0, FULL // 2, 0]
    assert scores.union.tolist() == [0, FULL // 2, FULL // 2, FULL, 0]
    assert scores.raw_intersection.tolist() == [0, 0, FULL // 2, FULL // 2, 0]
    assert scores.raw_union.tolist() == [FULL // 2, FULL // 2, FULL // 2, FULL, 0]
    assert scores.totals == {
        "n": 5, "giou": 0.3, "ciou": 0.25, "n_acc": 1 / 3, "t_acc": 0.5, "pr70": 0, "pr80": 0, "pr90": 0,
        "tp": 1, "tn": 1, "fp": 1, "fn": 2,
    }  # fmt: skip
    assert [mask.sum() for mask in scores.masks] == [FULL // 2] * 4 + [0]


def test_several_targets_are_one_and_crowds_are_passed_over():
    crowd = target(0.0, 480.0, iscrowd=1)
    scores = score_gres([half(480)] * 2, [[LEFT, RIGHT], [LEFT, crowd]])
    assert scores.iou.tolist() == [1, 0.5]
    assert scores.totals["pr90"] == 0.5
    assert scores.totals["n_acc"] is None
    with pytest.raises(RebenchError, match="sample 0: all of its targets are crowds"):
        score_gres([half()], [[crowd]])


def test_a_float32_sigmoid_decides_that_a_target_is_absent():
    logits = [[0.0, 1.0], [1.0, 0.0], [18.0, 25.0], [2.0, 2.0]]
    scores = score_gres([half()] * 4, [[LEFT]] * 4, no_target=logits)
    assert scores.predicted_absent.tolist() == [True, False, False, False]


def test_an_exact_hit_counts_and_only_targets_are_asked():
    arrays = np.array([7, 0]), np.array([10, 0]), np.array([0.7, 1.0])
    totals = gres_totals(*arrays, np.array([False, True]), np.array([False, True]))
    assert (totals["pr70"], totals["pr80"], totals["giou"], totals["ciou"]) == (1, 0, 0.85, 0.7)


def test_a_set_without_targets_has_no_precision():
    totals = score_gres([half()], [[]], no_target=[True]).totals
    assert (totals["pr70"], totals["ciou"], totals["t_acc"], totals["n_acc"]) == (None, None, None, 1)
    assert score_gres([], []).totals["giou"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([half()], []), "1 logits for 0"),
        (([half()], [[LEFT]], [[0.0, 1.0, 2.0]]), "no_target wants two logits"),
        (([half()], [[LEFT]], [[0.0, np.nan]]), "no_target wants"),
        (([half()], [[LEFT]], [True, False]), "no_target wants"),
        (([half().astype(bool)], [[LEFT]]), "sample 0: protocol rela needs logits"),
        (([half()], [[{"segmentation": LEFT["segmentation"]}]]), r"targets\[0\] has no 'height'"),
    ],
)
def test_what_cannot_be_scored_is_named(arguments, message):
    with pytest.raises(RebenchError, match=message):
        score_gres(*arguments)
