import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebench.ambiguity.english.lexicon import categories, groups
from rebench.ambiguity.english.roles import ATTRIBUTE, ENTITY, MENTION, PLACE
from rebench.ambiguity.quality import FLAGS
from rebench.ambiguity.tagger import Tags, tag
from rebench.scenes.dice import Dice
from rebench.scenes.graph import scene_graph
from rebench.scenes.sentences import CELLS, make_expression
from rebench.scenes.world import make_scene

WORDS = [
    *(
        "the",
        "a",
        "it",
        "one",
        "ones",
        "dog",
        "man",
        "'s",
        ",",
        ".",
        "is",
        "and",
        "left",
        "near",
        "of",
        "orange",
    ),
    *("wearing", "red", "shirt", "that", "who", "not", "two", "wht", "this", "w/", "parked", "stands", "12"),
]
TEXTS = st.text(max_size=200) | st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join)


@pytest.mark.parametrize(
    "expression",
    [
        *("", "   ", "🐕🐕", "!!!", "'", "-", "ß"),
        *("左边的女孩", "собака слева", "der Mann mit dem roten Hut", "le chien à gauche"),
        *(
            "el perro negro a la derecha",
            "ragazza con la maglia rossa",
            "o homem de chapéu",
            "asdf qwer zxcv",
        ),
    ],
)
def test_what_cannot_be_read_is_unknown(expression):
    tags = tag(expression, "person")
    assert not tags.known
    assert tags.group == "unknown"
    assert (tags.object_distracting, tags.category_implicit, tags.phrases) == (False, False, ())
    assert set(tags.evidence) == set(FLAGS)


@pytest.mark.parametrize(
    "expression", ["gril lft", "girl 🙂 left", "GIRL", "Ｇｉｒｌ left", "lft grl w blk hr", "girl??"]
)
def test_how_it_is_typed_does_not_matter(expression):
    assert tag(expression, "person").group == "simple"


def test_a_number_names_nothing():
    assert tag("12", "person").group == "category_implicit"


@given(TEXTS, st.sampled_from([None, "dog", "person", "orange", "car", "no such category", "potted plant"]))
def test_any_text_has_tags(expression, category):
    tags = tag(expression, category)
    assert isinstance(tags, Tags)
    assert type(tags.object_distracting) is bool
    assert type(tags.category_implicit) is bool
    assert tags.object_distracting == (tags.entities > 0)
    assert tags == tag(expression, category)
    last = 0
    for phrase in tags.phrases:  # in order, not overlapping, as they stand in the text
        assert last <= phrase.start < phrase.end <= len(expression)
        assert phrase.text == expression[phrase.start : phrase.end]
        assert phrase.role in (MENTION, ENTITY, ATTRIBUTE, PLACE)
        assert phrase.reason
        last = phrase.end


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_capitals_change_nothing(expression):
    lower, upper = tag(expression, "dog"), tag(expression.upper(), "dog")
    assert lower.group == upper.group
    assert [p.role for p in lower.phrases] == [p.role for p in upper.phrases]


@pytest.mark.parametrize("category", categories())
def test_every_category_is_named_by_each_of_its_words(category):
    for word in categories()[category]:
        tags = tag(f"the {word.replace('_', ' ')} on the left", category)
        assert tags.group == "simple", (word, tags.evidence)


@pytest.mark.parametrize("category", categories())
def test_every_category_can_be_the_other_entity(category):
    thing = "dog" if category != "dog" else "horse"
    tags = tag(f"the {thing} next to the {category}", thing)
    assert tags.group == "object_distracting"
    assert [p.text for p in tags.phrases if p.role == ENTITY] == [f"the {category}"]


def test_the_lexicon_has_cocos_categories():
    assert len(categories()) == 80
    assert len(set(groups().values())) == 12


def test_the_category_decides_what_is_meant():
    assert tag("orange on the left", "orange").group == "simple"
    assert tag("orange on the left", "cat").group == "category_implicit"
    assert tag("black shirt", "person").group == "category_implicit"
    assert tag("black tie", "tie").group == "simple"
    assert tag("the horse with the man", "horse").phrases[1].role == ENTITY
    assert tag("bike on the left", "person").group == "both"  # a bike is nobody


def test_phrases_have_roles():
    tags = tag("The dog with a red collar between the toilet and the wall, on the left", "dog")
    assert [(p.text, p.role) for p in tags.phrases] == [
        ("The dog", MENTION),
        ("a red collar", ATTRIBUTE),
        ("the toilet", ENTITY),
        ("the wall", ENTITY),
        ("the left", PLACE),
    ]
    assert tags.entities == 2
    assert "the toilet" in tags.evidence["object_distracting"]
    assert "'dog' names the referent" in tags.evidence["category_implicit"]


def test_heads_are_corrected_and_texts_are_not():
    (phrase,) = tag("leftmost sandwhich", "sandwich").phrases
    assert (phrase.text, phrase.head) == ("leftmost sandwhich", "sandwich")


def test_very_long_expressions():
    assert tag("the dog next to the red car " * 300, "dog").group == "object_distracting"
    assert tag("a" * 100_000).group  # and no hours for one word


def test_agreement_with_scenes():
    """The scenes' labels are true by construction, and their grammar is not the tagger's."""
    right = {flag: [] for flag in FLAGS}
    for seed in range(500, 515):
        graph, dice = scene_graph(make_scene(Dice(seed))), Dice(seed)
        for expression in filter(None, (make_expression(graph, cell, dice) for cell in CELLS)):
            tags = tag(expression.text, graph[expression.target].category)
            for flag in FLAGS:
                right[flag].append(getattr(tags, flag) == getattr(expression, flag))
    for flag, agrees in right.items():
        assert len(agrees) > 40
        assert sum(agrees) / len(agrees) >= 0.97, flag


def test_agreement_with_labelled_sentences():
    root = Path(os.environ.get("REBENCH_REAL_DATA", ""))
    if not (root / "labels.json").is_file():
        pytest.skip("no labelled sentences: set REBENCH_REAL_DATA to a folder with labels.json")
    document = json.loads((root / "labels.json").read_text())
    category = {(t["original_dataset"], t["ref_id"]): t["category_name"] for t in document["targets"]}
    sentences = document["expressions"]
    tags = [tag(e["text"], category[e["original_dataset"], e["ref_id"]]) for e in sentences]
    for flag in FLAGS:
        right = sum(getattr(t, flag) == e[flag] for t, e in zip(tags, sentences, strict=True))
        assert right / len(sentences) >= 0.97, flag
