import json
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebench.errors import RebenchError
from rebench.metrics.consistency import loevinger_h, summarise_consistency

GROUPS = {"simple": (0, 0), "object_distracting": (1, 0), "category_implicit": (0, 1), "both": (1, 1)}


def table(*rows):
    """Scores and their split; a row is image, annotation, group, IoU, right (None: nothing to confuse)."""
    columns = {
        "image_id": [row[0] for row in rows],
        "annotation_id": [row[1] for row in rows],
        "iou": np.array([row[3] for row in rows], float),
        "identity": np.array([np.nan if row[4] is None else row[4] for row in rows], float),
        "object_distracting": np.array([GROUPS[row[2]][0] for row in rows], bool),
        "category_implicit": np.array([GROUPS[row[2]][1] for row in rows], bool),
    }
    samples = [SimpleNamespace(image_id=row[0], annotation_id=row[1]) for row in rows]
    return pd.DataFrame(columns), SimpleNamespace(name="toy:test", samples=samples)


def values(section):
    return {name: part["value"] for name, part in section.items() if isinstance(part, dict)}


EXAMPLE = (
    (1, 11, "simple", 0.9, 1),
    (1, 11, "simple", 0.6, 1),
    (1, 11, "object_distracting", 0.3, 0),
    (1, 12, "both", 0.95, 1),  # a single expression
    (2, 21, "simple", 0.8, 1),
    (2, 21, "category_implicit", 0.7, 1),
    (2, 22, "simple", 0.2, 0),
    (2, 22, "category_implicit", 0.5, 1),
    (3, 31, "simple", 1.0, None),  # the only one of its category in the picture
    (3, 31, "both", 0.0, None),
)


def test_by_hand():
    document = summarise_consistency(*table(*EXAMPLE), resamples=20)
    several, identity = document["several"], document["identity"]
    assert {k: v for k, v in several.items() if isinstance(v, int)} == {
        "n": 4, "images": 3, "expressions": 9, "incomplete": 0,
    }  # fmt: skip
    assert values(several) == pytest.approx({
        "worst_iou": (0.3 + 0.7 + 0.2 + 0.0) / 4, "mean_iou": (0.6 + 0.75 + 0.35 + 0.5) / 4,
        "all_50": 1 / 4, "all_70": 1 / 4, "all_90": 0,
    })  # fmt: skip
    assert (identity["n"], identity["images"]) == (3, 2)
    assert values(identity) == pytest.approx({"all_right": 1 / 3, "accuracy": (2 / 3 + 1 + 1 / 2) / 3})
    retention = document["retention"]
    assert [(name, part["n"], part["images"]) for name, part in retention.items()] == [
        ("ambiguous", 3, 2), ("object_distracting", 1, 1), ("category_implicit", 2, 1), ("both", 0, 0),
    ]  # fmt: skip
    assert values(retention["ambiguous"]) == pytest.approx({
        "simple": 2 / 3, "ambiguous": 2 / 3, "both": 1 / 3, "retention": 1 / 2, "after_wrong": 1,
        "index": (1 / 3 - 4 / 9) / (2 / 3 - 4 / 9),
    })  # fmt: skip
    assert retention["category_implicit"]["index"]["value"] is None  # always right leaves nothing to explain
    assert retention["both"]["retention"] == {"value": None, "low": None, "high": None}


def test_targets_with_an_expression_without_score_are_counted():
    scores, split = table(*EXAMPLE)
    left = summarise_consistency(scores.drop(index=[2, 7]), split, resamples=20)["several"]
    assert (left["n"], left["incomplete"]) == (
        3,
        1,
    )  # 11 has two of three; 22 has one: out


def test_an_iou_at_the_threshold_is_a_hit_as_the_protocol_says():
    rows = [(1, 1, "simple", 0.5, 1), (1, 1, "both", 0.6, 1)]
    original, cris = (
        summarise_consistency(*table(*rows), protocol=name, resamples=5)["several"]
        for name in ("original", "cris")
    )
    assert (original["all_50"]["value"], cris["all_50"]["value"]) == (1, 0)


