"""The four models and their ablations: parameters and multiply-adds, beside what the papers print (Markdown).

    python benchmarks/parameters.py [safire] [remamber] [risam] [tfanet]

Shapes only: nothing is computed, and no weights are needed. docs/baselines.md holds what it prints.
"""

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from baselines.nn.clip import ClipText
from baselines.ops.backends import choose
from baselines.remamber.ablations import ABLATIONS as REMAMBER
from baselines.remamber.config import BASE as REMAMBER_BASE
from baselines.remamber.model import ReMamber
from baselines.risam.config import ABLATIONS as RISAM_ROWS
from baselines.risam.config import BASE as RISAM_BASE
from baselines.risam.model import RISAM
from baselines.safire.config import ABLATIONS as SAFIRE
from baselines.safire.config import BASE as SAFIRE_BASE
from baselines.safire.config import READINGS
from baselines.safire.model import SaFiRe
from baselines.tfanet.config import BASE as TFANET_BASE
from baselines.tfanet.config import TABLE_3, TABLE_4
from baselines.tfanet.model import TFANet
from rebench.profile.operations import Operations, count
from rebench.profile.published import figures

Decode = Callable[[Any, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Model:
    """How one of the four is built and asked, and the rows of its table as changes of its base.

    Attributes:
        build: a module of a configuration.
        decode: what follows `encode` for token ids and which are real, (B, L).
        side: of the input of a configuration, in pixels.
        published: what the ledger calls a row, where a paper has figures for it.
    """

    base: Any
    rows: dict[str, dict[str, Any]]
    build: Callable[[Any], nn.Module]
    decode: Callable[[Any], Decode]
    side: Callable[[Any], int]
    published: dict[str, str | None]


def _with_clip(model: Any) -> Decode:
    size = (model.config.image_size, model.config.image_size)
    return lambda encoded, ids, real: model.decode(encoded, *model.text_encoder(ids, real), real, size)


def _safire(model: Any) -> Decode:
    size = (model.config.image_size, model.config.image_size)
    return lambda encoded, ids, real: model.decode(encoded, ids, real, size)


MODELS = {
    "safire": Model(SAFIRE_BASE, SAFIRE | READINGS, SaFiRe, _safire, lambda c: c.image_size, {"base": None}),
    "remamber": Model(
        REMAMBER_BASE,
        REMAMBER,
        lambda c: ReMamber(c, ClipText.large()),
        _with_clip,
        lambda c: c.image_size,
        {"base": None},
    ),
    "risam": Model(
        RISAM_BASE, RISAM_ROWS, RISAM, lambda model: model.decode, lambda c: c.image.size, {"base": None}
    ),
    "tfanet": Model(
        TFANET_BASE,
        {"(a) baseline, Table 3": TABLE_3["(a) baseline"]}
        | {name: changes for name, (changes, _) in TABLE_4.items() if changes},
        lambda c: TFANet(c, ClipText.large()),
        _with_clip,
        lambda c: c.image_size,
        {
            "base": None,
            "(a) baseline + CFSM": "baseline + CFSM",
            "(b) (a) + transformer": "baseline + CFSM + transformer attention",
            "(c) (a) + MLAM": "baseline + CFSM + MLAM",
        },
    ),
}
SHAPES_ONLY = FakeTensorMode(allow_non_fake_inputs=True)
"""One for all: what a scan keeps for the next call belongs to it."""


@dataclass(frozen=True)
class Cost:
    """Of one configuration."""

    total: int
    trained: int
    picture: Operations
    expression: Operations


def cost(model: Model, config: Any) -> Cost:
    """Parameters of a configuration, and operations at its own input size and its longest expression."""
    with torch.device("meta"):
        module = model.build(config).eval()
    parameters = list(module.parameters())
    trained = sum(p.numel() for p in parameters if p.requires_grad)
    module.requires_grad_(False)
    with SHAPES_ONLY:
        module.to_empty(device="cpu")
        side = model.side(config)
        ids = torch.ones(1, config.max_words, dtype=torch.int64)
        encoded, picture = count(lambda: module.encode(torch.empty(1, 3, side, side)))
        _, expression = count(lambda: model.decode(module)(encoded, ids, ids > 0))
    return Cost(sum(p.numel() for p in parameters), trained, picture, expression)


def table(name: str) -> list[str]:
    """The lines of a model's table; columns that would be empty are left out."""
    model = MODELS[name]
    of = "trained" if name == "risam" else "total"
    base = cost(model, model.base)
    printed = _published(name, "base", model)
    rows = []
    for row, changes in ({"base": {}} | model.rows).items():
        found = cost(model, replace(model.base, **changes)) if changes else base
        said = _published(name, row, model)
        both = found.picture.total + found.expression.total
        more = (getattr(found, of) - getattr(base, of)) / 1e6
        size, size_of_base = said["size"], printed["size"]
        theirs = size - size_of_base if row != "base" and size and size_of_base else None
        rows.append(
            {
                "configuration": row,
                "parameters": f"{found.total:,}",
                "trained": f"{found.trained:,}" if found.trained != found.total else "",
                "against base (M)": "" if row == "base" else f"{more:+.2f}",
                "paper (M)": _number(size),
                "against its base (M)": "" if theirs is None else f"{theirs:+.2f}",
                "picture (G)": _giga(found.picture.total),
                "expression (G)": _giga(found.expression.total),
                "both (G)": _giga(both),
                "of these scan (G)": _giga(_scan(found)) if _scan(found) else "",
                "paper (GFLOPs)": _number(said["flops"]),
                "5 to 1": f"{(found.picture.total / 5 + found.expression.total) / both:.2f}x",
            }
        )
    headings = [heading for heading in rows[0] if any(row[heading] for row in rows)]
    lines = [headings, ["---", *["---:"] * (len(headings) - 1)]]
    lines += [[row[heading] for heading in headings] for row in rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]


def _scan(found: Cost) -> int:
    """FLOPs of the recurrence alone; its projections count as the products of matrices that they are."""
    parts = (found.picture.others, found.expression.others)
    return sum(n for part in parts for operator, n in part.items() if operator.endswith("scan"))


def _published(name: str, row: str, model: Model) -> dict[str, float | None]:
    """The paper's millions of parameters (of RISAM the trained ones) and GFLOPs."""
    found = figures(name, model.published[row]) if row in model.published else ()
    values = {figure.quantity: figure.value for figure in found}
    size = values.get("parameters", values.get("trainable parameters"))
    return {"size": size, "flops": values.get("FLOPs", values.get("GFLOPs"))}


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _giga(flops: float) -> str:
    return f"{flops / 2e9:.2f}"


def main(names: list[str]) -> None:
    """Print the tables of some models, or of all."""
    logging.getLogger("transformers").setLevel(logging.ERROR)
    choose("cpu")  # finds its backend with real tensors
    for name in names or MODELS:
        print(f"### {name}\n")
        print("\n".join(table(name)), flush=True)
        print()


if __name__ == "__main__":
    main(sys.argv[1:])
