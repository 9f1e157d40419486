"""A board in the forms of others, by name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from rebench.errors import RebenchError
from rebench.leaderboard.board_file import read_board
from rebench.leaderboard.exporters.bibtex import bibtex
from rebench.leaderboard.exporters.every_eval import every_eval
from rebench.leaderboard.exporters.model_index import model_index
from rebench.leaderboard.findings import Rejected
from rebench.leaderboard.schema import BoardDocument
from rebench.leaderboard.verify import checked
from rebench.store.atomic import write_atomically

FORMATS: Mapping[str, Callable[[BoardDocument], dict[str, str]]] = MappingProxyType(
    {"every-eval": every_eval, "model-index": model_index, "bibtex": bibtex}
)
"""From a board to its files, the text of each by its name."""


def export(path: str | Path, format: str, out: str | Path) -> list[Path]:
    """Writes the live entries of a board in another form; the files are returned.

    Raises:
        RebenchError: no such format, the board is not in order, or the folder cannot be written.
    """
    if format not in FORMATS:
        raise RebenchError(f"no format {format!r}: give {', '.join(FORMATS)}")
    document, findings = checked(read_board(path))
    if document is None or findings:
        raise Rejected(*findings, where=f"{path} is not in order, `rebench leaderboard verify` says all")
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RebenchError(f"could not write {folder}: {error.strerror}") from error
    files = []
    for name, text in FORMATS[format](document).items():
        files.append(folder / name)
        write_atomically(files[-1], text.encode())
    return files
