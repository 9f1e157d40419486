"""Expressions rewritten by their tags: without the other entities, or with a noun for who is meant.

Both are rules over noun phrases and keep the words of the expression. Where a rule would leave nothing, or
break the sentence, there is no rewritten form.
"""

from collections.abc import Sequence

from rebench.ambiguity.english.grammar import kind
from rebench.ambiguity.english.lexicon import is_a
from rebench.ambiguity.english.nouns import sort_of
from rebench.ambiguity.english.roles import ATTRIBUTE, ENTITY, MENTION, PLACE
from rebench.ambiguity.english.tokens import Token, tokenise
from rebench.ambiguity.tagger import Phrase, Tags

DANGLING = ("preposition", "conjunction", "copula", "auxiliary", "negation", "relative", "determiner", "mark")
"""What is no last word of an expression."""

DEGREES = frozenset(
    {"just", "directly", "immediately", "slightly", "partially", "partly", "almost", "nearly", "very", "even"}
)
"""Adverbs that say how near something is."""

COMPARING = frozenset(
    {"near", "nearest", "nearer", "next", "close", "closer", "closest", "far", "farther", "further", "same"}
)
"""What says nothing without the thing it compares with."""

SEVERAL = frozenset(
    {"they", "them", "these", "those", "two", "three", "four", "both", "ones", "others", "we", "us"}
)
UNSPOKEN = frozenset({"i", "you", "me", "my", "your", "who", "whom", "what", "which", "where", "whose"})


def without_distractors(expression: str, tags: Tags) -> str | None:
    """The expression without the phrases that name other entities, and without what ties them to the rest.

    "The dog standing between the toilet and the wall" becomes "The dog standing".

    Args:
        expression: the sentence.
        tags: its tags.

    Returns:
        None where it names no other entity, or nothing is left that says something of the referent.
    """
    mentions = [phrase for phrase in tags.phrases if phrase.role == MENTION]
    if not tags.object_distracting or not mentions:
        return None
    sentence = _Sentence(expression, tags.phrases)
    kept = sentence.without(ENTITY)
    words = {sentence.word(n) for n in kept}
    if not set(sentence.span(mentions[0])) <= set(kept) or ("neither" in words and "nor" not in words):
        return None
    return sentence.written(kept) if any(_says_something(sentence.word(n)) for n in kept) else None


def with_explicit_subject(expression: str, tags: Tags, category: str) -> str | None:
    """The expression with the category's name where it has "it", "the one", or only an adjective.

    "it is the darker one" becomes "the dog is the darker one", "the white one" becomes "the white dog".

    Args:
        expression: the sentence.
        tags: its tags.
        category: the name that is put in.

    Returns:
        None where the category is named already, or several are spoken of, or nobody.
    """
    if not tags.known or not tags.category_implicit:
        return None
    mention = next((phrase for phrase in tags.phrases if phrase.role == MENTION), None)
    first = tokenise(expression)[0].word
    if mention is None or is_a(first, "possessive"):  # "its horns are longer than those of the other one"
        return _with_subject_before(expression, tags.phrases, category)
    after = [token.word for token in tokenise(expression[mention.end :])[:1]]
    name = _name(mention, after, category)
    if name is None:
        return None
    if mention.text[0].isupper():
        name = name[0].upper() + name[1:]
    return expression[: mention.start] + name + expression[mention.end :]


def _name(mention: Phrase, after: Sequence[str], category: str) -> str | None:
    """What stands for a mention that does not name the category."""
    words, head = mention.text.split(), mention.head
    if head in SEVERAL | UNSPOKEN or {word.lower() for word in words} & SEVERAL:
        return None
    if is_a(head, "pronoun"):
        return f"the {category}"
    if head in ("someone", "somebody", "something", "anything"):
        adjective = bool(after) and kind(after[0]) == "adjective"
        return None if adjective else f"{'an' if category[0] in 'aeiou' else 'a'} {category}"
    if is_a(head, "vague"):  # "this one", "red thing"
        return None if len(words) == 1 and after == ["of"] else " ".join([*words[:-1], category])
    if kind(head) == "noun" and sort_of(head) == "region":
        return f"the {category} at {mention.text}"
    if head.isdigit():
        return f"{category} {mention.text}"
    if head in COMPARING and len(words) == 1:  # "closest to the camera"
        return f"{category} {mention.text}"
    return f"{mention.text} {category}" if kind(head) in ("adjective", "determiner") else None


def _with_subject_before(expression: str, phrases: Sequence[Phrase], category: str) -> str | None:
    """ "in red on the right", "white shirt", "its horns are longer": nothing speaks of the referent."""
    tokens = tokenise(expression)
    if not tokens:
        return None
    first = tokens[0]
    owner = is_a(first.word, "possessive") and first.word in ("its", "his", "her")
    rest = expression[first.end if owner else first.start :]
    if not owner and first.word.istitle():
        rest = rest[0].lower() + rest[1:]
    if owner:
        name = f"the {category}'s"
    elif kind(first.word) in ("negation", "conjunction", "relative", "auxiliary", "verb"):
        return None
    else:
        bare = bool(phrases) and phrases[0].start == first.start and phrases[0].role in (ATTRIBUTE, ENTITY)
        name = f"the {category} with " if bare else f"the {category} "
    if expression[first.start].isupper():
        name, rest = name[0].upper() + name[1:], rest if owner else rest[0].lower() + rest[1:]
    return expression[: first.start] + name + rest


