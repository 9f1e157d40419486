"""Will it work here, and if not, what is to be done: the checks of `rebench doctor`.

Packages add checks of their own by the entry points `rebench.checks`: functions without parameters that
return a list of Check.
"""

# What we check is imported by the check that needs it: where NumPy is broken, this has to say so.
import os
import re
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, requires, version
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import rebench
from rebench.errors import RebenchError, one_line
from rebench.predict.imports import call_foreign, describe

GROUP = "rebench.checks"
DISTRIBUTION = "rebench-ris"
MODULES = {"pillow": "PIL.Image", "pycocotools": "pycocotools.mask", "pyyaml": "yaml"}
"""What to import of a distribution, where its name does not say it or where its compiled part is deeper."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: of the thing, in a word or three.
        status: "problem" where something will fail; "note" where something optional is missing or slow.
        detail: what was found, on one line.
        remedy: what to do about it.
    """

    name: str
    status: Literal["ok", "note", "problem"]
    detail: str
    remedy: str | None = None


def examine(data_root: Path | None = None) -> list[Check]:
    """Every check, ours first. Nothing that is wrong here raises: it is a problem in the list.

    Args:
        data_root: as for `load_split`.
    """
    ours: list[tuple[str, Callable[[], Iterable[Check]]]] = [
        ("rebench", _installation),
        ("torch", _torch),
        ("packages", _packages),
        ("threads", _threads),
        ("data", lambda: _data(data_root)),
        ("cache", _cache),
        ("models", _models),
    ]
    checks = [check for name, look in ours for check in _run(name, look)]
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value)):
        checks += _run(entry.name, partial(_contributed, entry))
    return [replace(c, detail=one_line(c.detail), remedy=c.remedy and one_line(c.remedy)) for c in checks]


def _run(name: str, look: Callable[[], Iterable[Check]]) -> list[Check]:
    """What a check found; if it fails itself, that is what was found."""
    try:
        found = call_foreign(lambda: list(look()), {}, "this check failed")
    except RebenchError as error:
        return [Check(name, "problem", str(error))]
    if strange := next((thing for thing in found if not isinstance(thing, Check)), None):
        return [Check(name, "problem", f"this check returned {type(strange).__name__!r}, not Check")]
    return found


def _contributed(entry: EntryPoint) -> Iterable[Check]:
    found: Iterable[Check] = entry.load()()
    return found


def _installation() -> Iterator[Check]:
    from rebench.store.environment import environment

    here = environment()
    commit = f", commit {here.commit[:10]}{' with changes' if here.dirty else ''}" if here.commit else ""
    if rebench.__version__ == "0+unknown":
        found = f"this checkout is not installed{commit}: no model is registered"
        yield Check("rebench", "problem", found, "pip install -e . in the checkout")
    else:
        yield Check("rebench", "ok", f"{rebench.__version__}{commit}")
    if other := _version("rebench"):
        found = f"the other package of this name, rebench {other}, is installed too: its files replace ours"
        yield Check("rebench", "problem", found, f"pip uninstall rebench, then install {DISTRIBUTION} again")
    yield Check("Python", "ok", f"{here.python} on {here.platform}")


def _torch() -> Iterator[Check]:
    import torch

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        available = torch.cuda.is_available()
    if available:
        yield from _cuda(torch)
        return
    driver = Path("/proc/driver/nvidia/version").exists()
    if driver and torch.version.cuda is None:
        found = f"{torch.__version__} is built without CUDA, and this machine has an NVIDIA driver"
        yield Check("torch", "note", found, "install torch for CUDA: pytorch.org/get-started")
    elif driver or said:
        why = str(said[0].message) if said else "no device is visible"
        found = f"{torch.__version__} with CUDA {torch.version.cuda} cannot use it: {why}"
        yield Check("torch", "note", found, "look at the driver (nvidia-smi) and at CUDA_VISIBLE_DEVICES")
    else:
        yield Check("torch", "ok", f"{torch.__version__}, on the CPU: no CUDA device here")


def _cuda(torch: Any) -> Iterator[Check]:
    """A line for all devices, and one for each that cannot add two numbers."""
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    devices = ", ".join(f"cuda:{i} {name}" for i, name in enumerate(names))
    yield Check("torch", "ok", f"{torch.__version__} with CUDA {torch.version.cuda}: {devices}")
    for i, name in enumerate(names):
        try:
            torch.ones(1, device=f"cuda:{i}").add(1).item()
        except Exception as error:
            found = f"cuda:{i} {name} does not compute: {describe(error)}"
            yield Check("torch", "problem", found, "install a torch built for this device: pytorch.org")


