"""A new, empty board."""

import json
from pathlib import Path

from pydantic import ValidationError

from rebench.data.catalogue import CATALOGUE, load_split, resolve_name
from rebench.errors import RebenchError
from rebench.leaderboard.board_file import BoardFile, new_board
from rebench.leaderboard.measure import check_protocol
from rebench.leaderboard.schema import METRICS, Board

RESAMPLES = 10_000


def begin(
    path: str | Path,
    split: str,
    title: str,
    primary: str = "oiou",
    max_overlap: float | None = None,
    link: str | None = None,
    data_root: str | Path | None = None,
) -> BoardFile:
    """Writes an empty board of all metrics under protocol `original`, open to every source at full coverage.

    The manifest is that of the split as it lies here, if all of it does; else the first measured entry will
    settle it, and the sizes are the published ones.

    Args:
        path: the file; its name without `.json` is the board's.
        split: what is compared on.
        title: a heading.
        primary: the metric that entries are ranked by.
        max_overlap: share of test images that training may have seen; None for any.
        link: where the board is kept.
        data_root: where the split's files are.

    Raises:
        RebenchError: the file is there, no such split, a split without known size, or a field that is wrong.
    """
    name = resolve_name(split)
    check_protocol("original")
    images, expressions, manifest = _sizes(name, data_root)
    described = {
        "name": Path(path).name.removesuffix(".json"),
        "title": title,
        "split": name,
        "manifest_sha256": manifest,
        "images": images,
        "expressions": expressions,
        "protocol": "original",
        "metrics": list(METRICS),
        "primary": primary,
        "interval": {"level": 0.95, "resamples": RESAMPLES, "seed": 0},
        "eligible": {"sources": ["measured", "author", "paper"], "coverage": 1.0, "overlap": max_overlap},
        "link": link,
    }
    try:
        board = Board.model_validate_json(json.dumps(described))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise RebenchError(f"no board: {'.'.join(map(str, fault['loc']))}: {fault['msg']}") from None
    return new_board(path, board)


def _sizes(name: str, data_root: str | Path | None) -> tuple[int | None, int | None, str | None]:
    """Images, expressions and manifest of the whole split; the published sizes where it is not here."""
    try:
        found = load_split(name, data_root)
    except RebenchError:
        found = None
    if found is not None and found.whole:
        return found.counts.images, found.counts.expressions, found.manifest.sha256
    official = CATALOGUE[name].official if name in CATALOGUE else None
    if official is None:
        raise RebenchError(f"{name} cannot be loaded here, and its size is not known: a board needs that")
    return official.images, official.expressions, None
