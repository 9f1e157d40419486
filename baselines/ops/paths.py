"""The ways through a map: a path visits every position once, and is scanned forwards and backwards."""

from functools import lru_cache
from typing import Literal, get_args

import torch
from torch import Tensor

Order = Literal["cross", "bidirectional"]


def map_paths(height: int, width: int, order: Order, device: torch.device | str = "cpu") -> Tensor:
    """The two paths of a scan order over a map, (2, height * width) int64, as flat row-major positions.

    "cross" is VMamba's: along the rows, and along the columns. "bidirectional" goes along the rows twice,
    each time with parameters of its own.

    Raises:
        ValueError: an order of another name.
    """
    if order not in get_args(Order):
        raise ValueError(f"no scan order {order!r}: there are {' and '.join(get_args(Order))}")
    # a table costs less than a scan but more than nothing, and a model has only a few map sizes
    make = _make if torch.compiler.is_compiling() else _kept
    return make(height, width, order, torch.device(device))


def _make(height: int, width: int, order: Order, device: torch.device) -> Tensor:
    rows = torch.arange(height * width, device=device)
    columns = rows.view(height, width).t().flatten()
    return torch.stack([rows, columns if order == "cross" else rows])


@lru_cache(64)
def _kept(height: int, width: int, order: Order, device: torch.device) -> Tensor:
    with torch.inference_mode(False):  # a tensor made in inference mode could never be trained with
        return _make(height, width, order, device)


def directions(paths: Tensor, both_ways: bool) -> Tensor:
    """Every direction as the positions it visits, (K, L): the paths, then the same paths reversed."""
    return torch.cat([paths, paths.flip(1)]) if both_ways else paths
