"""`rebench tag`: which expressions of a file are ambiguous, and how, and how sure that is."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rebench.ambiguity.files import Expression
    from rebench.ambiguity.tagger import Tags


def tag(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help=".txt (one a line), .csv, .tsv, .jsonl, .json (arefcoco.json), .p (refs)."
        ),
    ],
    category: Annotated[
        str | None, typer.Option(help="The category of every referent that the file gives none for.")
    ] = None,
    against_labels: Annotated[
        bool, typer.Option("--against-labels", help="Measure the tags against the labels in the file.")
    ] = False,
    gold: Annotated[
        str | None,
        typer.Option(
            help="The two columns with labels, by comma; else object_distracting,category_implicit."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A file for the JSON document, evidence included.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Tag referring expressions: object-distracting, category-implicit, both, simple, or unknown.

    An expression is object-distracting if it names an entity other than its referent, and category-implicit
    if nothing in it names the referent's category; unknown, if it could not be read.
    """
    from rebench.ambiguity.files import FLAGS, read_expressions
    from rebench.ambiguity.quality import measure
    from rebench.ambiguity.tagger import VERSION
    from rebench.ambiguity.tagger import tag as tag_one
    from rebench.cli.console import print_json
    from rebench.errors import RebenchError

    columns = tuple(gold.split(",")) if gold else FLAGS
    if len(columns) != 2:
        raise RebenchError("--gold wants two columns, as in --gold distracting,implicit")
    expressions = read_expressions(file, columns)
    tags = [tag_one(e.text, e.category or category) for e in expressions]
    document: dict[str, Any] = {"schema_version": 1, "tagger_version": VERSION, "file": str(file)}
    if against_labels or gold:
        document["quality"] = measure(expressions, tags)
    document["expressions"] = [_entry(e, t) for e, t in zip(expressions, tags, strict=True)]
    if out is not None:
        _write(document, out)
    if json:
        print_json(document)
    elif "quality" in document:
        _print_quality(document["quality"])
    else:
        _print_tags(expressions, tags)


def _entry(expression: "Expression", tags: "Tags") -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "text": expression.text,
        "category": expression.category,
        "group": tags.group,
        "object_distracting": tags.object_distracting if tags.known else None,
        "category_implicit": tags.category_implicit if tags.known else None,
        "entities": tags.entities,
        "phrases": [asdict(phrase) for phrase in tags.phrases],
        "evidence": dict(tags.evidence),
    }


def _write(document: dict[str, Any], out: Path) -> None:
    import json

    from rebench.store.atomic import write_atomically

    write_atomically(out, (json.dumps(document, indent=2) + "\n").encode())


def _print_tags(expressions: "Sequence[Expression]", tags: "Sequence[Tags]") -> None:
    from collections import Counter

    from rebench.ambiguity.english.roles import ENTITY
    from rebench.cli.console import stderr
    from rebench.errors import one_line

    for expression, found in zip(expressions, tags, strict=True):
        others = ", ".join(phrase.text for phrase in found.phrases if phrase.role == ENTITY)
        line = f"{found.group:<18} {one_line(expression.text)}" + (
            f"   [{one_line(others)}]" if others else ""
        )
        sys.stdout.write(line + "\n")
    counts = Counter(found.group for found in tags)
    groups = ", ".join(f"{n:,} {name}" for name, n in sorted(counts.items()))
    stderr().print(f"{len(tags):,} expressions: {groups}", soft_wrap=True, markup=False)


def _print_quality(quality: dict[str, Any]) -> None:
    from rebench.ambiguity.files import FLAGS
    from rebench.ambiguity.quality import GROUPS
    from rebench.errors import one_line

    left = quality["left_out"]
    lines = [
        f"{quality['n']:,} labelled expressions in {quality['clusters']:,} clusters, tagger version"
        f" {quality['tagger_version']}",
        f"left out: {left['uncertain']:,} uncertain, {left['unlabelled']:,} unlabelled;"
        f" {quality['unknown']:,} could not be read",
        "",
        f"{'':20}{'precision':^22}{'recall':^22}{'F1':^22}   tp   fp   fn   tn",
    ]
    for flag in FLAGS:
        rates = quality[flag]
        cells = "".join(f"{_estimate(rates[name]):^22}" for name in ("precision", "recall", "f1"))
        counts = "".join(f"{rates[name]:5,}" for name in ("tp", "fp", "fn", "tn"))
        lines.append(f"{flag:20}{cells}{counts}")
    lines += ["", "labelled as \\ tagged as" + "".join(f"{name:>20}" for name in (*GROUPS, "unknown"))]
    for truth in GROUPS:
        lines.append(f"{truth:23}" + "".join(f"{n:20,}" for n in quality["groups"][truth].values()))
    lines += [
        "",
        f"{quality['errors']:,} expressions with an error" + (", the worst:" if quality["worst"] else ""),
    ]
    for error in quality["worst"]:
        lines.append(
            f"  {one_line(error['text'])}  [{error['category'] or 'no category'}]"
            f" labelled {error['labelled']}, tagged {error['tagged']}"
        )
        lines += [f"      {flag}: {one_line(error['evidence'][flag])}" for flag in FLAGS]
    sys.stdout.write("\n".join(lines) + "\n")


def _estimate(estimate: dict[str, float | None]) -> str:
    value, low, high = estimate["value"], estimate["low"], estimate["high"]
    if value is None:
        return "-"
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"
