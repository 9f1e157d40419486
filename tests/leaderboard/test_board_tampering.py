"""Every way of tampering is caught under the name of its reason."""

import gzip
import math
import shutil

import pytest
from board_stripes import NOTHING, Stripes
from tampering import as_text, lines_of, number_of, read, replace_predictions, reseal, write

from rebench.errors import RebenchError
from rebench.leaderboard.board_file import read_board
from rebench.leaderboard.findings import REASONS
from rebench.leaderboard.submit import submit
from rebench.leaderboard.verify import checked, verify


def reasons(board, split, **options):
    return {finding.reason for finding in verify(board, split=split, **options).findings}


def reasons_in_the_file(board, base=None):
    """Those that need no predictions."""
    _, findings = checked(read_board(board), base and read_board(base))
    return {finding.reason for finding in findings}


def overall(document, number=1):
    return document["entries"][number - 1]["scores"]["overall"]["metrics"]["oiou"]


def one_digit(document):
    estimate = overall(document)
    estimate["value"] = round(estimate["value"], 5) + 4e-6


def first_entry(**changes):
    return lambda document: document["entries"][0].update(changes)


def model(**changes):
    return lambda document: document["entries"][0]["model"].update(changes)


def predictions(**changes):
    return lambda document: document["entries"][0]["predictions"].update(changes)


def training(splits=(), other=(), images=0, unknown=()):
    overlap = {"images": images, "share": images / 6, "unknown": list(unknown)}
    return first_entry(training={"splits": list(splits), "other": list(other), "overlap": overlap})


def as_variants(first, second):
    """Names and variants of the first two entries."""

    def change(document):
        for entry, (name, variant) in zip(document["entries"], (first, second), strict=False):
            entry["model"].update(name=name, variant=variant)

    return change


def swap_predictions(document):
    a, b = document["entries"][:2]
    a["predictions"], b["predictions"] = b["predictions"], a["predictions"]


CHAIN = {
    "a digit changed": (one_digit, "edited"),
    "the first deleted": (lambda d: d["entries"].pop(0), "deleted"),
    "one in the middle deleted": (lambda d: d["entries"].pop(1), "deleted"),
    "the last deleted": (lambda d: d["entries"].pop(), "deleted"),
    "all deleted": (lambda d: d["entries"].clear(), "board"),
    "the last two deleted": (lambda d: d.update(entries=d["entries"][:1]), "deleted"),
    "reordered": (lambda d: d["entries"].reverse(), "reordered"),
    "two swapped": (lambda d: d.update(entries=[d["entries"][i] for i in (0, 2, 1)]), "reordered"),
    "one twice": (lambda d: d["entries"].append(d["entries"][0]), "duplicate"),
    "author changed": (model(authors=["somebody else"]), "edited"),
    "predictions swapped": (swap_predictions, "edited"),
    "the board's metric changed": (lambda d: d["board"].update(primary="miou"), "board"),
    "fewer resamples": (lambda d: d["board"]["interval"].update(resamples=100), "board"),
    "head changed": (lambda d: d.update(head="0" * 64), "deleted"),
    "lists for hashes": (lambda d: [e.update(sha256=[1], previous={}) for e in d["entries"]], "schema"),
    "an unknown part": (lambda d: d.update(stars={}), "schema"),
    "a board of many words": (lambda d: d["board"].update({str(k): k for k in range(9000)}), "schema"),
}


@pytest.mark.parametrize("name", CHAIN)
def test_the_chain_shows_what_was_done_to_the_file(board, name):
    change, reason = CHAIN[name]
    document = read(board)
    change(document)
    write(board, document)
    assert reason in reasons_in_the_file(board)


def smaller_overlap(document):
    document["entries"][0]["training"]["overlap"]["images"] = 3


def declared_full(document):
    document["entries"][0]["coverage"]["predicted"] = 11


EXACTLY_AN_EIGHTH = {"value": 0.125, "low": 0.125, "high": 0.125}

