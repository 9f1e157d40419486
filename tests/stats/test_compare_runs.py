import json
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from toy_scores import toy_scores

from rebench.errors import RebenchError
from rebench.stats import Settings, adjust, compare, compare_runs, estimate, lead_change
from rebench.stats.ranking import best_set, rank_models, ranks_of

RUNS, IMAGES = toy_scores(11, images=30, models=3, lead=0.15)
NAMED = dict(zip("abc", RUNS, strict=True))
GROUPS = {"some": IMAGES % 2 == 0, "rest": IMAGES % 2 == 1}
METRICS = ("oiou", "miou", "pr50")
QUICK = Settings(resamples=1000, seed=3)
PANEL = compare_runs(NAMED, IMAGES, GROUPS, METRICS, QUICK)


def test_every_pair_group_and_metric_is_there_once():
    keys = [(d.a, d.b, d.group, d.metric) for d in PANEL.differences]
    expected = {
        (a, b, group, metric)
        for a, b in combinations("abc", 2)
        for group in ("overall", "some", "rest")
        for metric in METRICS
    }
    assert len(keys) == len(set(keys)) == 27
    assert set(keys) == expected
    assert len(PANEL.estimates) == len(PANEL.rankings) * 3 == 27


def test_the_numbers_are_those_of_single_comparisons():
    masks = {"overall": None, **GROUPS}
    for d in PANEL.differences:
        one = compare(NAMED[d.a], NAMED[d.b], IMAGES, d.metric, 1000, 3, where=masks[d.group])
        np.testing.assert_allclose(
            [d.estimate, d.low, d.high, d.p, d.p_equivalence, d.effect, d.superiority],
            [one.estimate, one.low, one.high, one.p, one.p_equivalence, one.effect, one.superiority],
            atol=1e-9,
        )
    for e in PANEL.estimates:
        one = estimate(NAMED[e.run], IMAGES, e.estimate.metric, 1000, 3, where=masks[e.group])
        np.testing.assert_allclose(
            [e.estimate.value, e.estimate.low, e.estimate.high, e.estimate.standard_error],
            [one.value, one.low, one.high, one.standard_error],
            atol=1e-9,
        )
        assert (e.estimate.samples, e.estimate.images) == (one.samples, one.images)


@pytest.mark.parametrize(("families", "sizes"), [("all", [27]), ("metric", [9] * 3), ("cell", [3] * 9)])
def test_families_are_declared_and_adjusted_within(families, sizes):
    panel = compare_runs(NAMED, IMAGES, GROUPS, METRICS, Settings(resamples=50, families=families))
    differences = [f for f in panel.families if "differences" in f.name]
    assert [f.size for f in differences] == sizes
    assert len(panel.families) == 2 * len(sizes)
    for f in panel.families:
        np.testing.assert_allclose(f.adjusted, adjust(f.p))
    assert {d.family for d in panel.differences} == {f"Holm over {sizes[0]}"}


def test_a_leader_is_better_and_the_best_alone():
    lead = [d for d in PANEL.differences if d.group == "overall" and d.metric == "miou" and d.a == "a"]
    assert [d.verdict for d in lead] == ["better", "better"]
    assert lead[0].text.startswith("a better than b by ")
    assert lead[0].text.endswith("Holm over 27")
    ranking = next(r for r in PANEL.rankings if (r.group, r.metric) == ("overall", "miou"))
    assert ranking.best == ("a",)
    assert ranking.ranks[0].model == "a"
    assert (ranking.ranks[0].at_best, ranking.ranks[0].at_worst) == (1, 1)


def test_equal_models_are_tied_and_all_the_best():
    panel = compare_runs({"x": RUNS[0], "y": RUNS[0]}, IMAGES, settings=replace(QUICK, margin=0.2))
    assert {d.verdict for d in panel.differences} == {"tied"}
    assert panel.rankings[0].best == ("x", "y")
    assert panel.rankings[0].ranks[0].rank == 1.5
    assert panel.rankings[0].ranks[0].first == 0.5


@pytest.mark.parametrize("interval", ["percentile", "bca"])
def test_interactions_are_those_of_a_single_question(interval):
    settings = Settings(resamples=200, seed=3, interactions=(("some", "rest"),), interval=interval)
    panel = compare_runs(NAMED, IMAGES, GROUPS, ("oiou",), settings)
    assert [(i.a, i.b, i.metric) for i in panel.interactions] == [
        (a, b, "oiou") for a, b in combinations("abc", 2)
    ]
    for i in panel.interactions:
        masks = (GROUPS["some"], GROUPS["rest"])
        one = lead_change(
            NAMED[i.a], NAMED[i.b], IMAGES, "oiou", *masks, resamples=200, seed=3, interval=interval
        )
        np.testing.assert_allclose(
            [i.change.estimate, i.change.low, i.change.high, i.change.p, i.change.lead_first],
            [one.estimate, one.low, one.high, one.p, one.lead_first],
            atol=1e-9,
        )
    assert panel.families[-1].size == 3
    assert panel.interactions[0].text.startswith("lead of a over b: ")
    assert panel.interactions[0].text.endswith("Holm over 3")
    json.dumps(panel.as_dict(), allow_nan=False)


