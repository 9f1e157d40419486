"""What things are called in a report."""

GROUPS = {
    "overall": "overall",
    "simple": "simple",
    "object_distracting": "object-distracting",
    "category_implicit": "category-implicit",
    "both": "both",
    "unknown": "unknown",
}
"""The kinds of ambiguity; "both" is object-distracting and category-implicit."""

OUTCOMES = {
    "correct": "correct (IoU ≥ 0.5)",
    "poorly_drawn": "right instance, poorly drawn",
    "wrong_instance": "wrong instance",
    "several_instances": "several instances",
    "other": "something else",
    "empty": "empty mask",
    "unknown": "cannot be judged",
}
"""What became of an expression, as docs/identity.md defines it."""

CHANCE = {"empty_mask": "empty mask", "full_mask": "full mask", "random_instance": "random instance"}
"""The lines beside a model, as docs/scores.md defines them."""


def group_label(name: str) -> str:
    """A group in words; another name as it is."""
    return GROUPS.get(name, name)
