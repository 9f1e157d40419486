"""How the paper trains a TFANet, as data; and its loss."""

from torch import Tensor
from torch.nn.functional import cross_entropy

from baselines.train.paper import PaperRecipe

PAPER_RECIPE = PaperRecipe(
    lr=5e-5,
    weight_decay=0.01,
    schedule="poly",
    per="epoch",
    hold=24,
    power=0.9,
    epochs=50,
    batch=8,
    cross_entropy=1.0,
    drop_path=0.1,
    image_size=480,
    max_words=22,
    max_words_of=(("refcoco", 17), ("refcoco+", 17), ("refcocog", 22)),
)
"""Section 4.1: AdamW, 50 epochs, a decay that begins at epoch 25, batch 8, 480 px, 17 or 22 words.

Readings: the rate, 5e-5 as ReMamber; the decay of weights, AdamW's default; how the rate falls (power 0.9 as
LAVT, epoch 25 the first below the peak); the loss (see `mask_loss`).
"""


def mask_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of background and referent, averaged over pixels. Reading: the paper states no loss.

    Args:
        scores: (B, 2, H, W).
        targets: (B, 1, H, W), 1 on the referent and 0 elsewhere.
    """
    return cross_entropy(scores, targets[:, 0].long())
