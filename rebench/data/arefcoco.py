"""aRefCOCO (Mao et al., NeurIPS 2025): ambiguous expressions for objects of RefCOCO and RefCOCOg."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rebench.data.coco import CocoSplit, merge_pictures, read_instances
from rebench.data.declaration import ORIGINALS, Declaration
from rebench.data.fields import expression_text, field, read_json
from rebench.data.refer import Ref, find_referent, make_samples, read_refs
from rebench.errors import RebenchError


@dataclass(frozen=True, slots=True)
class Entity:
    """One record of `arefcoco.json`: expressions for the object of a ref of the original data set."""

    entity_id: str
    original: str
    ref_id: int
    split: str
    descriptions: tuple[str, ...]


def read_entities(path: Path) -> list[Entity]:
    """The entities of an `arefcoco.json` in the order of the file.

    Raises:
        RebenchError: naming the entity, if a key is missing or of another type, or the data set is unknown.
    """
    records = field(read_json(path), "annotations", list, str(path))
    return [_entity(record, f"{path}: annotations[{i}]") for i, record in enumerate(records)]


class ARefCocoSplit(CocoSplit):
    """A split of aRefCOCO.

    A ref_id is unique in its original data set only, and the same number exists in both. The first part of a
    sample_id therefore tells them apart: `arefcoco-refcoco/<ref_id>/<index>` and
    `arefcoco-refcocog/<ref_id>/<index>`. The index counts the descriptions of the object, over all of its
    entities in the split in the order of the file.
    """

    @classmethod
    def load(cls, declaration: Declaration, root: Path) -> "ARefCocoSplit":
        """Read the split from its files under the data root."""
        path = root / declaration.folder / declaration.refs_file
        entities = [e for e in read_entities(path) if e.split in declaration.split_values]
        if not entities:
            raise RebenchError(f"{path} has no entity of split {' or '.join(declaration.split_values)}")
        refs = _resolve(entities, path, root)
        descriptions: dict[tuple[str, int], list[str]] = defaultdict(list)
        for entity in entities:
            descriptions[entity.original, entity.ref_id] += entity.descriptions
        image_ids = {refs[key].image_id for key in descriptions}
        originals = [original for original in ORIGINALS if any(key[0] == original for key in descriptions)]
        files = {original: root / original / "instances.json" for original in originals}
        pictures_of = {o: read_instances(files[o], image_ids) for o in originals}
        pictures = merge_pictures((files[o], pictures_of[o]) for o in originals)

        keys = sorted(descriptions, key=lambda key: (refs[key].image_id, *key))
        referents = {
            f"arefcoco-{original}/{ref_id}": find_referent(
                refs[original, ref_id], pictures_of[original], root / original / ORIGINALS[original]
            )
            for original, ref_id in keys
        }
        samples = [
            sample
            for key in keys
            for sample in make_samples(
                f"arefcoco-{key[0]}", refs[key], enumerate(descriptions[key]), pictures, referents
            )
        ]
        return cls(declaration.name, root, samples, pictures, referents, declaration.official)


def _resolve(entities: list[Entity], path: Path, root: Path) -> dict[tuple[str, int], Ref]:
    """The ref of every entity, by original data set and ref_id."""
    needed = {entity.original for entity in entities}
    refs_of = {o: {ref.ref_id: ref for ref in read_refs(root / o / ORIGINALS[o])} for o in sorted(needed)}
    for entity in entities:
        if entity.ref_id not in refs_of[entity.original]:
            raise RebenchError(_unresolved(entity, refs_of, path, root))
    return {(e.original, e.ref_id): refs_of[e.original][e.ref_id] for e in entities}


def _unresolved(entity: Entity, refs_of: Mapping[str, Mapping[int, Ref]], path: Path, root: Path) -> str:
    refs_file = root / entity.original / ORIGINALS[entity.original]
    message = f"{path}: entity {entity.entity_id}: ref_id {entity.ref_id} is not in {refs_file}"
    for other in ORIGINALS:
        other_file = root / other / ORIGINALS[other]
        if other == entity.original or not (other in refs_of or other_file.is_file()):
            continue
        known = refs_of.get(other) or {ref.ref_id for ref in read_refs(other_file)}
        if entity.ref_id in known:
            message += f", but it is in {other_file}: is original_dataset wrong?"
    return message


def _entity(record: Any, where: str) -> Entity:
    entity_id = record.get("entity_id") if isinstance(record, Mapping) else None
    if not isinstance(entity_id, int | str) or isinstance(entity_id, bool):
        raise RebenchError(f"{where}: an entity without an entity_id (a number or text)")
    where = f"{where} (entity {entity_id!r:.40})"
    original = field(record, "original_dataset", str, where)
    if original not in ORIGINALS:
        raise RebenchError(
            f"{where}: unknown original_dataset {original!r:.40}, known: {', '.join(ORIGINALS)}"
        )
    return Entity(
        entity_id=str(entity_id),
        original=original,
        ref_id=field(record, "ref_id", int, where),
        split=field(record, "split", str, where),
        descriptions=tuple(
            expression_text(description, f"{where}, description {i}")
            for i, description in enumerate(field(record, "descriptions", list, where))
        ),
    )
