"""Configurations as weights files keep them, in JSON."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

from rebench.errors import RebenchError

C = TypeVar("C")


def from_dict(kind: type[C], values: Mapping[str, Any]) -> C:
    """The inverse of `dataclasses.asdict`, also after JSON, for a dataclass `kind`.

    Raises:
        RebenchError: a field that there is not.
    """
    assert is_dataclass(kind)
    if strange := sorted(values.keys() - {field.name for field in fields(kind)}):
        raise RebenchError(
            f"{kind.__name__} has no option {strange[0]!r}: the weights are of another version"
        )
    hints = get_type_hints(kind)
    return kind(
        **{
            name: from_dict(hints[name], value) if is_dataclass(hints[name]) else value
            for name, value in tuples(values).items()
        }
    )


def tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with tuples again where JSON has lists."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
