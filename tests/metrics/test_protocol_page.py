"""The page on protocols says what the records say."""

from dataclasses import fields
from pathlib import Path

from rebench.metrics import Protocol, protocol_names
from rebench.metrics.protocols import choices_table

PAGE = Path(__file__).parents[2] / "docs" / "protocols.md"


def test_the_table_of_the_page_is_the_one_of_the_records():
    assert choices_table() in PAGE.read_text(encoding="utf-8"), "print choices_table() into docs/protocols.md"


def test_the_table_has_every_choice_and_every_preset():
    head, _, *rows = choices_table().splitlines()
    assert head.split(" | ")[1:] == [*protocol_names()[:-1], f"{protocol_names()[-1]} |"]
    assert [row.split(" | ")[0].strip("| ") for row in rows] == [field.name for field in fields(Protocol)][1:]


def test_every_choice_is_described():
    described = Protocol.__doc__ or ""
    assert [field.name for field in fields(Protocol) if f" {field.name}: " not in described] == ["name"]
