import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebench.ambiguity.slices.subject import FORMS, subject_form
from rebench.ambiguity.slices.words import RELATIONS, count_words, negated, plain, ranks, relations


def used(expression):
    return {name for name, use in zip(RELATIONS, relations(plain(expression)), strict=True) if use}


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("man", set()),
        ("Zebra on the left.", {"spatial absolute"}),
        ("guy far right", {"spatial absolute"}),
        ("bottom right corner pizza", {"spatial absolute"}),
        ("kid in the background", {"spatial absolute"}),
        ("the woman at the back of the picture", {"spatial absolute"}),
        ("train facing us", {"spatial absolute"}),
        ("left of the two zebras", {"spatial relative"}),
        ("dog to the left of the bench", {"spatial relative"}),
        ("bowl right next to the fork", {"spatial relative"}),
        ("the cup in front of the laptop", {"spatial relative"}),
        ("cat on the sofa", {"spatial relative"}),
        ("sheep far from the fence", {"spatial relative"}),
        ("chair closest to the window", {"spatial relative", "comparison"}),
        ("chair closest to the camera", {"spatial absolute", "comparison"}),
        ("the leftmost zebra", {"spatial absolute", "comparison"}),
        ("the taller vase", {"comparison"}),
        ("the vase that is not as tall as the lamp", {"comparison", "appearance"}),
        ("unlike his friend he has a helmet", {"comparison", "appearance"}),
        ("lady with his left hand up", set()),
        ("guy in stripes", {"appearance"}),
        ("REDDISH horse", {"appearance"}),
        ("brown-haired woman", {"appearance"}),
        ("woman pouring wine", {"action"}),
        ("he rides a motorcycle", {"action"}),
        ("the building with the awning", set()),
        ("man wearing a tie", {"appearance"}),
        ("bird with something on its head", set()),
    ],
)
def test_relations(expression, names):
    assert used(expression) == names


@pytest.mark.parametrize(
    ("expression", "denies"),
    [
        ("the pizza without olives", True),
        ("person not holding a racket", True),
        ("No hat", True),
        ("she isn't looking", True),
        ("she isn’t looking", True),
        ("every donut except the pink one", True),
        ("guy w/o a hat", True),
        ("guy who isnt sitting", True),
        ("dog that doesnt move", True),
        ("the ants nest", False),
        ("the one standing rather than sitting", True),
        ("runner no 23", False),
        ("runner no. 23", False),
        ("knot in the rope", False),
        ("the notebook", False),
    ],
)
def test_negation(expression, denies):
    assert negated(plain(expression)) is denies


@pytest.mark.parametrize(
    ("expression", "counted", "most"),
    [
        ("second giraffe from the right", True, False),
        ("3rd surfboard", True, False),
        ("the last bus", True, False),
        ("biggest slice", False, True),
        ("the second largest slice", True, True),
        ("right-most kite", False, True),
        ("the most colorful kite", False, True),
        ("guest with a vest in the forest", False, False),
        ("bigger slice", False, False),
    ],
)
def test_ranks(expression, counted, most):
    assert ranks(plain(expression)) == (counted, most)


@pytest.mark.parametrize(
    ("expression", "words"), [("", 0), (" ... ", 0), ("man", 1), ("man - left, 2nd", 3), ("ein Hund", 2)]
)
def test_words_are_counted_between_spaces(expression, words):
    assert count_words(expression) == words


@pytest.mark.parametrize(
    ("expression", "category", "form"),
    [
        ("the woman in a red coat", "person", "noun"),
        ("he is next to the bus", "person", "pronoun"),
        ("the one behind the bench", "person", "one"),
        ("leftmost", "person", "adjective"),
        ("", "person", None),
        ("右边的男人", "person", None),
    ],
)
def test_subject_form(expression, category, form):
    assert subject_form(expression, category) == form


@given(st.text(max_size=60))
def test_any_text_can_be_read(text):
    assert len(relations(plain(text))) == len(RELATIONS)
    assert all(isinstance(flag, bool) for flag in (*ranks(plain(text)), negated(plain(text))))
    assert subject_form(text) in (*FORMS, None)


@given(st.sampled_from(["zebra on the left", "not the biggest one", "man next to a dog"]))
def test_capitals_spaces_and_stops_change_nothing(text):
    shouted = "  " + text.upper().replace(" ", "   ") + "!"
    assert (used(shouted), negated(plain(shouted)), ranks(plain(shouted))) == (
        used(text), negated(plain(text)), ranks(plain(text)),
    )  # fmt: skip
