from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from toy_scores import part, toy_scores

from rebench.errors import RebenchError
from rebench.stats.contrast import difference_of, lead_change_of, metric_of
from rebench.stats.scores import check_same_samples, metric_terms
from rebench.stats.sums import ClusterSums, cluster_sums

(A, B), IMAGES = toy_scores(1)
IOU = A["intersection"] / A["union"]


def test_every_metric_is_the_ratio_it_is_defined_as():
    assert metric_of(A, IMAGES, "oiou").estimate == pytest.approx(A["intersection"].sum() / A["union"].sum())
    assert metric_of(A, IMAGES, "miou").estimate == pytest.approx(IOU.mean())
    assert metric_of(A, IMAGES, "pr70").estimate == pytest.approx((IOU >= 0.7).mean())
    assert metric_of({"found": IOU > 0.5}, IMAGES, "found").estimate == pytest.approx((IOU > 0.5).mean())


def test_a_hit_is_at_least_the_threshold_and_a_column_of_that_name_wins():
    ids = [1, 2]
    assert metric_of(np.array([0.5, 0.49]), ids, "pr50").estimate == 0.5
    strict = {"iou": np.array([0.5, 0.49]), "pr50": np.array([0, 0])}
    assert metric_of(strict, ids, "pr50").estimate == 0


@pytest.mark.parametrize("metric", ["oiou", "miou", "pr50"])
def test_a_frame_a_mapping_a_record_array_and_an_object_say_the_same(metric):
    frame = pd.DataFrame(A)
    forms = [A, frame, frame.to_records(index=False), SimpleNamespace(**A)]
    if metric == "oiou":
        forms.append(np.column_stack([A["intersection"], A["union"]]))
    else:
        forms.append(IOU)
    assert len({metric_of(form, IMAGES, metric).estimate for form in forms}) == 1


def test_both_masks_empty_are_a_perfect_iou_and_no_share_of_oiou():
    scores = {"intersection": np.array([0, 3]), "union": np.array([0, 6])}
    assert metric_of(scores, [1, 2], "miou").estimate == 0.75
    overall = metric_of(scores, [1, 2], "oiou")
    assert (overall.estimate, overall.samples, overall.clusters) == (0.5, 1, 1)


def test_a_score_that_is_unknown_in_one_run_is_left_out_of_both():
    a, b = np.array([0.5, np.nan, 0.7]), np.array([0.1, 0.9, 0.2])
    lead = difference_of(a, b, [1, 1, 2], "miou")
    assert lead.samples == 2
    assert lead.estimate == pytest.approx(0.6 - 0.15)
    assert metric_terms([a, b], "miou").unknown.tolist() == [False, True, False]


def test_sums_are_those_of_a_plain_loop_in_sorted_order():
    sums = cluster_sums(A["intersection"], A["union"], IMAGES)
    names = sorted(set(IMAGES.tolist()))
    np.testing.assert_array_equal(sums.above[:, 0], [A["intersection"][k == IMAGES].sum() for k in names])
    np.testing.assert_array_equal(sums.below[:, 0], [A["union"][k == IMAGES].sum() for k in names])


def test_string_ids_are_clusters_too():
    names = np.array([f"img{image}" for image in IMAGES])
    assert metric_of(A, names, "oiou").standard_error == pytest.approx(
        metric_of(A, IMAGES, "oiou").standard_error
    )


def test_jackknife_and_contributions_are_their_definitions():
    sums = ClusterSums(np.array([[1.0], [2.0], [0.0]]), np.array([[2.0], [3.0], [1.0]]))
    np.testing.assert_allclose(sums.leave_one_out[:, 0], [2 / 4, 1 / 3, 3 / 5])
    np.testing.assert_allclose(sums.contributions[:, 0], [0, 0.5 / 6, -0.5 / 6])


def test_the_standard_error_of_independent_values_is_the_textbook_one():
    values = np.random.default_rng(0).random(30)
    error = metric_of(values, np.arange(30), "miou").standard_error
    assert error == pytest.approx(values.std(ddof=1) / np.sqrt(30), rel=1e-12)
    assert metric_of(values, np.arange(30), "miou").jackknife_error == pytest.approx(error, rel=1e-12)


def test_contributions_add_up_to_nothing():
    assert difference_of(A, B, IMAGES, "oiou").contributions.sum() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("scores", "metric", "message"),
    [
        (np.ones(3), "oiou", "intersection and union"),
        ({"iou": np.ones(3)}, "oiou", "no 'intersection'"),
        ({"iou": np.ones(3)}, "found", "no column 'found'"),
        ({"iou": np.array([1, np.inf, 0])}, "miou", "infinite"),
        ({"iou": np.array(["a", "b", "c"])}, "miou", "not a column of numbers"),
        ({"iou": np.ones((3, 2))}, "miou", "one value per sample"),
        ({"intersection": np.array([3, 1, 1]), "union": np.array([2, 2, 2])}, "oiou", "smaller"),
        ({"intersection": np.array([0, 1, 1]), "union": np.array([-1, 2, 2])}, "oiou", "smaller"),
        (np.ones(4), "miou", "4 scores, but 3 clusters"),
    ],
)
def test_unusable_scores_are_named(scores, metric, message):
    with pytest.raises(RebenchError, match=message):
        metric_of(scores, [1, 2, 3], metric)


@pytest.mark.parametrize(
    ("clusters", "message"),
    [([], "at least one"), ([[1], [2]], "at least one"), ([1.0, np.nan], "no image id")],
)
def test_unusable_clusters_are_named(clusters, message):
    with pytest.raises(RebenchError, match=message):
        cluster_sums(np.ones(2), np.ones(2), clusters)


def test_runs_of_other_samples_are_refused():
    a, b = pd.DataFrame({"sample_id": ["x", "y"]}), pd.DataFrame({"sample_id": ["y", "x"]})
    with pytest.raises(RebenchError, match="another order"):
        check_same_samples({"A": a, "B": b})
    with pytest.raises(RebenchError, match="'y' is missing"):
        check_same_samples({"A": a, "B": a.iloc[:1]})
    with pytest.raises(RebenchError, match="more samples"):
        check_same_samples({"A": a.iloc[:1], "B": a})
    with pytest.raises(RebenchError, match=r"a 3, b 2"):
        difference_of(np.ones(3), np.ones(2), [1, 2, 3], "miou")
    check_same_samples({"A": a, "B": a, "unnamed": {"iou": np.ones(2)}})


def test_groups_are_masks_and_must_be_apart_for_an_interaction():
    first = IMAGES > 20
    with pytest.raises(RebenchError, match="true or false"):
        metric_of(A, IMAGES, "oiou", np.arange(3))
    with pytest.raises(RebenchError, match="share samples"):
        lead_change_of(A, B, IMAGES, "oiou", first, first)


def test_a_group_counts_only_its_own():
    chosen = IMAGES < 22
    alone = metric_of(part(A, chosen), IMAGES[chosen], "oiou")
    within = metric_of(A, IMAGES, "oiou", chosen)
    assert within.estimate == pytest.approx(alone.estimate)
    assert within.standard_error == pytest.approx(alone.standard_error)
    assert (within.samples, within.clusters) == (chosen.sum(), 4)
