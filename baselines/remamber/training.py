"""How the paper and the release train a ReMamber, as data; and its loss."""

from dataclasses import replace

import torch
from torch import Tensor

from baselines.nn.losses import dice_loss, focal_loss
from baselines.train.paper import PaperRecipe

RELEASED = PaperRecipe(
    lr=5e-5,
    lr_text=2.5e-5,
    lr_backbone=2.5e-5,
    weight_decay=1e-4,
    decay="all",
    schedule="cosine",
    per="epoch",
    lr_end=1e-6,
    lag=1,
    epochs=50,
    batch=64,
    dice=1.0,
    cross_entropy=1.0,
    ema=None,
    amp="fp16",
    drop_path=0.1,
    image_size=480,
    max_words=20,
    sentences="one",
    overlap="released",
)
"""What the released code does by default. Its README adds an average of the weights (`ema=0.9999`)."""
PAPER = replace(RELEASED, lr_text=None, lr_backbone=None, lag=0, overlap="union")
"""Section 4.2: one rate, 5e-5, AdamW, cosine, 50 epochs. What the paper does not state is as released, but
for two slips: the schedule does not lag, and what two polygons of an object cover belongs to it."""


def mask_loss(logits: Tensor, targets: Tensor, epoch: int | None = None) -> Tensor:
    """Dice and cross-entropy, added; logits and targets (B, 1, H, W).

    With an epoch, pixels that are not yet decided are left out (`decided`). The released trainer names the
    epoch, but its model does not pass it on, so in training there is none.
    """
    keep = None if epoch is None else decided(logits, epoch)
    return dice_loss(logits, targets, keep) + focal_loss(logits, targets, gamma=0.0, keep=keep)


def decided(logits: Tensor, epoch: int) -> Tensor:
    """1 where |p - 0.5| is more than 0.008 times the epoch, else 0; before epoch 8, 1 everywhere."""
    if epoch < 8:
        return torch.ones_like(logits)
    return ((torch.sigmoid(logits) - 0.5).abs() > 0.008 * epoch).to(logits.dtype)


def train_iou(logits: Tensor, targets: Tensor) -> Tensor:
    """The metric that the release logs: IoU per mask at p >= 0.5, with 1e-6 added to the union, averaged."""
    predicted, target = (torch.sigmoid(logits) >= 0.5).flatten(1), targets.flatten(1) > 0.5
    return ((predicted & target).sum(1) / ((predicted | target).sum(1) + 1e-6)).mean()
