"""Losses on mask logits."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy


def dice_loss(logits: Tensor, targets: Tensor, keep: Tensor | None = None) -> Tensor:
    """1 - Dice per mask (with 1 added above and below), averaged.

    Args:
        logits, targets: (B, 1, H, W), targets in 0 to 1.
        keep: 1 where a pixel counts and 0 where it does not, (B, 1, H, W); without, all do.
    """
    p, t = torch.sigmoid(logits), targets
    if keep is not None:
        p, t = p * keep, t * keep
    p, t = p.flatten(1), t.flatten(1)
    return (1 - (2 * (p * t).sum(1) + 1) / (p.sum(1) + t.sum(1) + 1)).mean()


def focal_loss(
    logits: Tensor,
    targets: Tensor,
    gamma: float = 2.0,
    alpha: float | None = None,
    keep: Tensor | None = None,
) -> Tensor:
    """Cross-entropy weighted by (1 - p_true)^gamma (Lin et al. 2017), averaged over all pixels.

    Args:
        logits, targets: (B, 1, H, W), targets in 0 to 1.
        gamma: 0 is plain cross-entropy.
        alpha: weight of the foreground, and 1 - alpha of the background; without, both weigh 1.
        keep: as for `dice_loss`; a pixel that is left out has no loss but is counted in the mean.
    """
    loss = binary_cross_entropy_with_logits(logits, targets, reduction="none")
    if gamma:
        wrong = torch.sigmoid(logits) * (1 - targets) + (1 - torch.sigmoid(logits)) * targets
        loss = loss * wrong**gamma
    if alpha is not None:
        loss = loss * (alpha * targets + (1 - alpha) * (1 - targets))
    return (loss if keep is None else loss * keep).mean()


def identity_scores(logits: Tensor, owners: Tensor) -> Tensor:
    """How much each instance is meant: the mean logit over its pixels, (B, K, instances).

    Args:
        logits: (B, K, H, W).
        owners: (B, H, W) integer, the number of the instance seen at every pixel, from 1; 0 is none.

    An instance without a pixel has the lowest finite score.
    """
    numbers = torch.arange(1, int(owners.max()) + 1, device=owners.device)
    member = (owners.flatten(1)[:, None] == numbers[:, None]).to(logits.dtype)  # (B, instances, H * W)
    size = member.sum(2)
    scores = torch.einsum("bkp,bop->bko", logits.flatten(2), member) / size.clamp(min=1)[:, None]
    return scores.masked_fill(size[:, None] == 0, torch.finfo(scores.dtype).min)


def identity_loss(logits: Tensor, owners: Tensor, referents: Tensor) -> Tensor:
    """Cross-entropy of picking the referent among the instances of the picture by `identity_scores`.

    Dice and focal loss first settle for marking everything; this one asks for a choice from the start.
    """
    scores = identity_scores(logits, owners)
    return cross_entropy(scores.flatten(0, 1), referents.flatten() - 1)


def membership_loss(logits: Tensor, owners: Tensor, fits: Tensor) -> Tensor:
    """Cross-entropy of saying of every instance, by its mean logit, whether it is meant.

    Args:
        logits: (B, K, H, W).
        owners: (B, H, W), as for `identity_scores`.
        fits: (B, K, instances) bool, at least as many instances as `owners` has.
    """
    scores = identity_scores(logits, owners)
    labels = fits[..., : scores.shape[2]].to(scores.dtype)
    seen = scores > torch.finfo(scores.dtype).min
    return binary_cross_entropy_with_logits(scores[seen], labels[seen])
