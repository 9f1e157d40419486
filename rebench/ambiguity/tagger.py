"""A first, simple tagger: is an expression object-distracting, is it category-implicit?

Noun phrases are found by closed word classes and a small declared lexicon; there is no parser. Labels that
come with the data take precedence.
"""

import re
from typing import NamedTuple


class Tags(NamedTuple):
    """The two ways in which an expression is ambiguous; neither: a simple expression."""

    object_distracting: bool
    category_implicit: bool


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# COCO's categories in words people use, people, and things of a scene: entities with or without an article.
NOUNS = _words(
    """person people man men woman women guy guys girl boy kid child children baby lady gentleman dude
    player adult teen crowd group worker rider driver skier surfer catcher batter umpire pitcher
    waiter chef officer bicycle bike car automobile motorcycle motorbike scooter airplane plane jet
    bus train truck van boat ship vehicle trolley tram hydrant sign meter bench bird duck goose
    seagull pigeon parrot cat kitten dog puppy horse pony sheep lamb goat cow calf bull cattle ox
    elephant bear zebra giraffe animal backpack umbrella handbag purse suitcase luggage frisbee ski
    skis snowboard ball kite bat glove skateboard surfboard racket bottle glass wineglass cup mug fork
    knife spoon bowl banana apple sandwich orange broccoli carrot hotdog pizza donut doughnut cake
    muffin chair armchair stool couch sofa plant flower flowers pot vase bed table desk toilet tv
    television monitor screen laptop mouse remote keyboard phone cellphone microwave oven stove
    toaster sink basin refrigerator fridge book clock scissors teddy toy doll dryer toothbrush towel
    plate tray box basket bag jar pan dish slice food fruit fence wall tree trees bush grass road
    street sidewalk building house window door mirror counter shelf cabinet lamp rug carpet floor
    curtain pillow blanket water river lake sea ocean wave sand beach snow hill mountain sky rock pole
    post bridge stairs rail track field bystander companion friend mother father son daughter boss
    sailor fowl herd calf candle sculpture"""
)
# Parts of the referent, what it wears, and places of the picture: never entities of their own.
ATTRIBUTES = _words(
    """shirt tshirt tee top blouse sweater jacket coat hoodie hood vest suit tie dress skirt jeans pants
    shorts trousers shoe boot sneaker sock hat cap helmet visor scarf glasses sunglasses goggles belt
    uniform apron jersey polo cardigan suspenders watch wristwatch collar clothes clothing outfit robe
    bikini swimsuit hair beard mustache ponytail head face eye ear nose mouth tooth teeth lip neck
    chin shoulder arm elbow hand finger wrist chest back belly stomach waist hip leg knee foot feet
    toe body skin fur tail paw horn trunk tusk wing beak feather leaf mane stripe stripes spot handle
    wheel tire seat lid rim stem logo number letter color colour pattern side edge corner middle
    center centre left right bottom front rear end part half foreground background picture photo image
    frame camera viewer view way direction row line time shadow us everyone nothing self itself motion
    profile bit lot kind shade size shape air sun light"""
)
PRONOUNS = _words("it he she they something someone")
IMPLICIT = PRONOUNS | _words("this that these those one ones thing object item")
ADJECTIVES = _words(
    """black white red blue green yellow brown gray grey pink purple orange tan beige golden silver dark
    light bright big large small little tiny tall short long high low old young fat thin left right
    top bottom middle center front back far near close upper lower first second third fourth last only
    other same whole real actual full empty open closed round square wooden striped plaid blond blonde
    bald shaggy hidden blurry very most more less least two three four five both all single left-most
    right-most"""
)
OTHERS = _words("one ones other others another two three four both companion mate rest neighbour neighbor")
DETERMINERS = _words("the a an his her its their this that these those another each every some any no")
BOUNDARIES = _words(
    """in on at of to by with without from near behind beside besides between above below under over next
    into onto across along around against among toward towards through inside outside off up down out
    past than like unlike compared instead rather not nor but and or while whereas as if because that
    which who whom whose where when is are was were be been being has have had does do did can could
    may might will would stands sits lies leans looks faces holds wears walks rides runs rests stays
    seems appears opens hangs towers lays flies eats drinks carries reaches points turns plays just
    only directly right-hand left-hand so there then alone away"""
)
CLAUSE_OPENERS = BOUNDARIES - _words("only that right-hand left-hand")
RANKS = _words(
    "closest nearest farthest furthest nearer closer farther further higher lower taller highest second"
)


