"""What a written dialogue is ranked by: which wishes are conditions, what was named, and in which order."""

from __future__ import annotations

from bot.ranking import dialogue_query
from bot.understand import Understander
from retrieval.catalogue import Catalogue
from retrieval.records import Query


def query_of(understander: Understander, *turns: tuple[str, str]) -> Query:
    return dialogue_query(turns, understander, understander.catalogue)


def test_kinds_guide_and_conditions_bind(understander: Understander) -> None:
    query = query_of(understander, ("user", "a comedy in French"), ("assistant", "ok"), ("user", "no horror"))
    hard = {term.value: term.hard for term in query.terms}
    assert hard == {"Comedy": False, "French": False, "Horror": True}, "a wish of an earlier message only guides"
    query = query_of(understander, ("user", "a comedy in French, no horror"))
    assert {term.value: term.hard for term in query.terms} == {"Comedy": False, "French": True, "Horror": True}
    assert all(term.hard for term in query_of(understander, ("user", "only comedies")).terms)


def test_wishes_of_the_last_message_are_fresh(understander: Understander) -> None:
    query = query_of(understander, ("user", "a comedy"), ("assistant", "Have you seen Heat?"), ("user", "a French one"))
    assert {term.value: term.belief_id in query.fresh for term in query.terms} == {"Comedy": False, "French": True}


def test_years_counted_from_today_only_guide(understander: Understander) -> None:
    """Nobody knows when a written dialogue was held."""
    (bound,) = query_of(understander, ("user", "something from the last two years")).bounds
    assert not bound.hard
    (bound,) = query_of(understander, ("user", "the last two years"), ("user", "sorry, from the 90s")).bounds
    assert bound.hard


def test_items_stand_in_the_order_of_their_last_mention(understander: Understander, starter: Catalogue) -> None:
    turns = [
        ("user", "I loved Heat and Alien"), ("assistant", "Have you seen Collateral?"), ("user", "no, but Heat again"),
    ]  # fmt: skip
    query = query_of(understander, *turns)
    titles = [starter.get(anchor.item_id).title for anchor in query.anchors]
    assert titles == ["Alien", "Collateral", "Heat"]
    assert {anchor.item_id for anchor in query.anchors} <= query.exclude
    assert query.said == ("I loved Heat and Alien", "no, but Heat again"), "the assistant's words are not the person's"


def test_a_wish_for_what_is_recorded_of_few_items_only_guides(starter: Catalogue) -> None:
    items = [
        item.model_copy(update={"facets": {} if row % 3 else item.facets}) for row, item in enumerate(starter.items)
    ]
    sparse = Understander(Catalogue(starter.domain, items, "sparse"))
    asked = ("user", "something with Robert De Niro")
    assert [term.hard for term in query_of(sparse, asked).terms] == [False]
    bare = [term.hard for term in query_of(sparse, ("user", "nothing with Robert De Niro")).terms]
    assert bare == [True], "what must not be is a condition all the same"
