"""The splits we know by name: pinned declarations, and how to load one.

A declaration says what the released files hold. It is superseded by a new one, never edited to fit
a download.
"""

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from rebench.data.declaration import AREFCOCO_HOME, REFER_HOME, Declaration, Sources
from rebench.data.split import Counts, Split
from rebench.errors import RebenchError

ALIASES: Mapping[str, str] = MappingProxyType({"scenes": "scenes:test", "arefcoco": "arefcoco:test"})

_LEDGER = "published-number ledger, "
_TFDS = "not in the ledger: TensorFlow Datasets' table of the release (ref_coco), check on first use"
_UMD_EXPRESSIONS = (
    "not in the ledger: from the data set's release, check on first use; the splits sum to 95,010 "
    "(github.com/luogen1996/MCN/issues/7), train and val to 85,408, test is 9,602 "
    "(github.com/varun-nagaraja/referring-expressions/issues/2)"
)
_GOOGLE_EXPRESSIONS = (
    "not in the ledger: from the data set's release, check on first use; 9,536 in "
    "github.com/kdwonn/SaG/issues/4, with 85,474 for training the same 95,010 as UMD"
)


def _refer(
    dataset: str, split: str, split_by: str, counts: tuple[int, int, int], expressions_source: str
) -> Declaration:
    name = split if split_by != "google" else f"{split}-google"
    return Declaration(
        name=f"{dataset}:{name}",
        folder=dataset,
        refs_file=f"refs({split_by}).p",
        split_values=(split,),
        official=Counts(*counts),
        sources=Sources(_TFDS, _TFDS, expressions_source),
        home=REFER_HOME,
    )


def _arefcoco(split: str, counts: tuple[int, int, int], rows: tuple[str, str, str]) -> Declaration:
    return Declaration(
        name=f"arefcoco:{split}",
        folder="arefcoco",
        refs_file="arefcoco.json",
        split_values=(split,),
        official=Counts(*counts),
        sources=Sources(*(f"{_LEDGER}arefcoco_readme-{row}" for row in rows)),
        home=AREFCOCO_HOME,
    )


_DECLARATIONS = (
    _arefcoco("test", (2_213, 4_112, 7_050), ("d03", "d01", "d02")),
    _arefcoco("train", (18_496, 41_417, 110_818), ("d08", "d06", "d07")),
    # RefCOCO sums to 142,210 expressions, 50,000 refs and 19,994 images (conflict C40).
    _refer("refcoco", "train", "unc", (16_994, 42_404, 120_624), f"{_LEDGER}tfanet2025-d04"),
    _refer("refcoco", "val", "unc", (1_500, 3_811, 10_834), f"{_LEDGER}tfanet2025-d05"),
    _refer("refcoco", "testA", "unc", (750, 1_975, 5_657), f"{_LEDGER}tfanet2025-d06"),
    _refer("refcoco", "testB", "unc", (750, 1_810, 5_095), f"{_LEDGER}tfanet2025-d07"),
    # RefCOCO+ sums to 141,564 expressions, 49,856 refs and 19,992 images. One paper prints 120,624 for train
    # and 5,489 for testB; the sums rule both out (conflicts C41, C42).
    _refer("refcoco+", "train", "unc", (16_992, 42_278, 120_191), f"{_LEDGER}tfanet2025-d08, conflict C41"),
    _refer("refcoco+", "val", "unc", (1_500, 3_805, 10_758), f"{_LEDGER}tfanet2025-d09"),
    _refer("refcoco+", "testA", "unc", (750, 1_975, 5_726), f"{_LEDGER}tfanet2025-d10"),
    _refer("refcoco+", "testB", "unc", (750, 1_798, 4_889), f"{_LEDGER}tfanet2025-d11, conflict C42"),
    # The papers' 104,560 expressions and 54,822 objects of RefCOCOg count the original collection; the
    # released files have 95,010 and 49,822 in either partition (conflict C44). The 5,023 test refs: C45.
    _refer("refcocog", "train", "umd", (21_899, 42_226, 80_512), _UMD_EXPRESSIONS),
    _refer("refcocog", "val", "umd", (1_300, 2_573, 4_896), _UMD_EXPRESSIONS),
    _refer("refcocog", "test", "umd", (2_600, 5_023, 9_602), _UMD_EXPRESSIONS),
    _refer("refcocog", "val", "google", (4_650, 5_000, 9_536), _GOOGLE_EXPRESSIONS),
)

CATALOGUE: Mapping[str, Declaration] = MappingProxyType({d.name: d for d in _DECLARATIONS})
"""The splits of released data sets by canonical name."""


def split_names() -> list[str]:
    """The canonical names of all splits, the embedded scenes first."""
    return [*_scene_names(), *CATALOGUE]


def resolve_name(name: str) -> str:
    """The canonical name of a split: `scenes` is `scenes:test`, `arefcoco` is `arefcoco:test`.

    Raises:
        RebenchError: with suggestions, if there is no such split.
    """
    canonical = ALIASES.get(name, name)
    if canonical in CATALOGUE or canonical in _scene_names() or re.fullmatch(r"scenes:train-\d+", canonical):
        return canonical
    known = [*ALIASES, *split_names()]
    of_data_set = [split for split in CATALOGUE if split.startswith(f"{name}:")]
    near = of_data_set or difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    raise RebenchError(f"unknown split {name!r}: {hint}Known: {', '.join(known)}")


def data_root(given: str | os.PathLike[str] | None = None) -> Path:
    """Where the data lies: as given, else $REBENCH_DATA, else `rebench` in the user's cache folder."""
    if given is not None:
        return Path(given).expanduser().absolute()
    if environment := os.environ.get("REBENCH_DATA"):
        return Path(environment).expanduser().absolute()
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "rebench"


def load_split(name: str, data_root: str | os.PathLike[str] | None = None) -> Split:
    """The split of this name, read from the data root (see `data_root`).

    Scenes are generated or read from the cache and need no data. "<split>@<probe>" is the split with the
    sentences of a probe.

    Raises:
        RebenchError: if there is no such split or probe, or its files are missing or not as released.
    """
    base, mark, probe = name.partition("@")
    if mark:
        from rebench.ambiguity.probes import find_probe
        from rebench.ambiguity.probes.split import ProbedSplit

        return ProbedSplit(load_split(base, data_root), find_probe(probe))
    canonical = resolve_name(name)
    if canonical not in CATALOGUE:
        from rebench.scenes import split as scenes

        return scenes.load(canonical)
    declaration, root = CATALOGUE[canonical], existing_root(data_root)
    if declaration.folder == "arefcoco":
        from rebench.data.arefcoco import ARefCocoSplit

        return ARefCocoSplit.load(declaration, root)
    from rebench.data.refer import ReferSplit

    return ReferSplit.load(declaration, root)


def existing_root(given: str | os.PathLike[str] | None = None) -> Path:
    """The data root. Raises RebenchError if there is no such folder."""
    root = data_root(given)
    if not root.is_dir():
        raise RebenchError(f"no folder {root}: give --data-root or set REBENCH_DATA")
    return root


def _scene_names() -> list[str]:
    from rebench.scenes import split as scenes

    return list(scenes.split_names())