RESEALED = {
    "a digit changed": (one_digit, "score"),
    "an end of an interval": (lambda d: overall(d).update(low=overall(d)["low"] - 1e-8), "score"),
    "a group's n": (lambda d: d["entries"][0]["scores"]["groups"]["simple"].update(n=2), "coverage"),
    "identity": (
        lambda d: d["entries"][0]["scores"]["identity"]["overall"].update(accuracy=EXACTLY_AN_EIGHTH),
        "score",
    ),
    "predictions swapped": (swap_predictions, "score"),
    "another manifest": (first_entry(manifest_sha256="1" * 64), "manifest"),
    "the board's manifest": (lambda d: d["board"].update(manifest_sha256="1" * 64), "manifest"),
    "the board's size": (lambda d: d["board"].update(expressions=13), "coverage"),
    "declared full": (declared_full, "coverage"),
    "overlap": (smaller_overlap, "overlap"),
    "an unknown field": (first_entry(stars=5), "schema"),
    "a missing field": (lambda d: d["entries"][0].pop("coverage"), "schema"),
    "a number as text": (lambda d: overall(d).update(value="0.9"), "schema"),
    "beyond one": (lambda d: overall(d).update(value=1.5), "schema"),
    "a metric less": (lambda d: d["entries"][0]["scores"]["overall"]["metrics"].pop("pr90"), "schema"),
    "absolute path": (predictions(file="/etc/passwd"), "path"),
    "path upwards": (predictions(file="predictions/../../secret.jsonl.gz"), "path"),
    "path of another system": (predictions(file="predictions\\x.jsonl.gz"), "path"),
    "huge predictions declared": (predictions(bytes=10**12), "schema"),
    "script in a name": (model(name="<script>alert(1)</script>"), "markup"),
    "script in an author": (model(authors=["<img src=x onerror=alert(1)>"]), "markup"),
    "formula": (model(authors=["=HYPERLINK(1)"]), "formula"),
    "formula in a licence": (model(licence="@SUM(A1)"), "formula"),
    "direction turned": (model(authors=["abc\u202edef"]), "hidden"),
    "invisible space": (model(variant="ti\u200bny"), "hidden"),
    "cyrillic letter": (model(name="g\u043e\u043ed"), "name"),
    "full width": (model(name="ｇｏｏｄ"), "name"),
    "look-alike": (model(name="FA1R"), "look_alike"),
    "script as link": (model(paper="javascript:alert(1)"), "link"),
    "link that breaks out": (model(paper='https://example.org/"><script>'), "link"),
    "name and password in a link": (model(paper="https://example.org@evil.org/"), "link"),
    "supersedes what is not there": (first_entry(supersedes=7, reason="better"), "supersedes"),
    "supersedes another model": (
        lambda d: d["entries"][1].update(supersedes=1, reason="better"),
        "supersedes",
    ),
    "supersedes without a reason": (lambda d: d["entries"][1].update(supersedes=1), "schema"),
    "predictions of another": (
        lambda d: d["entries"][1].update(predictions=d["entries"][0]["predictions"]),
        "duplicate",
    ),
    "one model twice": (lambda d: d["entries"][1]["model"].update(name="good"), "duplicate"),
    "dated back": (lambda d: d["entries"][2].update(date="1999-01-01T00:00:00Z"), "reordered"),
    "a day that is none": (lambda d: d["entries"][2].update(date="2031-02-30T00:00:00Z"), "date"),
    "digits of another script": (lambda d: d["entries"][2].update(date="٢٠٣١-01-01T00:00:00Z"), "schema"),
    "dated forward": (lambda d: d["entries"][2].update(date="2999-01-01T00:00:00Z"), "date"),
    "minus zero": (lambda d: overall(d).update(value=-0.0), "number"),
    "a value beside its interval": (lambda d: overall(d).update(low=0.0, high=0.1), "schema"),
    "an interval with one end": (lambda d: overall(d).update(high=None), "schema"),
    "an interval of nothing": (lambda d: overall(d).update(value=None), "schema"),
    "more parameters than a float holds": (
        first_entry(efficiency={"parameters": 10**400, "seconds_per_expression": None}),
        "schema",
    ),
    "a path longer than any name": (predictions(file="a" * 300), "path"),
    "a variant in the name": (as_variants(("CRIS", "big"), ("CRIS (big)", None)), "look_alike"),
    "variants that look alike": (as_variants(("CRIS", "B1"), ("CRIS", "BI")), "look_alike"),
    "trained on the test, not looked at": (
        training(splits=["stripes:test"], unknown=["stripes:test"]),
        "overlap",
    ),
    "trained on the test, in other words": (
        training(other=["stripes:test"], unknown=["stripes:test"]),
        "overlap",
    ),
    "a split by its other name": (training(splits=["arefcoco"], unknown=["arefcoco"]), "overlap"),
    "other data looked at": (training(other=["LAION"]), "overlap"),
    "unknown what is not declared": (training(unknown=["LAION"]), "overlap"),
    "protocol that needs logits": (lambda d: d["board"].update(protocol="lavt"), "schema"),
}


@pytest.mark.parametrize("name", RESEALED)
def test_new_hashes_do_not_help(board, split, name):
    change, reason = RESEALED[name]
    document = read(board)
    change(document)
    write(board, reseal(document))
    assert reason in reasons_in_the_file(board) or reason in reasons(board, split)


HISTORY = {
    "changed": (one_digit, 1),
    "deleted": (lambda d: d["entries"].pop(), 3),
    "reordered": (lambda d: d["entries"].reverse(), 1),
    "the board": (lambda d: d["board"].update(title="another"), None),
}


