import json
import math

import numpy as np
import pytest

from rebench.data.split import Counts
from rebench.errors import RebenchError
from rebench.metrics.groups import GROUPS
from rebench.metrics.scoring import score_predictions
from rebench.metrics.summary import check_summary, summarise

METRICS = ["oiou", "miou", "pr50", "pr60", "pr70", "pr80", "pr90"]


@pytest.fixture
def scores(split, predictions):
    answers = {s.sample_id: split.objects[s.annotation_id] for s in split.samples}
    answers["boxes/101/1"] = split.objects[102]  # IoU 1/3
    answers["boxes/201/3"] = np.zeros((10, 12), bool)
    return score_predictions(split, predictions(split, answers)).scores


def values(cell):
    return {metric: cell[metric]["value"] for metric in METRICS}


def test_metrics_by_hand(split, scores):
    summary = summarise(scores, split, resamples=50)
    assert summary["schema_version"] == 1
    assert summary["protocol"] == "original"
    overall = summary["overall"]
    assert (overall["n"], overall["images"]) == (5, 3)
    assert overall["oiou"]["value"] == 60 / 140
    assert overall["miou"]["value"] == pytest.approx((1 + 1 / 3 + 1 + 0 + 1) / 5)
    assert [overall[f"pr{x}"]["value"] for x in (50, 60, 70, 80, 90)] == [0.6] * 5


def test_groups_are_four_exclusive_cells(split, scores):
    groups = summarise(scores, split, resamples=50)["groups"]
    assert tuple(groups) == GROUPS
    assert {name: (cell["n"], cell["images"]) for name, cell in groups.items()} == {
        "simple": (2, 2), "object_distracting": (1, 1), "category_implicit": (1, 1), "both": (1, 1),
    }  # fmt: skip
    assert groups["simple"]["miou"]["value"] == 1
    assert groups["object_distracting"]["oiou"] == {"value": 1 / 3, "low": None, "high": None}
    assert groups["both"]["pr50"]["value"] == 0


def test_an_empty_group_is_there_with_nulls(split, scores):
    summary = summarise(scores[scores["object_distracting"]], split, resamples=50)
    assert summary["groups"]["simple"] == {
        "n": 0, "images": 0, **{metric: {"value": None, "low": None, "high": None} for metric in METRICS}
    }  # fmt: skip


def test_no_scores_at_all_is_a_summary_without_values(split, scores):
    summary = summarise(scores.iloc[:0], split, resamples=50, failed=5)
    assert summary["overall"]["n"] == 0
    assert summary["chance"]["random_instance"]["overall"]["miou"]["value"] is None
    json.dumps(summary, allow_nan=False)


def test_precision_includes_its_threshold(split, scores):
    exact = scores.assign(intersection=7, union=10)
    overall = summarise(exact, split, resamples=50)["overall"]
    assert [overall[f"pr{x}"]["value"] for x in (60, 70, 80)] == [1, 1, 0]


def test_intervals_hold_their_value_and_lie_in_zero_to_one(split, scores):
    overall = summarise(scores, split, resamples=500)["overall"]
    for metric in METRICS:
        estimate = overall[metric]
        assert 0 <= estimate["low"] <= estimate["value"] <= estimate["high"] <= 1
    assert overall["miou"]["low"] < overall["miou"]["high"]


def test_same_seed_same_document(split, scores):
    documents = [json.dumps(summarise(scores, split, resamples=200, seed=seed)) for seed in (1, 1, 2)]
    assert documents[0] == documents[1] != documents[2]
    assert summarise(scores, split, resamples=200, seed=1)["interval"] == {
        "method": "cluster bootstrap over images, percentile", "level": 0.95, "resamples": 200, "seed": 1,
    }  # fmt: skip


