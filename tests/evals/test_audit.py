"""The audit finds rules that a reply breaks; every kind is planted and found, and nothing else is."""

import pytest

from bot.records import Entity, Profile
from evals.audit import violations


def audit(reply, profile, catalogue, on_screen=()):
    broken, admitted = violations(reply, profile, on_screen, catalogue)
    return [(one.kind, one.title) for one in broken], [one.title for one in admitted]


@pytest.mark.parametrize(
    ("belief", "rest", "expected"),
    [
        (("constraints", "no Horror", "genre", "Horror"), {"polarity": -1.0, "hard": True}, [("exclusion", "Alien")]),
        (("constraints", "no sci-fi", "genre", "sci-fi"), {"polarity": -1.0, "hard": True}, [("exclusion", "Alien")]),
        (("dislikes", "Horror", "genre", "Horror"), {"polarity": -1.0, "hard": False}, []),
        (("constraints", "Comedy", "genre", "Comedy"), {"hard": True}, [("constraint", "Alien")]),
        (("constraints", "Comedy or nothing", "genre", "comedies"), {"hard": True}, [("constraint", "Alien")]),
        (("constraints", "Quidditch", "theme", "Quidditch"), {"hard": True}, []),
        (("constraints", "by Ann Poole", "person", "Ann Poole"), {"hard": True}, [("constraint", "Alien")]),
        (
            ("constraints", "no Ridley Scott as director", "person", "Ridley Scott"),
            {"hard": True, "polarity": -1.0, "role": "director"},
            [("exclusion", "Alien")],
        ),
        (
            ("constraints", "no Ridley Scott", "person", "Ridley Scott"),
            {"hard": True, "polarity": -1.0},
            [("exclusion", "Alien"), ("exclusion", "The Big Quiet Returns")],
        ),
        (("constraints", "after 1990", "year", ">1990"), {"hard": True, "low": 1991.0}, [("constraint", "Alien")]),
        (("constraints", "1970s", "decade", "1970s"), {"hard": True, "low": 1970.0, "high": 1979.0},
         [("constraint", "The Big Quiet Returns")]),
        (("constraints", "not the 70s", "decade", "1970s"),
         {"hard": True, "polarity": -1.0, "low": 1970.0, "high": 1979.0}, [("exclusion", "Alien")]),
        (("constraints", "under two hours", "length", "<=120"), {"hard": True, "high": 120.0},
         [("constraint", "The Big Quiet Returns")]),
        (("seen", "Alien", "item", "Alien"), {"item_id": "1"}, [("exclusion", "Alien")]),
        (("dislikes", "Alien", "item", "Alien"), {"item_id": "1", "polarity": -1.0}, [("exclusion", "Alien")]),
        (("constraints", "not Alien", "item", "Alien"), {"item_id": "1", "relation": "reject", "polarity": -1.0},
         [("exclusion", "Alien")]),
        (("likes", "Alien", "item", "Alien"), {"item_id": "1"}, []),
    ],
)  # fmt: skip
def test_each_kind(catalogue, reply_of, believe, belief, rest, expected):
    reply = reply_of(ids=["1", "3"])
    assert audit(reply, believe(*belief, **rest), catalogue)[0] == expected


def test_an_unknown_number_breaks_no_bound(catalogue, reply_of, believe):
    profile = believe("constraints", "under two hours", "length", "<=120", hard=True, high=120.0)
    assert audit(reply_of(ids=["4"]), profile, catalogue) == ([], [])


def test_relax_may_break_a_bound_but_never_an_exclusion(catalogue, reply_of, believe):
    bound = believe("constraints", "after 1990", "year", ">1990", hard=True, low=1991.0)
    assert audit(reply_of(act="relax", ids=["1"]), bound, catalogue) == ([], ["Alien"])
    seen = believe("seen", "Alien", "item", "Alien", item_id="1")
    assert audit(reply_of(act="relax", ids=["1"]), seen, catalogue) == ([("exclusion", "Alien")], [])


def test_answers_may_show_what_was_asked_about_or_is_on_screen(catalogue, reply_of, believe):
    seen = believe("seen", "Alien", "item", "Alien", item_id="1")
    entity = Entity(kind="item", value="Alien", surface="alien", start=0, end=5, item_id="1")
    asked = reply_of(act="answer", ids=["1"], entities=[entity])
    assert audit(asked, seen, catalogue) == ([], [])
    assert audit(reply_of(act="explain", ids=["1"]), seen, catalogue, on_screen=["1"]) == ([], [])
    assert audit(reply_of(act="explain", ids=["1"]), seen, catalogue)[0] == [("exclusion", "Alien")]
    offered = reply_of(act="recommend", ids=["1"], entities=[entity])
    assert audit(offered, seen, catalogue)[0] == [("exclusion", "Alien")]


def test_nothing_believed_nothing_broken(catalogue, reply_of):
    assert audit(reply_of(ids=["1", "2", "3"]), Profile(), catalogue) == ([], [])
