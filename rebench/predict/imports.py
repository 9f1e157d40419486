"""Code that is not ours: importing it, calling it, and saying in one line what went wrong there."""

import hashlib
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from rebench.errors import RebenchError, one_line

FOREIGN = (Exception, SystemExit)
"""What somebody's code may end with that must not end us."""


def describe(error: BaseException) -> str:
    """ "<Type>: <message>" on one line."""
    try:
        message = one_line(str(error))
    except Exception:  # an error that cannot even say what it is
        message = ""
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def call_foreign(function: Callable[..., Any], options: dict[str, Any], failing: str) -> Any:
    """Calls it; whatever it raises becomes a RebenchError that begins with `failing`."""
    try:
        return function(**options)
    except (RebenchError, KeyboardInterrupt):
        raise
    except BaseException as error:  # extensions in Rust panic with one of these
        raise RebenchError(f"{failing}: {describe(error)}{place(error)}") from error


def import_module(name: str) -> ModuleType:
    """A module, from where Python finds it or from the current folder.

    Raises:
        ModuleNotFoundError: there is none of that name.
        RebenchError: there is one, and it fails.
    """
    _look_in(Path.cwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name + ".").startswith(error.name + "."):
            raise
        raise RebenchError(f"{name} could not be imported: {describe(error)}{place(error)}") from error
    except FOREIGN as error:
        raise RebenchError(f"{name} could not be imported: {describe(error)}{place(error)}") from error


def import_file(path: Path) -> ModuleType:
    """A Python file as a module of its own; it may import its neighbours.

    Raises:
        RebenchError: there is no such file, or it fails.
    """
    try:
        path = path.resolve(strict=True)
    except (OSError, ValueError) as error:
        raise RebenchError(f"no file {str(path)!r} to take a model from") from error
    name = f"{path.stem}_{hashlib.sha256(str(path).encode('utf-8', 'replace')).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    _look_in(path.parent)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # every file that ends in .py has both
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look themselves up there
    try:
        spec.loader.exec_module(module)
    except FOREIGN as error:
        del sys.modules[name]
        raise RebenchError(f"{path} could not be imported: {describe(error)}{place(error)}") from error
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _look_in(folder: Path) -> None:
    """Last, so that nobody's `types.py` stands in for Python's."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def place(error: BaseException) -> str:
    """Where in the code it happened, " (file.py, line 3)"; a syntax error says so itself.

    Of an error within a library it is the line that called the library.
    """
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, SyntaxError) or not frames:
        return ""
    called = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    return f" ({os.path.basename(called[-1].filename)}, line {called[-1].lineno})"
