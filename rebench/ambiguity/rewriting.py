"""Expressions rewritten by their tags: without the other entities, or with a noun for who is meant.

Both are rules over noun phrases and keep the words of the expression. Where a rule would leave nothing, or
break the sentence, there is no rewritten form.
"""

from collections.abc import Sequence

from rebench.ambiguity.english.grammar import kind
from rebench.ambiguity.english.lexicon import is_a, is_ordinal
from rebench.ambiguity.english.nouns import sort_of
from rebench.ambiguity.english.roles import ATTRIBUTE, ENTITY, HAVING, MENTION, PLACE
from rebench.ambiguity.english.tokens import Token, tokenise, without_request
from rebench.ambiguity.tagger import Phrase, Tags

DANGLING = ("preposition", "conjunction", "copula", "auxiliary", "negation", "relative", "determiner", "mark")
"""What is no last word of an expression."""

DEGREES = frozenset(
    {"just", "directly", "immediately", "slightly", "partially", "partly", "almost", "nearly", "very", "even"}
    | {"more", "less", "much"}
)
"""Adverbs that say how near something is."""

COMPARING = frozenset(
    {"near", "nearest", "nearer", "next", "close", "closer", "closest", "far", "farther", "further", "same"}
    | {"farthest", "furthest", "adjacent", "opposite", "different", "similar", "identical"}
)
"""What says nothing without the thing it compares with."""

TYING = frozenset({"to", "from", "as", "of", "with"})
"""What ties the words that compare to the thing."""

SEVERAL = frozenset(
    {"they", "them", "these", "those", "two", "three", "four", "both", "ones", "others", "we", "us"}
)
UNSPOKEN = frozenset(
    {"i", "you", "me", "my", "your", "who", "whom", "what", "which", "where", "whose", "whoever", "whichever"}
    | {"nobody", "no_one", "nothing", "everybody", "everyone", "anybody", "anyone"}
)
SEXES = {
    **dict.fromkeys(("he", "him", "his", "himself"), "male"),
    **dict.fromkeys(("she", "her", "herself"), "female"),
}
"""What a person's pronoun says besides that it is a person."""

FIRST_OR_LAST = frozenset({"first", "last", "1st", "next", "previous", "final"})
"""Who is first of many is first of some of them; who is third is not."""


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
    said = [sentence.word(n) for n in kept if n >= sentence.request]
    return sentence.written(kept) if any(map(_says_something, said)) else None


def with_explicit_subject(expression: str, tags: Tags, category: str) -> str | None:
    """The expression with the category's name where it has "it", "the one", or only an adjective.

    "it is the darker one" becomes "the dog is the darker one", "the white one" becomes "the white dog"; "she"
    becomes "the female person". The new sentence says all that the old one says, and the category besides.

    Args:
        expression: the sentence.
        tags: its tags.
        category: the name that is put in.

    Returns:
        None where the category is named already, or several are spoken of, or nobody; and where places are
        counted ("the third thing from the left"), since another can be third of the category.
    """
    if not tags.known or not tags.category_implicit:
        return None
    mention = next((phrase for phrase in tags.phrases if phrase.role == MENTION), None)
    first = tokenise(expression)[0]
    owner = is_a(first.word, "possessive") and not any(first.end == phrase.end for phrase in tags.phrases)
    pronoun = first if owner else mention and tokenise(mention.text)[0]
    sex = SEXES.get(pronoun.word) if pronoun and category == "person" else None
    if sex is None and _counts(expression, tags.phrases):
        return None
    category = f"{sex} {category}" if sex else category
    if mention is None or owner:  # "its horns are longer than those of the other one"
        return _with_subject_before(expression, tags.phrases, category)
    after = [token.word for token in tokenise(expression[mention.end :])[:2]]
    name = _name(mention, after, category)
    if name is None:
        return None
    if mention.text[0].isupper():
        name = name[0].upper() + name[1:]
    return expression[: mention.start] + name + expression[mention.end :]


def _counts(expression: str, phrases: Sequence[Phrase]) -> bool:
    """Whether the referent is told by its place in an order: "the third thing", "second from the left"."""
    others = [(phrase.start, phrase.end) for phrase in phrases if phrase.role == ENTITY]
    spoken = [t for t in tokenise(expression) if not any(a <= t.start < b for a, b in others)]
    parts = {part for token in spoken for part in token.word.split("-")}
    return "middle" in parts or any(is_ordinal(part) and part not in FIRST_OR_LAST for part in parts)


def _name(mention: Phrase, after: Sequence[str], category: str) -> str | None:
    """What stands for a mention that does not name the category."""
    words, head = mention.text.split(), mention.head
    if head in SEVERAL | UNSPOKEN or {word.lower() for word in words} & SEVERAL:
        return None
    if is_a(head, "pronoun") or head in SEXES:
        return f"the {category}"
    if head in ("someone", "somebody", "something", "anything"):
        adjective = bool(after) and kind(after[0]) == "adjective"
        return None if adjective else f"{'an' if category[0] in 'aeiou' else 'a'} {category}"
    if is_a(head, "vague"):  # "this one", "red thing"
        return None if len(words) == 1 and after[:1] == ["of"] else " ".join([*words[:-1], category])
    described = any(is_a(word.lower(), "colour") for word in words[:-1])
    if head in ("top", "bottom") and described:  # "white top"
        return f"the {category} with {mention.text}"
    if after[:1] == ["of"] and (is_a(head, "direction") or is_a(after[-1], "referring_pronoun")):
        return None  # "left of the car", "the largest of them"
    if kind(head) == "noun" and sort_of(head) == "region":
        return None if after[:1] == ["of"] else f"the {category} at {mention.text}"
    if head.isdigit():
        return None
    if head in COMPARING and len(words) == 1:  # "closest to the camera"
        return f"{category} {mention.text}"
    return f"{mention.text} {category}" if kind(head) in ("adjective", "determiner") else None


