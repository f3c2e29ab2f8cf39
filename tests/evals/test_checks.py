"""Checks against replies written by hand: each key passes when it should and fails in words when it should not."""

import pytest

from bot.records import Profile
from evals.checks import failures, validate
from evals.scripts import Check, Script
from retrieval.errors import InputError


@pytest.mark.parametrize(
    ("check", "ids", "problem"),
    [
        ({"all": {"genre": "comedy"}}, ["2", "3"], None),
        ({"all": {"genre": "Drama"}}, ["2", "3"], "The Big Quiet has genre Comedy, expected Drama"),
        ({"all": {"genre": ["Drama", "Horror"]}}, ["1", "4"], None),
        ({"all": {"genres": "Horror"}}, ["1"], None),
        ({"all": {"person": "Ridley Scott"}}, ["1", "3"], None),
        ({"all": {"director": "Ridley Scott"}}, ["1", "3"], "The Big Quiet Returns has director Ann Poole"),
        ({"all": {"year": "1990-1999"}}, ["2"], None),
        ({"all": {"year": "<1990"}}, ["1", "2"], "The Big Quiet has year 1994"),
        ({"all": {"minutes": "<120"}}, ["4"], "Perfect has minutes unknown"),
        ({"none": {"minutes": ">=120"}}, ["4", "2"], None),
        ({"none": {"minutes": {"min": 120}}}, ["3"], "The Big Quiet Returns has minutes 141"),
        ({"none": {"genre": ["Horror", "War"]}}, ["1"], "Alien has genre Horror, Science Fiction"),
        ({"min_items": 1}, [], "shows 0 items, expected at least 1"),
        ({"max_items": 1}, ["1", "2"], "shows 2 items, expected at most 1"),
        ({"shows_any": ["alien"]}, ["1", "2"], None),
        ({"shows_any": ["Labyrinth"]}, ["1"], "shows none of Labyrinth"),
        ({"shows_none": ["Alien"]}, ["1"], "shows Alien"),
        ({"not_shown_before": True}, ["1", "2"], "The Big Quiet was shown before"),
        ({"act_in": ["relax"]}, [], "act is recommend, expected relax"),
        ({"text_any": ["HERE", "there"]}, [], None),
        ({"text_any": ["there"]}, [], "says none of there"),
        ({"text_none": ["here"]}, [], "says 'here'"),
        ({}, ["1"], None),
    ],
)
def test_each_key(catalogue, reply_of, check, ids, problem):
    found = failures(Check(**check), reply_of(ids=ids), Profile(), {"2"}, catalogue)
    if problem is None:
        assert found == []
    else:
        assert len(found) == 1
        assert found[0].startswith(problem)


@pytest.mark.parametrize(
    ("check", "belief", "holds"),
    [
        ({"likes_any": ["heat"]}, ("likes", "Heat (1995)", "item", "Heat"), True),
        ({"likes_any": ["heat"]}, ("seen", "Heat (1995)", "item", "Heat"), False),
        ({"likes_none": ["heat"]}, ("likes", "Heat (1995)", "item", "Heat"), False),
        ({"likes_none": ["heat"]}, ("seen", "Heat (1995)", "item", "Heat"), True),
        ({"seen_any": ["Heat", "Alien"]}, ("seen", "Heat (1995)", "item", "Heat"), True),
        ({"constraints_any": ["1989"]}, ("constraints", "before 1990", "year", "<=1989"), True),
        ({"profile_none": ["Horror"]}, ("likes", "Horror", "genre", "Horror"), False),
        ({"profile_none": ["Horror"]}, ("likes", "Comedy", "genre", "Comedy"), True),
    ],
)
def test_profile_keys(catalogue, reply_of, believe, check, belief, holds):
    found = failures(Check(**check), reply_of(), believe(*belief), set(), catalogue)
    assert (found == []) is holds


def test_dislikes_include_hard_exclusions_but_not_demands(catalogue, reply_of, believe):
    check = Check(dislikes_any=["horror"])
    against = believe("constraints", "no Horror", "genre", "Horror", polarity=-1.0, hard=True)
    demand = believe("constraints", "Horror", "genre", "Horror", polarity=1.0, hard=True)
    assert failures(check, reply_of(), against, set(), catalogue) == []
    assert failures(check, reply_of(), demand, set(), catalogue) != []


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ({"all": {"flavour": "sweet"}}, "no such facet or number"),
        ({"none": {"year": "soon"}}, "check.none.year"),
        ({"all": {"genre": {"min": 3}}}, "a facet takes a value"),
    ],
)
def test_conditions_that_do_not_fit_the_domain_are_refused(catalogue, check, expected):
    script = Script.model_validate({"id": "x", "turns": [{"say": "hi"}, {"say": "go", "check": check}]})
    with pytest.raises(InputError, match="'x', turn 2") as raised:
        validate(script, catalogue, "talk.yaml")
    assert expected in str(raised.value)
