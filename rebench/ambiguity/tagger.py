"""Is an expression object-distracting, is it category-implicit? Definitions: docs/ambiguity.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from rebench.ambiguity.english.chunks import find_chunks
from rebench.ambiguity.english.compounds import split_compounds
from rebench.ambiguity.english.language import is_english
from rebench.ambiguity.english.roles import ENTITY, MENTION, assign_roles
from rebench.ambiguity.english.tokens import tokenise, without_request

VERSION = "3"
"""The version of the rules and words: the same version gives the same tags."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase of an expression.

    Attributes:
        text: as it stands in the expression, `expression[start:end]`.
        head: its main word, in lower case and corrected.
        role: target mention, entity, attribute or place.
        reason: the rule that gave it that role.
    """

    text: str
    start: int
    end: int
    head: str
    role: str
    reason: str


@dataclass(frozen=True)
class Tags:
    """The two ways in which an expression is ambiguous; neither: a simple expression.

    Attributes:
        object_distracting: it names an entity other than its referent.
        category_implicit: nothing in it names the referent's category.
        known: whether it could be read. Where not (another language, no words), both flags are False and mean
            nothing.
        phrases: its noun phrases in order.
        evidence: why each flag is what it is, by the name of the flag.
    """

    object_distracting: bool
    category_implicit: bool
    known: bool
    phrases: tuple[Phrase, ...]
    evidence: Mapping[str, str]

    @property
    def group(self) -> str:
        """simple, object_distracting, category_implicit, both, or unknown."""
        if not self.known:
            return "unknown"
        if self.object_distracting:
            return "both" if self.category_implicit else "object_distracting"
        return "category_implicit" if self.category_implicit else "simple"

    @cached_property
    def entities(self) -> int:
        """How many entities other than the referent are named."""
        return sum(phrase.role == ENTITY for phrase in self.phrases)


def tag(expression: str, category: str | None = None) -> Tags:
    """Tag one expression; any text is allowed.

    Args:
        expression: the sentence.
        category: the referent's category, if known: one of COCO's, or any name.
    """
    tokens = tokenise(expression)
    if not is_english(tokens):
        reason = "not read as English" if tokens else "no words"
        return Tags(False, False, False, (), {"object_distracting": reason, "category_implicit": reason})
    tokens = without_request(tokens)
    chunks = split_compounds(find_chunks(tokens), category)
    roles = assign_roles([token.word for token in tokens], chunks, category)
    phrases = []
    for chunk, role in zip(chunks, roles, strict=True):
        start, end = tokens[chunk.first].start, tokens[chunk.last].end
        phrases.append(Phrase(expression[start:end], start, end, chunk.noun, role.name, role.reason))
    entities = [phrase for phrase in phrases if phrase.role == ENTITY]
    named = [p for p, role in zip(phrases, roles, strict=True) if role.explicit]
    mentions = [phrase for phrase in phrases if phrase.role == MENTION]
    evidence = {
        "object_distracting": "; ".join(f"{p.text}: {p.reason}" for p in entities) or "names nothing else",
        "category_implicit": named[0].reason
        if named
        else "; ".join(p.reason for p in mentions) or "nothing names the referent",
    }
    return Tags(bool(entities), not named, True, tuple(phrases), evidence)
