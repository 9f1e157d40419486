"""Typed access to records that came out of a file: whatever is missing or of another type is named."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from rebench.errors import RebenchError

T = TypeVar("T", int, str, list, dict)

_NAMES: dict[type, str] = {int: "a whole number", str: "text", list: "a list", dict: "an object"}


def missing_file(path: Path) -> RebenchError:
    """The error for a file of the released layout that is not there."""
    return RebenchError(
        f"no file {path}: is this the data root (--data-root, REBENCH_DATA)?"
        " `rebench data check` says what is missing and where to get it"
    )


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises RebenchError if it is missing, broken or no object."""
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise missing_file(path) from None
    except OSError as error:
        raise RebenchError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise RebenchError(f"{path} is not valid JSON ({error}): fetch the file again") from error
    return as_type(document, dict, str(path))


def field(record: Any, key: str, kind: type[T], where: str) -> T:
    """`record[key]`, which must be there and of this type. `where` names the record in the error."""
    if not isinstance(record, Mapping):
        raise RebenchError(f"{where}: wants an object, not {_describe(record)}")
    if key not in record:
        raise RebenchError(f'{where}: no key "{key}"')
    return as_type(record[key], kind, f'{where}, key "{key}"')


def as_type(value: Any, kind: type[T], where: str) -> T:
    """The value, if it is of this type; true and false are no numbers, and numbers have 64 bits."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise RebenchError(f"{where}: wants {_NAMES[kind]}, not {_describe(value)}")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise RebenchError(f"{where}: a number beyond 64 bits")
    return value


def expression_text(value: Any, where: str) -> str:
    """An expression as it stands in the file; any text will do as long as it can be written again."""
    text = as_type(value, str, where)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RebenchError(f"{where}: text with half a surrogate pair, not valid Unicode") from None
    return text


def _describe(value: Any) -> str:
    return "nothing" if value is None else f"{type(value).__name__} {value!r:.40}"
