"""Probes: other sentences in the place of those of a split, to see what a model does with its language."""

import difflib
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from rebench.ambiguity.rewriting import with_explicit_subject, without_distractors
from rebench.ambiguity.tagger import tag
from rebench.data.split import Sample
from rebench.errors import RebenchError

ALL = "all"
SEED = 0
"""Of the order of shuffled words. Part of the declaration: another seed would be another probe."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A declared way to replace the sentences of a split; docs/probes.md says what each can show.

    Attributes:
        name: as `--probe` takes it.
        description: what is asked instead.
        applies: to which expressions, in words; the others are left out and counted.
        sentence: the new sentence of a sample, given the sample of another target in its picture and
            category (None where there is none); None where the probe does not apply.
    """

    name: str
    description: str
    applies: str
    sentence: Callable[[Sample, Sample | None], str | None]


def find_probes(names: Iterable[str]) -> list[Probe]:
    """The probes of these names, each once; "all" are all of them.

    Raises:
        RebenchError: with suggestions, if there is no such probe.
    """
    chosen: dict[str, Probe] = {}
    for name in names:
        if name == ALL:
            chosen |= PROBES
        else:
            chosen[name] = find_probe(name)
    return list(chosen.values())


def find_probe(name: str) -> Probe:
    """The probe of this name. Raises RebenchError, with suggestions, if there is none."""
    if name in PROBES:
        return PROBES[name]
    near = difflib.get_close_matches(name, [*PROBES, ALL], n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    raise RebenchError(f"unknown probe {name!r}: {hint}Known: {', '.join(PROBES)}, {ALL}")


def other_targets(samples: Iterable[Sample]) -> dict[str, Sample]:
    """Per sample id, a sample of the next target of the same category in the picture, where there is one.

    The targets of a category in a picture follow each other in the order of the split, the first after the
    last; of the next target's expressions it is the one in the same place, counted round.
    """
    rivals: dict[tuple[int, str], dict[int, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        rivals[sample.image_id, sample.category][sample.annotation_id].append(sample)
    found: dict[str, Sample] = {}
    for targets in rivals.values():
        asked = list(targets.values())
        for own, others in zip(asked, asked[1:] + asked[:1], strict=True):
            if own is not others:
                found |= {sample.sample_id: others[k % len(others)] for k, sample in enumerate(own)}
    return found


def _shuffled(sample: Sample, _: Sample | None) -> str | None:
    """The words in another order, each order as likely as any; a final mark stays at the end."""
    text = sample.expression.rstrip()
    words = text.rstrip(".!?").split()
    mark = text[len(text.rstrip(".!?")) :]
    if len({word.lower() for word in words}) < 2:
        return None
    draw = 0
    while (order := _drawn(words, f"{SEED}/{sample.sample_id}/{draw}")) == words:
        draw += 1
    return " ".join(order) + mark


def _drawn(words: Sequence[str], key: str) -> list[str]:
    """The words ordered by hashes, which are the same on every machine and with every NumPy."""
    ranks = [hashlib.sha256(f"{key}/{place}".encode()).digest() for place in range(len(words))]
    return [words[place] for place in sorted(range(len(words)), key=ranks.__getitem__)]


def _without_distractors(sample: Sample, _: Sample | None) -> str | None:
    return without_distractors(sample.expression, tag(sample.expression, sample.category))


def _explicit(sample: Sample, _: Sample | None) -> str | None:
    return with_explicit_subject(sample.expression, tag(sample.expression, sample.category), sample.category)


PROBES: Mapping[str, Probe] = MappingProxyType(
    {
        probe.name: probe
        for probe in (
            Probe("category", "the name of the referent's category, and nothing else", "all",
                  lambda sample, _: sample.category),
            Probe("empty", "nothing", "all", lambda _, __: ""),
            Probe("other-target", "a sentence of another target of the same category in the picture",
                  "those whose picture has another target of their category in the split",
                  lambda _, other: other.expression if other else None),
            Probe("shuffled", "the same words in another order", "those with two different words", _shuffled),
            Probe("no-distractors", "the sentence without the phrases that name other things",
                  "those that name other things, and say something without them", _without_distractors),
            Probe("explicit", "the sentence with the category's name for its pronoun or \"one\"",
                  "those that do not name the category, where a rule can put it in", _explicit),
        )
    }
)  # fmt: skip
"""Every probe by name, in the order of reports."""
