"""The rule of identity once more, on decoded masks and one expression at a time."""

import math

import numpy as np


def plain_identity(mask, target, rivals=(), crowds=()):
    """Outcome, the number of the candidate that leads (0 the target, None if none), and the best score."""
    if not mask.any():
        return "empty", None, 0.0
    candidates = [target, *rivals]
    scores = [
        (mask & one).sum() / math.sqrt(int(mask.sum()) * int(one.sum())) if one.any() else 0.0
        for one in candidates
    ]
    best = max(range(len(scores)), key=scores.__getitem__)
    others = [score for i, score in enumerate(scores) if i != best]
    clear = scores[best] >= 0.10 - 1e-12 and scores[best] - max(others, default=-9) >= 0.05 - 1e-12
    if (mask & target).sum() >= 0.5 * (mask | target).sum():
        return "correct", 0, scores[0]
    on_crowds = np.logical_or.reduce([np.zeros_like(mask), *(mask & crowd for crowd in crowds)])
    if on_crowds.sum() > mask.sum() / 2 or scores[best] < 0.10 - 1e-12:
        return "other", None, scores[best]
    if not clear:
        return "several_instances", None, scores[best]
    for i, one in enumerate(candidates):
        alone = (mask & one).sum() - (candidates[best] & one).sum()
        if i != best and one.any() and scores[i] >= 0.5 * scores[best] - 1e-12 and alone >= one.sum() / 2:
            return "several_instances", best, scores[best]
    return ("wrong_instance" if best else "poorly_drawn"), best, scores[best]
