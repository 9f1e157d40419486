"""`rebench models`: what can be named with `--model`."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rebench.predict.interface import Variant


def models(
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """List the registered models, and of each the variants that its package tells of."""
    from rebench.cli.console import foreign_output_on_stderr, print_json, stderr
    from rebench.predict.registry import claimant, registered
    from rebench.predict.variants import variants_of

    claims = registered()
    with foreign_output_on_stderr():
        rows: list[dict[str, Any]] = [
            {
                "name": name,
                "entry_point": entry.value,
                "distribution": claimant(entry),
                "collision": len(entries) > 1,
                "offer": variants_of(name, claimant(entry)),
            }
            for name, entries in claims.items()
            for entry in entries
        ]
    if json:
        print_json({"schema_version": 1, "models": [_as_dict(row) for row in rows]})
        return
    for row in rows:
        collision = "  COLLISION: uninstall one" * row["collision"]
        sys.stdout.write(f"{row['name']:20} {row['entry_point']} ({row['distribution']}){collision}\n")
        if row["offer"].problem:
            sys.stdout.write(f"  {row['offer'].problem}\n")
        for variant in row["offer"].variants:
            sys.stdout.write("\n".join(_lines(row["name"], variant)) + "\n")
    if not claims:
        stderr().print("no models are registered: install rebench, or give --model module:Class")


def _as_dict(row: dict[str, Any]) -> dict[str, Any]:
    from dataclasses import asdict

    offer = row["offer"]
    variants = [asdict(variant) | {"weights": variant.weights} for variant in offer.variants]
    kept = {key: value for key, value in row.items() if key != "offer"}
    return kept | {"variants": variants, "variants_problem": offer.problem}


def _lines(model: str, variant: "Variant") -> Iterator[str]:
    """What is known of a variant: in a line its size and weights, below it where it is from."""
    size = "" if variant.parameters is None else f"{variant.parameters:,} parameters"
    if variant.trainable not in (None, variant.parameters):
        size += f" ({variant.trainable:,} trainable)"
    facts = [
        size,
        f"{variant.image_size} px" if variant.image_size else "",
        f"{variant.max_words} tokens" if variant.max_words else "",
        f"weights: {variant.weights}" + (f", {variant.licence}" if variant.licence else ""),
        f"trained on {', '.join(variant.trained_on)}" if variant.trained_on else "",
    ]
    yield f"  {model + ':' + variant.name:20} " + ", ".join(fact for fact in facts if fact)
    about = "; ".join(said for said in (variant.paper, variant.note) if said)
    if about:
        yield f"  {'':20} {about}"
