import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebench import stats
from rebench.ambiguity.slices import compare_slices, most_telling, summarise_slices
from rebench.ambiguity.slices.declared import SLICES, STRATA
from rebench.data.masks import encode
from rebench.data.split import Instance, Sample, Split
from rebench.errors import RebenchError

SIDE = 30
TEXTS = (
    "man on the left", "second dog from the right", "the one not next to the tallest tree", "he",
    "it is the big red one that stands behind the bus and in front of the two houses",
)  # fmt: skip
CATEGORIES = ("person", "dog", "lamp", "box")


class TableSplit(Split):
    """Targets are squares, by annotation id: `sides` pixels wide with the top left corner `at`."""

    name = "table:test"

    def __init__(self, samples, sides=None, at=None):
        self.samples, self.sides, self.at = samples, sides or {}, at or {}

    def image(self, image_id):
        return np.zeros((SIDE, SIDE, 3), np.uint8)

    def target(self, sample, overlap="union"):
        mask = np.zeros((SIDE, SIDE), bool)
        side = self.sides.get(sample.annotation_id, 3)
        if side is None:
            raise RebenchError("a polygon of two points")
        top, left = self.at.get(sample.annotation_id, (0, 0))
        mask[top : top + side, left : left + side] = True
        return encode(mask)

    def instances(self, image_id):
        return [Instance(1, "dog", False, encode(np.ones((SIDE, SIDE), bool)))]


def sample(number, image=1, annotation=None, expression="dog", category="dog"):
    annotation = number if annotation is None else annotation
    return Sample(f"t/{number}/0", image, number, 0, annotation, expression, SIDE, SIDE, category)


def scores(samples, **columns):
    n = len(samples)
    frame = {
        "sample_id": [s.sample_id for s in samples],
        "image_id": [s.image_id for s in samples],
        "intersection": np.full(n, 5),
        "union": np.full(n, 10),
        "target_area": np.full(n, 9),
        "picture_area": np.full(n, SIDE * SIDE),
        "iou": np.full(n, 0.5),
        "object_distracting": np.zeros(n, bool),
        "category_implicit": np.zeros(n, bool),
        "identity": np.ones(n),
        "candidates": np.full(n, 2),
    } | columns
    frame["iou"] = np.asarray(frame["intersection"]) / np.asarray(frame["union"])
    return pd.DataFrame(frame)


def drawn(seed, n=120, images=25):
    """Scores of chance and their split."""
    rng = np.random.default_rng(seed)
    samples = [
        sample(k, image, 0, str(rng.choice(TEXTS)), str(rng.choice(CATEGORIES)))
        for k, image in enumerate(np.sort(rng.integers(0, images, n)).tolist())
    ]
    candidates, union = rng.integers(1, 6, n), rng.integers(20, 60, n)
    columns = {
        "union": union, "intersection": rng.integers(0, union + 1),
        "target_area": rng.choice([5, 20, 60, 200], n),
        "object_distracting": rng.random(n) < 0.5, "category_implicit": rng.random(n) < 0.5,
        "candidates": candidates,
        "identity": np.where(candidates > 1, rng.integers(0, 2, n), np.nan),
        "truncated": pd.array(rng.choice([True, False, None], n), dtype="boolean"),
    }  # fmt: skip
    return scores(samples, **columns), TableSplit(samples)


def members(name, samples, **columns):
    """How many of the values of a slice each sample has, as names."""
    from rebench.ambiguity.slices.fields import Expressions

    split = columns.pop("split", None) or TableSplit(samples)
    one = next(one for one in SLICES if one.name == name)
    found = one.members(Expressions(scores(samples, **columns), split))
    return [
        " & ".join(value for value, inside in zip(one.values, row, strict=True) if inside) for row in found
    ]


def test_words():
    texts = [
        "",
        "dog",
        "the dog there",
        "the dog over there",
        "a b c d e f g",
        "a b c d e f g h",
        "a " * 12,
        "a " * 13,
    ]
    samples = [sample(k, expression=text) for k, text in enumerate(texts)]
    assert members("words", samples) == ["", "1-3", "1-3", "4-7", "4-7", "8-12", "8-12", "13+"]


def test_distractors_are_the_other_candidates():
    samples = [sample(k) for k in range(6)]
    assert members("distractors", samples, candidates=[0, 1, 2, 3, 4, 12]) == ["", "0", "1", "2", "3+", "3+"]


