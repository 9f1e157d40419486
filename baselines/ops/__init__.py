"""The selective scan and what belongs to it."""

from baselines.ops.scan import selective_scan, sequence_scan, ss2d_scan

__all__ = ["selective_scan", "sequence_scan", "ss2d_scan"]
