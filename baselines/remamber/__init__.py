"""ReMamber (Yang et al., ECCV 2024), reimplemented from a description of its behaviour."""

from baselines.remamber.config import ReMamberConfig, configure
from baselines.remamber.model import ReMamber
from baselines.remamber.released import from_released

__all__ = ["ReMamber", "ReMamberConfig", "configure", "from_released"]
