"""Expressions out of a file: plain text, tables, lines of JSON, and the released files of the data sets."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rebench.errors import RebenchError

TEXT_KEYS = ("text", "expression", "sentence", "sent", "description", "caption")
CATEGORY_KEYS = ("category", "category_name")
CLUSTER_KEYS = ("image_id", "image", "file_name")
FLAGS = ("object_distracting", "category_implicit")
FORMATS = ".txt, .csv, .tsv, .jsonl, .json (arefcoco.json, or a list of records) or .p (refs)"


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression of a file.

    Attributes:
        text: the sentence.
        category: of its referent, if the file says.
        cluster: what it shares with the expressions it is not independent of: the image, else the sentence.
        labels: object-distracting and category-implicit, if the file says.
        uncertain: whether the file marks its labels as doubtful.
    """

    text: str
    category: str | None = None
    cluster: str = ""
    labels: tuple[bool, bool] | None = None
    uncertain: bool = False


def read_expressions(path: Path, flags: Sequence[str] = FLAGS) -> list[Expression]:
    """The expressions of a file in its order.

    Args:
        path: by its ending, plain text (one a line), a table or lines of JSON with a column `text`, a JSON
            document, or a pickle of refs beside its `instances.json`.
        flags: the columns with the labels, object-distracting and category-implicit.

    Raises:
        RebenchError: the file cannot be read, or has no expressions.
    """
    try:
        found = list(_read(path, flags))
    except UnicodeDecodeError as error:
        raise RebenchError(f"{path} is not UTF-8 text: convert it") from error
    except OSError as error:
        raise RebenchError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError, csv.Error) as error:
        raise RebenchError(f"{path} is not valid {path.suffix[1:]}: {error}") from error
    if not found:
        raise RebenchError(f"{path} has no expressions")
    return found


def _read(path: Path, flags: Sequence[str]) -> Iterator[Expression]:
    ending = path.suffix.lower()
    if ending == ".p":
        yield from _refs(path)
    elif ending == ".txt":
        yield from (Expression(line.strip(), None, line.strip()) for line in _lines(path) if line.strip())
    elif ending in (".csv", ".tsv"):
        # whole, because a quoted field may hold a line break
        text = io.StringIO(path.read_text("utf-8-sig"), newline="")
        rows = csv.DictReader(text, delimiter="," if ending == ".csv" else "\t")
        yield from (_expression(row, flags, f"{path}, row {n}") for n, row in enumerate(rows, 2))
    elif ending == ".jsonl":
        for number, line in enumerate(_lines(path), 1):
            if line.strip():
                yield _expression(_json(line, f"{path}, line {number}"), flags, f"{path}, line {number}")
    elif ending == ".json":
        yield from _document(json.loads(path.read_bytes()), flags, path)
    else:
        raise RebenchError(f"{path}: expressions are read from {FORMATS}")


def _lines(path: Path) -> list[str]:
    """Not `splitlines`, which also cuts where JSON and sentences may hold a mark: U+2028, form feeds."""
    return path.read_text("utf-8-sig").split("\n")


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RebenchError(f"{where} is not JSON: {error}") from error


def _document(document: Any, flags: Sequence[str], path: Path) -> Iterator[Expression]:
    """A list of records, the entities of an `arefcoco.json`, or expressions with their targets."""
    if isinstance(document, Mapping) and isinstance(document.get("annotations"), list):
        for number, entity in enumerate(document["annotations"]):
            for text in _of(entity, "descriptions", list, f"{path}: annotations[{number}]"):
                cluster = f"{entity.get('original_dataset')}/{entity.get('ref_id')}"
                yield _expression({**entity, "text": text}, flags, f"{path}: annotations[{number}]", cluster)
        return
    targets: dict[Any, Any] = {}
    if isinstance(document, Mapping) and isinstance(document.get("expressions"), list):
        listed = _of(document, "targets", list, str(path)) if document.get("targets") is not None else []
        targets = {_target(t): t for t in listed if isinstance(t, Mapping)}
        document = document["expressions"]
    if not isinstance(document, list):
        raise RebenchError(f'{path}: wants a list of records, "annotations" or "expressions"')
    for number, record in enumerate(document):
        record = {"text": record} if isinstance(record, str) else record
        known = targets.get(_target(record), {}) if isinstance(record, Mapping) else {}
        yield _expression({**known, **record} if known else record, flags, f"{path}: record {number}")


def _target(record: Mapping[str, Any]) -> tuple[str, str]:
    return str(record.get("original_dataset")), str(record.get("ref_id"))


def _refs(path: Path) -> Iterator[Expression]:
    from rebench.data.fields import read_json
    from rebench.data.unpickle import read_pickle

    refs = read_pickle(path)
    instances = path.parent / "instances.json"
    names: dict[int, str] = {}
    if instances.is_file():
        listed = _of(read_json(instances), "categories", list, str(instances))
        places = [f"{instances}: categories[{number}]" for number in range(len(listed))]
        names = {_of(c, "id", int, at): _of(c, "name", str, at) for c, at in zip(listed, places, strict=True)}
    if not isinstance(refs, list):
        raise RebenchError(f"{path} holds {type(refs).__name__}, wants a list of refs")
    for number, ref in enumerate(refs):
        where = f"{path}: ref {number}"
        sentences = _of(ref, "sentences", list, where)
        known = ref.get("category_id") is not None
        category = names.get(_of(ref, "category_id", int, where)) if known else None
        for sentence in sentences:
            text = _of(sentence, "sent", str, where)
            yield Expression(text, category, str(ref.get("image_id")))


def _expression(record: Any, flags: Sequence[str], where: str, cluster: str = "") -> Expression:
    text = _first(record, TEXT_KEYS, where)
    if not isinstance(text, str):
        raise RebenchError(f"{where}: no expression: wants one of {', '.join(TEXT_KEYS)}")
    category = _first(record, CATEGORY_KEYS, where)
    image = _first(record, CLUSTER_KEYS, where)
    labels = [_flag(record.get(name), f"{where}, {name!r}") for name in flags]
    distracting, implicit = labels
    return Expression(
        text,
        category if isinstance(category, str) and category else None,
        cluster or (text.strip().lower() if image in (None, "") else str(image)),
        None if distracting is None or implicit is None else (distracting, implicit),
        bool(_flag(record.get("uncertain"), f"{where}, 'uncertain'")),
    )


def _first(record: Any, keys: Sequence[str], where: str) -> Any:
    if not isinstance(record, Mapping):
        raise RebenchError(f"{where}: wants an object, not {type(record).__name__}")
    return next((record[key] for key in keys if record.get(key) is not None), None)


def _flag(value: Any, where: str) -> bool | None:
    """True, false or not said; tables have them as text."""
    said = value.strip().lower() if isinstance(value, str) else value
    if said in (None, ""):
        return None
    if said in (True, 1, "1", "true", "yes"):
        return True
    if said in (False, 0, "0", "false", "no"):
        return False
    raise RebenchError(f"{where}: wants true or false, not {value!r:.40}")


def _of(record: Any, key: str, kind: type, where: str) -> Any:
    from rebench.data.fields import field

    return field(record, key, kind, where)
