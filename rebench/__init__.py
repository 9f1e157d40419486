"""Evaluation of referring image segmentation on expressions that are ambiguous.

The names below are loaded when they are first used, so that `import rebench` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rebench import metrics, stats
    from rebench.data.catalogue import load_split
    from rebench.evaluation import evaluate

    __version__: str

__all__ = ["__version__", "evaluate", "load_split", "metrics", "stats"]

_FUNCTIONS = {"load_split": "rebench.data.catalogue", "evaluate": "rebench.evaluation"}
_PACKAGES = ("metrics", "stats")


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name in _FUNCTIONS:
        return getattr(import_module(_FUNCTIONS[name]), name)
    if name in _PACKAGES:
        return import_module(f"rebench.{name}")
    raise AttributeError(f"module 'rebench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("rebench-ris")
    except PackageNotFoundError:  # a checkout that was never installed
        return "0+unknown"
