"""Whose mask is it: constructed masks, each with the outcome that its name says."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from plain_identity import plain_identity

from rebench.data.masks import encode
from rebench.metrics.candidates import Candidates
from rebench.metrics.identity import OUTCOMES, RIGHT, identify
from rebench.metrics.overlap import iou, overlap

SIDE = 40


def box(top, left, rows, columns):
    mask = np.zeros((SIDE, SIDE), bool)
    mask[top : top + rows, left : left + columns] = True
    return mask


TARGET = box(4, 4, 10, 10)
DISTRACTOR = box(4, 24, 10, 11)
THIRD = box(24, 4, 12, 12)
CROWD = box(24, 24, 14, 14)
ELSEWHERE = box(18, 0, 4, 40)


def judged(mask, target=TARGET, rivals=(DISTRACTOR, THIRD), crowds=(CROWD,), problem=None):
    candidates = Candidates(
        tuple(range(10, 11 + len(rivals))),
        tuple(map(encode, (target, *rivals))),
        tuple(map(encode, crowds)),
        problem,
    )
    counts = overlap(encode(mask), encode(target))
    found = identify([encode(mask)], [candidates], iou([counts.intersection], [counts.union]))
    return str(found.outcome[0]), int(found.assigned[0]), found


@pytest.mark.parametrize(
    ("mask", "outcome", "assigned"),
    [
        (TARGET, "correct", 10),
        (DISTRACTOR, "wrong_instance", 11),
        (THIRD, "wrong_instance", 12),
        (box(4, 4, 10, 20) & ~DISTRACTOR, "correct", 10),  # twice as wide, IoU exactly 0.5
        (box(9, 9, 10, 10), "poorly_drawn", 10),  # shifted by half its side: IoU 1/7
        (box(4, 4, 10, 4), "poorly_drawn", 10),  # a part of it
        (box(4, 4, 1, 2), "poorly_drawn", 10),  # tiny, and inside
        (box(4, 4, 1, 1) | ELSEWHERE, "other", -1),  # hardly touches it
        (TARGET | DISTRACTOR, "several_instances", -1),
        (TARGET | DISTRACTOR | THIRD, "several_instances", 12),  # the largest leads,
        (DISTRACTOR | THIRD, "several_instances", 12),
        (np.ones((SIDE, SIDE), bool), "several_instances", -1),
        (ELSEWHERE, "other", -1),
        (CROWD, "other", -1),
        (CROWD | box(4, 4, 5, 10), "other", -1),
        (np.zeros((SIDE, SIDE), bool), "empty", -1),
    ],
)
def test_constructed_masks(mask, outcome, assigned):
    assert judged(mask)[:2] == (outcome, assigned)


def test_a_mask_of_two_is_of_several_also_where_one_of_them_is_larger():
    small, large = box(0, 0, 6, 10), box(20, 0, 10, 15)
    outcome, assigned, found = judged(small | large, small, (large,), ())
    assert outcome == "several_instances"
    assert assigned == 11  # the larger one leads, which the column says
    assert found.lead[0] >= 0.05


def test_half_of_another_is_enough_and_less_is_not():
    outcome, *_ = judged(TARGET[:, ::-1] | box(4, 4, 5, 10), TARGET, (TARGET[:, ::-1],), ())
    assert outcome == "several_instances"
    outcome, assigned, _ = judged(TARGET[:, ::-1] | box(4, 4, 4, 10), TARGET, (TARGET[:, ::-1],), ())
    assert (outcome, assigned) == ("wrong_instance", 11)


def test_a_small_one_at_the_edge_of_the_mask_does_not_make_it_several():
    speck = box(4, 36, 2, 2)
    assert judged(DISTRACTOR | speck, TARGET, (DISTRACTOR, speck), ())[:2] == ("wrong_instance", 11)


def test_what_an_annotation_shares_with_the_best_is_not_covered_beside_it():
    part = box(4, 24, 10, 6)  # annotated once more, as a part of the distractor
    assert judged(DISTRACTOR, TARGET, (DISTRACTOR, part), ())[:2] == ("wrong_instance", 11)
    assert judged(DISTRACTOR, part, (DISTRACTOR,), ())[0] == "correct"  # IoU 0.5 with the referent goes first


def test_one_object_annotated_twice():
    again = TARGET | box(4, 14, 1, 1)
    outcome, assigned, found = judged(TARGET, again, (TARGET,), ())
    assert (outcome, assigned) == ("correct", 10)
    assert found.lead[0] < 0  # the other annotation fits better still
    assert judged(box(4, 4, 10, 4), again, (TARGET,), ())[0] == "several_instances"  # nobody can tell which


def test_a_tie_is_several():
    left, right = box(0, 0, 10, 10), box(0, 20, 10, 10)
    outcome, assigned, found = judged(box(0, 6, 10, 18), left, (right,), ())
    assert (outcome, assigned, found.lead[0]) == ("several_instances", -1, 0)


def test_a_single_instance_is_right_or_other_and_has_no_identity():
    for mask, outcome in ((TARGET, "correct"), (box(9, 9, 10, 10), "poorly_drawn"), (ELSEWHERE, "other")):
        name, _, found = judged(mask, rivals=(), crowds=())
        assert name == outcome
        assert found.candidates.tolist() == [1]
        assert np.isnan([found.right[0], found.lead[0]]).all()


def test_crowds_are_never_candidates_and_only_told_of_masks_on_them():
    for mask, on_crowd in ((CROWD, True), (TARGET, False), (box(24, 4, 12, 34), False)):
        assert judged(mask)[2].on_crowd.tolist() == [on_crowd]
    assert judged(CROWD)[2].candidates.tolist() == [3]
    halves = (CROWD & box(0, 0, 40, 31), CROWD & ~box(0, 0, 40, 31))
    assert judged(CROWD, crowds=halves)[2].on_crowd.tolist() == [True]
    third = (CROWD & box(0, 0, 40, 28),) * 2  # twice the same pixels are not more of them
    assert judged(CROWD, crowds=third)[2].on_crowd.tolist() == [False]


def test_objects_that_cannot_be_decoded_leave_the_outcome_open():
    for mask, outcome in ((TARGET, "correct"), (TARGET & False, "empty"), (DISTRACTOR, "unknown")):
        name, _, found = judged(mask, rivals=(), crowds=(), problem="no polygon has three points")
        assert name == outcome
        assert found.candidates.tolist() == [0]
        assert np.isnan(found.right[0])
        assert found.assigned.tolist() == [10 if outcome == "correct" else -1]


def test_the_thresholds_are_part_of_what_is_accepted():
    # 100 pixels in the mask, one or no instance of 100 pixels: the score is the share inside
    mask = box(0, 0, 10, 10)

    def instance(inside):
        return box(0, 0, inside, 1) | box(20, 0, 1, 40) | box(21, 0, 1, 40) | box(22, 0, 1, 20 - inside)

    assert judged(mask, instance(10), (), ())[0] == "poorly_drawn"
    assert judged(mask, instance(9), (), ())[0] == "other"
    rival = box(9, 5, 1, 5) | box(30, 0, 2, 40) | box(32, 0, 1, 15)
    assert judged(mask, instance(10), (rival,), ())[0] == "poorly_drawn"  # 0.10 against 0.05
    assert judged(mask, instance(9), (rival,), ())[0] == "other"


def test_the_page_explains_every_outcome():
    page = (Path(__file__).parents[2] / "docs" / "identity.md").read_text()
    assert [name for name in OUTCOMES if f"| `{name}` |" not in page] == []


def test_nothing_to_judge():
    found = identify([], [], np.empty(0))
    assert len(found.outcome) == len(found.right) == len(found.assigned) == 0


SHAPE = st.tuples(st.integers(2, 7), st.integers(2, 7))
CASES = SHAPE.flatmap(
    lambda shape: st.tuples(
        arrays(bool, shape),
        st.lists(arrays(bool, shape), min_size=1, max_size=4),
        st.lists(arrays(bool, shape), max_size=2),
    )
)


def several_judged(cases):
    asked = [
        Candidates(tuple(range(len(things))), tuple(map(encode, things)), tuple(map(encode, crowds)))
        for _, things, crowds in cases
    ]
    masks = [encode(mask) for mask, *_ in cases]
    counts = [overlap(mask, one.masks[0]) for mask, one in zip(masks, asked, strict=True)]
    ious = iou([c.intersection for c in counts], [c.union for c in counts])
    return identify(masks, asked, ious)


@settings(max_examples=80)
@given(st.lists(CASES, min_size=1, max_size=4))
def test_a_batch_says_what_the_pixels_say(cases):
    found = several_judged(cases)
    for i, (mask, things, crowds) in enumerate(cases):
        outcome, leader, score = plain_identity(mask, things[0], things[1:], crowds)
        assert found.outcome[i] == outcome
        assert found.assigned[i] == (-1 if leader is None else leader)
        assert found.score[i] == pytest.approx(score)
        assert found.candidates[i] == len(things)


@settings(max_examples=40)
@given(CASES, st.randoms())
def test_the_order_of_the_others_does_not_matter(case, random):
    mask, things, crowds = case
    order = list(range(1, len(things)))
    random.shuffle(order)
    shuffled = (mask, [things[0], *(things[i] for i in order)], crowds[::-1])
    one, other = several_judged([case]), several_judged([shuffled])
    assert one.outcome[0] == other.outcome[0]
    np.testing.assert_array_equal(one.right, other.right)
    np.testing.assert_array_equal(one.lead, other.lead)
    if one.assigned[0] >= 0:
        assert [0, *order][other.assigned[0]] == one.assigned[0]


@settings(max_examples=40)
@given(CASES)
def test_the_scale_of_the_picture_does_not_matter(case):
    def twice(mask):
        return np.kron(mask, np.ones((2, 2), bool))

    mask, things, crowds = case
    large = (twice(mask), [twice(t) for t in things], [twice(c) for c in crowds])
    one, other = several_judged([case]), several_judged([large])
    for name in ("outcome", "assigned", "score", "lead", "candidates", "on_crowd"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@settings(max_examples=40)
@given(CASES)
def test_names_and_bounds(case):
    found = several_judged([case])
    assert found.outcome[0] in OUTCOMES
    assert 0 <= found.score[0] <= 1 + 1e-12
    assert (found.outcome[0] in RIGHT) <= (found.assigned[0] == 0)
    if len(case[1]) > 1:
        assert found.right[0] == (found.outcome[0] in RIGHT)
