"""`rebench models`: what can be named with `--model`."""

import sys
from typing import Annotated

import typer


def models(
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """List the registered models, one per line."""
    from rebench.cli.console import print_json, stderr
    from rebench.predict.registry import claimant, registered

    claims = registered()
    if json:
        rows = [
            {
                "name": name,
                "entry_point": entry.value,
                "distribution": claimant(entry),
                "collision": len(entries) > 1,
            }
            for name, entries in claims.items()
            for entry in entries
        ]
        print_json({"schema_version": 1, "models": rows})
        return
    for name, entries in claims.items():
        origin = " and ".join(f"{entry.value} ({claimant(entry)})" for entry in entries)
        sys.stdout.write(f"{name:20} {origin}{'  COLLISION: uninstall one' * (len(entries) > 1)}\n")
    if not claims:
        stderr().print("no models are registered: install rebench, or give --model module:Class")
