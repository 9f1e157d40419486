"""What a sentence says and how: kinds of relation, negation and rank words, by closed lists of words.

There is no parser: a phrase counts where its words stand. The lists are general English, short enough to be
read, and meant for counting over many sentences, not for judging one.
"""

import re
from collections.abc import Callable


def _any(words: str) -> str:
    return "(?:" + "|".join(sorted(words.split(), key=len, reverse=True)) + ")"


_COLOURS = """red green blue yellow orange purple pink brown black white grey gray beige tan gold golden
    silver navy teal maroon turquoise violet cream khaki dark light bright pale colorful colourful"""
_GRADABLE = """big small large little tall short long wide narrow thick thin fat slim skinny heavy old young
    new dark light bright pale clean dirty fast slow full empty round flat great fine fresh ripe strong weak
    sharp soft hard tiny plump chubby bald blond blonde hairy furry fluffy shiny curly straight"""
_LOOKS = f"""{_COLOURS} {_GRADABLE} wooden metal metallic plastic leather glass stone brick concrete knitted
    striped stripes stripe plaid checkered checked spotted dotted spots floral patterned plain wet dry open
    closed broken sliced cut uncut covered uncovered hidden folded square rectangular adult elderly elder
    male female tattooed tattoo bearded beard mustache moustache hair haired ponytail braids glasses
    sunglasses goggles shirt tshirt t-shirt tee blouse sweater jumper jacket coat hoodie vest suit tie dress
    skirt jeans pants trousers shorts shoes shoe boots sneakers socks hat cap helmet visor hood scarf gloves
    glove apron uniform jersey robe bikini swimsuit necklace watch backpack belt clothes clothing outfit
    sleeve sleeves wearing wears wear dressed clad shirtless barefoot"""
_BODY = """head heads face hand hands arm arms leg legs foot feet knee knees shoulder shoulders chest neck
    ear ears eye eyes hip hips finger lap shirt tshirt jacket hat cap"""
_NOT_DOING = """thing something anything nothing everything building ceiling morning evening wing ring king
    string spring swing clothing railing awning icing frosting stuffing pudding dressing parking crossing
    painting opening being during according including regarding missing wearing matching surrounding
    remaining following facing sibling duckling earring siding flooring lighting wiring bedding bing ping
    ding sling sting viking herring topping landing"""
_DOES = """sits stands holds walks runs rides looks eats drinks flies lies lays plays jumps leans bends
    carries pulls pushes throws catches hits talks smiles laughs reads sleeps drives kneels squats crouches
    reaches points swims skis surfs skates grazes chews licks feeds cuts watches crosses climbs seated sat
    stood stand sit hold ride eat drink"""
_GRADABLE_TOO = "close near far high low deep late loud quiet red funny happy pretty ugly busy lazy messy"
"""Adjectives that are compared, and do not tell what something looks like (of red, only redder is meant)."""
_DET = r"(?:(?:the|a|an|his|her|its|their|my|this|that|these|those|both|two|some|other|another) )*+"
_VIEWER = rf"{_DET}{_any('us me you viewer viewers camera cam photographer lens')}\b"
_PICTURE = rf"{_DET}{_any('picture image photo pic frame screen shot scene view row line group bunch')}\b"


def _graded(ending: str) -> str:
    """Comparatives ("er") or superlatives ("est") of gradable adjectives, spelt as English spells them."""
    made = []
    for word in f"{_GRADABLE} {_GRADABLE_TOO}".split():
        if word.endswith("e"):
            made.append(word + ending[1:])
        elif word.endswith("y") and word[-2] not in "aeiou":
            made.append(word[:-1] + "i" + ending)
        elif re.fullmatch(r"[^aeiou]*[aeiou][bdgnmt]", word):
            made.append(word + word[-1] + ending)
        else:
            made.append(word + ending)
    return " ".join(made)


_MORE = _any(_graded("er") + " better worse further farther more less lesser elder")
_SIDEMOST = (
    rf"{_any('left right top bottom front back inner outer upper lower rear hind middle center')}[- ]?most"
)
_MOST = (
    _any(_graded("est") + " best worst furthest farthest most least eldest utmost foremost") + "|" + _SIDEMOST
)
_ORDINAL = (
    rf"{_any('first second third fourth fifth sixth seventh eighth ninth tenth last')}|\d+(?:st|nd|rd|th)"
)

_OF_NOTHING = rf"(?! of (?!{_PICTURE}|{_VIEWER}))"
"""After a place: not "of" a thing, or of the picture; "left of the dog" tells where the dog is."""
_NOT_EXACTLY = (
    rf"(?! {_any('next behind beside by above below under near before after beneath between there')}\b)"
)
"""After "right": not as in "right next to" and "right behind"."""
_NOT_HANDED = (
    rf"(?! (?:{_any('hand hands arm leg foot eye ear shoulder knee paw wing wrist')}\b(?! side)|in front\b))"
)
"""After "left" or "right": not as in "his left hand"."""

