"""What a split is made of; `python benchmarks/split_statistics.py scenes` is quoted in docs/scenes.md."""

import argparse
import re
from collections import Counter
from statistics import mean

from rebench.ambiguity.labels import labels_of
from rebench.data.catalogue import load_split
from rebench.data.split import Split

PRONOUNS = {"he", "she", "it", "they", "one", "this", "that", "someone", "somebody", "thing"}


def statistics(split: Split) -> dict[str, float]:
    """Sizes and averages over the expressions of a split."""
    words = [re.findall(r"[\w'-]+", sample.expression.lower()) for sample in split.samples]
    labels = labels_of(split)
    known = [f for f, source in zip(labels.flags, labels.sources, strict=True) if source != "unknown"]
    cells = Counter(known)
    rivals = []
    for sample in split.samples:
        same = [i for i in split.instances(sample.image_id) if i.category == sample.category and not i.crowd]
        rivals.append(len(same) - 1)
    return {
        "images": split.counts.images or 0,
        "referents": split.counts.refs or 0,
        "expressions": len(split.samples),
        "simple": cells[False, False],
        "object-distracting only": cells[True, False],
        "category-implicit only": cells[False, True],
        "both": cells[True, True],
        "unknown": len(split.samples) - len(known),
        "words per expression": mean(map(len, words)),
        "longest, words": max(map(len, words)),
        "different words": len({w for row in words for w in row}),
        "same-category distractors per expression": mean(rivals),
        "with such a distractor, share": mean(r > 0 for r in rivals),
        "with a pronoun or 'one', share": mean(bool(PRONOUNS & set(row)) for row in words),
        "with 'and', share": mean("and" in row for row in words),
        "with a negation, share": mean(bool({"not", "no", "without", "nothing"} & set(row)) for row in words),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("split")
    parser.add_argument("--data-root")
    arguments = parser.parse_args()
    for name, value in statistics(load_split(arguments.split, arguments.data_root)).items():
        print(f"{name:45} {value:10,.2f}" if isinstance(value, float) else f"{name:45} {value:10,}")