class _Sentence:
    """The tokens of an expression with its phrases; its final mark is kept apart."""

    def __init__(self, expression: str, phrases: Sequence[Phrase]) -> None:
        self.expression, self.phrases = expression, phrases
        self.tokens: list[Token] = tokenise(expression)
        self.mark = ""
        if self.tokens and self.tokens[-1].word in (".", "!", "?"):
            self.mark = self.tokens.pop().word
        self.spans = [self.span(phrase) for phrase in phrases]
        self.main = next((n for n, phrase in enumerate(phrases) if phrase.role == MENTION), 0)

    def word(self, number: int) -> str:
        return self.tokens[number].word

    def span(self, phrase: Phrase) -> range:
        """The tokens of a phrase."""
        inside = [n for n, t in enumerate(self.tokens) if phrase.start <= t.start and t.end <= phrase.end]
        return range(inside[0], inside[-1] + 1)

    def without(self, role: str) -> list[int]:
        """The tokens that are left when the phrases of a role go, with all that only leads to them."""
        dropped: set[int] = set()
        for number, phrase in enumerate(self.phrases):
            if phrase.role == role:
                dropped.update(self._clause(number))
        kept = [n for n in range(len(self.tokens)) if n not in dropped]
        while kept and self._dangles(kept[-1]):
            kept.pop()
        while kept and kind(self.word(kept[0])) in ("mark", "conjunction"):
            kept.pop(0)
        return kept

    def written(self, kept: list[int]) -> str:
        """The tokens as text, spaced as they were."""
        text = ""
        for before, number in zip([None, *kept], kept, strict=False):
            token = self.tokens[number]
            if before is not None:
                gap = self.expression[self.tokens[before].end : token.start] if before == number - 1 else " "
                text += "" if token.word in (",", ";", ":") else gap
            text += self.expression[token.start : token.end]
        if self.expression.lstrip()[:1].isupper():
            text = text[0].upper() + text[1:]
        return text + self.mark

    def _clause(self, number: int) -> range:
        """The tokens that go with a phrase."""
        span = self.spans[number]
        end = self._end(number)
        joined = number + 1 < len(self.phrases) and self.phrases[number + 1].role == ATTRIBUTE
        if (
            joined
            and end < len(self.tokens)
            and self.spans[number + 1].start == end + 1
            and self.word(end) == "and"
        ):
            return range(span.start, end + 1)  # "with a phone and a red hat"
        return range(self._start(number), end)

    def _start(self, number: int) -> int:
        """The first token that leads to the phrase, after what stands for itself ("standing")."""
        first = self.spans[number].start
        begin = self.spans[number - 1].stop if number else 0
        if number and self.phrases[number - 1].role == PLACE and self.word(begin) == "of":
            return self._start(number - 1)  # "to the left of the man"
        if number and self.phrases[number - 1].head in COMPARING and begin < first:
            begin = self.spans[number - 1].start
            return begin if self.phrases[number - 1].role != MENTION else self.spans[number - 1].stop
        if first < self.spans[self.main].start:  # all that opens the sentence
            return begin
        if number and begin < first and self._is_adverb(number - 1):
            begin -= 1
            return begin if self.phrases[number - 1].role == PLACE else begin + 1
        link = range(begin, first)
        if any(kind(self.word(n)) in ("relative", "mark", "conjunction") for n in link):
            return next(n for n in link if kind(self.word(n)) in ("relative", "mark", "conjunction"))
        end = len(link) and link[-1]  # a verb right before the phrase has it as its object
        return next((n for n in link if n == end or not self._stands_alone(n)), first)

    def _is_adverb(self, number: int) -> bool:
        """Whether a phrase is "right" as in "right behind the bananas", not as in "on the right"."""
        phrase = self.phrases[number]
        return phrase.head == "right" and not phrase.text.lower().startswith("the ")

    def _stands_alone(self, number: int) -> bool:
        word = self.word(number)
        acts = kind(word) in ("participle", "verb", "copula", "auxiliary")
        return acts and not any(is_a(word, name) for name in ("transitive", "hold", "wear"))

    def _end(self, number: int) -> int:
        """One past the last token that says something of the phrase: up to a mark, "and" or the referent."""
        spoken = zip(self.phrases, self.spans, strict=True)
        mentioned = {n for phrase, span in spoken if phrase.role == MENTION for n in span}
        for n in range(self.spans[number].stop, len(self.tokens)):
            if n in mentioned or kind(self.word(n)) == "mark" or self.word(n) in ("and", "but"):
                return n
        return len(self.tokens)

    def _dangles(self, number: int) -> bool:
        word = self.word(number)
        spoken = zip(self.phrases, self.spans, strict=True)
        if any(number == span[-1] for phrase, span in spoken if phrase.role == MENTION):
            return False
        follows = self.word(number + 1) if number + 1 < len(self.tokens) else ""
        return kind(word) in DANGLING or word in COMPARING | DEGREES or follows == "than"


def _says_something(word: str) -> bool:
    empty = ("determiner", "pronoun", "vague", "copula", "mark", "relative", "conjunction")
    return kind(word) not in empty and word != "there"