_PLACES = (
    rf"(?:left|right)(?:(?:[- ]hand)? side)?{_OF_NOTHING}{_NOT_EXACTLY}{_NOT_HANDED}",
    _SIDEMOST,
    rf"{_any('in at on from near to toward towards')} {_DET}(?:very |far |way )?"
    rf"{_any('top bottom back front rear')}\b{_OF_NOTHING}",
    rf"^{_DET}(?:top|bottom|back|front|upper|lower|far)\b{_OF_NOTHING}",
    rf"{_any('top bottom upper lower back front far middle')} "
    rf"{_any('left right row corner center middle shelf one part')}",
    rf"(?:middle|center|centre|corner)\b{_OF_NOTHING}",
    "foreground|background|distance",
    rf"(?:near|next|in front|facing|{_any('close closer nearer closest nearest')})(?: to| of)? {_VIEWER}",
    rf"{_any('far farther further farthest furthest away')} from {_VIEWER}",
    rf"{_any('closest nearest furthest farthest')}(?! {_any('to from the a an his her its')}\b)",
)
_NEAR = (
    rf"(?:{_any('close closer closest near nearer nearest next adjacent')} to|near"
    r"|(?:nearest|by)(?= (?:the|an?)\b))"
)
_AWAY = rf"{_any('far farther further farthest furthest away apart')} from"
_REGIONS = """left right top bottom side edge front back rear middle center centre end corner upper lower
    very far"""
_NOT_ON = _any(f"{_REGIONS} outside inside phone cell cellphone it him all")
_NEIGHBOURS = (
    rf"(?:{_NEAR}|{_AWAY}|in front of) (?!{_VIEWER}|{_DET}{_any(_REGIONS)}\b)\w+",
    "beside|besides|behind|between|underneath|beneath|above|below|among|amongst|alongside|opposite|against",
    r"(?:under|over|around|inside|outside|atop|across|along) (?!there\b|here\b)\w+",
    rf"(?:left|right)(?:[- ]hand)?(?: side)? of (?!{_PICTURE}|{_VIEWER})\w+",
    rf"(?:top|bottom|back|front|middle|center|centre|edge|end|side) of (?!{_PICTURE}|{_VIEWER})\w+",
    rf"(?:on|onto|at) (?:top of )?{_DET}(?!{_NOT_ON}\b)"
    rf"(?!(?:{_any(_COLOURS)} )?{_any(_BODY)}\b)\w+",
    r"(?:surrounded|followed|flanked) by",
    rf"facing (?!{_VIEWER}|away\b|left\b|right\b|forward\b)\w+",
)
_COMPARED = (_MORE, _MOST, "than|compared|unlike", r"same as|as \w+ as|similar to|in contrast")
_DENIED = (
    "not|never|none|neither|nor|nobody|nothing|without|w/o|wo|cannot|unlike|except|excluding",
    r"\w+n['’]t",
    rf"{_any('is are was were do does did has have had ca wo could would should must')}nt",
    "instead of|rather than|other than",
    r"no(?!\.)(?! ?\d)",
)


def _pattern(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?<![\w'’])(?:{part})(?![\w'’])" for part in parts))


_PLACE, _NEIGHBOUR, _COMPARISON = _pattern(*_PLACES), _pattern(*_NEIGHBOURS), _pattern(*_COMPARED)
_LOOK = _pattern(
    _any(_LOOKS), rf"{_any('redd green blu yellow orang purpl pink brown black whit grey gray')}ish"
)
_ACTION = _pattern(_any(_DOES), rf"(?!{_any(_NOT_DOING)}\b)\w\w+ing")
_NEGATION, _SUPERLATIVE, _COUNTED = _pattern(*_DENIED), _pattern(_MOST), _pattern(_ORDINAL)

RELATIONS: dict[str, Callable[[str], object]] = {
    "spatial absolute": _PLACE.search,
    "spatial relative": _NEIGHBOUR.search,
    "comparison": _COMPARISON.search,
    "appearance": _LOOK.search,
    "action": _ACTION.search,
}
"""How the referent is told apart, each with its rule over plain text; a sentence may do several."""


def plain(expression: str) -> str:
    """Lower case, with single spaces, without the marks at the ends of words: what the rules read."""
    return " ".join(word for raw in expression.lower().split() if (word := raw.strip('.,;:!?"()[]“”')))


def count_words(expression: str) -> int:
    """Parts between white space that hold a letter or a digit."""
    return sum(any(map(str.isalnum, word)) for word in expression.split())


def relations(text: str) -> tuple[bool, ...]:
    """Which of `RELATIONS` a plain text uses, in their order."""
    return tuple(rule(text) is not None for rule in RELATIONS.values())


def negated(text: str) -> bool:
    """Whether a plain text denies or excludes something: not, no, without, -n't, except, unlike ..."""
    return _NEGATION.search(text) is not None


def ranks(text: str) -> tuple[bool, bool]:
    """Whether a plain text counts (second, last, 3rd); whether it has a superlative (tallest, leftmost)."""
    return _COUNTED.search(text) is not None, _SUPERLATIVE.search(text) is not None
