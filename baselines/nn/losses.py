"""Losses on mask logits."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


def dice_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """1 - Dice per mask (with 1 added above and below), averaged; logits and targets (B, 1, H, W)."""
    p = torch.sigmoid(logits).flatten(1)
    t = targets.flatten(1)
    return (1 - (2 * (p * t).sum(1) + 1) / (p.sum(1) + t.sum(1) + 1)).mean()


def focal_loss(logits: Tensor, targets: Tensor, gamma: float = 2.0) -> Tensor:
    """Cross-entropy weighted by (1 - p_true)^gamma (Lin et al. 2017), averaged over all pixels."""
    entropy = binary_cross_entropy_with_logits(logits, targets, reduction="none")
    wrong = torch.sigmoid(logits) * (1 - targets) + (1 - torch.sigmoid(logits)) * targets
    return (entropy * wrong**gamma).mean()
