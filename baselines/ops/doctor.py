"""What computes the scan here, and whether it is right: the scan's part of `rebench doctor`."""

import os
from collections.abc import Iterator

import torch

from baselines.ops.backends import NAMES, VARIABLE, ScanBackendError, backends, choose
from baselines.ops.bench.cases import Case
from baselines.ops.bench.truth import TOLERANCE, disagreement, passes
from rebench.doctor import Check
from rebench.predict.imports import describe

TINY = (
    Case("selective_scan", 2, 3, (70,), 2, 1, 2),
    Case("ss2d_scan", 2, 6, (9, 8), 1, 2),
    Case("sequence_scan", 2, 6, (70,), 2, 2, 2, window=4, words=3),
)
"""Calls with every kind of argument, a little longer than the chunks in which backends work."""


def check() -> list[Check]:
    """Per device: which backend is chosen and why, whether it is right, and what of the others."""
    cuda = torch.cuda.is_available()
    found = list(_device("cuda", usual=True)) if cuda else []
    return [*found, *_device("cpu", usual=not cuda)]


def _device(device: str, usual: bool) -> Iterator[Check]:
    """`usual`: whether models are put there unless somebody says otherwise."""
    name, asked = f"scan on {device}", os.environ.get(VARIABLE)
    here = {found.name: found.problem for found in backends(device)}
    wrong = {backend: _wrong(backend, device) for backend, missing in here.items() if missing is None}
    try:
        chosen = choose(device)
    except ScanBackendError as error:
        works = ", ".join(wrong)
        remedy = f"unset {VARIABLE}, or set it to one that works on {device}: {works}"
        serious = usual or asked not in NAMES
        yield Check(name, "problem" if serious else "note", str(error), remedy)
        chosen = None
    if chosen is not None:
        yield _chosen(name, chosen, asked, wrong[chosen], here | wrong)
    words = [f"{backend} works" for backend, trouble in wrong.items() if trouble is None]
    words += [f"{backend}: {missing}" for backend, missing in here.items() if missing is not None]
    yield Check(f"{name}, all", "ok", "; ".join(words))
    for backend, trouble in wrong.items():
        if trouble is not None and backend != chosen:
            yield Check(f"{name}, {backend}", "note", trouble, "please report it; the scan does not use it")


def _chosen(
    name: str, chosen: str, asked: str | None, trouble: str | None, all_: dict[str, str | None]
) -> Check:
    """`all_`: what is the matter with every backend, None if nothing is."""
    fast = "triton" if name.endswith("cuda") else "cpu"
    why = f"as {VARIABLE} says" if asked else "the best that works here"
    if trouble is not None:
        others = " or ".join(b for b, found in all_.items() if found is None) or "another"
        return Check(
            name, "problem", f"{chosen}, {why}: {trouble}", f"set {VARIABLE}={others}; please report it"
        )
    found = f"{chosen}, {why}; outputs and gradients agree with the reference"
    if chosen != "reference":
        return Check(name, "ok", found)
    slow = f"{chosen}, {why}: right, and slow"
    if asked:
        return Check(name, "note", slow, f"unset {VARIABLE} for the fastest")
    return Check(name, "note", slow, f"{fast}: {all_[fast]}")


def _wrong(backend: str, device: str) -> str | None:
    """What is wrong with its answers to the tiny calls, or None; the reference is right by definition."""
    for case in TINY if backend != "reference" else ():
        try:
            error = disagreement(case, backend, torch.float32, device)
        except Exception as failure:  # compilers fail in many ways
            return f"{case.function} fails: {describe(failure)}"
        if not passes(error, torch.float32):
            allowed = TOLERANCE[torch.float32]
            return f"{case.function} is off by {error:.1e} from the reference, where {allowed:.0e} is allowed"
    return None
