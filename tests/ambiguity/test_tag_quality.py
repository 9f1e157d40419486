import numpy as np
import pytest

from rebench.ambiguity.files import Expression
from rebench.ambiguity.quality import measure
from rebench.ambiguity.tagger import Tags
from rebench.errors import RebenchError


def tagged(distracting, implicit, known=True):
    return Tags(distracting, implicit, known, (), {"object_distracting": "a", "category_implicit": "b"})


def labelled(text, distracting, implicit, cluster="", uncertain=False):
    return Expression(text, "dog", cluster or text, (distracting, implicit), uncertain)


def test_rates_are_those_of_a_plain_count():
    rng = np.random.default_rng(3)
    truth, found = rng.random((60, 2)) < 0.4, rng.random((60, 2)) < 0.5
    expressions = [labelled(f"s{i}", *map(bool, t), cluster=str(i // 3)) for i, t in enumerate(truth)]
    quality = measure(expressions, [tagged(*map(bool, f)) for f in found], resamples=200)
    for column, flag in enumerate(("object_distracting", "category_implicit")):
        t, f = truth[:, column], found[:, column]
        rates = quality[flag]
        assert rates["tp"] == sum(t & f)
        assert rates["precision"]["value"] == pytest.approx(sum(t & f) / sum(f))
        assert rates["recall"]["value"] == pytest.approx(sum(t & f) / sum(t))
        assert rates["f1"]["value"] == pytest.approx(2 * sum(t & f) / (sum(t) + sum(f)))
        assert rates["f1"]["low"] < rates["f1"]["value"] < rates["f1"]["high"]
    assert quality["clusters"] == 20
    assert sum(sum(row.values()) for row in quality["groups"].values()) == 60
    assert quality == measure(expressions, [tagged(*map(bool, f)) for f in found], resamples=200)


def test_the_worst_errors():
    expressions = [
        labelled("fine", True, False),
        labelled("one flag", True, False, cluster="x"),
        labelled("both flags", True, False, cluster="y"),
        labelled("again", True, False, cluster="y"),
    ]
    tags = [tagged(True, False), tagged(False, False), tagged(False, True), tagged(False, True)]
    worst = measure(expressions, tags, resamples=10)["worst"]
    assert [error["text"] for error in worst] == ["both flags", "one flag", "again"]
    assert (worst[0]["labelled"], worst[0]["tagged"]) == ("object_distracting", "category_implicit")


def test_what_is_left_out():
    expressions = [labelled("a", True, True), labelled("b", True, True, uncertain=True), Expression("c")]
    quality = measure(
        expressions, [tagged(True, True), tagged(False, False), tagged(False, False)], resamples=10
    )
    assert quality["n"] == 1
    assert quality["left_out"] == {"uncertain": 1, "unlabelled": 1}
    assert quality["object_distracting"]["f1"] == {"value": 1.0, "low": None, "high": None}  # one cluster


def test_unknown_is_a_column_of_its_own():
    quality = measure(
        [labelled("a", False, True), labelled("b", False, True)], [tagged(False, False, False)] * 2
    )
    assert quality["groups"]["category_implicit"]["unknown"] == 2
    assert quality["unknown"] == 2
    assert quality["category_implicit"]["recall"]["value"] == 0
    assert quality["category_implicit"]["precision"]["value"] is None


def test_no_labels():
    with pytest.raises(RebenchError, match="no expression has certain labels"):
        measure([Expression("a")], [tagged(False, False)])
