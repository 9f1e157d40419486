"""Runs against each other: whether they can be compared at all, and everything that their comparison says."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rebench.errors import RebenchError
from rebench.evaluation import Run
from rebench.metrics.aggregate import PRECISION, is_hit, reported, sample_values
from rebench.metrics.groups import GROUPS, group_cells
from rebench.metrics.protocols import Protocol, get_protocol
from rebench.stats.runs import check_settings
from rebench.stats.scores import hit_at

if TYPE_CHECKING:
    import pandas as pd

    from rebench.stats import Panel, Power, SeedUncertainty, Settings

SCHEMA_VERSION = 1
LEADS = tuple(("simple", group) for group in GROUPS[1:])
"""Between which groups a lead is compared: is it another one where the language is ambiguous?"""


@dataclass(frozen=True)
class SeedRow:
    """A model that was trained several times, or the lead of one over another, in a metric on a group."""

    models: tuple[str, ...]
    group: str
    metric: str
    result: "SeedUncertainty"


@dataclass(frozen=True)
class PowerRow:
    """What lead of A over B in a metric these images can show."""

    a: str
    b: str
    metric: str
    result: "Power"


@dataclass(frozen=True)
class RunComparison:
    """Runs on the same expressions, compared.

    Attributes:
        runs: name and run, in the order given; the runs of one name are training seeds of one model.
        split: the name of their split.
        protocol: the one they were all scored with.
        samples: expressions that all of them have.
        images: the images of these.
        left_out: expressions that only some of them have, and that `common` left out.
        metrics: the metrics compared.
        groups: the groups that have expressions, without "overall".
        panel: intervals, differences, verdicts, ranks; None where models have several seeds.
        power: what differences these images can show overall, for every pair and metric of a panel.
        seeds: what models with several seeds say, else empty.
    """

    runs: tuple[tuple[str, Run], ...]
    split: str
    protocol: str
    samples: int
    images: int
    left_out: int
    metrics: tuple[str, ...]
    groups: tuple[str, ...]
    panel: "Panel | None"
    power: tuple[PowerRow, ...]
    seeds: tuple[SeedRow, ...]

    def as_dict(self) -> dict[str, Any]:
        """One JSON document: the same runs, settings and seed give the same bytes."""
        from rebench.stats.comparison import finite

        return {
            "schema_version": SCHEMA_VERSION,
            "split": self.split,
            "protocol": self.protocol,
            "samples": self.samples,
            "images": self.images,
            "left_out": self.left_out,
            "runs": [_identity(name, run) for name, run in self.runs],
            "panel": None if self.panel is None else self.panel.as_dict(),
            "power": [
                {"a": row.a, "b": row.b, "metric": row.metric} | row.result.as_dict() for row in self.power
            ],
            "seeds": [
                {"models": list(row.models), "group": row.group, "metric": row.metric}
                | _plain(row.result, finite)
                for row in self.seeds
            ],
        }


def compare_folders(
    runs: Sequence[str | Path],
    metrics: Sequence[str] | None = None,
    settings: "Settings | None" = None,
    *,
    common: bool = False,
) -> RunComparison:
    """Compare runs that were made before.

    Args:
        runs: their folders, at least two; "NAME=FOLDER" names one, and the runs of one name are training
            seeds of one model. Without a name, a run is called after its model.
        metrics: of those in summary.json, identity, biou, or a column of scores.parquet; oIoU and mIoU where
            None.
        settings: how to; interactions between simple and ambiguous groups are added.
        common: compare what all runs have, where some lack expressions.

    Raises:
        RebenchError: fewer than two runs, or runs of other splits, protocols or expressions: which is said.
    """
    if len(runs) < 2:
        raise RebenchError("a comparison needs at least two runs: give the folders of two `rebench run`s")
    if settings is not None:
        check_settings(settings)
    named = _read(runs)
    protocol = _check_alike(named)
    scores, left_out = _aligned(named, common)
    _check_labels([name for name, _ in named], scores)
    chosen = _metrics(metrics, protocol)
    first = scores[0]
    tables = [_table(frame, protocol, chosen) for frame in scores]
    masks = _groups(first)
    names = [name for name, _ in named]
    panel, power, seeds = None, list[PowerRow](), list[SeedRow]()
    if len(set(names)) == len(names):
        by_name = dict(zip(names, tables, strict=True))
        panel = _panel(by_name, first, masks, chosen, settings)
        power = _power(by_name, first, chosen, panel.settings.alpha)
    else:
        seeds = _seeds(names, tables, first, masks, chosen, settings)
    return RunComparison(
        tuple(named),
        named[0][1].record.split.name,
        protocol.name,
        len(first),
        int(first["image_id"].nunique()),
        left_out,
        tuple(chosen),
        tuple(masks),
        panel,
        tuple(power),
        tuple(seeds),
    )


def name_and_folder(given: str | Path) -> tuple[str, str]:
    """The two parts of "NAME=FOLDER"; the name is "" where only a folder is given.

    A folder that exists is taken as it is, "=" in its name or not.

    Raises:
        RebenchError: there is no such folder.
    """
    text = str(given)
    name, _, folder = text.partition("=")
    if not (name and folder) or os.path.exists(text):
        name, folder = "", text
    if not os.path.isdir(folder):  # unlike pathlib, also says so of a name that no file system takes
        raise RebenchError(f"{folder} is not a run (no such folder): give the folder of a `rebench run`")
    return name, folder


def model_name(run: Run) -> str:
    """What a run is called that was given no name: "safire:tiny"."""
    model = run.record.model
    return f"{model.name}:{model.variant}" if model.variant else model.name


def _read(runs: Sequence[str | Path]) -> list[tuple[str, Run]]:
    """Name and run; two runs of one model that were not named are called after their folders."""
    given = [(name, Run.read(folder)) for name, folder in map(name_and_folder, runs)]
    folders = [run.path.resolve() for _, run in given]
    if len(set(folders)) < len(folders):
        twice = next(f for i, f in enumerate(folders) if f in folders[:i])
        raise RebenchError(f"{twice} was given twice: compare different runs")
    models = [model_name(run) for name, run in given if not name]
    taken = {name for name, _ in given}

    def called(run: Run) -> str:
        model = model_name(run)
        return model if models.count(model) == 1 and model not in taken else str(run.path)

    return [(name or called(run), run) for name, run in given]


def _check_alike(named: list[tuple[str, Run]]) -> Protocol:
    """The protocol of all runs. Raises RebenchError naming those that differ from the first."""
    (first, reference), *others = named
    for name, run in others:
        ours, theirs = run.record.split, reference.record.split
        if ours.name != theirs.name:
            raise RebenchError(f"{name} was run on {ours.name}, {first} on {theirs.name}: compare one split")
        if ours.manifest_sha256 != theirs.manifest_sha256:
            raise RebenchError(
                f"{name} and {first} were run on different data under the name {ours.name} (manifests"
                f" {ours.manifest_sha256[:12]} and {theirs.manifest_sha256[:12]}): run both on the same"
            )
        mine, its = run.summary["protocol"], reference.summary["protocol"]
        if mine != its:
            raise RebenchError(
                f"{name} is scored by protocol {mine}, {first} by {its}: use `rebench score RUN --protocol P`"
            )
    return get_protocol(reference.summary["protocol"])


def _aligned(named: list[tuple[str, Run]], common: bool) -> "tuple[list[pd.DataFrame], int]":
    """The scores of every run on the same expressions in the same order, and how many others there are."""
    frames = [run.scores.set_index("sample_id") for _, run in named]
    shared = frames[0].index
    every = frames[0].index
    for frame in frames[1:]:
        shared = shared[shared.isin(frame.index)]
        every = every.union(frame.index, sort=False)
    if len(shared) < len(every) and not common:
        parts = []
        for (name, _), frame in zip(named, frames, strict=True):
            missing = every[~every.isin(frame.index)]
            if len(missing):
                parts.append(f"{name} lacks {len(missing):,} of {len(every):,} (the first: {missing[0]})")
        raise RebenchError(
            f"the runs have not scored the same expressions: {'; '.join(parts)};"
            " finish them, or give --common to compare what all have"
        )
    if not len(shared):
        raise RebenchError("the runs have no expression in common: nothing can be compared")
    return [frame.loc[shared].reset_index() for frame in frames], len(every) - len(shared)


def _check_labels(names: Sequence[str], scores: "Sequence[pd.DataFrame]") -> None:
    """Raises RebenchError if the runs have other true masks, or other groups, for the same expressions."""
    first = group_cells(scores[0])
    for name, frame in zip(names, scores, strict=True):
        other = (frame["target_area"] != scores[0]["target_area"]).to_numpy()
        if other.any():
            where = scores[0]["sample_id"].iloc[int(other.argmax())]
            raise RebenchError(
                f"{name} is scored against other true masks than {names[0]} in {int(other.sum()):,}"
                f" expressions (the first: {where}): score both runs again with `rebench score RUN`"
            )
    for name, frame in zip(names, scores, strict=True):
        cells = group_cells(frame)
        other = np.logical_or.reduce([cells[group] != members for group, members in first.items()])
        if other.any():
            where = scores[0]["sample_id"].iloc[int(other.argmax())]
            raise RebenchError(
                f"{name} has {int(other.sum()):,} expressions in other groups than {names[0]} (the first:"
                f" {where}): score both runs again with `rebench score RUN`"
            )


def _metrics(metrics: Sequence[str] | None, protocol: Protocol) -> list[str]:
    known = reported(protocol)
    if metrics is None:
        return [metric for metric in ("oiou", "miou") if metric in known]
    for metric in metrics:
        named = metric in ("oiou", *PRECISION) and metric not in known
        if named or (hit_at(metric) is not None and not protocol.hits):
            raise RebenchError(f"protocol {protocol.name} computes no {metric}: it has {', '.join(known)}")
    return list(dict.fromkeys(metrics))


def _table(scores: "pd.DataFrame", protocol: Protocol, metrics: Sequence[str]) -> dict[str, Any]:
    """The columns of the scores, with what the protocol counts: its unions, its IoU, its hits."""
    shared, union = (scores[name].to_numpy(float) for name in ("intersection", "union"))
    names = ("intersection", "union", "iou", *PRECISION)
    counted = dict(zip(names, sample_values(shared, union, protocol).T, strict=True))
    levels = {metric: at for metric in metrics if (at := hit_at(metric)) is not None}
    counted |= {metric: is_hit(counted["iou"], at, protocol).astype(float) for metric, at in levels.items()}
    return {name: scores[name].to_numpy() for name in scores.columns} | counted


def _groups(scores: "pd.DataFrame") -> dict[str, NDArray[np.bool_]]:
    """The exclusive groups that have expressions, each as a mask (n,)."""
    return {name: cell for name, cell in group_cells(scores).items() if name != "overall" and cell.any()}


def _panel(
    tables: Mapping[str, Any],
    first: "pd.DataFrame",
    masks: Mapping[str, NDArray[np.bool_]],
    metrics: Sequence[str],
    settings: "Settings | None",
) -> "Panel":
    from dataclasses import replace

    from rebench.stats import Settings, compare_runs

    leads = tuple(pair for pair in LEADS if set(pair) <= masks.keys())
    chosen = replace(settings or Settings(), interactions=leads)
    return compare_runs(tables, first["image_id"].to_numpy(), masks, metrics, chosen)


def _power(
    tables: Mapping[str, Any], first: "pd.DataFrame", metrics: Sequence[str], alpha: float
) -> list[PowerRow]:
    from rebench.stats import power_analysis

    images = first["image_id"].to_numpy()
    return [
        PowerRow(a, b, metric, power_analysis(tables[a], tables[b], images, metric, alpha=alpha))
        for a, b in combinations(tables, 2)
        for metric in metrics
    ]


def _seeds(
    names: Sequence[str],
    tables: Sequence[Any],
    first: "pd.DataFrame",
    masks: Mapping[str, NDArray[np.bool_]],
    metrics: Sequence[str],
    settings: "Settings | None",
) -> list[SeedRow]:
    """Every model, and every pair of models, in every metric on every group."""
    from rebench.stats import Settings, seed_uncertainty

    chosen = settings or Settings()
    models: dict[str, list[Any]] = {}
    for name, table in zip(names, tables, strict=True):
        models.setdefault(name, []).append(table)
    cases = [(name,) for name in models] + list(combinations(models, 2))
    everything = {"overall": np.ones(len(first), bool), **masks}
    images = first["image_id"].to_numpy()
    return [
        SeedRow(
            case,
            group,
            metric,
            seed_uncertainty(
                models[case[0]],
                images,
                metric,
                against=models[case[1]] if len(case) == 2 else (),
                resamples=chosen.resamples,
                seed=chosen.seed,
                level=chosen.level,
                where=mask,
            ),
        )
        for case in cases
        for metric in metrics
        for group, mask in everything.items()
    ]


def _identity(name: str, run: Run) -> dict[str, Any]:
    """What makes a run checkable: which weights, which code, how much of the split."""
    record = run.record
    return {
        "name": name,
        "path": str(run.path),
        "model": record.model.name,
        "variant": record.model.variant,
        "weights_sha256": record.model.weights_sha256,
        "status": record.status,
        "manifest_sha256": record.split.manifest_sha256,
        "coverage": run.summary["coverage"]["text"],
        "labels": run.summary["labels"],
    }


def _plain(result: Any, finite: Any) -> dict[str, Any]:
    from dataclasses import asdict

    document = asdict(result)
    parts = {name: finite(document.pop(name)) for name in ("test_set", "training_seed", "both")}
    return finite(document) | parts