@pytest.mark.parametrize("name", HISTORY)
def test_an_older_copy_shows_what_new_hashes_hide(board, tmp_path, name):
    base = tmp_path / "base.json"
    base.write_bytes(board.read_bytes())
    assert reasons_in_the_file(board, base) == set()
    change, entry = HISTORY[name]
    document = read(board)
    change(document)
    write(board, reseal(document))
    _, findings = checked(read_board(board), read_board(base))
    assert next(finding.entry for finding in findings if finding.reason == "history") == entry


def test_a_board_may_grow(board, split, make_run, tmp_path):
    base = tmp_path / "base.json"
    base.write_bytes(board.read_bytes())
    submit(make_run("late", 3), board, NOTHING, split=split)
    assert reasons(board, split, base=base) == set()


ROWS = {
    "unknown id": (lambda rows: rows[1].update(sample_id="stripes/99/0"), "unknown_sample"),
    "id twice": (lambda rows: rows.append(rows[1]), "duplicate_sample"),
    "ids missing": (lambda rows: rows.pop(), "coverage"),
    "another split": (lambda rows: rows[0].update(split="scenes:test"), "manifest"),
    "another manifest": (lambda rows: rows[0].update(manifest_sha256="2" * 64), "manifest"),
    "later version": (lambda rows: rows[0].update(rebench_predictions=2), "predictions"),
    "another size": (lambda rows: rows[1].update(rle={"size": [13, 16], "counts": "P6"}), "mask"),
    "a bomb": (lambda rows: rows[1].update(rle={"size": [10**9, 10**9], "counts": "0" * 20}), "mask"),
    "counts that overflow": (lambda rows: rows[1].update(rle=number_of(2**59) * 4), "mask"),
    "one run too long": (lambda rows: rows[1].update(rle=number_of(2**31)), "mask"),
    "negative run": (lambda rows: rows[1].update(rle="N" * 3), "mask"),
    "garbage": (lambda rows: rows[1].update(rle="\u00ff~~"), "mask"),
    "numbers beyond": (lambda rows: rows[1].update(rle={"size": [12, 16], "counts": [10**30]}), "mask"),
    "no numbers": (lambda rows: rows[1].update(rle={"size": [12, 16], "counts": [math.pi]}), "mask"),
    "no mask": (lambda rows: rows[1].update(rle=None), "mask"),
    "no row": (lambda rows: rows.append(["stripes/0/0", "PP"]), "predictions"),
}


@pytest.mark.parametrize("name", ROWS)
def test_bad_rows_of_predictions_are_named(board, split, name):
    change, reason = ROWS[name]
    for number in (1, 3):
        (board.parent / read(board)["entries"][number - 1]["predictions"]["file"]).unlink()
    rows = lines_of(board, 2)
    change(rows)
    replace_predictions(board, 2, rows)
    done = verify(board, split=split)
    assert reason in {finding.reason for finding in done.findings}
    assert {finding.entry for finding in done.findings} == {2}


def test_fewer_masks_than_the_header_says(board, split):
    replace_predictions(board, 2, None, text=as_text(lines_of(board, 2)[:-1]))
    (finding,) = verify(board, split=split).findings
    assert (finding.reason, finding.entry) == ("predictions", 2)
    assert "11 masks, its header says 12" in finding.text


def test_predictions_that_are_not_the_declared_ones(board, split):
    first, second = (board.parent / entry["predictions"]["file"] for entry in read(board)["entries"][:2])
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    assert reasons(board, split) == {"predictions"}
    second.write_bytes(b"no gzip")
    assert reasons(board, split) == {"predictions"}
    second.unlink()
    second.symlink_to("/etc/passwd")
    assert reasons(board, split) == {"predictions", "path"}


def test_links_in_a_circle(board, split):
    file = board.parent / read(board)["entries"][0]["predictions"]["file"]
    file.unlink()
    file.symlink_to(file.name)
    assert reasons(board, split) == {"path"}


@pytest.mark.parametrize("more", [b"junk", b"\0" * 100, gzip.compress(b"", mtime=0)])
def test_nothing_comes_after_the_predictions(board, split, more):
    with open(board.parent / read(board)["entries"][0]["predictions"]["file"], "ab") as file:
        file.write(more)
    assert reasons(board, split) == {"predictions"}


def test_predictions_of_too_many_lines(board, split, monkeypatch):
    monkeypatch.setattr("rebench.importing.MAX_LINES", 20)
    text = gzip.decompress((board.parent / read(board)["entries"][0]["predictions"]["file"]).read_bytes())
    replace_predictions(board, 1, None, text=text + b"\n" * 20)
    assert reasons(board, split) == {"predictions"}


