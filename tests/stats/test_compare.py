import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_scores import part, toy_scores

import rebench
from rebench.errors import RebenchError
from rebench.stats import compare
from rebench.stats.verdicts import judge, metric_label, p_text, points, sentence

(A, B), IMAGES = toy_scores(3, images=25, lead=0.06)


@settings(max_examples=20)
@given(
    st.integers(0, 1000),
    st.sampled_from(["oiou", "miou", "pr50"]),
    st.sampled_from(["permutation", "bootstrap", "t", "wilcoxon"]),
    st.sampled_from(["percentile", "basic", "bca"]),
)
def test_swapping_the_runs_flips_every_sign_and_no_p(seed, metric, test, interval):
    (a, b), images = toy_scores(seed, images=18, lead=0.04)
    one, two = (
        compare(*runs, images, metric, 80, seed, test=test, interval=interval) for runs in ((a, b), (b, a))
    )
    mirrored = [-two.estimate, -two.high, -two.low, -two.effect, -two.cliffs_delta, 1 - two.superiority]
    direct = [one.estimate, one.low, one.high, one.effect, one.cliffs_delta, one.superiority]
    np.testing.assert_allclose(direct, mirrored, atol=1e-9)
    np.testing.assert_allclose([one.p, one.p_equivalence], [two.p, two.p_equivalence], atol=1e-12)
    assert (one.value_a, one.value_b) == (two.value_b, two.value_a)


@pytest.mark.parametrize("test", ["permutation", "bootstrap", "t", "wilcoxon", "mcnemar"])
def test_identical_models_differ_with_p_one_and_are_tied_as_far_as_so_few_images_tell(test):
    found = compare(A, A, IMAGES, "pr50", 100, test=test)
    assert (found.estimate, found.low, found.high, found.p, found.effect) == (0, 0, 0, 1, 0)
    assert found.superiority == 0.5
    assert found.verdict == "undecided"
    assert compare(A, A, IMAGES, "pr50", 100, test=test, margin=0.2).verdict == "tied"


def test_same_seed_same_bytes():
    once, again, other = (repr(compare(A, B, IMAGES, "oiou", 200, seed)) for seed in (1, 1, 2))
    assert once == again != other


@settings(max_examples=15)
@given(st.integers(0, 1000))
def test_the_order_of_the_rows_changes_nothing_here_either(seed):
    order = np.random.default_rng(seed).permutation(len(IMAGES))
    once = compare(A, B, IMAGES, "oiou", 50, seed)
    again = compare(part(A, order), part(B, order), IMAGES[order], "oiou", 50, seed)
    for name, value in asdict(once).items():
        assert getattr(again, name) == (value if isinstance(value, str) else pytest.approx(value))


def test_a_clear_lead_is_better_from_one_side_and_worse_from_the_other():
    good, bad = np.full(60, 0.9), np.full(60, 0.1)
    noise = np.random.default_rng(0).normal(0, 0.05, (2, 60))
    ids = np.arange(60) // 2
    found = compare(good + noise[0], bad + noise[1], ids, "miou", 500)
    assert found.verdict == "better"
    assert 0.75 < found.low < found.estimate < found.high < 0.85
    assert (found.superiority, found.cliffs_delta) == (1, 1)
    assert found.effect > 5
    assert compare(bad + noise[1], good + noise[0], ids, "miou", 500).verdict == "worse"


def test_a_difference_within_a_wide_margin_is_tied_and_within_a_narrow_one_undecided():
    values = np.random.default_rng(1).random(200)
    other = values + np.random.default_rng(2).normal(0, 0.02, 200)
    ids = np.arange(200) // 2
    assert compare(values, other, ids, "miou", 300, margin=0.05).verdict == "tied"
    assert compare(values, other, ids, "miou", 300, margin=0.0001).verdict == "undecided"


