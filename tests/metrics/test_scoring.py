import numpy as np
import pytest

from rebench.errors import RebenchError
from rebench.metrics.scoring import COLUMNS, score_predictions


def perfect(split):
    return {s.sample_id: split.objects[s.annotation_id] for s in split.samples}


def test_scores_by_hand(split, predictions):
    answers = perfect(split)
    names = list(answers)
    answers[names[1]] = split.objects[102]  # a third of the target
    answers[names[3]] = np.zeros((10, 12), bool)
    scored = score_predictions(split, predictions(split, answers), "original")
    scores = scored.scores
    assert scored.failures == {}
    assert list(scores.columns) == list(COLUMNS)
    assert scores["sample_id"].tolist() == names
    assert scores["image_id"].tolist() == [1, 1, 1, 2, 3]
    assert scores["intersection"].tolist() == [20, 10, 20, 0, 10]
    assert scores["union"].tolist() == [20, 30, 20, 60, 10]
    assert scores["predicted_area"].tolist() == [20, 20, 20, 0, 10]
    assert scores["target_area"].tolist() == [20, 20, 20, 60, 10]
    assert scores["iou"].tolist() == [1, 1 / 3, 1, 0, 1]
    assert scores["outcome"].tolist() == ["correct", "wrong_instance", "correct", "empty", "correct"]
    assert scores["object_distracting"].tolist() == [False, True, False, True, False]
    assert scores["category_implicit"].tolist() == [False, False, True, True, False]


def test_manifest_order_whatever_the_order_of_predictions(split, predictions):
    frame = predictions(split, perfect(split))
    scores = score_predictions(split, frame.iloc[::-1]).scores
    assert scores["sample_id"].tolist() == [s.sample_id for s in split.samples]


def test_each_target_is_decoded_once(split, predictions):
    score_predictions(split, predictions(split, perfect(split)))
    assert split.decoded == [101, 102, 201, 301]


def test_a_failed_prediction_is_no_empty_mask(split, predictions):
    answers = {**perfect(split), split.samples[0].sample_id: "ValueError: no"}
    scored = score_predictions(split, predictions(split, answers))
    assert scored.failures == {split.samples[0].sample_id: "ValueError: no"}
    assert split.samples[0].sample_id not in set(scored.scores["sample_id"])


def test_targets_that_cannot_be_scored_are_failures_with_a_reason(split, predictions):
    frame = predictions(split, perfect(split))
    split.objects[101] = None
    split.objects[301] = np.zeros((10, 12), bool)
    scored = score_predictions(split, frame)
    assert {name: reason.split(": ", 1)[1] for name, reason in scored.failures.items()} == {
        "boxes/101/0": "annotation 101: polygon of two points",
        "boxes/101/1": "annotation 101: polygon of two points",
        "boxes/301/4": "annotation 301 has no pixel",
    }
    assert len(scored.scores) == 2


def test_a_partial_run_has_fewer_scores(split, predictions):
    scored = score_predictions(split, predictions(split, {"boxes/102/2": split.objects[102]}))
    assert len(scored.scores) == 1
    assert scored.failures == {}


def test_no_predictions_have_no_scores_but_typed_columns(split, predictions):
    scores = score_predictions(split, predictions(split, {})).scores
    assert scores["intersection"].dtype == "int64"
    assert scores["object_distracting"].dtype == bool
    assert len(scores) == 0


def test_the_tagger_labels_what_has_no_label(make_sample, make_split, predictions):
    mask = np.ones((10, 12), bool)
    samples = [
        make_sample(0, 1, 101, expression="it is beside the car"),
        make_sample(1, 1, 101, expression="it is beside the car", od=False),
        make_sample(2, 1, 101, expression="it is beside the car", ci=False),
    ]
    split = make_split(samples, {101: mask})
    scores = score_predictions(split, predictions(split, perfect(split))).scores
    assert scores["object_distracting"].tolist() == [True, False, True]
    assert scores["category_implicit"].tolist() == [True, True, False]


def test_predictions_that_do_not_belong_here_are_refused(split, predictions):
    frame = predictions(split, perfect(split))
    with pytest.raises(RebenchError, match="'boxes/1/9', which is not in boxes:test"):
        score_predictions(split, predictions(split, {"boxes/1/9": np.ones((10, 12), bool)}))
    with pytest.raises(RebenchError, match="two predictions of 'boxes/101/0'"):
        score_predictions(split, frame.iloc[[0, 0]])
    with pytest.raises(RebenchError, match="stored prediction of boxes/101/0"):
        score_predictions(split, frame.assign(height=9))
    with pytest.raises(RebenchError, match="stored prediction of boxes/101/0"):
        score_predictions(split, frame.assign(rle="~~"))
    with pytest.raises(RebenchError, match="unknown protocol 'olympic'"):
        score_predictions(split, frame, "olympic")
