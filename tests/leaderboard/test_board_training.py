"""What training has seen of the test images: counted where it can be, named where it cannot."""

import pytest
from board_stripes import PICTURES, Stripes

from rebench.data.catalogue import CATALOGUE
from rebench.data.overlap import Overlap
from rebench.errors import RebenchError
from rebench.leaderboard.training import declared


@pytest.fixture
def on_disk(monkeypatch):
    """Training splits with these images."""
    images = {}

    def find(names, root=None):
        if names[0] not in images:
            raise RebenchError("not here")
        return Overlap({names[0]: frozenset(images[names[0]])}, {})

    monkeypatch.setattr("rebench.data.overlap.find_overlap", find)
    return images


def all_of(name, shared):
    """As many images as the split has, these among them."""
    more = CATALOGUE[name].official.images - len(shared)
    return {*shared, *range(10**6, 10**6 + more)}


def test_images_that_training_has_seen_are_counted_once(on_disk):
    on_disk["refcoco:train"] = all_of("refcoco:train", {0, 1})
    on_disk["refcoco+:train"] = all_of("refcoco+:train", {1, 2})
    found = declared(["refcoco:train", "refcoco+:train"], Stripes())
    assert found["overlap"] == {"images": 3, "share": 3 / PICTURES, "unknown": []}


def test_what_is_not_or_only_partly_here_is_unknown(on_disk):
    on_disk["refcoco:train"] = {0, 1}
    found = declared(["refcoco:train", "refcocog:train", "SA-1B"], Stripes())
    assert found["splits"] == ["refcoco:train", "refcocog:train"]
    assert found["other"] == ["SA-1B"]
    assert found["overlap"] == {
        "images": 2,
        "share": 2 / PICTURES,
        "unknown": ["SA-1B", "refcoco:train", "refcocog:train"],
    }


def test_who_trained_on_the_test_split_has_seen_all_of_it(on_disk):
    split = Stripes()
    split.name = "scenes:test"
    assert declared(["scenes"], split)["overlap"]["images"] == PICTURES
    assert declared(["scenes:train"], split)["overlap"] == {"images": 0, "share": 0.0, "unknown": []}


def test_nothing_is_a_declaration(on_disk):
    assert declared(["nothing"], Stripes()) == {
        "splits": [],
        "other": [],
        "overlap": {"images": 0, "share": 0.0, "unknown": []},
    }