def test_a_group_is_compared_alone():
    where = IMAGES < 40
    found = compare(A, B, IMAGES, "oiou", 100, where=where)
    alone = compare(part(A, where), part(B, where), IMAGES[where], "oiou", 100)
    assert found.estimate == pytest.approx(alone.estimate)
    assert found.standard_error == pytest.approx(alone.standard_error)
    assert found.images == alone.images == 10
    assert found.p == pytest.approx(alone.p)  # exact for both: ten images


def test_an_empty_group_and_a_single_image_are_undecided():
    empty = compare(A, B, IMAGES, "oiou", 20, where=np.zeros(len(IMAGES), bool))
    assert np.isnan([empty.estimate, empty.low, empty.p, empty.superiority]).all()
    assert (empty.verdict, empty.samples) == ("undecided", 0)
    assert "no samples" in empty.text
    lone = compare(A, B, np.zeros(len(IMAGES)), "oiou", 20)
    assert lone.p == 1
    assert np.isnan([lone.low, lone.standard_error, lone.p_equivalence]).all()
    assert lone.verdict == "undecided"
    assert "no interval" in lone.text


def test_unions_of_nothing_leave_oiou_without_samples():
    nothing = {"intersection": np.zeros(4), "union": np.zeros(4)}
    assert compare(nothing, nothing, [1, 1, 2, 2], "oiou", 20).samples == 0
    assert compare(nothing, nothing, [1, 1, 2, 2], "miou", 20).value_a == 1


def test_frames_with_sample_ids_must_agree():
    a = pd.DataFrame(A).assign(sample_id=[f"s{i}" for i in range(len(IMAGES))])
    assert compare(a, pd.DataFrame(B), IMAGES, "oiou", 20).samples == len(IMAGES)
    with pytest.raises(RebenchError, match="another order"):
        compare(a, a.iloc[::-1], IMAGES, "oiou", 20)


def test_json_has_no_nan():
    empty = compare(A, B, IMAGES, "oiou", 20, where=np.zeros(len(IMAGES), bool)).as_dict()
    text = json.loads(json.dumps(empty, allow_nan=False))
    assert text["estimate"] is None
    assert text["verdict"] == "undecided"


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"test": "z"}, "unknown test 'z'"),
        ({"margin": 0}, "above 0"),
        ({"interval": "x"}, "unknown interval"),
        ({"level": 1}, "between 0 and 1"),
        ({"test": "mcnemar"}, "not for oiou"),
        ({"test": "mcnemar", "metric": "miou"}, "threshold"),
    ],
)
def test_unknown_choices_are_refused_by_name(choice, message):
    with pytest.raises(RebenchError, match=message):
        compare(A, B, IMAGES, **{"metric": "oiou", "resamples": 20, **choice})


def test_it_is_where_the_contract_says():
    assert rebench.stats.compare is compare


def test_verdicts_need_the_level():
    assert judge(0.1, 0.01, 0.9, 0.05) == "better"
    assert judge(-0.1, 0.01, 0.9, 0.05) == "worse"
    assert judge(0.001, 0.01, 0.01, 0.05) == "better"  # small, but a difference
    assert judge(0.001, 0.3, 0.01, 0.05) == "tied"
    assert judge(0.1, 0.05, 0.05, 0.05) == "undecided"
    nan = float("nan")
    assert judge(nan, nan, nan, 0.05) == "undecided"


def test_findings_in_words():
    numbers = (-0.018, -0.031, -0.006)
    worse = sentence(("A", "B"), "oiou", "worse", numbers, "p = 0.004 Holm over 12", 0.01, " on both")
    assert worse == "B better than A by 1.8 oIoU [0.6, 3.1] on both, p = 0.004 Holm over 12"
    tied = sentence(("A", "B"), "pr50", "tied", (0.001, -0.004, 0.006), "p = 0.01", 0.01)
    assert tied == "A and B tied within 1.0: 0.1 Pr@0.5 [-0.4, 0.6], p = 0.01"
    assert metric_label("identity") == "identity"
    assert (p_text(0.0001), p_text(0.0412), p_text(0.5)) == ("p < 0.001", "p = 0.041", "p = 0.50")
    assert (points(0.0004), points(0.0), points(-0.0123)) == ("0.04", "0.0", "-1.2")
