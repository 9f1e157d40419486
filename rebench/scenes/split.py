"""The scenes as a split: built once in seconds, kept in the cache folder, checked against a pinned hash."""

import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rebench.data.masks import encode
from rebench.data.split import Counts, Image, Instance, OverlapRule, Rle, Sample, Split
from rebench.errors import RebenchError
from rebench.scenes.backdrop import SIDE
from rebench.scenes.build import PER_PICTURE, VERSION, make_example
from rebench.scenes.lexicon import COLOURS, HAIR, KINDS, PEOPLE
from rebench.scenes.thing import Thing

LOOKS: dict[str, tuple[str, ...]] = {
    "kind": tuple(KINDS),
    "colour": tuple(COLOURS),
    "bottom": tuple(COLOURS),
    "hat": tuple(COLOURS),
    "hair": tuple(HAIR),
}
"""The columns of `ScenesSplit.looks`, with the names that their numbers stand for."""

PICTURES = {"test": 600, "val": 200, "train": 2000}
FIRST_IMAGE = {"test": 1_000_000, "val": 2_000_000, "train": 3_000_000}
PINNED = {
    "scenes:test": "53c49bbe826b9a04ad58e9eab8b5601818a7c54bde3aa0986820a8640733b482",
    "scenes:val": "ed0cbab418661f2cccc700abd9a66d41865faa01c1be6eca59b4208890b3ee1a",
}
"""SHA-256 of pictures, masks and sentences of the parts that are judged on."""


def split_names() -> list[str]:
    """The parts that always exist; `scenes:train-N` is a training part of N pictures."""
    return ["scenes:test", "scenes:val", "scenes:train"]


def load(name: str) -> "ScenesSplit":
    """A part of the scenes by its name: `scenes:test`, `scenes:val`, `scenes:train`, `scenes:train-50000`.

    Raises:
        RebenchError: no such part, or the pictures made here differ from the pinned ones.
    """
    match = re.fullmatch(r"scenes:(test|val|train)(?:-([1-9]\d{0,6}))?", name)
    if match is None or (match[2] and match[1] != "train"):
        raise RebenchError(
            f"no split {name!r}: the scenes have {', '.join(split_names())} and scenes:train-N"
        )
    part, pictures = match[1], int(match[2] or PICTURES[match[1]])
    return ScenesSplit(name, part, *_cached(name, part, pictures))


class ScenesSplit(Split):
    """Pictures of procedural scenes with expressions that mean exactly one thing in them."""

    labels = "gold"

    def __init__(self, name: str, part: str, images: NDArray[np.uint8], document: dict) -> None:
        self.name = name
        self.samples = [Sample(**row) for row in document["samples"]]
        pictures = len(images)
        self.official = Counts(pictures, None, pictures * PER_PICTURE)
        self.sha256 = str(document["sha256"])
        self._images = images
        self._first = FIRST_IMAGE[part]
        self._instances: list[list[dict]] = document["instances"]

    def image(self, image_id: int) -> Image:
        """The picture, uint8 (128, 128, 3)."""
        return np.array(self._images[image_id - self._first])

    def target(self, sample: Sample, overlap: OverlapRule = "union") -> Rle:
        """The visible pixels of the referent; both overlap rules agree, a scene has no polygons."""
        row = self._instances[sample.image_id - self._first][sample.annotation_id % 100]
        return {"size": [SIDE, SIDE], "counts": row["counts"]}

    def looks(self, image_id: int) -> NDArray[np.uint8]:
        """What each instance looks like, uint8 (instances, 5), in the order of `instances`.

        The columns are kind, main colour, colour worn below, hat and hair, numbered from 1 in the order of
        LOOKS; 0 is none. For training; no predictor sees it.
        """
        return np.array([row["looks"] for row in self._instances[image_id - self._first]], np.uint8)

    def instances(self, image_id: int) -> Sequence[Instance]:
        """Everything in the scene."""
        rows = self._instances[image_id - self._first]
        return [
            Instance(
                image_id * 100 + i, row["category"], False, {"size": [SIDE, SIDE], "counts": row["counts"]}
            )
            for i, row in enumerate(rows)
        ]