def test_scores_that_the_tagger_could_not_read_are_not_simple():
    scores, split = table((1, 1, "simple", 0.9, 1), (1, 1, "both", 0.9, 1))
    assert summarise_consistency(scores, split, resamples=5)["retention"]["both"]["n"] == 1
    unread = scores.assign(label=["unknown", "tagged"])
    assert summarise_consistency(unread, split, resamples=5)["retention"]["both"]["n"] == 0


groups = st.sampled_from(sorted(GROUPS))
fractions = st.integers(0, 20).map(lambda k: k / 20)
row = st.tuples(st.integers(1, 4), st.integers(1, 3), groups, fractions, st.sampled_from([0, 1, 1, None]))
many = st.lists(row, min_size=1, max_size=30).map(
    lambda rows: [(image, 10 * image + k, *rest) for image, k, *rest in rows]
)


def by_loops(rows):
    """The same numbers, target by target and pair by pair."""
    targets = {}
    for image, annotation, group, iou, right in rows:
        targets.setdefault((image, annotation), []).append((group, iou, right))
    several = [ious for t in targets.values() if len(ious := [iou for _, iou, _ in t]) > 1]
    known = [r for t in targets.values() if len(r := [right for *_, right in t if right is not None]) > 1]
    found = {
        "worst_iou": [min(t) for t in several],
        "mean_iou": [sum(t) / len(t) for t in several],
        **{f"all_{x}": [all(100 * iou >= x for iou in t) for t in several] for x in (50, 70, 90)},
        "all_right": [all(t) for t in known],
        "accuracy": [sum(t) / len(t) for t in known],
    }
    found = {name: sum(v) / len(v) if v else None for name, v in found.items()}
    tables = {}
    for group in ("ambiguous", "object_distracting", "category_implicit", "both"):
        cells = np.zeros((2, 2))
        for t in targets.values():
            first = [r for g, _, r in t if g == "simple" and r is not None]
            second = [r for g, _, r in t if g in (group,) or (group == "ambiguous" and g != "simple")]
            pairs = [(a, b) for a in first for b in second if b is not None]
            for pair in pairs:
                cells[pair] += 1 / len(pairs)
        tables[group] = cells
    return found, tables


@settings(max_examples=60)
@given(many)
def test_against_plain_loops(rows):
    document = summarise_consistency(*table(*rows), resamples=2)
    found, tables = by_loops(rows)
    told = values(document["several"]) | values(document["identity"])
    assert told == pytest.approx(found, nan_ok=True)
    for group, cells in tables.items():
        section, total = document["retention"][group], cells.sum()
        assert section["n"] == round(total)
        if not total:
            assert set(values(section).values()) == {None}
            continue
        expected = {
            "simple": cells[1].sum() / total,
            "ambiguous": cells[:, 1].sum() / total,
            "both": cells[1, 1] / total,
            "retention": cells[1, 1] / cells[1].sum() if cells[1].any() else None,
            "after_wrong": cells[0, 1] / cells[0].sum() if cells[0].sum() > 1e-9 else None,
        }
        told = values(section)
        index = told.pop("index")
        if cells[0].sum() <= 1e-9:
            told["after_wrong"] = None  # nothing but rounding
        assert told == pytest.approx(expected)
        assert index is None or -20 * total < index <= 1 + 1e-9


@settings(max_examples=60)
@given(many)
def test_bounds(rows):
    document = summarise_consistency(*table(*rows), resamples=2)
    several, identity = values(document["several"]), values(document["identity"])
    if several["mean_iou"] is not None:
        assert 0 <= several["worst_iou"] <= several["mean_iou"] + 1e-12
        assert several["all_50"] >= several["all_70"] >= several["all_90"]
        assert 0.5 * several["all_50"] <= several["worst_iou"] + 1e-12
    if identity["accuracy"] is not None:
        assert identity["all_right"] <= identity["accuracy"] + 1e-12
    for section in map(values, document["retention"].values()):
        if section["both"] is not None:
            assert section["both"] <= min(section["simple"], section["ambiguous"]) + 1e-12