def test_coverage(split, scores):
    split.official = Counts(expressions=7050)
    coverage = summarise(scores.iloc[:2], split, resamples=50, failed=1)["coverage"]
    assert coverage == {
        "scored": 2, "in_split": 5, "official": 7050, "failed": 1, "missing": 2, "whole": False,
        "text": "2 of 7,050 expressions",
    }  # fmt: skip


def test_coverage_of_a_whole_split(split, scores):
    coverage = summarise(scores, split, resamples=50)["coverage"]
    assert (coverage["whole"], coverage["missing"], coverage["text"]) == (True, 0, "5 expressions")


def test_chance_of_an_empty_and_a_full_mask(split, scores):
    chance = summarise(scores, split, resamples=50)["chance"]
    assert set(values(chance["empty_mask"]["overall"]).values()) == {0.0}
    full = chance["full_mask"]["overall"]
    areas = [20, 20, 20, 60, 10]
    assert full["oiou"]["value"] == sum(areas) / 600
    assert full["miou"]["value"] == pytest.approx(sum(areas) / 120 / 5)
    assert full["pr50"]["value"] == 0.2
    assert chance["full_mask"]["groups"]["both"]["miou"]["value"] == 0.5


def test_chance_of_a_random_instance_by_hand(split, scores):
    # In image 1 two dogs that share 10 of 30 pixels (the cat is no candidate), in image 2 a dog and a crowd.
    chance = summarise(scores, split, resamples=50)["chance"]["random_instance"]
    of_two = (1 + 1 / 3) / 2
    assert chance["overall"]["miou"]["value"] == pytest.approx((3 * of_two + 1 + 1) / 5)
    assert chance["overall"]["pr50"]["value"] == pytest.approx((3 * 0.5 + 1 + 1) / 5)
    assert chance["overall"]["oiou"]["value"] == pytest.approx((3 * 15 + 60 + 10) / (3 * 25 + 60 + 10))
    assert chance["groups"]["both"]["miou"]["value"] == 1


def test_chance_of_a_random_instance_equals_drawing_one(split, scores, predictions):
    rng = np.random.default_rng(0)
    candidates = {101: [101, 102], 102: [101, 102], 201: [201], 301: [301]}
    drawn = []
    for _ in range(150):
        answers = {s.sample_id: split.objects[rng.choice(candidates[s.annotation_id])] for s in split.samples}
        drawn.append(score_predictions(split, predictions(split, answers)).scores["iou"].mean())
    expected = summarise(scores, split, resamples=50)["chance"]["random_instance"]["overall"]["miou"]["value"]
    assert np.mean(drawn) == pytest.approx(expected, abs=4 * np.std(drawn) / math.sqrt(len(drawn)))


def test_a_picture_with_an_object_that_cannot_be_decoded_has_no_chance_line(split, scores, caplog):
    instances = split.instances

    def broken(image_id):
        if image_id == 1:
            raise RebenchError("annotation 151: polygon of two points")
        return instances(image_id)

    split.instances = broken
    chance = summarise(scores, split, resamples=50)["chance"]["random_instance"]
    assert chance["overall"]["miou"]["value"] == 1  # images 2 and 3, whose referents have no rival
    assert chance["groups"]["category_implicit"]["miou"]["value"] is None
    assert "leave out image 1: annotation 151" in caplog.text


@pytest.mark.parametrize("change", [{"schema_version": 2}, {"chance": None}, {"schema_version": None}])
def test_a_summary_of_another_version_is_refused_with_the_remedy(split, scores, change):
    summary = summarise(scores, split, resamples=50)
    assert check_summary(summary, "runs/x") is summary
    other = {key: value for key, value in (summary | change).items() if value is not None}
    with pytest.raises(RebenchError, match="rebench score runs/x"):
        check_summary(other, "runs/x")


def test_scores_of_another_split_are_refused(split, scores):
    with pytest.raises(RebenchError, match="'elsewhere/1/1', which is not in boxes:test"):
        summarise(scores.assign(sample_id="elsewhere/1/1"), split)