def test_an_edge_of_size_belongs_to_the_bin_above():
    areas = [0, 1, 8, 9, 26, 27, 89, 90, 900]
    sizes = ["", *["under 1 %"] * 2, *["1-3 %"] * 2, *["3-10 %"] * 2, *["10 % or more"] * 2]
    assert members("relative size", [sample(k) for k in range(9)], target_area=areas) == sizes


def test_position_is_the_third_of_the_centroid():
    at = {0: (0, 0), 1: (4, 20), 2: (14, 8), 3: (20, 9), 4: (0, 0)}
    samples = [sample(k) for k in range(5)]
    split = TableSplit(samples, {0: 2, 1: 10, 2: 4, 3: 3, 4: None}, at)
    assert members("horizontal position", samples, split=split) == ["left", "right", "middle", "middle", ""]
    assert members("vertical position", samples, split=split) == ["top", "top", "middle", "bottom", ""]


def test_a_category_group_is_cocos_supercategory():
    names = ["person", "hot dog", "dog", "teddy bear", "lamp", "balloon", "unicorn"]
    samples = [sample(k, category=name) for k, name in enumerate(names)]
    groups = ["person", "food", "animal", "indoor", "furniture", "other", "other"]
    assert members("category group", samples) == groups


def test_cocos_categories_are_eighty():
    from rebench.ambiguity.slices.categories import SUPERCATEGORIES

    names = [name for group in SUPERCATEGORIES.values() for name in group]
    assert len(names) == len(set(names)) == 81  # and the lamp


def test_overlapping_slices_take_all_that_fit():
    samples = [sample(0, expression="the second largest dog left of the tree"), sample(1, expression="dog")]
    assert members("rank", samples) == ["ordinal & superlative", "neither"]
    assert members("relation", samples) == ["spatial relative & comparison", "none"]


def test_truncated_is_what_the_model_told():
    samples = [sample(k) for k in range(3)]
    told = pd.array([True, False, None], dtype="boolean")
    assert members("truncated", samples, truncated=told) == ["truncated", "whole", ""]
    assert members("truncated", samples, truncated=[True, False, None]) == ["truncated", "whole", ""]
    assert members("truncated", samples) == ["", "", ""]


def test_every_slice_is_declared_and_documented():
    assert len({one.name for one in SLICES}) == len(SLICES)
    for one in SLICES:
        assert one.description
        assert one.field
        assert len(set(one.values)) == len(one.values) > 1
        assert set(one.strata) <= STRATA.keys()


@settings(max_examples=8)
@given(st.integers(0, 10_000))
def test_the_values_of_a_partition_sum_to_n(seed):
    frame, split = drawn(seed)
    document = summarise_slices(frame, split, resamples=2)["slices"]
    for one in document.values():
        total = sum(cell["n"] for cell in one["values"].values()) + one["unknown"]
        assert total >= len(frame) if one["overlapping"] else total == len(frame)
        assert one["values"].keys() <= set(one["declared"])
        for cell in one["values"].values():
            assert 0 < cell["images"] <= cell["n"]
            assert cell["identity_n"] <= cell["n"]
            for difference in cell["difference"].values():
                left = sum(difference["left_out"].values())
                if difference["covered"] is not None:
                    assert 0 <= difference["covered"] <= 1
                    assert (difference["covered"] == 1) == (left == 0)


def test_a_slice_has_the_numbers_of_its_expressions_alone():
    frame, split = drawn(1)
    document = summarise_slices(frame, split, seed=3, resamples=300)["slices"]
    assert "1" in document["distractors"]["values"]
    for value, cell in document["distractors"]["values"].items():
        low, high = (int(value.rstrip("+")) + 1, math.inf if "+" in value else int(value) + 1)
        inside = frame["candidates"].between(low, high).to_numpy()
        some = frame[inside]
        assert cell["n"] == len(some)
        assert cell["oiou"]["value"] == pytest.approx(some["intersection"].sum() / some["union"].sum())
        assert cell["pr50"]["value"] == pytest.approx((some["iou"] >= 0.5).mean())
        assert cell["identity_n"] == some["identity"].notna().sum()
        told = stats.estimate(frame, frame["image_id"], "miou", 300, 3, where=inside)
        ends = (told.value, told.low, told.high)
        assert [cell["miou"][key] for key in ("value", "low", "high")] == pytest.approx(ends)
        rest = frame["iou"][~inside].mean()
        raw = cell["difference"]["miou"]["raw"]
        assert raw["value"] == pytest.approx(told.value - rest)
        assert raw["low"] < raw["value"] < raw["high"]