@given(st.lists(st.integers(0, 30), min_size=4, max_size=4))
def test_h_is_phi_over_its_maximum_and_cole_where_positive(cells):
    a, b, c, d = cells  # both, first only, second only, neither
    n = a + b + c + d
    margins = (a + b, c + d, a + c, b + d)
    both, first, second = (np.array([k / max(n, 1)]) for k in (a, a + b, a + c))
    (h,) = loevinger_h(both, first, second)
    if not all(margins):
        assert math.isnan(h)
        return
    spread = math.sqrt(math.prod(margins))
    most = min(a + b, a + c)  # of a, with these margins
    phi, largest = (a * d - b * c) / spread, (n * most - (a + b) * (a + c)) / spread
    assert h == pytest.approx(phi / largest)
    if a * d >= b * c:
        assert h == pytest.approx((a * d - b * c) / min((a + b) * (b + d), (a + c) * (c + d)))


def test_h_of_independent_nested_and_exclusive_answers():
    both, first, second = np.array([0.3, 0.4, 0.0]), np.array([0.5, 0.4, 0.5]), np.array([0.6, 0.7, 0.5])
    assert loevinger_h(both, first, second) == pytest.approx([0, 1, -1])


def test_intervals_draw_whole_images():
    rng = np.random.default_rng(3)
    rows = []
    for image in range(30):
        for k in range(rng.integers(1, 4)):
            for group in rng.choice(sorted(GROUPS), rng.integers(1, 5)):
                rows.append((image, 10 * image + k, group, rng.random(), rng.integers(0, 2)))
    document = summarise_consistency(*table(*rows), seed=7, resamples=200)
    found = {"all_right": [], "retention": [], "index": []}
    for drawn in np.random.default_rng(7).integers(30, size=(200, 30)):
        again = [  # a picture that is drawn twice is two pictures
            (100 * copy + image, 10_000 * copy + annotation, *rest)
            for copy, chosen in enumerate(drawn)
            for image, annotation, *rest in rows
            if image == chosen
        ]
        told, tables = by_loops(again)
        (_, no), (yes, kept) = tables["ambiguous"]
        total, first, second = no + yes + kept + tables["ambiguous"][0, 0], yes + kept, no + kept
        found["all_right"].append(told["all_right"])
        found["retention"].append(kept / first)
        expected = first * second / total**2
        found["index"].append((kept / total - expected) / (min(first, second) / total - expected))
    told = document["identity"] | document["retention"]["ambiguous"]
    for name, drawn in found.items():
        ends = np.quantile(drawn, [0.025, 0.975])
        assert [told[name]["low"], told[name]["high"]] == pytest.approx(ends)


def test_same_seed_same_document():
    documents = [
        json.dumps(summarise_consistency(*table(*EXAMPLE), seed=seed, resamples=9)) for seed in (1, 1, 2)
    ]
    assert documents[0] == documents[1] != documents[2]


def test_the_order_of_the_scores_does_not_matter():
    scores, split = table(*EXAMPLE)
    one, other = (summarise_consistency(some, split, resamples=5) for some in (scores, scores[::-1]))
    assert values(one["several"]) == pytest.approx(values(other["several"]))
    assert values(one["retention"]["ambiguous"]) == pytest.approx(values(other["retention"]["ambiguous"]))


def test_no_scores_and_a_single_image():
    scores, split = table(*EXAMPLE)
    empty = summarise_consistency(scores.iloc[:0], split, resamples=5)
    assert empty["several"]["n"] == 0
    assert empty["retention"]["both"]["index"] == {"value": None, "low": None, "high": None}
    one = summarise_consistency(scores.iloc[:3], split, resamples=5)
    assert one["several"]["worst_iou"] == {"value": 0.3, "low": None, "high": None}
    json.dumps([empty, one], allow_nan=False)


def test_other_scores_are_refused():
    scores, split = table(*EXAMPLE)
    with pytest.raises(RebenchError, match=r"'identity'.*rebench score"):
        summarise_consistency(scores.drop(columns="identity"), split)
    with pytest.raises(RebenchError, match="annotation 99 in image 1, which is not in toy:test"):
        summarise_consistency(scores.assign(annotation_id=[99] * len(scores)), split)