def tag(expression: str, category: str | None = None) -> Tags:
    """Tag one expression; any text is allowed, one without Latin letters is tagged as simple.

    Args:
        expression: the sentence.
        category: the referent's category, whose words are added to the known nouns.
    """
    tokens = re.findall(r"[a-z]+(?:['’-][a-z]+)*|[,.;:]", expression.lower())
    nouns = (NOUNS - ADJECTIVES) | _words((category or "").lower())
    heads = _heads(tokens, nouns)
    if not heads:
        return Tags(False, bool(tokens) and not any(_noun(t, nouns) for t in tokens))
    subject = _subject(tokens, heads)
    same = {subject, _predicate(tokens, heads, subject)}
    others = (tokens[head] for head in heads if head not in same)
    return Tags(any(_entity(token, nouns) for token in others), _vague(tokens[subject], nouns))


def _heads(tokens: list[str], nouns: frozenset[str]) -> list[int]:
    """The position of the last word of every noun phrase."""
    heads: list[int] = []
    phrase: list[int] = []
    for position, token in enumerate([*tokens, "."]):
        last = tokens[phrase[-1]] if phrase else None
        if last in ADJECTIVES and token in {"and", "or", ","}:  # brown and white dog
            continue
        named = last is not None and (last in IMPLICIT or not _vague(last, nouns))
        starts = token in DETERMINERS or token in PRONOUNS
        if (
            starts
            or not token[0].isalpha()
            or token in BOUNDARIES
            or (named and (_participle(token) or token in RANKS))
        ):
            heads += phrase[-1:]
            phrase = [position] if token in PRONOUNS else []
        else:
            phrase.append(position)
    return [h for h in heads if not _participle(tokens[h]) and not tokens[h].endswith("ly")]


def _subject(tokens: list[str], heads: list[int]) -> int:
    """The noun phrase that names the referent: the first, or the first after an opening clause."""
    if tokens[0] not in CLAUSE_OPENERS and not _participle(tokens[0]):
        return heads[0]
    verbs = (i for i, token in enumerate(tokens) if token in BOUNDARIES and token.endswith("s"))
    main = tokens.index(",") if "," in tokens else next(verbs, 0)
    return next((head for head in heads if head > main), heads[0])


def _predicate(tokens: list[str], heads: list[int], subject: int) -> int | None:
    """In "it is the darker one", the phrase that only says again who is meant."""
    if tokens[subject + 1 : subject + 2] != ["is"]:
        return None
    following = next((head for head in heads if head > subject), None)
    return None if following is None or BOUNDARIES & set(tokens[subject + 2 : following]) else following


def _participle(token: str) -> bool:
    return len(token) > 4 and token.endswith(("ing", "ed")) and token not in ADJECTIVES


def _noun(token: str, nouns: frozenset[str]) -> bool:
    return bool({token, token.removesuffix("s"), token.removesuffix("es")} & nouns)


def _vague(token: str, nouns: frozenset[str]) -> bool:
    """Whether a subject's head names no category: a pronoun, "one", or an adjective."""
    if token in IMPLICIT or (token in ADJECTIVES and token not in nouns) or _participle(token):
        return True
    return token.endswith(("est", "er")) and not _noun(token, nouns) and len(token) > 5


def _entity(token: str, nouns: frozenset[str]) -> bool:
    """Whether the head of another noun phrase is a thing of its own."""
    if _noun(token, ATTRIBUTES) or (token in ADJECTIVES | IMPLICIT and token not in OTHERS):
        return False
    return _noun(token, nouns) or token in OTHERS or not _vague(token, nouns)