def _cached(name: str, part: str, pictures: int) -> tuple[NDArray[np.uint8], dict]:
    folder = cache_folder() / f"v{VERSION}" / name.removeprefix("scenes:")
    try:
        images = np.load(folder / "images.npy", mmap_mode="r")
        document = json.loads((folder / "scenes.json").read_text())
        if _content_hash(images, document) == document["sha256"] == PINNED.get(name, document["sha256"]):
            return images, document
        logging.getLogger("rebench").warning("the cached %s in %s is damaged: made again", name, folder)
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        pass  # not made yet, or cut off while it was: make it
    images, document = _build(part, pictures)
    if PINNED.get(name, document["sha256"]) != document["sha256"]:
        raise RebenchError(
            f"{name} made here has the hash {document['sha256'][:12]}, not {PINNED[name][:12]}: "
            "this platform's arithmetic differs, and its scores could not be compared; please report it"
        )
    _keep(folder, images, document)
    return images, document


def _build(part: str, pictures: int) -> tuple[NDArray[np.uint8], dict]:
    """Make every picture; a large part is made by all cores, to the same bytes."""
    images = np.empty((pictures, SIDE, SIDE, 3), np.uint8)
    document: dict = {"samples": [], "instances": []}
    jobs = [(part, index) for index in range(pictures)]
    workers = (os.cpu_count() or 1) if pictures > 5000 else 1
    with ProcessPoolExecutor(workers) if workers > 1 else nullcontext() as pool:
        rows = pool.map(_row, jobs, chunksize=100) if pool else map(_row, jobs)
        for index, (image, instances, samples) in enumerate(rows):
            images[index] = image
            document["instances"].append(instances)
            document["samples"] += samples
    return images, document | {"sha256": _content_hash(images, document)}


def _row(job: tuple[str, int]) -> tuple[Image, list[dict], list[dict]]:
    """One picture with its instances and samples, as they are kept."""
    part, index = job
    example = make_example(part, index)
    scene, image_id = example.scene, FIRST_IMAGE[part] + index
    instances = [
        {"category": thing.category, "looks": _looks(thing), "counts": encode(mask)["counts"]}
        for thing, mask in zip(scene.things, scene.masks, strict=True)
    ]
    samples = []
    for k, expression in enumerate(example.expressions):
        ref_id, sent_id = image_id * 100 + expression.target, image_id * 10 + k
        sample = Sample(
            f"scenes/{ref_id}/{sent_id}",
            image_id,
            ref_id,
            sent_id,
            annotation_id=ref_id,
            expression=expression.text,
            height=SIDE,
            width=SIDE,
            category=scene.things[expression.target].category,
            object_distracting=expression.object_distracting,
            category_implicit=expression.category_implicit,
        )
        samples.append(asdict(sample))
    return scene.image, instances, samples


def _looks(thing: Thing) -> list[int]:
    """The numbers of a thing in the columns of LOOKS, 0 for what it has not."""
    person = thing.kind in PEOPLE
    values = (thing.kind, thing.colour, thing.bottom, thing.hat, thing.hair if person else None)
    return [
        0 if value is None else names.index(value) + 1
        for value, names in zip(values, LOOKS.values(), strict=True)
    ]


def _content_hash(images: NDArray[np.uint8], document: dict) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(images).tobytes())
    content = [document["samples"], document["instances"]]
    digest.update(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())
    return digest.hexdigest()


def _keep(folder: Path, images: NDArray[np.uint8], document: dict) -> None:
    """Put the part into the cache; it appears whole or not at all. Without a cache it is made each time."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            made = Path(scratch) / "part"
            made.mkdir()
            np.save(made / "images.npy", images)
            (made / "scenes.json").write_text(json.dumps(document))
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(made, folder)
    except OSError as error:
        logging.getLogger("rebench").warning("the scenes are not kept in %s: %s", folder.parent, error)


def cache_folder() -> Path:
    """Where the parts are kept once they are made."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "rebench" / "scenes"
