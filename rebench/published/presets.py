"""The tables of the literature that `rebench table` makes again: which they are and how they are laid out."""

import difflib
from dataclasses import dataclass
from typing import Literal

from rebench.errors import RebenchError


@dataclass(frozen=True, slots=True)
class Preset:
    """A table of a paper.

    Attributes:
        name: what the command line calls it.
        paper, table: as the ledger does.
        title: what it shows, in our words.
        by: what gets a panel of its own: each metric or each data set; "" for one panel with a column per
            data set, split and metric.
        main: whether it is the paper's comparison of models on RefCOCO, RefCOCO+ and RefCOCOg.
    """

    name: str
    paper: str
    table: str
    title: str
    by: Literal["metric", "dataset", ""] = ""
    main: bool = False


PRESETS = {
    preset.name: preset
    for preset in (
        Preset("safire-t1", "safire2025", "1", "models trained on one data set", "metric", main=True),
        Preset("safire-t2", "safire2025", "2", "models trained on several data sets", "metric"),
        Preset("safire-t3", "safire2025", "3", "aRefCOCO, without training on it"),
        Preset("safire-t7", "safire2025", "7", "cost and speed"),
        Preset("remamber-t1", "remamber2024", "1", "ways to fuse image and text", "dataset"),
        Preset("remamber-t2", "remamber2024", "2", "models on three data sets", "metric", main=True),
        Preset("remamber-t3", "remamber2024", "3", "order of the scans"),
        Preset("remamber-t4", "remamber2024", "4", "features in the hybrid cube"),
        Preset("risam-t1", "risam2024", "1", "models on three data sets", "metric", main=True),
        Preset("risam-t8", "risam2024", "8", "generalisation to PhraseCut"),
        Preset("risam-t10", "risam2024", "10", "several objects: gRefCOCO"),
        Preset("tfanet-t1", "tfanet2025", "1", "models on three data sets", "metric", main=True),
        Preset("tfanet-t2", "tfanet2025", "2", "RefCOCO val in several metrics"),
        Preset("tfanet-t4", "tfanet2025", "4", "efficiency on RefCOCO val"),
    )
}


def find(name: str) -> Preset:
    """The preset of a name. Raises RebenchError naming the nearest, or all."""
    if name in PRESETS:
        return PRESETS[name]
    near = difflib.get_close_matches(name.lower(), PRESETS, 1)
    remedy = f"did you mean {near[0]}?" if near else f"there are {', '.join(PRESETS)}"
    raise RebenchError(f"no table {name!r}: {remedy}")