def _packages() -> Iterator[Check]:
    """What we require is installed, recent enough, and can be imported."""
    fine = []
    for requirement in _requirements():
        name, _, least = requirement.partition(">=")  # the only kind in our pyproject
        here = _version(name)
        remedy = f"pip install '{requirement}'"
        if here is None:
            yield Check(name, "problem", "not installed", remedy)
        elif _numbers(here) < _numbers(least):
            yield Check(name, "problem", f"{here} is too old", remedy)
        elif trouble := _trouble_importing(MODULES.get(name, name)):
            yield Check(
                name, "problem", f"{here} cannot be imported: {trouble}", f"{remedy} --force-reinstall"
            )
        else:
            fine.append(f"{name} {here}")
    if fine:
        yield Check("packages", "ok", ", ".join(fine))


def _requirements() -> list[str]:
    """ "name>=version" of everything a user needs; nothing where rebench is not installed."""
    try:
        lines = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return []
    return sorted(line.partition(";")[0].strip() for line in lines if "extra" not in line)


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _numbers(text: str) -> tuple[int, ...]:
    """(2, 5) of "2.5", "2.5+cpu" and "2.5rc1"."""
    match = re.match(r"\d+(\.\d+)*", text)
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def _trouble_importing(module: str) -> str | None:
    try:
        call_foreign(import_module, {"name": module}, module)
    except RebenchError as error:
        return str(error)
    return None


def _threads() -> Iterator[Check]:
    import torch

    cores, threads = _cores(), torch.get_num_threads()
    found = f"torch computes with {threads} on {cores:g} core{'s' * (cores != 1)}"
    if threads > max(cores, 1):
        remedy = f"set OMP_NUM_THREADS={max(int(cores), 1)}: too many threads are slower than too few"
        yield Check("threads", "note", found, remedy)
    else:
        yield Check("threads", "ok", found)


def _cores() -> float:
    """The cores this process may use; a container's quota can be a fraction."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return min(cores, int(quota) / int(period))
    except (OSError, ValueError):  # no such file, or "max": no quota
        return cores


def _data(given: Path | None) -> Iterator[Check]:
    """What `rebench data check` begins with: the files, unopened."""
    from rebench.data.catalogue import CATALOGUE
    from rebench.data.check import root_to_check
    from rebench.data.coco import IMAGE_FOLDER

    root = root_to_check(given)
    if not root.is_dir():
        remedy = "give --data-root or set REBENCH_DATA; the scenes need no data"
        yield Check("data root", "note", f"{root} does not exist", remedy)
        return
    yield Check("data root", "ok", str(root))
    absent, where = [], "`rebench data check` says what is needed and where to get it"
    for data_set, declarations in groupby(CATALOGUE.values(), key=lambda d: d.folder):
        files = dict.fromkeys(path for d in declarations for path, _ in d.files)
        missing = [path for path in files if not (root / path).is_file()]
        if all(path in missing for path in files if path.startswith(f"{data_set}/")):
            absent.append(data_set)
        elif missing:
            yield Check(data_set, "note", f"not there: {', '.join(missing)}", where)
        else:
            yield Check(data_set, "ok", f"its {len(files)} files are there")
    if absent:
        yield Check("data sets", "note", f"not there: {', '.join(absent)}", where)
    if len(absent) < len({d.folder for d in CATALOGUE.values()}):
        yield _pictures(root / IMAGE_FOLDER)


def _pictures(folder: Path) -> Check:
    from rebench.data.declaration import COCO_HOME

    if folder.is_dir() and next(os.scandir(folder), None):
        return Check("pictures", "ok", f"there are some in {folder}")
    return Check("pictures", "note", f"there are none in {folder}", f"get them from {COCO_HOME}")


def _cache() -> Iterator[Check]:
    from rebench.scenes.split import cache_folder

    folder = cache_folder()
    there = next(place for place in (folder, *folder.parents) if place.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        found = f"{folder} cannot be written ({error.strerror}): the scenes are made anew every time"
        yield Check("cache", "note", found, "set XDG_CACHE_HOME to a folder that can be written")
    else:
        yield Check("cache", "ok", str(folder))


def _models() -> Iterator[Check]:
    from rebench.predict.registry import claimant, registered

    fine = []
    for name, entries in registered().items():
        who = " and ".join(f"{entry.value} of {claimant(entry)}" for entry in entries)
        if len(entries) > 1:
            yield Check(f"model {name}", "problem", f"both {who} claim this name", "uninstall one of them")
            continue
        try:
            call_foreign(entries[0].load, {}, f"{who} cannot be imported")
            fine.append(name)
        except RebenchError as error:
            yield Check(f"model {name}", "problem", str(error), f"reinstall {claimant(entries[0])}")
    if fine:
        yield Check("models", "ok", ", ".join(fine))
    elif not registered():
        yield Check("models", "note", "none is registered", "pip install -e . or give --model module:Class")
