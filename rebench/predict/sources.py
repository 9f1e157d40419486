"""Which code a predictor is made of: the file that defines it and the neighbours that this imports."""

import hashlib
import inspect
import sysconfig
from modulefinder import ModuleFinder
from pathlib import Path
from typing import Any

INSTALLED = frozenset({"site-packages", "dist-packages"})
STANDARD = Path(sysconfig.get_path("stdlib")).resolve()


def source_hash(thing: Any) -> str | None:
    """SHA-256 of the source of a class, function or module; None where there is none (a notebook).

    That of its file; with neighbours, that of the lines "path hash" of all. Neighbours are what it imports,
    and they import, from its folder; of an installed module, from its package.
    """
    try:
        source = inspect.getsourcefile(thing)
        if not source:
            return None
        file = Path(source).resolve()
        name = thing.__name__ if inspect.ismodule(thing) else thing.__module__
        folder, files = _files(file, name)
        if len(files) == 1:
            return _sha256(file)
        lines = sorted(f"{path.relative_to(folder).as_posix()} {_sha256(path)}" for path in files)
        return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
    except (TypeError, OSError):
        return None


def _files(file: Path, name: str) -> tuple[Path, set[Path]]:
    """Where modules are looked for, and the files of this one and of what it imports from there."""
    package = file.name == "__init__.py"
    folder = file.parents[name.count(".") + package]
    finder = _Neighbours(folder, name.partition(".")[0])
    try:
        if package or "." in name:
            finder.import_hook(name)
        else:
            finder.run_script(str(file))
    except Exception:  # code that cannot be followed: what was found so far
        pass
    modules: list[Any] = list(finder.modules.values())
    found = {Path(module.__file__).resolve() for module in modules if module.__file__}
    return folder, {path for path in found | {file} if path.is_relative_to(folder)}


class _Neighbours(ModuleFinder):
    """Follows imports within a folder, without running anything."""

    def __init__(self, folder: Path, root: str) -> None:
        super().__init__(path=[str(folder)])
        shared = INSTALLED & set(folder.parts) or folder.is_relative_to(STANDARD)
        self._only = root if shared else None  # the neighbours there are other people's

    def find_module(self, name: str, path: Any, parent: Any = None) -> Any:
        if parent is None and self._only not in (None, name):
            raise ImportError(name)
        return super().find_module(name, path, parent)


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
