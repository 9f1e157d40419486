"""Rates of identity, sizes and edges of a summary, against plain computation."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from rebench.data.catalogue import load_split
from rebench.errors import RebenchError
from rebench.metrics.groups import group_cells
from rebench.metrics.identity import OUTCOMES, RIGHT
from rebench.metrics.scoring import score_predictions
from rebench.metrics.summary import summarise

PART = "scenes:train-60"


@pytest.fixture
def scored(split, predictions):
    """Right, wrong, right, on the crowd, empty."""
    answers = {s.sample_id: split.objects[s.annotation_id] for s in split.samples}
    answers["boxes/101/1"] = split.objects[102]
    answers["boxes/201/3"] = split.objects[202]
    answers["boxes/301/4"] = np.zeros((10, 12), bool)
    return score_predictions(split, predictions(split, answers)).scores


def value(estimate):
    return estimate["value"]


def test_columns_by_hand(scored):
    assert scored["outcome"].tolist() == ["correct", "wrong_instance", "correct", "other", "empty"]
    assert scored["annotation_id"].tolist() == [101, 101, 102, 201, 301]
    assert scored["assigned"].tolist() == [101, 102, 102, -1, -1]
    assert scored["candidates"].tolist() == [2, 2, 2, 1, 1]
    assert scored["assignment"].tolist() == [1, 1, 1, 0, 0]
    assert scored["lead"].tolist()[:3] == [0.5, 0.5, 0.5]
    assert scored["lead"].isna().tolist() == [False] * 3 + [True] * 2
    assert scored["identity"].tolist()[:3] == [1, 0, 1]
    assert scored["on_crowd"].tolist() == [False, False, False, True, False]
    assert scored["picture_area"].tolist() == [120] * 5
    assert scored["truncated"].isna().all()


def test_rates_by_hand(split, scored):
    identity = summarise(scored, split, resamples=50)["identity"]
    overall = identity["overall"]
    assert (overall["n"], overall["images"]) == (5, 3)
    assert overall["contested"] == {"n": 3, "images": 1}
    assert value(overall["accuracy"]) == value(overall["referent_leads"]) == 2 / 3
    assert value(overall["wrong_instance"]) == 1 / 3
    assert value(overall["iou_given_right"]) == 1
    assert value(overall["chance"]) == 0.5
    assert (overall["single"]["n"], value(overall["single"]["accuracy"])) == (2, 0)
    assert overall["on_crowd"] == 1
    assert overall["unknown"] == {"n": 0, "images": 0}
    assert {name: cell["n"] for name, cell in overall["outcomes"].items()} == {
        "correct": 2, "poorly_drawn": 0, "wrong_instance": 1, "several_instances": 0, "other": 1, "empty": 1,
    }  # fmt: skip
    assert value(overall["outcomes"]["correct"]["share"]) == 0.4
    assert value(identity["groups"]["both"]["accuracy"]) is None  # its only expression has no rival
    assert value(overall["random_instance"]["accuracy"]) == 0.5
    assert value(overall["random_instance"]["wrong_instance"]) == 0.5


def test_a_model_that_says_what_it_saw(split, predictions):
    answers = {s.sample_id: split.objects[s.annotation_id] for s in split.samples}
    told = predictions(split, answers).assign(truncated=[True, False, None, True, None])
    scores = score_predictions(split, told.iloc[::-1]).scores
    assert scores["truncated"].tolist() == [True, False, pd.NA, True, pd.NA]


def test_overlapping_annotations_make_a_random_instance_right_more_often(
    make_sample, make_split, predictions
):
    again = np.zeros((10, 12), bool)
    again[:5, :5] = True
    first, far = again.copy(), np.zeros((10, 12), bool)
    first[4, 4], far[7:9, 7:12] = False, True
    split = make_split(
        [make_sample(0, 1, 101), make_sample(1, 2, 201)], {101: first, 102: again, 103: far, 201: far}
    )
    answers = {s.sample_id: split.objects[s.annotation_id] for s in split.samples}
    overall = summarise(score_predictions(split, predictions(split, answers)).scores, split, resamples=20)[
        "identity"
    ]["overall"]
    assert value(overall["chance"]) == 1 / 3
    drawn = overall["random_instance"]
    assert value(drawn["accuracy"]) == 2 / 3  # the object annotated twice is itself, whichever is drawn
    assert value(drawn["wrong_instance"]) == 1 / 3
    assert value(drawn["iou_given_right"]) == pytest.approx((1 + 24 / 25) / 2)


def test_a_picture_that_cannot_be_decoded_is_counted_apart(split, predictions):
    instances = split.instances

    def broken(image_id):
        if image_id == 1:
            raise RebenchError("annotation 151: polygon of two points")
        return instances(image_id)

    split.instances = broken
    answers = {s.sample_id: split.objects[s.annotation_id] for s in split.samples}
    answers["boxes/101/1"] = split.objects[102]
    scores = score_predictions(split, predictions(split, answers)).scores
    assert scores["outcome"].tolist() == ["correct", "unknown", "correct", "correct", "correct"]
    overall = summarise(scores, split, resamples=20)["identity"]["overall"]
    assert overall["unknown"] == {"n": 3, "images": 1}
    assert overall["contested"]["n"] == 0
    assert overall["outcomes"]["unknown"]["n"] == 1
    assert sum(cell["n"] for cell in overall["outcomes"].values()) == 5


def test_unreadable_expressions_are_a_group_of_their_own(split, scored):
    scored = scored.assign(label=["gold", "unknown", "tagged", "gold", "unknown"])
    summary = summarise(scored, split, resamples=20)
    assert summary["labelled"] == {"gold": 2, "tagged": 1, "unknown": 2}
    assert list(summary["groups"]) == list(summary["identity"]["groups"])
    assert summary["groups"]["unknown"]["n"] == 2
    assert sum(cell["n"] for cell in summary["groups"].values()) == 5


def test_sizes_by_hand(split, scored):
    sizes = summarise(scored, split, resamples=20)["sizes"]
    coco, quarters = sizes["coco"], sizes["relative"]
    assert {name: cell["n"] for name, cell in coco.items()} == {"small": 5, "medium": 0, "large": 0}
    assert coco["medium"]["miou"]["value"] is None
    assert [(cell["n"], cell["from"]) for cell in quarters.values()] == [
        (1, 10 / 120), (0, 20 / 120), (0, 20 / 120), (4, 20 / 120),
    ]  # fmt: skip
    assert quarters["largest"]["below"] is None
    assert quarters["smallest"]["identity"]["value"] is None  # the only dog of its picture


@pytest.mark.parametrize("size", [(200, 200), (426, 640)])  # 9216 / (426 * 640) * (426 * 640) is below 9216
def test_coco_sizes_are_those_of_the_picture_and_their_bounds_belong_to_the_larger(
    make_sample, make_split, predictions, size
):
    samples = [make_sample(i, 1 + i, 101 + 100 * i, size=size) for i in range(4)]
    masks = {}
    for sample, pixels in zip(samples, (1023, 1024, 9215, 9216), strict=True):
        mask = np.zeros(size[0] * size[1], bool)
        mask[:pixels] = True
        masks[sample.annotation_id] = mask.reshape(size)
    split = make_split(samples, masks)
    answers = {s.sample_id: split.objects[s.annotation_id] for s in samples}
    scores = score_predictions(split, predictions(split, answers)).scores
    coco = summarise(scores, split, resamples=20)["sizes"]["coco"]
    assert {name: cell["n"] for name, cell in coco.items()} == {"small": 1, "medium": 2, "large": 1}
    on_a_grid = scores.assign(
        picture_area=480 * 480, target_area=scores["target_area"] * (480 * 480) // (size[0] * size[1]) + 1
    )
    again = summarise(on_a_grid, split, resamples=20)["sizes"]["coco"]
    assert {name: cell["n"] for name, cell in again.items()} == {"small": 1, "medium": 2, "large": 1}


@pytest.fixture(scope="module")
def scenes():
    split = load_split(PART)
    return split


def answered(split, masks):
    rows = [
        {"sample_id": s.sample_id, "height": s.height, "width": s.width, "rle": rle["counts"], "status": "ok",
         "error": None}
        for s, rle in zip(split.samples, masks, strict=True)
    ]  # fmt: skip
    return score_predictions(split, pd.DataFrame(rows)).scores


def rivals(split, sample):
    things = split.instances(sample.image_id)
    return [thing for thing in things if thing.category == sample.category and not thing.crowd]


@pytest.mark.slow
def test_somebody_who_picks_a_random_instance_measures_chance(scenes):
    rng = np.random.default_rng(7)
    drawn = [rng.choice(rivals(scenes, s)).rle for s in scenes.samples]
    overall = summarise(answered(scenes, drawn), scenes, resamples=500)["identity"]["overall"]
    for metric, expected in (("accuracy", overall["chance"]), ("wrong_instance", None)):
        expected = value(expected or overall["random_instance"][metric])
        assert overall[metric]["low"] <= expected <= overall[metric]["high"]
    assert value(overall["random_instance"]["accuracy"]) == pytest.approx(value(overall["chance"]))
    assert value(overall["single"]["accuracy"]) == 1


def test_drawing_many_times_gives_the_expectation(scenes):
    rng = np.random.default_rng(1)
    small = [s for s in scenes.samples if len(rivals(scenes, s)) > 1][:40]
    few = load_split(PART)
    few.samples = small
    accuracies = []
    for _ in range(60):
        scores = answered(few, [rng.choice(rivals(few, s)).rle for s in small])
        accuracies.append(scores["identity"].mean())
    expected = value(
        summarise(scores, few, resamples=20)["identity"]["overall"]["random_instance"]["accuracy"]
    )
    assert np.mean(accuracies) == pytest.approx(expected, abs=4 * np.std(accuracies) / np.sqrt(60))


def test_outcomes_sum_to_n_in_every_group_and_rates_follow_from_the_columns(scenes):
    rng = np.random.default_rng(3)
    masks = []
    for sample in scenes.samples:
        candidates = rivals(scenes, sample)
        everything = scenes.instances(sample.image_id)
        kind = rng.integers(4)
        masks.append(
            rng.choice(candidates if kind < 2 else everything).rle if kind < 3 else scenes.target(sample)
        )
    scores = answered(scenes, masks)
    assert set(scores["outcome"]) <= set(OUTCOMES)
    identity = json.loads(json.dumps(summarise(scores, scenes, resamples=20)))["identity"]
    for name, cell in group_cells(scores).items():
        found = identity["overall"] if name == "overall" else identity["groups"][name]
        rows = scores[cell]
        assert sum(outcome["n"] for outcome in found["outcomes"].values()) == found["n"] == len(rows)
        assert sum(value(outcome["share"]) for outcome in found["outcomes"].values()) == pytest.approx(1)
        contested = rows[rows["candidates"] >= 2]
        right = contested[contested["outcome"].isin(RIGHT)]
        assert value(found["accuracy"]) == pytest.approx(len(right) / len(contested))
        assert value(found["accuracy"]) == pytest.approx(rows["identity"].mean())
        assert value(found["iou_given_right"]) == pytest.approx(right["iou"].mean())
        assert value(found["chance"]) == pytest.approx((1 / contested["candidates"]).mean())
        wrong = (contested["outcome"] == "wrong_instance").mean()
        assert value(found["wrong_instance"]) == pytest.approx(wrong)
    assert ((scores["outcome"] == "correct") == (scores["iou"] >= 0.5)).all()


def test_scenes_with_every_category_renamed_have_no_rivals(scenes):
    """Only instances of the referent's own category are candidates."""
    alone = load_split(PART)
    alone.samples = [dataclasses.replace(s, category="nothing like it") for s in scenes.samples[:30]]
    scores = answered(alone, [alone.target(s) for s in alone.samples])
    assert scores["candidates"].tolist() == [1] * 30
    assert scores["identity"].isna().all()