def _with_subject_before(expression: str, phrases: Sequence[Phrase], category: str) -> str | None:
    """ "in red on the right", "white shirt", "its horns are longer": nothing speaks of the referent."""
    tokens = tokenise(expression)
    if not tokens:
        return None
    first = tokens[0]
    owner = first.word in ("its", "his", "her")
    rest = expression[first.end if owner else first.start :]
    if not owner and first.word.istitle():
        rest = rest[0].lower() + rest[1:]
    if owner:
        name = f"the {category}'s"
    elif kind(first.word) in ("negation", "conjunction", "relative", "auxiliary", "verb"):
        return None
    else:
        bare = bool(phrases) and phrases[0].start == first.start and phrases[0].role in (ATTRIBUTE, ENTITY)
        leads = next((kind(token.word) for token in tokens if kind(token.word) != "adverb"), "")
        if not bare and leads not in ("preposition", "participle", "adjective"):  # "just the arm"
            return None
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
        self.request = len(self.tokens) - len(without_request(self.tokens))
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
        dropped.update(n for n in range(1, len(self.tokens)) if self._joins_nothing(n, dropped))
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
        had = bool(span.start) and self._has(span.start - 1)
        joined = had and number + 1 < len(self.phrases) and self.phrases[number + 1].role == ATTRIBUTE
        if (
            joined
            and end < len(self.tokens)
            and self.spans[number + 1].start == end + 1
            and self.word(end) == "and"
        ):
            return range(span.start, end + 1)  # "with a phone and a red hat"
        start = self._start(number)
        last = end == len(self.tokens) or kind(self.word(end)) in ("mark", "conjunction")
        while start and self._only_leads_on(start - 1):
            start = self._compared_before(start) or start - 1
        if start and last and kind(self.word(start - 1)) in ("mark", "conjunction"):
            start -= 1
        return range(start, end)

    def _has(self, number: int) -> bool:
        """Whether a token is "with", "holding" or the like, which what is joined to its object shares."""
        return self.word(number) in HAVING or kind(self.word(number)) in ("participle", "verb")

    def _only_leads_on(self, number: int) -> bool:
        """Whether a token says nothing without what follows it: "left" of "left of the dog"."""
        word, follows = self.word(number), self.word(number + 1)
        if number in self.spans[self.main]:
            return False
        if self._compared_before(number + 1) is not None or (follows == "of" and is_a(word, "direction")):
            return True
        if word == "right" and kind(follows) == "preposition":  # "right by the dog", not "on the right"
            return self.word(number - 1) != "the"
        if follows == "than":
            return kind(word) in ("adjective", "adverb")
        if is_ordinal(word) and follows in COMPARING:  # "second closest to the wall"
            return True
        if word in COMPARING:
            return follows in TYING or kind(follows) != "preposition"
        return word in DEGREES or kind(word) in ("preposition", "determiner", "negation")

    def _compared_before(self, number: int) -> int | None:
        """Where the place begins before the "of" at this token, or what is compared before its "than"."""
        role = {"of": PLACE, "than": ATTRIBUTE}.get(self.word(number))
        ends = zip(self.phrases, self.spans, strict=True)
        return next((span.start for phrase, span in ends if (phrase.role, span.stop) == (role, number)), None)

    def _joins_nothing(self, number: int, dropped: set[int]) -> bool:
        """Whether a token is the "and" after a clause that goes, with nothing before it to be joined."""
        if kind(self.word(number)) != "conjunction" or number in dropped or number - 1 not in dropped:
            return False
        before = next((n for n in range(number - 1, -1, -1) if n not in dropped), None)
        return before is None or before in self.spans[self.main] or kind(self.word(before)) in DANGLING

    def _start(self, number: int) -> int:
        """The first token that leads to the phrase, after what stands for itself ("standing")."""
        first = self.spans[number].start
        begin = self.spans[number - 1].stop if number else 0
        if first < self.spans[self.main].start:  # all that opens the sentence
            return begin
        link = range(begin, first)
        if any(kind(self.word(n)) in ("relative", "mark", "conjunction") for n in link):
            return next(n for n in link if kind(self.word(n)) in ("relative", "mark", "conjunction"))
        end = len(link) and link[-1]  # a verb right before the phrase has it as its object
        return next((n for n in link if n == end or not self._stands_alone(n)), first)

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
        return kind(word) in DANGLING or word in DEGREES


def _says_something(word: str) -> bool:
    empty = ("determiner", "pronoun", "vague", "copula", "mark", "relative", "conjunction")
    return kind(word) not in empty and word != "there"
