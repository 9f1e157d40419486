"""The sentences of probes, and the splits that are made of them."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from probes_kennel import Kennel, box

from rebench.ambiguity.probes import PROBES, find_probes, other_targets
from rebench.ambiguity.probes.split import ProbedSplit
from rebench.data import masks
from rebench.data.split import Sample
from rebench.errors import RebenchError


def sample(expression, sample_id="kennel/1/0", category="dog", annotation_id=1, image_id=1):
    return Sample(sample_id, image_id, annotation_id, 0, annotation_id, expression, 24, 36, category)


def asked(probe, expression, other=None):
    return PROBES[probe].sentence(sample(expression), other)


def test_every_probe_says_what_it_is():
    assert list(PROBES) == ["category", "empty", "other-target", "shuffled", "no-distractors", "explicit"]
    assert all(probe.name == name and probe.description and probe.applies for name, probe in PROBES.items())


@pytest.mark.parametrize(
    ("probe", "expression", "expected"),
    [
        ("category", "the left one", "dog"),
        ("empty", "the left one", ""),
        ("other-target", "the left one", None),
        ("no-distractors", "The dog standing between the toilet and the wall.", "The dog standing."),
        ("no-distractors", "the left dog", None),
        ("explicit", "it is the darker one", "the dog is the darker one"),
        ("explicit", "the left dog", None),
        ("shuffled", "dog", None),
        ("shuffled", "dog Dog dog!", None),
        ("shuffled", "left dog.", "dog left."),
        ("shuffled", "  ", None),
        ("shuffled", "...", None),
    ],
)
def test_what_is_asked_instead(probe, expression, expected):
    assert asked(probe, expression) == expected


def test_the_sentence_of_the_other_target_is_borrowed_as_it_is():
    assert asked("other-target", "the left dog", sample("It is on the right.")) == "It is on the right."


@given(st.lists(st.sampled_from(["the", "a", "dog", "left", "of", "car,"]), max_size=9), st.text())
def test_shuffling_keeps_the_words_and_changes_their_order(words, sample_id):
    text = " ".join(words)
    made = PROBES["shuffled"].sentence(sample(f"{text}.", sample_id), None)
    if len(set(words)) < 2:
        assert made is None
    else:
        assert made != f"{text}."
        assert made.endswith(".")
        assert Counter(made[:-1].split()) == Counter(words)


def test_shuffling_is_the_same_everywhere():
    made = PROBES["shuffled"].sentence(sample("the dog to the left of the old car", "refcoco/7/3"), None)
    assert made == "the old to car dog the the left of"


def test_every_order_of_words_is_as_likely():
    orders = Counter(PROBES["shuffled"].sentence(sample("a b c", f"kennel/{i}/0"), None) for i in range(1000))
    assert len(orders) == 5  # of six, without the original
    assert min(orders.values()) > 150  # of 200 expected: five standard deviations are 63


targets = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.sampled_from(["dog", "cat"])), max_size=20
)


@given(targets)
def test_other_targets_are_others_of_the_same_category_and_picture(rows):
    samples = [
        sample(str(n), f"s/{a}/{n}", category, 100 * i + 10 * a + (category == "cat"), i)
        for n, (i, a, category) in enumerate(rows)
    ]
    found = other_targets(samples)
    for one in samples:
        alike = [s for s in samples if (s.image_id, s.category) == (one.image_id, one.category)]
        rivals = {s.annotation_id for s in alike} - {one.annotation_id}
        assert (one.sample_id in found) == bool(rivals)
        if rivals:
            assert found[one.sample_id] in alike
            assert found[one.sample_id].annotation_id in rivals


def test_with_two_targets_sentences_are_exchanged_in_order():
    found = other_targets(Kennel(2).samples)
    pairs = {name: other.sample_id for name, other in found.items()}
    assert pairs == {
        "kennel/10/0": "kennel/11/0",
        "kennel/10/1": "kennel/11/1",
        "kennel/11/0": "kennel/10/0",
        "kennel/11/1": "kennel/10/1",
    }


def test_names():
    assert [probe.name for probe in find_probes(["empty", "category", "empty"])] == ["empty", "category"]
    assert [probe.name for probe in find_probes(["all", "empty"])] == list(PROBES)
    assert find_probes([]) == []


@pytest.mark.parametrize(
    ("name", "near"), [("shufled", "shuffled"), ("other_target", "other-target"), ("EMPTY", None), ("", None)]
)
def test_a_wrong_name_is_told_with_what_comes_near(name, near):
    with pytest.raises(RebenchError, match="unknown probe") as raised:
        find_probes(["empty", name])
    message = str(raised.value)
    assert "\n" not in message
    assert "Known: category, empty, other-target, shuffled, no-distractors, explicit, all" in message
    assert (f"did you mean {near}" in message) if near else ("did you mean" not in message)


def test_a_probed_split_is_a_split_of_its_own():
    base = Kennel()
    splits = {name: ProbedSplit(base, probe) for name, probe in PROBES.items()}
    assert {name: len(split.samples) for name, split in splits.items()} == {
        "category": 17, "empty": 17, "other-target": 12, "shuffled": 17, "no-distractors": 3, "explicit": 4,
    }  # fmt: skip
    assert len({split.manifest.sha256 for split in (base, *splits.values())}) == 7
    order = [s.sample_id for s in base.samples]
    for name, split in splits.items():
        assert split.name == f"kennel:test@{name}"
        assert split.coverage == f"{len(split.samples)} expressions"
        ids = [s.sample_id for s in split.samples]
        assert ids == [n for n in order if n in ids]
        assert split.manifest.sha256 == ProbedSplit(Kennel(), PROBES[name]).manifest.sha256
    for probed in splits["shuffled"].samples:
        original = next(s for s in base.samples if s.sample_id == probed.sample_id)
        assert splits["shuffled"].target(probed) == base.target(original)
        assert (probed.object_distracting, probed.category_implicit) == (None, None)


def test_a_sentence_that_stays_as_it_is_is_left_out():
    base = Kennel(2)
    base.samples = [*base.samples, sample("dog", "kennel/10/9", annotation_id=10)]
    assert "kennel/10/9" not in {s.sample_id for s in ProbedSplit(base, PROBES["category"]).samples}


def test_a_part_of_a_split_says_so():
    class Part(Kennel):
        whole = False
        coverage = "17 of 50 expressions"

    split = ProbedSplit(Part(), PROBES["explicit"])
    assert not split.whole
    assert split.coverage == "4 expressions, from 17 of 50 expressions"


def test_a_probed_split_is_not_probed_again():
    with pytest.raises(RebenchError, match="kennel:test@empty is a probed split"):
        ProbedSplit(ProbedSplit(Kennel(), PROBES["empty"]), PROBES["category"])


def test_borrowed_sentences_lead_to_the_others():
    towards = ProbedSplit(Kennel(2), PROBES["other-target"]).towards_others()
    first = towards.samples[0]
    assert (first.sample_id, first.annotation_id) == ("kennel/10/0", 11)
    assert towards.target(first) == towards.segmentation(first) == masks.encode(box("right"))
