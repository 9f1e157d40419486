"""Three runs on a few pictures, with names and sentences that mean harm."""

import numpy as np

from rebench import evaluate
from rebench.data.masks import encode
from rebench.data.split import Instance, Sample, Split
from rebench.stats import Settings

HOSTILE = "<script>alert(1)</script> & 50%_$x$"
SENTENCES = (
    "the left box",
    'the "quoted" one <b>next to</b> the lamp & more',
    "=1+1 it is the \U0001f600 one",
    "הקופסה השמאלית",
)
SIZE = 40
SETTINGS = Settings(resamples=300)


class Boxes(Split):
    """Two boxes to a picture, four expressions; the first box is meant in the first two."""

    labels = "gold"

    def __init__(self, name="boxes:test", images=6, first=0):
        self.name = name
        self.samples = [_sample(first + i, k) for i in range(images) for k in range(len(SENTENCES))]

    def image(self, image_id):
        return np.random.default_rng(image_id).integers(0, 256, (SIZE, SIZE, 3), np.uint8)

    def target(self, sample, overlap="union"):
        return encode(box(sample.annotation_id))

    def instances(self, image_id):
        return [Instance(10 * image_id + n, "box", False, encode(box(10 * image_id + n))) for n in range(2)]


def box(annotation_id):
    mask = np.zeros((SIZE, SIZE), bool)
    left = 20 * (annotation_id % 10)
    mask[8:30, left + 2 : left + 16] = True
    return mask


def _sample(i, k):
    target = 10 * i + k // 2
    return Sample(
        f"boxes/{target}/{k}", i, target, k, target, SENTENCES[k], SIZE, SIZE, "box", k % 2 == 1, k >= 2
    )


class Guess:
    """Answers, in logits, with a box that is moved, or with the other one, by the expression."""

    def __init__(self, moved, wrong):
        self.moved, self.wrong = moved, wrong

    def predict(self, image, expressions):
        return [self._answer(int(image[0, 0, 0]), SENTENCES.index(text)) for text in expressions]

    def _answer(self, luck, k):
        other = (luck + k) % 7 < self.wrong
        return np.where(np.roll(box((k // 2) ^ other), self.moved + luck % 2, axis=1), 3.0, -3.0)


class Close(Guess):
    def __init__(self):
        super().__init__(1, 0)


class Middling(Guess):
    def __init__(self):
        super().__init__(3, 2)


class Far(Guess):
    def __init__(self):
        super().__init__(6, 5)


def make_runs(out, split, **options):
    """Runs of the three in `out`, as NAME=FOLDER."""
    models = {"close": Close(), "middling": Middling(), HOSTILE: Far()}
    return [f"{name}={evaluate(model, split, out=out, **options).path}" for name, model in models.items()]


def shares_area(path, mask):
    """The area that SVG path data enclose (even-odd, by the shoelace rule), over that of a mask."""
    total = 0.0
    for part in filter(None, path.split("M")):
        points = np.array([[float(n) for n in p.split()] for p in part.rstrip("Z").split("L")])
        x, y = points.T
        total += 0.5 * float(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))
    return abs(total) / mask.sum()
