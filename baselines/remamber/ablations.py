"""The rows of ReMamber's tables, as changes of the released base, and the repairs of the release."""

from typing import Any

from baselines.remamber.config import REPAIRS

# "twister", "channel-spatial" and "both conditions" are the base.
ABLATIONS: dict[str, dict[str, Any]] = {
    "in-context (Table 1)": {"fusion": "in-context"},
    "attention (Table 1)": {"fusion": "attention"},
    "norm adaptation (Table 1)": {"fusion": "norm"},
    "channel scan alone (Table 3)": {"scans": "channel"},
    "spatial scan alone (Table 3)": {"scans": "spatial"},
    "parallel scans (Table 3)": {"scans": "parallel"},
    "spatial, then channel (Table 3)": {"scans": "spatial-channel"},
    "without global text (Table 4)": {"global_text": False},
    "without local text (Table 4)": {"local_text": False},
    "256 px, as Tables 1, 3, 4": {"image_size": 256},
    "mamba decoder": {"decoder": "mamba"},
    "repaired": REPAIRS["paper"],
}
