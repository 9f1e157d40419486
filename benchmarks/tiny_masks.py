"""Whether the tiny SaFiRe finds the right thing, and how well it draws it: `python benchmarks/tiny_masks.py`.

The thing with the highest mean logit is the one that it picks; the mask is the usual one, logit above 0.
"""

import torch

from baselines.safire.config import TINY
from baselines.safire.model import normalise
from baselines.safire.predictor import load, tiny_tokenizer
from baselines.train.loop import mask_logits, success
from baselines.train.tensors import TensorSplit
from rebench import load_split


@torch.no_grad()
def main() -> None:
    """Print the figures of baselines/safire/README.md for scenes:val."""
    model = load("tiny").model
    split = TensorSplit.of(load_split("scenes:val"), tiny_tokenizer(), 5, "cpu")
    ious, picks, strays = [], [], []
    for batch in split.in_order(20):
        logits = mask_logits(model, normalise(batch.images, TINY.image_size), batch.ids)
        iou, picked = success(logits, batch)
        predicted = logits[:, 0].unflatten(0, batch.referents.shape) > 0
        others = predicted & (batch.owners > 0)[:, None] & ~batch.masks
        strays.append((others.sum((2, 3)) / predicted.sum((2, 3)).clamp(min=1)).flatten())
        ious.append(iou)
        picks.append(picked > 0)
    iou, picked, stray = torch.cat(ious), torch.cat(picks), torch.cat(strays)
    print(f"expressions                                          {len(iou)}")
    print(f"picked the referent                                  {picked.float().mean():.3f}")
    print(f"mIoU                                                 {iou.mean():.3f}")
    print(f"mIoU where it picked the referent                    {iou[picked].mean():.3f}")
    print(f"share of predicted pixels on other things, likewise  {stray[picked].mean():.3f}")


if __name__ == "__main__":
    main()
