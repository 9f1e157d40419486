"""The ledger of published numbers: that ours is sound, and that what is wrong with one is found."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from rebench.errors import RebenchError
from rebench.published.audit import as_dict, best, by_kind
from rebench.published.check import check
from rebench.published.ledger import LEDGER, Ledger

pytestmark = pytest.mark.slow  # together they take seconds


@pytest.fixture(scope="module")
def ledger():
    return Ledger.read()


@pytest.fixture
def copy(tmp_path):
    return shutil.copytree(LEDGER, tmp_path / "ledger")


@pytest.fixture(scope="module")
def rebench():
    from rebench.cli.main import app

    return lambda *words: CliRunner().invoke(app, list(map(str, words)))


def rows(folder, name):
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines()]


def write(folder, name, documents):
    text = "".join(json.dumps(one) + "\n" for one in documents)
    (folder / f"{name}.jsonl").write_text(text, "utf-8")


def change(folder, name, wanted, **fields):
    """The row `wanted` of a file with other fields; what it was."""
    documents = rows(folder, name)
    (row,) = [one for one in documents if one.get("id", one.get("conflict")) == wanted][:1]
    before = dict(row)
    row |= fields
    write(folder, name, documents)
    return before


def test_our_ledger_is_sound(ledger):
    found, problems = check()
    assert problems == []
    assert found.results == ledger.results
    assert ledger.results


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"value": 12.5}, "printed is '67.35', but value is 12.5"),
        ({"value": 167.35, "printed": "167.35"}, "not in 0 to 100"),
        ({"printed": "67,35"}, "printed is '67,35'"),
        ({"value": None}, "value cannot be None"),
        ({"value": True}, "value cannot be True"),
        ({"metric": "iou"}, "metric cannot be 'iou'"),
        ({"split": "testC"}, "no split 'testC' of 'refcoco'"),
        ({"paper": "other2020"}, "papers.jsonl has no 'other2020'"),
        ({"table": "2"}, "the id of this row begins with safire2025-t2-"),
        ({"likely_metric": "pr50"}, None),
        ({"surprise": 1}, "unknown field 'surprise'"),
        ({"id": "safire2025-t1-007"}, "2 rows have this id"),
    ],
)
def test_a_wrong_row_is_found(copy, fields, said):
    change(copy, "results", "safire2025-t1-006", **fields)
    _, problems = check(copy)
    if said is None:  # a verdict that a conflict about the row's metric covers
        assert problems == []
    else:
        assert any(said in problem for problem in problems), problems


def test_what_is_no_json_is_named_by_its_line(copy):
    with (copy / "efficiency.jsonl").open("a") as file:
        file.write('{"id": \n[1]\n{"value": NaN}\n')
    number = len((LEDGER / "efficiency.jsonl").read_text().splitlines())
    _, problems = check(copy)
    assert [p.split(": ")[0] for p in problems[:3]] == [f"efficiency.jsonl:{number + n}" for n in (1, 2, 3)]
    with pytest.raises(RebenchError, match=f"efficiency.jsonl:{number + 1}"):
        Ledger.read(copy)


def test_a_reference_to_nothing_is_found(copy):
    change(copy, "conflicts", "C13", rows=["risam2024-t1-999"], evidence=["E99"])
    _, problems = check(copy)
    assert "C13: there is no risam2024-t1-999" in problems
    assert "C13: there is no E99" in problems


def test_a_relabelled_row_needs_a_conflict_about_its_metric(copy):
    row = next(r for r in rows(copy, "results") if r["metric"] == r["likely_metric"] == "pr50")
    change(copy, "results", row["id"], likely_metric="miou")
    assert any(p.startswith(f"{row['id']}: no conflict says why") for p in check(copy)[1])


def test_two_values_of_one_number_need_a_conflict(copy):
    row = next(r for r in rows(copy, "results") if r["id"] == "safire2025-t1-102")
    later = dict(row, id="safire2025-t1-999", value=1.5, printed="1.5")
    write(copy, "results", [*rows(copy, "results"), later])
    assert any("safire2025-t1-999: another table has another value" in p for p in check(copy)[1])


def test_precision_that_rises_with_the_threshold_is_found(copy):
    change(copy, "results", "safire2025-t3-004", value=99.0, printed="99.0")
    assert "safire2025-t3-004: pr70 is above pr50 (safire2025-t3-003)" in check(copy)[1]


def test_corrections_have_to_fit_what_they_correct(copy):
    change(copy, "corrections", "C14", printed="1.0", corrected="many")
    found = "\n".join(check(copy)[1])
    assert "safire2025-t1-066 has '64.09', not '1.0'" in found
    assert "'many' is no plain number" in found


def test_a_verdict_without_its_correction_leaves_the_conflict_open(copy):
    write(copy, "corrections", [c for c in rows(copy, "corrections") if c["conflict"] != "C14"])
    assert check(copy)[1] == [
        "C14: cgformer on refcocog test(U) is still 64.09 and 65.09 oiou after its corrections"
    ]


def test_a_ledger_may_lack_all_but_results_and_conflicts(copy):
    for path in copy.iterdir():
        if path.stem not in ("results", "conflicts"):
            path.unlink()
    assert Ledger.read(copy).corrections == ()
    assert not any("corrections.jsonl" in problem for problem in check(copy)[1])
    (copy / "conflicts.jsonl").unlink()
    with pytest.raises(RebenchError, match="no ledger of published numbers"):
        Ledger.read(copy)


def test_corrections_change_what_they_say_and_nothing_else(ledger):
    changed = {row.id: ledger.corrected(row) for row in ledger.results if ledger.corrected(row) != row}
    assert changed.keys() == {name for c in ledger.corrections for name in c.rows}
    assert (changed["risam2024-t1-084"].value, changed["risam2024-t1-084"].printed) == (77.3, "77.30")
    assert changed["remamber2024-t2-104"].split == "val(G)"


def test_the_audit_has_every_conflict_once_by_kind(ledger):
    groups = by_kind(ledger)
    listed = [conflict for rows in groups.values() for conflict in rows]
    assert sorted(c.id for c in listed) == sorted(c.id for c in ledger.conflicts)
    assert all(c.kind == kind for kind, rows in groups.items() for c in rows)
    document = as_dict(ledger)
    corrected = [c for kind in document["kinds"] for one in kind["conflicts"] for c in one["corrections"]]
    assert len(corrected) == len(ledger.corrections)


def test_the_leaders_are_those_of_the_corrected_main_tables(ledger):
    leaders = best(ledger)  # computed by hand from the four main tables
    told = {place: [(one.model, one.value) for one in leaders[place]] for place in leaders}
    assert told["refcoco", "testA"] == [("risam", "78.92"), ("safire", "78.52"), ("magnet", "78.24")]
    assert told["refcoco+", "val"] == [("asda", "66.84"), ("tfanet", "66.67"), ("safire", "66.39")]
    assert told["refcocog", "val(G)"] == [("risam", "64.78"), ("vlt", "62.80"), ("rela", "62.70")]


def test_the_commands(rebench, copy, ledger):
    sound = rebench("published", "check", "--json")
    assert (sound.exit_code, json.loads(sound.stdout)["problems"]) == (0, [])
    change(copy, "results", "safire2025-t1-006", value=1.0)
    broken = rebench("published", "check", "--ledger", copy)
    assert broken.exit_code == 1
    assert "safire2025-t1-006" in broken.stderr
    assert rebench("published", "check", "--ledger", copy / "none").exit_code == 2
    audit = rebench("published", "audit", "--kind", "value")
    assert all(c.subject in audit.stderr for c in by_kind(ledger)["value"])
    assert rebench("published", "audit", "--kind", "nonsense").exit_code == 2
    assert len(json.loads(rebench("published", "audit", "--json").stdout)["kinds"]) == len(by_kind(ledger))
    listed = json.loads(
        rebench("published", "list", "--model", "cris", "--split", "refcoco:val", "--json").stdout
    )
    assert {r["id"] for r in listed["results"]} == {
        r.id for r in ledger.results if (r.model, r.dataset, r.split) == ("cris", "refcoco", "val")
    }
