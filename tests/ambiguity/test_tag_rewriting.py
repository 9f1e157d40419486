import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebench.ambiguity.english.tokens import tokenise
from rebench.ambiguity.rewriting import with_explicit_subject, without_distractors
from rebench.ambiguity.tagger import tag

PIECES = [
    *(
        "the dog",
        "it",
        "the one",
        "a man",
        "two cats",
        "the left",
        "his hat",
        "is",
        "and",
        "next to",
        "in red",
        ",",
    ),
    *("who", "holding", "unlike", "than", "of", "stands", "black", "white", "near", "not", "."),
]


@pytest.mark.parametrize(
    ("expression", "category", "left"),
    [
        ("The dog standing between the toilet and the wall.", "dog", "The dog standing."),
        ("Unlike the man in the hat, she has long hair.", "person", "She has long hair."),
        ("the person wearing jeans and carrying a bag", "person", "the person wearing jeans"),
        ("guy with a phone and a red hat", "person", "guy with a red hat"),
        ("the man in tan boots to the left of the green pole", "person", "the man in tan boots"),
        ("the one in the pink hoodie behind the car", "person", "the one in the pink hoodie"),
        ("the bowl nearest to the edge of the table", "bowl", "the bowl"),
        ("the boy's skateboard on the left", "skateboard", "skateboard on the left"),
        ("In front of the mirror stands the tall one", "person", "The tall one"),
        ("orange right behind the jug", "orange", "orange"),
        ("it feeds on the right while its companions rest", "bird", "it feeds on the right"),
    ],
)
def test_without_distractors(expression, category, left):
    assert without_distractors(expression, tag(expression, category)) == left


@pytest.mark.parametrize(
    ("expression", "category"),
    [
        ("the dog on the left", "dog"),  # nothing to take away
        ("the one next to the car", "car"),  # nothing would be left
        ("he is holding a racket", "person"),
        ("holding an umbrella", "person"),
        ("собака слева", "dog"),
    ],
)
def test_nothing_without_distractors(expression, category):
    assert without_distractors(expression, tag(expression, category)) is None


@pytest.mark.parametrize(
    ("expression", "category", "explicit"),
    [
        ("He is the taller one.", "person", "The person is the taller one."),
        ("the white one next to the bus", "car", "the white car next to the bus"),
        ("Unlike the boy, this one sits", "person", "Unlike the boy, this person sits"),
        ("left", "dog", "left dog"),
        ("closest to us", "dog", "dog closest to us"),
        ("in red on the right", "person", "the person in red on the right"),
        ("unlike its companion, this one is up", "cow", "unlike its companion, this cow is up"),
        ("White shirt", "person", "The person with white shirt"),
        ("its horns are longer", "cow", "the cow's horns are longer"),
        ("someone in a raincoat", "person", "a person in a raincoat"),
        ("bottom corner", "pizza", "the pizza at bottom corner"),
    ],
)
def test_with_explicit_subject(expression, category, explicit):
    assert with_explicit_subject(expression, tag(expression, category), category) == explicit


@pytest.mark.parametrize(
    ("expression", "category"),
    [
        ("the dog", "dog"),  # it is explicit
        ("they are both sitting", "person"),  # several
        ("the two on the left", "sheep"),
        ("who is next to the car?", "person"),
        ("not the red one", "car"),
        ("", "dog"),
    ],
)
def test_nothing_with_explicit_subject(expression, category):
    assert with_explicit_subject(expression, tag(expression, category), category) is None


@given(st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join) | st.text(max_size=60))
def test_rewriting_any_text(expression):
    tags = tag(expression, "dog")
    left = without_distractors(expression, tags)
    if left is not None:
        assert left.strip()
        words = [token.word for token in tokenise(expression)]
        assert all(token.word in words for token in tokenise(left))
        assert len(tokenise(left)) < len(words)
    explicit = with_explicit_subject(expression, tags, "dog")
    if explicit is not None:
        assert "dog" in explicit.lower()
