"""The selective scan and what belongs to it."""

from baselines.ops.scan import recurrence, selective_scan

__all__ = ["recurrence", "selective_scan"]
