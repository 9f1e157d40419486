"""RefCOCO, RefCOCO+ and RefCOCOg: `refs(*).p` and `instances.json` as the REFER toolkit released them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rebench.data.coco import Annotation, CocoSplit, Picture, read_instances
from rebench.data.declaration import Declaration
from rebench.data.fields import expression_text, field
from rebench.data.split import Sample
from rebench.data.unpickle import read_pickle
from rebench.errors import RebenchError


@dataclass(frozen=True, slots=True)
class Ref:
    """One referred object with its expressions, (sent_id, text) in the order of the file."""

    ref_id: int
    image_id: int
    annotation_id: int
    split: str
    sentences: tuple[tuple[int, str], ...]


def read_refs(path: Path) -> list[Ref]:
    """The refs of a `refs(*).p` in the order of the file; expressions are the cleaned ones (`sent`).

    Raises:
        RebenchError: naming the ref, if a key is missing, of another type or an id is there twice.
    """
    records = read_pickle(path)
    if not isinstance(records, list):
        raise RebenchError(
            f"{path} holds {type(records).__name__}, wants a list of refs: fetch the file again"
        )
    refs = [_ref(record, f"{path}: ref {i}") for i, record in enumerate(records)]
    seen: set[int] = set()
    for ref in refs:
        if ref.ref_id in seen:
            raise RebenchError(f"{path}: ref_id {ref.ref_id} is there twice")
        seen.add(ref.ref_id)
    return refs


def find_referent(ref: Ref, pictures: Mapping[int, Picture], refs_file: Path) -> Annotation:
    """The annotated object of a ref. Raises RebenchError if its picture or its object is not annotated."""
    where = f"{refs_file}: ref_id {ref.ref_id}"
    instances = refs_file.parent / "instances.json"
    picture = pictures.get(ref.image_id)
    if picture is None:
        raise RebenchError(f"{where} is on image {ref.image_id}, which {instances} does not have")
    annotation = picture.annotations.get(ref.annotation_id)
    if annotation is None:
        raise RebenchError(
            f"{where} is annotation {ref.annotation_id} of image {ref.image_id}, "
            f"which {instances} does not have"
        )
    return annotation


class ReferSplit(CocoSplit):
    """A split of RefCOCO, RefCOCO+ or RefCOCOg; a sample_id is `<dataset>/<ref_id>/<sent_id>`."""

    @classmethod
    def load(cls, declaration: Declaration, root: Path) -> "ReferSplit":
        """Read the split from its files under the data root."""
        refs_file = root / declaration.folder / declaration.refs_file
        refs = [ref for ref in read_refs(refs_file) if ref.split in declaration.split_values]
        if not refs:
            raise RebenchError(
                f"{refs_file} has no ref of split {' or '.join(declaration.split_values)}, which "
                f"{declaration.name} needs"
            )
        refs.sort(key=lambda ref: (ref.image_id, ref.ref_id))
        pictures = read_instances(refs_file.parent / "instances.json", {ref.image_id for ref in refs})
        referents = {
            f"{declaration.folder}/{ref.ref_id}": find_referent(ref, pictures, refs_file) for ref in refs
        }
        samples = [
            sample
            for ref in refs
            for sample in make_samples(declaration.folder, ref, ref.sentences, pictures, referents)
        ]
        return cls(declaration.name, root, samples, pictures, referents, declaration.official)


def make_samples(
    dataset: str,
    ref: Ref,
    sentences: Iterable[tuple[int, str]],
    pictures: Mapping[int, Picture],
    referents: Mapping[str, Annotation],
) -> Sequence[Sample]:
    """One sample per expression of a ref; `dataset` is the first part of the sample ids."""
    picture = pictures[ref.image_id]
    prefix = f"{dataset}/{ref.ref_id}"
    category = referents[prefix].category
    return [
        Sample(
            sample_id=f"{prefix}/{sent_id}",
            image_id=ref.image_id,
            ref_id=ref.ref_id,
            sent_id=sent_id,
            annotation_id=ref.annotation_id,
            expression=expression,
            height=picture.height,
            width=picture.width,
            category=category,
        )
        for sent_id, expression in sentences
    ]


def _ref(record: Any, where: str) -> Ref:
    ref_id = field(record, "ref_id", int, where)
    where = f"{where} (ref_id {ref_id})"
    sentences = tuple(
        (
            field(sentence, "sent_id", int, f"{where}, sentence {i}"),
            expression_text(field(sentence, "sent", str, f"{where}, sentence {i}"), f"{where}, sentence {i}"),
        )
        for i, sentence in enumerate(field(record, "sentences", list, where))
    )
    if len({sent_id for sent_id, _ in sentences}) < len(sentences):
        raise RebenchError(f"{where}: a sent_id is there twice")
    return Ref(
        ref_id=ref_id,
        image_id=field(record, "image_id", int, where),
        annotation_id=field(record, "ann_id", int, where),
        split=field(record, "split", str, where),
        sentences=sentences,
    )