@pytest.mark.parametrize(
    ("said", "unknown_there", "found", "unknown_here", "reason"),
    [
        (2, [], 3, [], "overlap"),
        (2, ["refcoco:train"], 1, [], "overlap"),  # here all is looked at, and less was seen
        (2, [], 3, ["refcoco:train"], "overlap"),
        (2, ["refcoco:train"], 3, [], None),  # a lower bound, as it says
        (2, [], 1, ["refcoco:train"], None),
    ],
)
def test_who_can_look_at_more_sees_more(
    board, split, monkeypatch, said, unknown_there, found, unknown_here, reason
):
    document = read(board)
    training(splits=["refcoco:train"], images=said, unknown=unknown_there)(document)
    write(board, reseal(document))
    overlap = {"images": found, "share": found / 6, "unknown": unknown_here}
    monkeypatch.setattr("rebench.leaderboard.evidence.Evidence._scores", lambda *_: [])
    nothing = {"images": 0, "share": 0.0, "unknown": []}
    monkeypatch.setattr(
        "rebench.leaderboard.training.overlap", lambda splits, *_: overlap if splits else nothing
    )
    done = verify(board, split=split)
    assert {finding.reason for finding in done.findings} == ({reason} if reason else set())
    assert len(done.notes) == (unknown_there != unknown_here and reason is None)


def test_predictions_that_were_there_must_stay(board, split, tmp_path):
    base = tmp_path / "base" / board.name
    shutil.copytree(board.parent, base.parent)
    assert reasons(board, split, base=base) == set()
    (board.parent / read(board)["entries"][1]["predictions"]["file"]).unlink()
    assert reasons(board, split) == set()
    (finding,) = verify(board, split=split, base=base).findings
    assert (finding.reason, finding.entry) == ("history", 2)


def test_an_older_copy_that_is_none_is_a_wrong_request(board, tmp_path):
    (tmp_path / "older.json").write_text("{")
    with pytest.raises(RebenchError, match=r"older\.json: file: not JSON"):
        verify(board, base=tmp_path / "older.json")


def test_masks_of_another_version_of_the_split_are_noticed(board):
    other = Stripes(text="the dog on the right")
    assert reasons(board, other) == {"manifest"}


def test_partial_coverage_is_not_eligible(board, split):
    document = read(board)
    rows = lines_of(board, 1)[:-2]
    document["entries"][0]["coverage"] = {"expressions": 12, "predicted": 10, "scored": 10}
    write(board, document)
    replace_predictions(board, 1, rows)
    assert {"eligible", "score"} <= reasons(board, split)


def test_reasons_are_all_explained(board, split):
    used = {reason for _, reason in (*CHAIN.values(), *RESEALED.values(), *ROWS.values())}
    assert used <= REASONS.keys()


FILES = {
    "not JSON": (b"{", "file"),
    "no text": (b"\xff\xfe\x00", "file"),
    "empty": (b"", "file"),
    "a list": (b"[]", "file"),
    "no version": (b'{"board": {}, "entries": []}', "file"),
    "nested": (b"[" * 100_000, "file"),
    "nested objects": (b'{"a":' * 100_000, "file"),
    "a key twice": (b'{"schema_version": 1, "schema_version": 1}', "file"),
    "NaN": (b'{"schema_version": 1, "board": {}, "entries": [NaN]}', "number"),
    "infinity": (b'{"schema_version": 1, "board": {}, "entries": [-Infinity]}', "number"),
    "infinity in digits": (b'{"schema_version": 1, "board": {}, "entries": [1e999]}', "number"),
    "a number of many digits": (b'{"schema_version": 1, "board": ' + b"9" * 10_000 + b"}", "file"),
    "objects in one another": (b'{"schema_version": 1, "board": ' + b'{"a":' * 30 + b"1" + b"}" * 31, "file"),
    "no entries": (b'{"schema_version": 1, "board": {}}', "schema"),
    "entries of text": (b'{"schema_version": 1, "board": {}, "entries": ["x"]}', "schema"),
    "half a character": (b'{"schema_version": 1, "board": {"name": "\\ud800"}, "entries": []}', "schema"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_no_boards(tmp_path, name):
    content, reason = FILES[name]
    path = tmp_path / "board.json"
    path.write_bytes(content)
    assert reason in {finding.reason for finding in verify(path).findings}


def test_a_finding_repeats_little_of_what_a_file_says(board):
    document = read(board)
    document["entries"][0] = {"number": "x" * 10**6}
    write(board, document)
    findings = verify(board).findings
    assert findings
    assert all(len(str(finding)) < 1000 for finding in findings)


def test_many_entries_of_one_model_are_one_finding_each(board):
    document = read(board)
    document["entries"] *= 20
    write(board, reseal(document))
    _, findings = checked(read_board(board))
    assert sum(finding.entry == 60 for finding in findings) < 5
