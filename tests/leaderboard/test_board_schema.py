"""Types, hashes and JSON, on boards that hypothesis makes up or breaks."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tampering import read, reseal, write

import rebench
from rebench.errors import RebenchError
from rebench.leaderboard.board_file import BoardFile, checked_facts, read_board
from rebench.leaderboard.chain import canonical, check_chain
from rebench.leaderboard.schema import METRICS, BoardDocument, Facts, json_schema
from rebench.leaderboard.text import skeleton
from rebench.leaderboard.verify import checked

pytestmark = pytest.mark.slow  # together they take seconds

FRACTION = st.floats(0, 1)
LINE = st.text("abcxyz ÄöÉ日本 0123456789_+", min_size=1, max_size=20).map(
    lambda text: " ".join(text.replace("+", "x").split()) or "x"
)
NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9_+.-]{0,20}", fullmatch=True)


@st.composite
def estimates(draw):
    low, value, high = sorted(draw(st.tuples(FRACTION, FRACTION, FRACTION)))
    return draw(
        st.sampled_from(
            [{"value": value, "low": low, "high": high}, {"value": value, "low": None, "high": None}]
        )
    )


METRIC_MAPS = st.dictionaries(st.sampled_from(METRICS), estimates())


@st.composite
def printed_facts(draw):
    """Facts of an entry of source `paper`."""
    return {
        "source": "paper",
        "model": {
            "name": draw(NAME),
            "variant": draw(st.none() | NAME),
            "authors": draw(st.lists(LINE, max_size=3)),
            "licence": draw(st.none() | LINE),
            "paper": draw(st.sampled_from([None, "https://example.org/a?b=1#c"])),
            "code": None,
            "checkpoint": None,
            "vision_encoder": draw(st.none() | LINE),
            "text_encoder": None,
        },
        "training": None,
        "manifest_sha256": None,
        "weights": None,
        "predictions": None,
        "coverage": None,
        "scores": {
            "labels": None,
            "overall": {"n": None, "images": None, "metrics": draw(METRIC_MAPS)},
            "groups": {"both": {"n": draw(st.integers(0, 99)), "images": None, "metrics": draw(METRIC_MAPS)}},
            "identity": None,
        },
        "scorer": None,
        "efficiency": None,
        "environment": None,
        "ledger": draw(st.lists(NAME, min_size=1, max_size=3)),
        "supersedes": None,
        "reason": None,
    }


@settings(max_examples=40)
@given(printed_facts())
def test_facts_survive_the_way_through_json(facts):
    made = checked_facts(facts)
    assert json.loads(made.model_dump_json()) == facts
    assert Facts.model_validate_json(made.model_dump_json()) == made


@settings(max_examples=20)
@given(st.lists(printed_facts(), max_size=3), st.randoms())
def test_a_chain_holds_and_breaks_where_it_is_cut(made_board, entries, random):
    base = read(made_board / "boards" / "stripes.json")
    document = reseal(base | {"entries": [facts | {"date": "2026-01-01T00:00:00Z"} for facts in entries]})
    assert check_chain(document["board"], document["entries"], document["head"]) == []
    if entries:
        place = random.randrange(len(entries))
        del document["entries"][place]
        assert check_chain(document["board"], document["entries"], document["head"])


def test_a_board_survives_reading_and_writing(board):
    first = read_board(board)
    first.write()
    again = read_board(board)
    assert canonical(again.raw) == canonical(first.raw)
    assert json.loads(first.parsed().model_dump_json()) == first.raw


def places(document, at=()):
    """The paths of everything inside a document."""
    for key, part in document.items() if isinstance(document, dict) else enumerate(document):
        yield (*at, key)
        if isinstance(part, dict | list):
            yield from places(part, (*at, key))


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def mutated(document, data):
    """The document with one thing in it replaced, removed or doubled."""
    made = copy.deepcopy(document)
    *way, key = data.draw(st.sampled_from(list(places(made))))
    place = made
    for step in way:
        place = place[step]
    kind = data.draw(st.sampled_from(["replace", "remove", "add"]))
    if kind == "replace":
        place[key] = data.draw(JUNK)
    elif kind == "remove":
        del place[key]
    elif isinstance(place, list):
        place.insert(key, copy.deepcopy(place[key]))
    else:
        place[data.draw(st.text())] = data.draw(JUNK)
    return made


@settings(max_examples=60)
@given(st.data())
def test_whatever_is_changed_in_a_file_is_found(made_board, data):
    path = made_board / "boards" / "stripes.json"
    document = read(path)
    changed = mutated(document, data)
    if canonical(changed) == canonical(document):
        return
    assert off(path, changed)


@settings(max_examples=60)
@given(st.data())
def test_whatever_is_changed_and_hashed_anew_never_breaks_the_reader(made_board, data):
    """It may be in order then: who writes another author's name and all hashes is found by an older copy."""
    path = made_board / "boards" / "stripes.json"
    document = read(path)
    changed = mutated({"board": document["board"], "entries": document["entries"]}, data)
    try:
        sealed = reseal(document | changed)
    except (AttributeError, KeyError, TypeError, IndexError):  # nothing that could be hashed
        return
    if canonical(sealed) != canonical(document):
        assert off(path, sealed) or checked(BoardFile(path, sealed), BoardFile(path, document))[1]


def off(path, document):
    """Whether a document in the place of a board's file is refused or has findings."""
    scratch = path.parent / "changed.json"
    write(scratch, document)
    try:
        parsed, findings = checked(read_board(scratch))
    except RebenchError:
        return True
    assert parsed is not None or findings
    return bool(findings)


def bare(schema):
    """A JSON Schema without what only some versions of pydantic say."""
    if isinstance(schema, list):
        return [bare(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    left_out = {"propertyNames", "enum"} if "const" in schema else {"propertyNames"}
    return {key: bare(part) for key, part in schema.items() if key not in left_out}


def test_the_published_schema_is_that_of_the_types():
    published = Path(rebench.__file__).parent.parent / "leaderboards" / "schema.json"
    assert bare(json.loads(published.read_text())) == bare(json_schema())


def test_the_schema_names_every_field():
    schema = json_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    assert set(schema["properties"]) == set(BoardDocument.model_fields)
    for part in schema["$defs"].values():
        if part.get("type") == "object":
            assert part["additionalProperties"] is False


@pytest.mark.parametrize("name", ["scenes", "arefcoco"])
def test_our_boards_are_in_order(name):
    path = Path(rebench.__file__).parent.parent / "leaderboards" / f"{name}.json"
    document, findings = checked(read_board(path))
    assert findings == []
    assert document.board.name == name


@pytest.mark.parametrize("other", ["safire", "Sa-Fire", "SaF1Re", "SAFLRE", "SaFiRe."])
def test_names_that_look_alike(other):
    assert skeleton("SaFiRe") == skeleton(other)


def test_names_that_do_not_look_alike():
    names = ["CRIS", "CRIS+", "LAVT", "SaFiRe", "RISAM", "ReMamber", "TFANet"]
    assert len({skeleton(name) for name in names}) == len(names)