def test_the_standardised_difference_of_a_document_by_hand():
    frame, split = drawn(2, n=300)
    told = summarise_slices(frame, split, resamples=2)["slices"]["negation"]["values"]["negated"][
        "difference"
    ]
    negated = np.array([" not " in s.expression for s in split.samples])
    size = np.digitize(frame["target_area"] / frame["picture_area"], [0.01, 0.03, 0.1])
    distractors = np.minimum(frame["candidates"] - 1, 3)
    held = pd.DataFrame({
        "od": frame["object_distracting"], "ci": frame["category_implicit"], "d": distractors, "s": size,
        "image": frame["image_id"], "iou": frame["iou"], "in": negated,
    })  # fmt: skip
    total, count, own = 0.0, 0, 0
    for _, part in held.groupby(["od", "ci", "d", "s"]):
        if all(part["image"][part["in"] == side].nunique() >= 2 for side in (True, False)):
            gap = part["iou"][part["in"]].mean() - part["iou"][~part["in"]].mean()
            total, count, own = total + gap * len(part), count + len(part), own + part["in"].sum()
    assert told["miou"]["standardised"]["value"] == pytest.approx(total / count)
    assert told["miou"]["covered"] == pytest.approx(own / negated.sum())
    assert sum(told["miou"]["left_out"].values()) == negated.sum() - own


def test_simpsons_paradox_in_a_document():
    # "not" is easier among many distractors and among few, yet stands where many are: the picture is hard.
    samples, candidates, shared = [], [], []
    for k, (text, many, n, good) in enumerate(
        [
            ("dog not here", 5, 30, 40),
            ("dog here", 5, 10, 30),
            ("dog not here", 2, 10, 90),
            ("dog here", 2, 30, 80),
        ]
    ):
        samples += [sample(100 * k + i, 100 * k + i, expression=text) for i in range(n)]
        candidates += [many] * n
        shared += [good + (i % 3 - 1) for i in range(n)]
    frame = scores(samples, candidates=candidates, union=[100] * 80, intersection=shared)
    cell = summarise_slices(frame, TableSplit(samples), resamples=2)["slices"]["negation"]["values"][
        "negated"
    ]
    difference = cell["difference"]["miou"]
    assert difference["raw"]["value"] < -0.1
    assert difference["raw"]["high"] < 0
    assert difference["standardised"]["value"] == pytest.approx(0.1, abs=0.005)
    assert difference["standardised"]["low"] > 0
    assert (difference["strata"], difference["covered"], difference["left_out"]) == (2, 1, {})


def test_a_slice_is_not_held_fixed_by_what_it_is_made_of():
    document = summarise_slices(*drawn(3), resamples=2)["slices"]
    assert "distractors" not in document["distractors"]["held"]
    assert document["distractors"]["values"]["1"]["difference"]["miou"]["covered"] > 0.5
    assert document["words"]["held"] == list(STRATA)


def test_strata_without_a_rest_are_named():
    samples = [sample(k, k, expression="not a dog" if k < 4 else "dog") for k in range(9)]
    frame = scores(samples, candidates=[9, 9, 2, 2, 2, 2, 2, 2, 2], identity=[1, 1, 0, 1, 1, 1, 1, 0, 0])
    cell = summarise_slices(frame, TableSplit(samples), resamples=2)["slices"]["negation"]["values"][
        "negated"
    ]
    told = cell["difference"]["identity"]
    assert told["left_out"] == {"nothing else named, category named, distractors 3+, 1-3 %": 2}
    assert told["covered"] == 0.5
    assert told["standardised"]["value"] == pytest.approx(0.5 - 3 / 5)
    unread = frame.assign(label=["unknown"] * 2 + ["tagged"] * 7)
    cell = summarise_slices(unread, TableSplit(samples), resamples=2)["slices"]["negation"]["values"][
        "negated"
    ]
    assert cell["difference"]["identity"]["left_out"] == {"unknown": 2}


