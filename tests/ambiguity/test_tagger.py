import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebench.ambiguity.tagger import Tags, tag


@pytest.mark.parametrize(
    ("expression", "category", "distracting", "implicit"),
    [
        ("left girl", "person", False, False),
        ("brown and white dog", "dog", False, False),
        ("girl with long black hair", "person", False, False),
        ("man in navy polo", "person", False, False),
        ("bird facing left", "bird", False, False),
        ("rightmost orange", "orange", False, False),
        (
            "The man with one hand on a bicycle seat, bending down toward the crouching guy.",
            "person",
            True,
            False,
        ),
        ("the dog standing between the toilet and the white door frame", "dog", True, False),
        ("he is the darker one, with his teeth showing", "dog", False, True),
        ("It faces left, standing up with its head raised.", "bird", False, True),
        (
            "in front of the mirror stands the actual one, right beside the yellow hand towel",
            "sink",
            True,
            True,
        ),
        ("While the girl opens her mouth, this one holds out a spoonful of dessert.", "person", True, True),
        (
            "Unlike the adult who holds out the spoon, she is about to blow at the flame.",
            "person",
            True,
            True,
        ),
    ],
)
def test_sentences(expression, category, distracting, implicit):
    assert tag(expression, category) == Tags(distracting, implicit)


@pytest.mark.parametrize(
    "expression", ["", "   ", "🐕🐕", "左边的女孩", "собака слева", "!!!", "1 2 3", "'", "-"]
)
def test_text_without_words_is_simple(expression):
    assert tag(expression) == Tags(False, False)


WORDS = ["the", "it", "one", "dog", ",", ".", "is", "and", "left", "near"]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200) | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_any_text_has_tags(expression):
    assert all(type(flag) is bool for flag in tag(expression, "dog") + tag(expression))


def test_a_very_long_expression():
    assert tag("the dog next to the red car " * 100, "dog") == Tags(True, False)


def test_agreement_with_labelled_sentences():
    root = Path(os.environ.get("REBENCH_REAL_DATA", ""))
    if not (root / "labels.json").is_file():
        pytest.skip("no labelled sentences: set REBENCH_REAL_DATA to a folder with labels.json")
    document = json.loads((root / "labels.json").read_text())
    category = {(t["original_dataset"], t["ref_id"]): t["category_name"] for t in document["targets"]}
    sentences = document["expressions"]
    tags = [tag(e["text"], category[e["original_dataset"], e["ref_id"]]) for e in sentences]
    for flag in Tags._fields:
        right = sum(getattr(t, flag) == e[flag] for t, e in zip(tags, sentences, strict=True))
        assert right / len(sentences) > 0.9, flag