def test_same_seed_same_bytes():
    once, again = (
        json.dumps(compare_runs(NAMED, IMAGES, GROUPS, settings=QUICK).as_dict()) for _ in range(2)
    )
    other = json.dumps(compare_runs(NAMED, IMAGES, GROUPS, settings=Settings(1000, seed=4)).as_dict())
    assert once == again != other


def test_frames_bring_their_image_ids():
    frames = {name: pd.DataFrame(run).assign(image_id=IMAGES) for name, run in NAMED.items()}
    assert compare_runs(frames, settings=QUICK) == compare_runs(NAMED, IMAGES, settings=QUICK)


def test_an_empty_group_and_an_unknown_score_are_told():
    holes = {name: {"iou": run["intersection"] / run["union"]} for name, run in NAMED.items()}
    holes["b"]["iou"][:3] = np.nan
    panel = compare_runs(holes, IMAGES, {"none": np.zeros(len(IMAGES), bool)}, ("miou",), QUICK)
    assert panel.notes == ("miou: 3 samples are unknown in some run and left out for all",)
    empty = [d for d in panel.differences if d.group == "none"]
    assert {d.verdict for d in empty} == {"undecided"}
    assert all("no samples" in d.text for d in empty)
    assert panel.families[0].size == 3  # the empty group is no hypothesis
    assert next(r for r in panel.rankings if r.group == "none").best == ()
    json.dumps(panel.as_dict(), allow_nan=False)


def test_too_few_resamples_for_the_family_are_told():
    panel = compare_runs(NAMED, IMAGES, GROUPS, METRICS, Settings(resamples=100))
    assert "use at least 10,800" in panel.notes[0]


@pytest.mark.parametrize(("correction", "told"), [("holm-sidak", True), ("sidak", True), ("bh", False)])
def test_only_corrections_that_need_small_p_need_many_resamples(correction, told):
    settings = Settings(resamples=100, correction=correction)
    assert bool(compare_runs(NAMED, IMAGES, GROUPS, METRICS, settings).notes) == told


def test_a_third_run_changes_nothing_about_a_pair_but_the_family():
    """Images count for a pair where one of the two has a union."""
    a, b = ({"intersection": np.array(i), "union": np.array([0, 9, 9])} for i in ([0, 3, 5], [0, 4, 4]))
    c = {"intersection": np.array([0, 5, 3]), "union": np.array([5, 9, 9])}
    settings = Settings(resamples=50, correction="none")
    alone, among = (
        compare_runs(runs, np.arange(3), metrics=("oiou",), settings=settings).differences[0]
        for runs in ({"a": a, "b": b}, {"a": a, "b": b, "c": c})
    )
    assert replace(alone, family="", text="") == replace(among, family="", text="")


def test_names_that_give_one_text_twice_are_two_hypotheses():
    runs = dict(zip(("a", "a = b", "b = c", "c"), (*RUNS[:3], RUNS[0]), strict=True))
    settings = Settings(resamples=50, correction="none")
    panel = compare_runs(runs, IMAGES, metrics=("miou",), settings=settings)
    assert panel.families[0].size == len(panel.differences) == 6
    assert all(d.p_adjusted == d.p for d in panel.differences)


def test_one_run_has_estimates_and_no_differences():
    panel = compare_runs({"a": RUNS[0]}, IMAGES, settings=QUICK)
    assert panel.differences == panel.families == ()
    assert len(panel.estimates) == 2
    assert panel.rankings[0].best == ("a",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"runs": {}}, "at least one run"),
        ({"metrics": ()}, "one metric"),
        ({"clusters": None}, "no column 'image_id'"),
        ({"clusters": IMAGES[:-1]}, "image ids"),
        ({"groups": {"odd": np.arange(3)}}, "group 'odd' is not a mask"),
        ({"settings": Settings(families="x")}, "unknown families"),
        ({"settings": Settings(correction="x")}, "unknown correction"),
        ({"settings": Settings(resamples=0)}, "at least one resample"),
        ({"settings": Settings(interactions=(("some", "none"),))}, "no group 'none'"),
        ({"settings": Settings(interactions=(("some", "some"),))}, "share samples"),
    ],
)
def test_nonsense_is_refused(change, message):
    request = {"runs": NAMED, "clusters": IMAGES, "groups": GROUPS, **change}
    with pytest.raises(RebenchError, match=message):
        compare_runs(**request)


def test_ranks_share_ties():
    np.testing.assert_array_equal(ranks_of(np.array([0.2, 0.5, 0.5, 0.1])), [3, 1.5, 1.5, 4])
    assert np.isnan(ranks_of(np.array([0.2, np.nan]))[1])


def test_rank_intervals_count_how_the_table_might_have_come_out():
    values = np.array([0.6, 0.5, 0.4])
    drawn = np.repeat([[0.6, 0.5, 0.4], [0.5, 0.6, 0.4]], [70, 30], axis=0)
    p = {(0, 1): 0.3, (0, 2): 0.01, (1, 2): 0.2}
    rows = rank_models(("x", "y", "z"), values, drawn, p, 0.05)
    assert [(r.model, r.low, r.high, r.first) for r in rows] == [
        ("x", 1, 2, 0.7),
        ("y", 1, 2, 0.3),
        ("z", 3, 3, 0),
    ]
    assert [(r.at_best, r.at_worst) for r in rows] == [(1, 2), (1, 3), (2, 3)]
    assert best_set(rows) == ("x", "y")
