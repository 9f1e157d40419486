"""A split of dogs and cats at fixed places, and predictors whose language is known by construction."""

import numpy as np

from rebench.data import masks
from rebench.data.split import Image, Instance, OverlapRule, Rle, Sample, Split

PLACES = {"left": (1, 11), "right": (13, 23), "cat": (26, 35)}
SENTENCES = {
    "left": ("the left dog", "it is on the left"),
    "right": ("the right dog", "the dog next to the cat"),
    "cat": ("the cat",),
}


def box(place: str) -> np.ndarray:
    mask = np.zeros((24, 36), bool)
    mask[4:20, slice(*PLACES[place])] = True
    return mask


class Kennel(Split):
    """Pictures with two dogs and a cat, five expressions each; the first picture has the left dog only."""

    labels = "gold"

    def __init__(self, images: int = 4, name: str = "kennel:test"):
        self.name = name
        self.samples = [
            self._sample(i, n, k, sentence)
            for i in range(images)
            for n, place in enumerate(PLACES)
            for k, sentence in enumerate(SENTENCES[place])
            if i or place == "left"
        ]

    @staticmethod
    def _sample(i: int, n: int, k: int, sentence: str) -> Sample:
        ref, category = 10 * i + n, "cat" if n == 2 else "dog"
        flags = "next" in sentence, sentence.startswith("it")
        return Sample(f"kennel/{ref}/{k}", i, ref, k, ref, sentence, 24, 36, category, *flags)

    def image(self, image_id: int) -> Image:
        return np.full((24, 36, 3), image_id, np.uint8)

    def target(self, sample: Sample, overlap: OverlapRule = "union") -> Rle:
        return masks.encode(box(list(PLACES)[sample.annotation_id % 10]))

    def instances(self, image_id: int) -> list[Instance]:
        there = list(PLACES)[: 3 if image_id else 1]
        return [
            Instance(10 * image_id + n, "cat" if n == 2 else "dog", False, masks.encode(box(place)))
            for n, place in enumerate(there)
        ]


class Asked:
    """Answers by a sentence alone; `asked` holds every sentence it was asked."""

    def __init__(self, seed: int = 0):
        self.asked = []

    def predict(self, image, expressions):
        self.asked += expressions
        return [self.answer(expression) for expression in expressions]


class Deaf(Asked):
    """Always the left dog."""

    def answer(self, expression):
        return box("left")


class Reader(Asked):
    """Understands every sentence of the kennel, and answers nothing to any other."""

    def answer(self, expression):
        for place, sentences in SENTENCES.items():
            if expression in sentences:
                return box(place)
        return np.zeros((24, 36), bool)


class CategoryOnly(Asked):
    """Hears the name of the category: a dog is the left dog, a cat the cat; else everything."""

    def answer(self, expression):
        words = expression.split()
        if "dog" in words:
            return box("left")
        return box("cat") if "cat" in words else np.ones((24, 36), bool)


class Choosy(Reader):
    """Fails on the empty sentence."""

    def answer(self, expression):
        if not expression:
            raise ValueError("nothing to look for")
        return super().answer(expression)
