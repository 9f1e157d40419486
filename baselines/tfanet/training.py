"""How the paper trains a TFANet, as data; and its loss."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import cross_entropy


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """Section 4.1. It states the optimizer, the epochs, the epoch at which the decay begins, and the batch.

    Attributes:
        lr: Reading: 5e-5, as ReMamber; the paper states none.
        weight_decay: Reading: 0.01, AdamW's default.
        decay_from: the first epoch, counted from 0, whose rate is lower.
        power: of the decay from `decay_from` to 0 after the last epoch. Reading: 0.9, as LAVT.
        max_words: tokens kept, by dataset.
    """

    optimizer: str = "adamw"
    lr: float = 5e-5
    weight_decay: float = 0.01
    epochs: int = 50
    decay_from: int = 25
    power: float = 0.9
    batch: int = 8
    image_size: int = 480
    max_words: tuple[tuple[str, int], ...] = (("refcoco", 17), ("refcoco+", 17), ("refcocog", 22))

    def rate(self, epoch: int) -> float:
        """The learning rate in an epoch, counted from 0."""
        passed = max(epoch - self.decay_from + 1, 0) / (self.epochs - self.decay_from + 1)
        return self.lr * (1 - passed) ** self.power


PAPER_RECIPE = TrainingRecipe()


def mask_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of background and referent, averaged over pixels. Reading: the paper states no loss.

    Args:
        scores: (B, 2, H, W).
        targets: (B, 1, H, W), 1 on the referent and 0 elsewhere.
    """
    return cross_entropy(scores, targets[:, 0].long())
