"""Small scores of two or more models on expressions that come in images."""

import numpy as np


def toy_scores(seed=0, images=12, models=2, most=4, lead=0.0):
    """Scores of each model and the image ids, rows shuffled; model 0 leads by about `lead`."""
    rng = np.random.default_rng(seed)
    ids = rng.permutation(np.repeat(10 + 3 * np.arange(images), rng.integers(1, most + 1, images)))
    union = rng.integers(50, 500, len(ids))
    ease = dict(zip(range(10, 10 + 3 * images, 3), rng.uniform(0.2, 0.8, images), strict=True))
    base = np.array([ease[image] for image in ids])
    runs = []
    for model in range(models):
        iou = np.clip(base + rng.normal(0, 0.15, len(ids)) + (lead if model == 0 else 0), 0, 1)
        runs.append({"intersection": np.round(iou * union).astype(int), "union": union})
    return runs, ids


def part(run, rows):
    """The same scores of some rows, or in another order."""
    return {name: values[rows] for name, values in run.items()}
