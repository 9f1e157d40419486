"""The generator and the resolver must agree on every sentence, though neither knows the other."""

import re

import pytest

from rebench.scenes.dice import Dice
from rebench.scenes.graph import Node, between, left_of, most, nth_from_left, scene_graph
from rebench.scenes.lexicon import KINDS, NOUNS, PRONOUNS
from rebench.scenes.resolver import Unreadable, resolve
from rebench.scenes.sentences import CELLS, MOST_WORDS, make_expression
from rebench.scenes.world import make_scene

FEW = 120


@pytest.fixture(scope="module")
def examples():
    """Graphs with the expressions made for them, straight from the generator."""
    made = []
    for seed in range(FEW):
        graph = scene_graph(make_scene(Dice(seed)))
        dice = Dice(10_000 + seed)
        made.append((graph, [e for cell in CELLS if (e := make_expression(graph, cell, dice))]))
    return made


@pytest.mark.slow
def test_every_expression_means_its_target_and_nothing_else(examples):
    wrong = [
        (e.text, e.target, [n.index for n in resolve(e.text, graph)])
        for graph, expressions in examples
        for e in expressions
        if [n.index for n in resolve(e.text, graph)] != [e.target]
    ]
    assert not wrong


def test_nearly_every_scene_offers_all_four_cells(examples):
    assert sum(len(expressions) for _, expressions in examples) > 0.97 * FEW * len(CELLS)


def test_flags_follow_from_what_is_said(examples):
    for graph, expressions in examples:
        for e in expressions:
            assert (e.named > 0) == e.object_distracting
            words = re.findall(r"[a-z-]+", e.text.lower())
            nouns = [w for w in words if w in NOUNS]
            if e.category_implicit:
                assert set(words) & set(PRONOUNS), e.text
            if e.category_implicit and not e.object_distracting:
                assert not nouns, e.text
            if not e.category_implicit:
                assert any(graph[e.target].kind in NOUNS[w] for w in nouns), e.text


def test_lengths_overlap_between_the_cells(examples):
    lengths = {cell: set() for cell in CELLS}
    for _, expressions in examples:
        for e in expressions:
            cell = CELLS[e.object_distracting + 2 * e.category_implicit]
            lengths[cell].add(len(e.text.split()))
    assert set.intersection(*lengths.values()) >= {6, 7, 8, 9, 10}
    assert max(set.union(*lengths.values())) <= MOST_WORDS


def node(index, kind, x, depth=100.0, **looks):
    values = {"colour": "red", "bottom": None, "hair": "brown", "hat": None, "holder": None, "holds": None}
    spec = KINDS[kind]
    size = {"y": depth - 20, "left": x - 8, "right": x + 8, "depth": depth, "height": 40.0, "area": 500.0}
    return Node(index, kind, spec.category, x=x, **(values | size | looks))


STREET = (
    node(0, "man", 20, hat="red", colour="blue", bottom="black", height=50.0),
    node(1, "man", 60, colour="green", bottom="white", height=40.0, holds=4),
    node(2, "woman", 100, colour="green", bottom="black", depth=80.0),
    node(3, "car", 95, depth=110.0, colour="yellow"),
    node(4, "ball", 68, holder=1, colour="pink"),
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("the man in the red hat", [0]),
        ("he is the taller one", [0]),
        ("man without a hat", [1]),
        ("The one holding a pink ball.", [1]),
        ("the person between the man with a hat and the woman", [1]),
        ("behind the car stands the woman", [2]),
        ("she is behind the car", [2]),
        ("the second person from the left", [1]),
        ("the person on the far right", [2]),
        ("compared to the man in the red hat, he is closer to the car", [1]),
        ("it is not yellow", [4]),
        ("the adult not next to the car", [0, 1, 2]),
        ("the man", [0, 1]),
        ("the dog", []),
        ("ball held by the man in the green shirt", [4]),
        ("the one in the green top, on the right", [2]),
    ],
)
def test_resolver_reads_hand_made_sentences(text, meant):
    assert [n.index for n in resolve(text, STREET)] == meant


@pytest.mark.parametrize(
    "text",
    ["the man flurbing", "left of", "the car next to the man", "second man from above", "the man from left"],
)
def test_resolver_says_what_it_cannot_read(text):
    with pytest.raises(Unreadable, match=r"\w"):
        resolve(text, STREET)


def test_relations_are_antisymmetric_and_rankings_have_one_winner():
    a, b, c = STREET[:3]
    assert left_of(a, b) == -left_of(b, a) > 0
    assert between(b, a, c) > 0 > between(a, b, c)
    winners = [n.index for n in STREET[:3] if most(STREET[:3], left_of)(n) > 0]
    assert winners == [0]
    assert [n.index for n in STREET[:3] if nth_from_left(STREET[:3], 1)(n) > 0] == [1]
