"""ReMamber (Yang et al., ECCV 2024), reimplemented from a description of its behaviour."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from baselines.remamber.config import ReMamberConfig, configure
    from baselines.remamber.model import ReMamber
    from baselines.remamber.released import from_released

__all__ = ["ReMamber", "ReMamberConfig", "configure", "from_released"]
_PLACES = {
    "ReMamber": "model",
    "ReMamberConfig": "config",
    "configure": "config",
    "from_released": "released",
}


def __getattr__(name: str) -> Any:  # so that the list of variants can be read without PyTorch
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
