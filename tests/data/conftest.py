"""A data root of two small pictures in the released layout, to be broken by the tests."""

import copy
import json
import os
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

HEIGHT, WIDTH = 40, 60
CATEGORIES = [{"id": 1, "name": "person"}, {"id": 17, "name": "cat"}]


def box(left: float, top: float, right: float, bottom: float) -> list[float]:
    return [left, top, right, top, right, bottom, left, bottom]


def picture(image_id: int) -> dict[str, Any]:
    name = f"COCO_train2014_{image_id:012d}.jpg"
    return {"id": image_id, "file_name": name, "height": HEIGHT, "width": WIDTH}


def annotation(ann_id: int, image_id: int, segmentation: Any, area: float, **rest: Any) -> dict[str, Any]:
    given = {"id": ann_id, "image_id": image_id, "category_id": 17, "iscrowd": 0}
    return {**given, "segmentation": segmentation, "area": area, **rest}


def ref(ref_id: int, ann_id: int, image_id: int, split: str, *sentences: tuple[int, str]) -> dict[str, Any]:
    return {
        "ref_id": ref_id,
        "ann_id": ann_id,
        "image_id": image_id,
        "split": split,
        "category_id": 17,
        "file_name": f"COCO_train2014_{image_id:012d}_{ann_id}.jpg",
        "sent_ids": [sent_id for sent_id, _ in sentences],
        "sentences": [
            {"sent_id": i, "sent": text, "raw": text.upper(), "tokens": text.split()} for i, text in sentences
        ],
    }


def entity(
    entity_id: int, ref_id: int, original: str, *descriptions: str, split: str = "test"
) -> dict[str, Any]:
    return {
        "entity_id": entity_id,
        "ref_id": ref_id,
        "original_dataset": original,
        "split": split,
        "descriptions": list(descriptions),
    }


@dataclass
class TinyRoot:
    """What the files of a data root hold; `write()` puts it on disk."""

    path: Path
    refs: dict[str, Any] = field(default_factory=dict)
    instances: dict[str, Any] = field(default_factory=dict)
    arefcoco: Any = None

    def write(self, protocol: int = 2) -> Path:
        for name, refs in self.refs.items():
            self.file(name).write_bytes(pickle.dumps(refs, protocol))
        for dataset, document in self.instances.items():
            self.file(f"{dataset}/instances.json").write_text(json.dumps(document))
        self.file("arefcoco/arefcoco.json").write_text(json.dumps(self.arefcoco))
        return self.path

    def file(self, name: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def picture(self, image_id: int) -> Path:
        return self.file(f"train2014/COCO_train2014_{image_id:012d}.jpg")


@pytest.fixture
def tiny_root(tmp_path: Path) -> TinyRoot:
    """Two pictures; ref_id 7 exists in RefCOCO and in RefCOCOg and is another object in each."""
    tiny = TinyRoot(tmp_path / "data")
    crowd = {"size": [HEIGHT, WIDTH], "counts": [0, 40, 40 * 59]}
    first = [
        annotation(11, 1, [box(5, 5, 25, 25)], 400.0),
        annotation(12, 1, [box(30, 5, 50, 25), box(40, 15, 55, 35)], 600.0, category_id=1),
    ]
    tiny.instances = {
        "refcoco": {
            "images": [picture(1), picture(2)],
            "annotations": [*first, annotation(21, 2, [box(0, 0, 10, 10)], 100.0)],
            "categories": CATEGORIES,
        },
        "refcocog": {
            "images": [picture(1), picture(2)],
            "annotations": [
                first[0],
                annotation(13, 1, crowd, 40.0, iscrowd=1),
                annotation(21, 2, [box(0, 0, 10, 10)], 100.0),
            ],
            "categories": CATEGORIES,
        },
    }
    tiny.refs = {
        "refcoco/refs(unc).p": [
            ref(8, 12, 1, "val", (4, "the one on the right"), (3, "standing person")),
            ref(7, 11, 1, "val", (1, "left cat"), (2, "cat")),
            ref(6, 21, 2, "testA", (9, "corner")),
        ],
        "refcocog/refs(umd).p": [ref(7, 21, 2, "test", (1, "a cat in the corner"))],
    }
    tiny.arefcoco = {
        "annotations": [
            entity(0, 7, "refcocog", "it is in the corner"),
            entity(1, 7, "refcoco", "the one left of the person", "it is not standing"),
            entity(2, 8, "refcoco", "he stands beside the cat"),
            entity(3, 7, "refcoco", "it is on the left"),
            entity(4, 6, "refcoco", "something", split="train"),
        ]
    }
    tiny.instances = copy.deepcopy(tiny.instances)
    rng = np.random.default_rng(0)
    for image_id in (1, 2):
        pixels = rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tiny.picture(image_id))
    tiny.write()
    return tiny


@pytest.fixture(scope="session")
def real_root() -> Path:
    """The photographs in the released layout, where there are some."""
    root = Path(os.environ.get("REBENCH_REAL_DATA", ""))
    if not (root / "arefcoco" / "arefcoco.json").is_file():
        pytest.skip("no photographs: set REBENCH_REAL_DATA to a data root that has some")
    return root
