"""TFANet (Lu et al. 2025), reimplemented from its paper; there is no public code."""

from baselines.tfanet.config import TFANetConfig
from baselines.tfanet.model import TFANet

__all__ = ["TFANet", "TFANetConfig"]
