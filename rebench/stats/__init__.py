"""Uncertainty: intervals that respect images as clusters."""

from rebench.stats.bootstrap import cluster_bootstrap

__all__ = ["cluster_bootstrap"]
