"""From masks to numbers: protocols, overlap, scores of a split, summaries with intervals."""

from rebench.metrics.gres import GresScores, score_gres
from rebench.metrics.masking import OutputError, to_mask
from rebench.metrics.overlap import Overlap, iou
from rebench.metrics.protocols import Protocol, get_protocol, protocol_names
from rebench.metrics.samples import SampleScores, score_samples

__all__ = [
    "GresScores",
    "OutputError",
    "Overlap",
    "Protocol",
    "SampleScores",
    "get_protocol",
    "iou",
    "protocol_names",
    "score_gres",
    "score_samples",
    "to_mask",
]
