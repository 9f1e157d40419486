import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebench.errors import RebenchError
from rebench.stats import adjust, family
from rebench.stats.families import CORRECTIONS

P = st.lists(st.floats(0, 1), min_size=1, max_size=12)
ADJUSTING = [name for name in CORRECTIONS if name != "none"]


def by_definition(p, correction):
    """Adjusted p: the smallest level at which the procedure, step by step, rejects the hypothesis."""
    p, n = np.asarray(p), len(p)
    harmonic = sum(1 / k for k in range(1, n + 1))
    below = [(p <= value).sum() for value in p]
    if correction == "bonferroni":
        return np.minimum(1, n * p)
    if correction == "sidak":
        return 1 - (1 - p) ** n
    if correction in ("bh", "by"):  # min over larger p of p n / rank
        factor = n if correction == "bh" else n * harmonic
        return np.array([min([1, *(factor * p[j] / below[j] for j in range(n) if p[j] >= q)]) for q in p])
    ranks = np.argsort(np.argsort(p, kind="stable"), kind="stable")
    if correction == "holm":
        return np.array([min(1, max((n - ranks[j]) * p[j] for j in range(n) if p[j] <= q)) for q in p])
    if correction == "holm-sidak":
        return np.array([max(1 - (1 - p[j]) ** (n - ranks[j]) for j in range(n) if p[j] <= q) for q in p])
    return np.array([min([1, *((n - ranks[j]) * p[j] for j in range(n) if p[j] >= q)]) for q in p])


def test_the_example_of_a_textbook():
    np.testing.assert_allclose(adjust([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(adjust([0.01, 0.04, 0.03, 0.005], "bh"), [0.02, 0.04, 0.04, 0.02])


@given(P, st.sampled_from(ADJUSTING))
def test_it_is_its_definition(p, correction):
    np.testing.assert_allclose(adjust(p, correction), by_definition(p, correction), rtol=1e-9, atol=1e-12)


@given(P, st.sampled_from(ADJUSTING))
def test_adjusting_raises_p_keeps_their_order_and_stays_within_one(p, correction):
    adjusted = adjust(p, correction)
    assert (adjusted >= np.asarray(p) - 1e-12).all()
    assert (adjusted <= 1).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(adjusted[order]) >= -1e-12).all()


@given(P)
def test_holm_lies_between_hochberg_and_bonferroni_and_by_above_bh(p):
    assert (adjust(p, "hochberg") <= adjust(p, "holm") + 1e-12).all()
    assert (adjust(p, "holm") <= adjust(p, "bonferroni") + 1e-12).all()
    assert (adjust(p, "bh") <= adjust(p, "by") + 1e-12).all()


def test_what_could_not_be_tested_does_not_count():
    np.testing.assert_allclose(adjust([0.01, np.nan, 0.03], "bonferroni"), [0.02, np.nan, 0.06])
    assert np.isnan(adjust([np.nan])).all()
    assert len(adjust([])) == 0


def test_a_family_says_what_is_in_it():
    found = family("three", {"a = b": 0.01, "a = c": 0.2, "b = c": float("nan")})
    assert (found.size, found.label, found.rejected) == (2, "Holm over 2", ("a = b",))
    document = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert document["hypotheses"][2] == {"hypothesis": "b = c", "p": None, "p_adjusted": None}
    assert document["hypotheses"][0]["p_adjusted"] == pytest.approx(0.02)


def test_nonsense_is_refused():
    with pytest.raises(RebenchError, match="unknown correction 'x'"):
        adjust([0.1], "x")
    with pytest.raises(RebenchError, match="outside 0 to 1"):
        adjust([0.1, 1.2])
    with pytest.raises(RebenchError, match="alpha"):
        family("f", {"h": 0.1}, alpha=5)
