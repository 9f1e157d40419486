import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebench.ambiguity.english.tokens import tokenise
from rebench.ambiguity.rewriting import with_explicit_subject, without_distractors
from rebench.ambiguity.tagger import tag
from rebench.scenes.build import make_example
from rebench.scenes.lexicon import KINDS
from rebench.scenes.resolver import resolve

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
        ("The human farthest from the orange balloon.", "person", "The human."),
        ("the dog closest to the camera and next to the cat", "dog", "the dog closest to the camera"),
        ("the suitcase right of the ball and farthest from the lady", "suitcase", "the suitcase"),
        ("it is white and closer to the chair than the cat is", "cat", "it is white"),
        ("the horse next to the cow and on the left", "horse", "the horse on the left"),
        ("the boy who is next to the dog and wears red", "person", "the boy wears red"),
        ("the giraffe that has a longer neck than the other one", "giraffe", "the giraffe"),
        ("adult not next to the balloon and furthest from the box", "person", "adult"),
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
        ("it is closest to the car", "dog"),
        ("it is right by the man", "dog"),
        ("he is left of the tallest gentleman", "person"),
        ("find the one next to the dog", "cat"),
        ("lady in orange and white", "person"),
        ("собака слева", "dog"),
    ],
)
def test_nothing_without_distractors(expression, category):
    assert without_distractors(expression, tag(expression, category)) is None


@pytest.mark.parametrize(
    ("expression", "category", "explicit"),
    [
        ("He is the taller one.", "person", "The male person is the taller one."),
        ("her on the left", "person", "the female person on the left"),
        ("his hat is white", "person", "the male person's hat is white"),
        ("she is third from the left", "person", "the female person is third from the left"),
        ("she is lying down", "dog", "the dog is lying down"),
        ("it is next to the third cat", "dog", "the dog is next to the third cat"),
        ("the smaller of the two", "dog", "the smaller dog of the two"),
        ("white top", "person", "the person with white top"),
        ("Spot the one on the left", "dog", "Spot the dog on the left"),
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
        ("the third thing from the left", "potted plant"),  # another plant can be the third of the plants
        ("the middle one", "dog"),
        ("#3", "person"),
        ("the back of her head", "person"),
        ("just the arm", "person"),
        ("the largest of them", "dog"),
        ("whoever has the hat", "person"),
        ("nobody", "person"),
    ],
)
def test_nothing_with_explicit_subject(expression, category):
    assert with_explicit_subject(expression, tag(expression, category), category) is None


def test_rewritten_scenes_still_speak_of_their_referent():
    """Read by the scenes' resolver, what is left may fit others too, but never others alone."""
    shorter = longer = 0
    for example in (make_example("val", index) for index in range(30)):
        for expression in example.expressions:
            category = example.graph[expression.target].category
            tags = tag(expression.text, category)
            left = without_distractors(expression.text, tags)
            explicit = with_explicit_subject(expression.text, tags, category)
            if left is not None:
                shorter += 1
                assert expression.target in meant(left, example.graph), (expression.text, left)
            if explicit is not None:
                longer += 1
                assert meant(explicit, example.graph) == [expression.target], (expression.text, explicit)
    assert min(shorter, longer) > 40


def meant(expression, graph):
    """What an expression means in a scene, in the words of its resolver."""
    words = expression.lower().replace("female person", "she").replace("male person", "he")
    for name in ("sports ball", "potted plant", *KINDS, "person"):
        words = words.replace(f"this {name}", f"the {name}")
    return [node.index for node in resolve(words.replace("sports ball", "ball"), graph)]


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
