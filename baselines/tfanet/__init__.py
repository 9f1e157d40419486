"""TFANet (Lu et al. 2025), reimplemented from its paper; there is no public code."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from baselines.tfanet.config import TFANetConfig
    from baselines.tfanet.model import TFANet

__all__ = ["TFANet", "TFANetConfig"]
_PLACES = {"TFANet": "model", "TFANetConfig": "config"}


def __getattr__(name: str) -> Any:  # so that the list of variants can be read without PyTorch
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
