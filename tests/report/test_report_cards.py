"""The gallery: what is chosen, and what is drawn over the pictures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_runs import box, shares_area

from rebench.data.masks import encode
from rebench.report.cards import KINDS, choose, sentence
from rebench.report.outlines import outline, thumbnail

pytestmark = pytest.mark.slow  # together they take seconds


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 4), st.integers(1, 40), st.integers(0, 3))
def test_every_kind_is_chosen_and_places_are_there(n, models, size, seed):
    ious = np.random.default_rng(seed).random((n, models))
    ious[0, 0] = np.nan
    chosen = choose(ious, size, np.random.default_rng(seed))
    assert all(0 <= place < n for place in chosen)
    told = {kind for kinds in chosen.values() for kind in kinds}
    assert told == set(KINDS) - ({"disagreement"} if models == 1 else set())


def test_the_extremes_are_among_the_chosen():
    ious = np.random.default_rng(3).uniform(0.2, 0.8, (200, 2))
    ious[17] = 0.0, 1.0
    ious[5, 0] = 0.05
    ious[9, 1] = 0.99
    chosen = choose(ious, 8, np.random.default_rng(0))
    assert "disagreement" in chosen[17]
    assert "worst" in chosen[17]
    assert "best" in chosen[17]
    assert sum("random" in kinds for kinds in chosen.values()) == 2


def test_the_same_seed_chooses_the_same():
    ious = np.zeros((50, 3))
    first, second = (list(choose(ious, 16, np.random.default_rng(1)).items()) for _ in range(2))
    assert first == second


@settings(max_examples=30)
@given(st.text(max_size=60))
def test_pieces_make_up_the_sentence(text):
    assert "".join(piece.text for piece in sentence(text, "dog")) == text


def test_the_pieces_say_what_the_tagger_read():
    roles = {piece.text: piece.role for piece in sentence("the dog next to the lady", "dog")}
    assert roles["the lady"] == "entity"
    assert all(piece.reason for piece in sentence("the dog next to the lady", "dog") if piece.role)


@pytest.mark.parametrize("scale", [1, 3, 7])
def test_an_outline_encloses_its_mask(scale):
    mask = np.kron(box(0) | box(1), np.ones((scale, scale), bool)).astype(bool)
    height, width = mask.shape
    assert shares_area(outline(encode(mask), width, height), mask) == pytest.approx(1, abs=0.06)


def test_an_outline_is_scaled_to_the_picture():
    mask = box(0)
    path = outline(encode(mask), 400, 400)
    assert shares_area(path, np.kron(mask, np.ones((10, 10), bool))) == pytest.approx(1, abs=0.02)
    xs = [float(p.split()[0]) for p in path.strip("MZ").split("L")]
    assert min(xs) == pytest.approx(20, abs=1)
    assert max(xs) == pytest.approx(160, abs=1)


def test_an_empty_mask_has_no_outline_and_a_hole_stays_one():
    assert outline(encode(np.zeros((20, 20), bool)), 20, 20) == ""
    ring = np.ones((20, 20), bool)
    ring[5:15, 5:15] = False
    assert outline(encode(ring), 20, 20).count("M") == 2


def test_a_thumbnail_keeps_the_shape():
    _, width, height = thumbnail(np.zeros((300, 900, 3), np.uint8))
    assert (width, height) == (360, 120)


def test_cards_have_a_picture_and_an_answer_of_every_model(report):
    gallery = report.chapters[0].gallery
    assert gallery.problem == ""
    assert len({card.sample_id for card in gallery.cards}) == len(gallery.cards)
    for card in gallery.cards:
        assert len(card.answers) == len(gallery.models) == 3
        assert card.picture.target
        assert card.picture.others
        assert card.picture.jpeg[:2] == b"\xff\xd8"
