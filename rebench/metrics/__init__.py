"""From masks to numbers: protocols, overlap, scores of a split, summaries with intervals."""

from rebench.metrics.overlap import Overlap, SampleScores, iou, score_samples
from rebench.metrics.protocols import OutputError, Protocol, get_protocol, protocol_names, to_mask

__all__ = [
    "OutputError",
    "Overlap",
    "Protocol",
    "SampleScores",
    "get_protocol",
    "iou",
    "protocol_names",
    "score_samples",
    "to_mask",
]
