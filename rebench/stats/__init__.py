"""Uncertainty: intervals, tests and words that respect images as clusters."""

from rebench.stats.binary import McNemar, clustered_mcnemar, mcnemar
from rebench.stats.bootstrap import cluster_bootstrap
from rebench.stats.comparison import Comparison, Estimate, compare, estimate
from rebench.stats.families import Family, adjust, family
from rebench.stats.interactions import LeadChange, lead_change
from rebench.stats.panel import Panel, Settings
from rebench.stats.power import Power, power_analysis
from rebench.stats.runs import compare_runs
from rebench.stats.seeds import SeedUncertainty, seed_uncertainty
from rebench.stats.splits import Friedman, conover, critical_difference, friedman, nemenyi

__all__ = [
    "Comparison",
    "Estimate",
    "Family",
    "Friedman",
    "LeadChange",
    "McNemar",
    "Panel",
    "Power",
    "SeedUncertainty",
    "Settings",
    "adjust",
    "cluster_bootstrap",
    "clustered_mcnemar",
    "compare",
    "compare_runs",
    "conover",
    "critical_difference",
    "estimate",
    "family",
    "friedman",
    "lead_change",
    "mcnemar",
    "nemenyi",
    "power_analysis",
    "seed_uncertainty",
]
