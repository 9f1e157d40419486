"""Spelling, classes of words and noun phrases."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebench.ambiguity.english.chunks import find_chunks
from rebench.ambiguity.english.grammar import kind
from rebench.ambiguity.english.lexicon import english, known, lemmas, names_category, wordnet
from rebench.ambiguity.english.nouns import fits, sort_of
from rebench.ambiguity.english.spelling import correct
from rebench.ambiguity.english.tokens import tokenise, without_request


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        *(("wht", "white"), ("shrt", "shirt"), ("botom", "bottom"), ("gril", "girl"), ("teh", "the")),
        *(
            ("umbrela", "umbrella"),
            ("motorcyle", "motorcycle"),
            ("bakcpack", "backpack"),
            ("leftttt", "left"),
        ),
        *(("zebr", "zebra"), ("café", "cafe"), ("dog", "dog"), ("xkcd", "xkcd"), ("suzuki", "suzuki")),
        *(("drew", "drew"), ("flown", "flown"), ("woken", "woken"), ("12th", "12th")),
    ],
)
def test_correction(typed, meant):
    assert correct(typed) == meant


@given(st.sampled_from(sorted(english()["clothing"] | english()["adjective"])))
def test_known_words_stay(word):
    assert correct(word) == word


@given(st.text(string.ascii_lowercase + "äß中-'", min_size=1, max_size=40))
def test_correction_ends_at_once(word):
    assert correct(correct(word)) == correct(word)


@given(st.sampled_from(["zebra", "giraffe", "umbrella", "backpack", "motorcycle", "refrigerator"]), st.data())
def test_two_swapped_letters_are_seen(word, data):
    at = data.draw(st.integers(1, len(word) - 2))
    assert correct(word[:at] + word[at + 1] + word[at] + word[at + 2 :]) == word


@pytest.mark.parametrize(
    ("word", "sort"),
    [
        *(
            ("man", "person"),
            ("women", "person"),
            ("crowd", "person"),
            ("puppy", "animal"),
            ("geese", "animal"),
        ),
        *(
            ("shirt", "clothing"),
            ("glasses", "clothing"),
            ("glass", "thing"),
            ("tail", "body"),
            ("logo", "design"),
        ),
        *(
            ("wheel", "part"),
            ("corner", "region"),
            ("picture", "region"),
            ("one", "vague"),
            ("him", "pronoun"),
        ),
        *(("hatchback", "thing"), ("happiness", "abstract"), ("those", "vague"), ("fire_hydrant", "thing")),
    ],
)
def test_sort_of(word, sort):
    assert sort_of(word) == sort


def test_what_names_a_category():
    assert names_category("puppies", "dog")
    assert names_category("animal", "dog")
    assert not names_category("cat", "dog")
    assert names_category("widget", "widget")  # a category that is not COCO's
    assert fits("baker", "person")
    assert not fits("bicycle", "person")
    assert fits("baby", "elephant")


def test_plurals():
    assert lemmas("women")[0] == "woman"
    assert lemmas("benches")[0] == "bench"
    assert lemmas("puppies")[0] == "puppy"
    assert lemmas("glass") == ("glass",)


def test_parts_of_speech():
    said = {
        word: kind(word)
        for word in ("parked", "building", "stands", "shaggiest", "long-haired", "red", "'s", ",")
    }
    assert said == {
        "parked": "participle",
        "building": "noun",
        "stands": "verb",
        "shaggiest": "adjective",
        "long-haired": "adjective",
        "red": "adjective",
        "'s": "possessive mark",
        ",": "mark",
    }


def test_the_words_of_wordnet_are_there():
    assert {
        "person",
        "animal",
        "thing",
        "clothing",
        "body",
        "abstract",
        "verb",
        "adjective",
        "adverb",
    } <= set(wordnet())
    assert known("candelabra")
    assert not known("qwerzx")


def test_names_of_several_words_are_one():
    assert [t.word for t in tokenise("Two fire hydrants w/o a stop sign")] == [
        *("two", "fire_hydrants", "without", "a", "stop_sign")
    ]


def test_requests_are_skipped():
    assert [t.word for t in without_request(tokenise("can you see the dog?"))] == ["the", "dog", "?"]
    assert [t.word for t in without_request(tokenise("where's the dog"))] == ["the", "dog"]
    assert without_request(tokenise("find me"))  # something is always left


@pytest.mark.parametrize(
    ("expression", "phrases"),
    [
        ("the brown and white dog", ["the brown and white dog"]),
        ("guy left white shirt", ["guy", "left white shirt"]),
        ("man holding umbrella", ["man", "umbrella"]),
        ("standing man", ["standing man"]),
        ("the parked silver car that is near her bike", ["the parked silver car", "her bike"]),
        ("it is the one in red", ["it", "the one", "red"]),
        ("of the", ["the"]),
        ("on , and", []),
    ],
)
def test_noun_phrases(expression, phrases):
    assert [" ".join(chunk.words) for chunk in find_chunks(tokenise(expression))] == phrases
