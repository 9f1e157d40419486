"""Whether the tiny models find the right thing, and how well they draw it: `python benchmarks/tiny_masks.py`.

The thing with the highest mean logit is the one that a model picks; the mask is the usual one, logit above 0.
"""

from importlib import import_module

import torch

from baselines.nn.scene_words import scene_tokenizer
from baselines.train.loop import success
from baselines.train.tensors import TensorSplit
from baselines.train.tinies import TINIES
from rebench import load_split
from rebench.predict.variants import variants_of


@torch.no_grad()
def main() -> None:
    """Print the figures of docs/tiny.md for scenes:val."""
    split = TensorSplit.of(load_split("scenes:val"), scene_tokenizer(), 5, "cpu")
    print("| model | expressions | picked the referent | mIoU | mIoU where picked | pixels on other things |")
    print("|---|---|---|---|---|---|")
    for name, tiny in TINIES.items():
        if not any(variant.file for variant in variants_of(name).variants if variant.name == "tiny"):
            continue  # its weights are not packaged
        model = import_module(f"baselines.{name}.predictor").load("tiny").model
        ious, picks, strays = [], [], []
        for batch in split.in_order(20):
            logits = tiny.answer(model, batch)
            iou, picked = success(logits, batch)
            predicted = logits[:, 0].unflatten(0, batch.referents.shape) > 0
            others = predicted & (batch.owners > 0)[:, None] & ~batch.masks
            strays.append((others.sum((2, 3)) / predicted.sum((2, 3)).clamp(min=1)).flatten())
            ious.append(iou)
            picks.append(picked > 0)
        iou, picked, stray = torch.cat(ious), torch.cat(picks), torch.cat(strays)
        shares = picked.float().mean(), iou.mean(), iou[picked].mean(), stray[picked].mean()
        print(f"| {name}:tiny | {len(iou)} | " + " | ".join(f"{share:.3f}" for share in shares) + " |")


if __name__ == "__main__":
    main()