def test_a_slice_without_a_rest_has_no_difference():
    samples = [sample(k, k) for k in range(5)]
    cell = summarise_slices(scores(samples), TableSplit(samples), resamples=2)["slices"]["negation"]["values"]
    assert list(cell) == ["not negated"]
    assert cell["not negated"]["difference"]["miou"]["covered"] is None
    assert cell["not negated"]["difference"]["miou"]["raw"]["value"] is None


def test_all_p_of_a_metric_are_adjusted_together():
    document = summarise_slices(*drawn(5, n=200), resamples=2)
    cells = [cell for one in document["slices"].values() for cell in one["values"].values()]
    found = [cell["difference"]["miou"] for cell in cells if cell["difference"]["miou"]["p"] is not None]
    assert len(found) > 20
    adjusted = stats.adjust([one["p"] for one in found], "holm")
    assert [one["p_adjusted"] for one in found] == pytest.approx(adjusted, rel=1e-5)


def test_the_most_telling_is_what_was_planted():
    frame, split = drawn(6, n=400, images=80)
    crowded = frame["candidates"] > 3
    frame = frame.assign(intersection=np.where(crowded, frame["union"] // 10, frame["intersection"]))
    rows = most_telling(summarise_slices(frame, split, resamples=2), 3)
    assert len(rows) == 3
    assert rows[0]["p_adjusted"] <= rows[1]["p_adjusted"] <= rows[2]["p_adjusted"]
    assert (rows[0]["slice"], rows[0]["value"]) == ("distractors", "3+")
    assert rows[0]["standardised"]["high"] < 0
    everything = most_telling(summarise_slices(frame, split, resamples=2), 1000)
    assert [row["value"] for row in everything if row["slice"] == "negation"] == ["negated"]


def test_same_seed_same_document():
    frame, split = drawn(7)
    documents = [json.dumps(summarise_slices(frame, split, seed=seed, resamples=20)) for seed in (1, 1, 2)]
    assert documents[0] == documents[1] != documents[2]


def test_no_scores_at_all():
    frame, split = drawn(8)
    document = summarise_slices(frame.iloc[:0], split, resamples=5)
    assert {name: one["values"] for name, one in document["slices"].items()} == {
        one.name: {} for one in SLICES
    }
    assert most_telling(document) == []
    json.dumps(document, allow_nan=False)


def test_a_protocol_counts_hits_and_totals_its_own_way():
    samples = [sample(k, k) for k in range(3)]
    frame = scores(samples)  # IoU 0.5
    for protocol, pr50 in (("original", 1), ("cris", 0)):
        told = summarise_slices(frame, TableSplit(samples), protocol=protocol, resamples=2)["slices"]["words"]
        assert told["values"]["1-3"]["pr50"]["value"] == pr50
        assert (told["values"]["1-3"]["oiou"]["value"] is None) == (protocol == "cris")


def test_two_runs_are_compared_slice_by_slice():
    frame, split = drawn(9, n=300, images=60)
    better = np.array([" not " in s.expression for s in split.samples])
    other = frame.assign(intersection=np.where(better, frame["union"], frame["intersection"]))
    settings = stats.Settings(resamples=2000)
    panel = compare_slices(other, frame, split, names=("new", "old"), metrics=["miou"], settings=settings)
    by_group = {found.group: found for found in panel.differences}
    assert by_group["negation: negated"].verdict == "better"
    assert by_group["negation: negated"].estimate == pytest.approx((1 - frame["iou"][better]).mean())
    assert by_group["negation: not negated"].estimate == 0
    assert not any(group.startswith("truncated") for group in by_group)
    tested = next(family for family in panel.families if "differences" in family.name)
    assert tested.size == len(by_group)
    assert by_group["negation: negated"].p < by_group["negation: negated"].p_adjusted
    runs = (some.assign(iou=some["intersection"] / some["union"]) for some in (other, frame))
    direct = stats.compare(*runs, frame["image_id"], "miou", 2000, where=better)
    assert by_group["negation: negated"].low == pytest.approx(direct.low)


def test_other_scores_are_refused():
    frame, split = drawn(10)
    with pytest.raises(RebenchError, match=r"'candidates'.*rebench score"):
        summarise_slices(frame.drop(columns="candidates"), split)
    with pytest.raises(RebenchError, match="'x/1/1', which is not in table:test"):
        summarise_slices(frame.assign(sample_id="x/1/1"), split)
    with pytest.raises(RebenchError, match="not scores of the same samples"):
        compare_slices(frame, frame.iloc[1:], split)
