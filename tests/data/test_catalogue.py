from pathlib import Path

import pytest

from rebench.data import catalogue
from rebench.data.catalogue import CATALOGUE, data_root, load_split, resolve_name, split_names
from rebench.errors import RebenchError


def total(dataset, key, *splits):
    return sum(getattr(CATALOGUE[f"{dataset}:{split}"].official, key) for split in splits)


@pytest.mark.parametrize(
    ("dataset", "images", "refs", "expressions"),
    [("refcoco", 19_994, 50_000, 142_210), ("refcoco+", 19_992, 49_856, 141_564)],
)
def test_the_official_counts_add_up_to_the_published_totals(dataset, images, refs, expressions):
    splits = ("train", "val", "testA", "testB")
    assert total(dataset, "images", *splits) == images
    assert total(dataset, "refs", *splits) == refs
    assert total(dataset, "expressions", *splits) == expressions


def test_both_partitions_of_refcocog_have_the_same_expressions():
    umd = ("train", "val", "test")
    assert (
        total("refcocog", "expressions", *umd)
        == 85_474 + total("refcocog", "expressions", "val-google")
        == 95_010
    )
    assert total("refcocog", "refs", *umd) == 44_822 + total("refcocog", "refs", "val-google") == 49_822


def test_every_count_has_a_source_and_every_file_a_home():
    for declaration in CATALOGUE.values():
        for source in (declaration.sources.images, declaration.sources.refs, declaration.sources.expressions):
            assert "ledger" in source
        assert all(path and home for path, home in declaration.files)


def test_the_names_of_the_contract_are_all_there():
    wanted = {"arefcoco:test", "arefcoco:train", "refcocog:test", "refcocog:train", "refcocog:val"}
    wanted |= {"refcocog:val-google", "scenes:test", "scenes:val", "scenes:train"}
    wanted |= {f"{d}:{s}" for d in ("refcoco", "refcoco+") for s in ("train", "val", "testA", "testB")}
    assert set(split_names()) == wanted
    assert all(resolve_name(name) == name for name in wanted)


def test_aliases_are_resolved():
    assert resolve_name("scenes") == "scenes:test"
    assert resolve_name("arefcoco") == "arefcoco:test"
    assert resolve_name("scenes:train-500") == "scenes:train-500"


@pytest.mark.parametrize(
    ("typo", "hint"),
    [
        ("arefcocoo", "did you mean arefcoco "),
        ("refcoco", "did you mean refcoco:train or refcoco:val"),
        ("refcoco+:testC", "refcoco+:testA"),
        ("scenes:tset", "scenes:test"),
        ("", "Known: scenes, arefcoco"),
        ("../etc", "Known: scenes, arefcoco"),
    ],
)
def test_an_unknown_split_gets_suggestions(typo, hint):
    with pytest.raises(RebenchError, match="unknown split") as error:
        resolve_name(typo)
    assert hint in str(error.value)
    with pytest.raises(RebenchError):
        load_split(typo)


def test_the_data_root_is_what_is_given_then_the_variable_then_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("REBENCH_DATA", "/variable")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert data_root("/given") == Path("/given")
    assert data_root() == Path("/variable")
    monkeypatch.delenv("REBENCH_DATA")
    assert data_root() == tmp_path / "rebench"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert data_root() == Path("/home/somebody/.cache/rebench")
    assert data_root("~/data") == Path("/home/somebody/data")


def test_refcocog_val_google_reads_the_google_refs(tiny_root):
    refs = tiny_root.refs["refcocog/refs(umd).p"]
    tiny_root.refs["refcocog/refs(google).p"] = [{**refs[0], "ref_id": 70, "split": "val"}]
    tiny_root.write()
    split = load_split("refcocog:val-google", tiny_root.path)
    assert [s.sample_id for s in split.samples] == ["refcocog/70/1"]
    assert split.official == catalogue.CATALOGUE["refcocog:val-google"].official
