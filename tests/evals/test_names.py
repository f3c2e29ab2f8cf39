"""Titles, people and years in replies: planted ones are found, spoken words are not taken for titles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.records import Entity, Profile
from evals.names import NameFinder, Support


@pytest.fixture(scope="module")
def finder(catalogue):
    return NameFinder(catalogue)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You may like The Big Quiet tonight.", [("title", "The Big Quiet")]),
        ("Try The Big Quiet Returns, by Ann Poole.", [("title", "The Big Quiet Returns"), ("person", "Ann Poole")]),
        ("the big quiet", []),
        ("After that, Labyrinth.", [("title", "Labyrinth")]),
        ("Labyrinth is a word that opens this sentence.", []),
        ("Labyrinth (1986) is a title that opens this one.", [("title", "Labyrinth")]),
        ("Perfect! Enjoy it. It is so good.", []),
        ("I thought of Perfect (1985) first.", [("title", "Perfect")]),
        ("- Labyrinth (1986)\n- **Alien** (1979)", [("title", "Labyrinth"), ("title", "Alien")]),
        ("Labyrinths and Bigger Quiet", []),
        ("", []),
    ],
)
def test_finds_names(finder, text, expected):
    assert finder.find(text) == expected


@given(st.sampled_from(["The Big Quiet", "Sigourney Weaver", "The Big Quiet Returns"]), st.text("abc ,.", max_size=30))
def test_a_planted_name_is_found_in_any_plain_text(catalogue, name, around):
    found = NameFinder(catalogue).find(f"{around} {name} {around}")
    assert [text for _, text in found] == [name]


def unsupported(finder, reply, said="hello", before=None, after=None):
    found = Support(finder).check(said, reply, before or Profile(), after or Profile())
    return [(one.kind, one.text) for one in found]


def test_facts_of_shown_items_are_supported(finder, reply_of):
    text = "Alien (1979) by Ridley Scott, with Sigourney Weaver, runs 117 minutes."
    assert unsupported(finder, reply_of(text, ids=["1"])) == []
    assert unsupported(finder, reply_of(text)) == [
        ("title", "Alien"), ("person", "Ridley Scott"), ("person", "Sigourney Weaver"), ("year", "1979")
    ]  # fmt: skip


def test_the_persons_words_and_beliefs_are_supported(finder, reply_of, believe):
    reply = reply_of("Nothing by Ann Poole before 1990, then.")
    assert unsupported(finder, reply) == [("person", "Ann Poole"), ("year", "1990")]
    assert unsupported(finder, reply, said="no ann poole, older than 1990") == []
    profile = believe("constraints", "no Ann Poole", "person", "Ann Poole", quote="before 1990")
    assert unsupported(finder, reply, after=profile) == []
    assert unsupported(finder, reply, before=profile) == [], "what was just undone may be named"


def test_facts_of_liked_and_named_items_are_supported(finder, reply_of, believe):
    reply = reply_of("Like Alien (1979), which Ridley Scott directed.")
    liked = believe("likes", "Alien", "item", "Alien", item_id="1")
    assert unsupported(finder, reply, after=liked) == []
    entity = Entity(kind="item", value="Alien", surface="alien", start=0, end=5, item_id="1")
    named = reply_of("Alien (1979) was directed by Ridley Scott.", act="answer", entities=[entity])
    assert unsupported(finder, named) == []


def test_what_was_shown_earlier_stays_supported(finder, reply_of):
    support = Support(finder)
    assert support.check("go", reply_of("Here.", ids=["2"]), Profile(), Profile()) == []
    later = reply_of("The Big Quiet was directed by Ann Poole in 1994.", act="answer")
    assert support.check("who made it?", later, Profile(), Profile()) == []


def test_decades_support_their_years(finder, reply_of):
    reply = reply_of("From the 1980s, 1980 to 1989.")
    assert unsupported(finder, reply) == [("year", "1980"), ("year", "1980"), ("year", "1989")]
    assert unsupported(finder, reply, said="something from the 80s") == []
    assert unsupported(finder, reply, said="from the 1980s please") == []


def test_a_person_is_not_supported_by_part_of_a_longer_name(finder, reply_of):
    reply = reply_of("There is also The Big Quiet Returns.", ids=["2"])
    assert unsupported(finder, reply) == [("title", "The Big Quiet Returns")]
