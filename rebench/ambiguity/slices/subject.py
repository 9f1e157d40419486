"""The form of a subject: with what word an expression stands for its referent."""

from rebench.ambiguity.english.nouns import sort_of
from rebench.ambiguity.english.roles import MENTION
from rebench.ambiguity.tagger import tag

FORMS = ("noun", "pronoun", "one", "adjective", "none")
"""noun: man, dog; pronoun: he, it; one: one, thing, this; adjective: also ranks and places ("leftmost", "the
second"); none: nothing stands for the referent."""

_FORM_OF_SORT = {
    "pronoun": "pronoun",
    "vague": "one",
    "other": "one",
    "adjective": "adjective",
    "direction": "adjective",
    "region": "adjective",
    "digits": "adjective",
}


def subject_form(expression: str, category: str | None = None) -> str | None:
    """One of `FORMS`, of the first phrase that mentions the referent; None where the tagger cannot read it.

    Args:
        expression: the sentence.
        category: the referent's category, if known.
    """
    tags = tag(expression, category)
    if not tags.known:
        return None
    heads = [phrase.head for phrase in tags.phrases if phrase.role == MENTION]
    return _FORM_OF_SORT.get(sort_of(heads[0]), "noun") if heads else "none"
