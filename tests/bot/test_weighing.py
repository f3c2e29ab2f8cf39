"""How much a belief counts: its source, what spoke against it, and time, which fades tastes and nothing else."""

from __future__ import annotations

import sqlite3
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import Belief, Bot
from bot.beliefs import together, update
from bot.events import Believed, Logged
from bot.querying import build_query
from bot.records import Evidence, Understanding
from bot.settings import Settings
from bot.state import SessionState, advanced, fold
from bot.weighing import INFERRED, RATED, STATED, remaining, worth
from retrieval.catalogue import Catalogue

TOLD = datetime(2026, 3, 1, tzinfo=UTC)
LETTERBOXD = b"Date,Name,Year,Letterboxd URI,Rating\n2023-02-18,Heat,1995,https://boxd.it/a,4.5\n"


def belief(**changes: object) -> Belief:
    plain = {
        "id": "genre:comedy", "group": "likes", "label": "Comedy", "facet": "genre", "value": "Comedy",
        "scope": "person", "relation": "taste", "strength": 0.8,
        "evidence": [Evidence(turn=1, quote="I love comedies")],
    }  # fmt: skip
    return Belief.model_validate(plain | changes)


def after(days: float, *beliefs: Belief, half_life: float = 180.0) -> SessionState:
    """Beliefs that were told some days ago."""
    log = [Logged(session_id="s", turn=1, step=1, event=Believed(belief=one), at=TOLD) for one in beliefs]
    return replace(fold(log, "s"), now=TOLD + timedelta(days=days), half_life=half_life)


@pytest.mark.parametrize(("days", "left"), [(-3, 1), (0, 1), (0.9, 1), (90, 2**-0.5), (180, 0.5), (360, 0.25)])
def test_a_lasting_taste_halves_in_each_half_life(days: float, left: float, starter: Catalogue) -> None:
    state = after(days, belief())
    [term] = build_query(state, starter).terms
    assert remaining(belief(), state) == pytest.approx(left)
    assert term.weight == pytest.approx(0.8 * left)


def test_without_a_clock_nothing_fades(starter: Catalogue) -> None:
    state = replace(after(900, belief()), now=None)
    assert build_query(state, starter).terms[0].weight == 0.8


@given(days=st.integers(0, 5000))
def test_what_must_or_must_not_be_never_fades(days: int, starter: Catalogue) -> None:
    rules = [
        belief(id="genre:horror", value="Horror", polarity=-1.0, hard=True, group="constraints", relation="rule"),
        belief(id="minutes:rule", facet="minutes", value="<=100", high=100, hard=True, group="constraints",
               relation="rule"),
        belief(id="genre:western", value="Western", scope="session", relation="wish", strength=0.9),
        belief(id="mood:funny", facet="mood", value="funny", scope="session", relation="wish", strength=0.7),
    ]  # fmt: skip
    judged = [
        belief(id=f"{prefix}:{item}", facet="item", item_id=item, group=group, relation=relation, polarity=polarity)
        for prefix, item, group, relation, polarity in [
            ("item", "heat-1995", "dislikes", "dislike", -1.0), ("seen", "jaws-1975", "seen", "seen", 0.0),
            ("item", "up-2009", "likes", "like", 1.0),
        ]
    ]  # fmt: skip
    fresh = build_query(after(0, *rules, *judged), starter)
    later = build_query(after(days, *rules, *judged), starter)
    assert (later.terms, later.bounds, later.exclude) == (fresh.terms, fresh.bounds, fresh.exclude)
    assert later.exclude >= {"heat-1995", "jaws-1975", "up-2009"}
    assert [anchor.weight for anchor in later.anchors] == pytest.approx(
        [anchor.weight * 0.5 ** (days / 180) for anchor in fresh.anchors]
    )


def test_a_soft_wish_counts_less_as_others_follow(starter: Catalogue) -> None:
    def wish(turn: int, value: str, **changes: object) -> Belief:
        proof = [Evidence(turn=turn, quote=value)]
        plain = {"id": value, "facet": "mood", "value": value, "scope": "session", "relation": "wish", "strength": 0.7}
        return belief(evidence=proof, **(plain | changes))

    limits = [
        wish(turn, f"<={turn}", facet="minutes", high=90.0 + turn, hard=True, group="constraints") for turn in (3, 5)
    ]
    weights = {term.value: term.weight for term in build_query(after(0, wish(1, "funny")), starter).terms}
    assert weights == {"funny": 0.7}
    required = wish(1, "Western", facet="genre", strength=0.9)
    state = after(0, wish(1, "funny"), required, *limits, wish(3, "tense"))
    weights = {term.value: term.weight for term in build_query(state, starter).terms}
    assert weights == {"funny": pytest.approx(0.7 * 0.5**0.5), "tense": pytest.approx(0.7 * 0.5**0.25), "Western": 0.9}


def test_paging_on_leaves_a_wish_as_it_is(bot: Bot) -> None:
    session = uuid.uuid4().hex
    bot.reply(session, "something funny")
    before = bot.profile(session)
    for _ in range(3):
        bot.reply(session, "more")
    assert bot.profile(session) == before
    state = replace(SessionState(), beliefs={one.id: one for one in before.all()})
    assert [remaining(one, state) for one in before.all()] == [1.0]


def test_a_taste_that_is_repeated_is_new_again() -> None:
    log = [
        Logged(session_id="s", turn=1, step=1, event=Believed(belief=belief()), at=TOLD),
        Logged(session_id="s", turn=2, step=2, event=Believed(belief=belief()), at=TOLD + timedelta(days=100)),
    ]
    state = replace(fold(log, "s"), now=TOLD + timedelta(days=100), half_life=180.0)
    assert remaining(belief(), state) == 1.0
    said_now = [Logged(session_id="s", turn=3, step=3, event=Believed(belief=belief()))]
    assert remaining(belief(), advanced(after(900, belief()), said_now, "s")) == 1.0


def test_the_fold_knows_no_clock() -> None:
    log = [Logged(session_id="s", turn=1, step=1, event=Believed(belief=belief()), at=TOLD)]
    assert fold(log, "s") == fold(log, "s")
    assert fold(log, "s").beliefs["genre:comedy"] == belief()


def test_confidence_scales_what_may_be_outweighed(starter: Catalogue) -> None:
    state = after(0, belief(confidence=0.5))
    assert worth(state.beliefs["genre:comedy"], state) == pytest.approx(0.4)
    assert build_query(state, starter).terms[0].weight == pytest.approx(0.4)
    wish = after(0, belief(confidence=0.5, scope="session", relation="wish", strength=0.9))
    [term] = build_query(wish, starter).terms
    assert (term.weight, term.hard) == (0.9, True)


def test_words_count_more_than_ratings_and_ratings_more_than_what_a_tap_hints_at(bot: Bot) -> None:
    assert STATED > RATED > INFERRED > 0
    session = uuid.uuid4().hex
    bot.bring(session, LETTERBOXD, name="ratings.csv")
    bot.event(session, "save", "up-2009")
    bot.event(session, "like", "jaws-1975")
    bot.reply(session, "I loved Fargo")
    found = {one.item_id: one.confidence for one in bot.profile(session).likes}
    assert found == {"heat-1995": RATED, "up-2009": INFERRED, "jaws-1975": STATED, "fargo-1996": STATED}


def test_what_is_heard_only_by_its_likelihood_is_less_sure(bot: Bot, starter: Catalogue) -> None:
    said = ["my all time number one is Fargo", "my number one of all time is Fargo", "Fargo is in my top three, always",
            "top of my list is Fargo", "Fargo would be my all time number one", "nothing beats Fargo, honestly",
            "the best of the nineties was Fargo", "Fargo, that's my jam", "Fargo never gets old"]  # fmt: skip
    heard = [m for text in said for m in bot.understand(text).mentions if m.relation == "like" and m.confidence < 1]
    assert heard
    assert all(mention.confidence > RATED for mention in heard)
    understood = Understanding(text="x", acts={"like"}, mentions=heard[:1])
    [event] = update(understood, SessionState(), starter, 1)
    assert isinstance(event, Believed)
    assert event.belief.confidence == heard[0].confidence


def test_the_same_again_makes_surer_and_the_opposite_less_sure(starter: Catalogue) -> None:
    first = belief(confidence=INFERRED)
    again = together(first, belief(confidence=INFERRED, evidence=[Evidence(turn=2, quote="again")]), starter)
    assert INFERRED < again.confidence < STATED
    assert together(first, first, starter).confidence == INFERRED  # the same words are not said twice
    against = belief(polarity=-1.0, evidence=[Evidence(turn=3, quote="no more comedies")])
    turned = together(again, against, starter)
    assert turned.confidence < STATED
    insisted = together(turned, against.model_copy(update={"evidence": [Evidence(turn=4, quote="really")]}), starter)
    assert turned.confidence < insisted.confidence < STATED


def test_an_old_taste_gives_way_in_the_picks(home: Path) -> None:
    """The log keeps the time of each event: a year later a taste weighs less, and what was ruled out holds."""
    settings = Settings(taste_half_life_days=30.0)
    with Bot.create(home=home, model="none", settings=settings) as bot:
        bot.reply("s", "I love westerns", person="ida")
        bot.reply("s", "no horror ever", person="ida")
        bot.reply("s", "I hated Heat", person="ida")
        fresh = bot.reply("s2", "surprise me", person="ida")
        before = bot.profile("s2")
    with sqlite3.connect(home / "rapport.db") as database:
        database.execute("UPDATE events SET at = datetime(at, '-1 year') || '.000000' WHERE session_id = 's'")
    with Bot.create(home=home, model="none", settings=settings) as bot:
        faded = bot.reply("s3", "surprise me", person="ida")
        assert bot.profile("s3") == before

        def part(pick: object) -> list[float]:
            reasons = getattr(pick, "reasons", [])
            return [reason.weight for reason in reasons if reason.belief_id == "genre:western"]

        assert max(weight for pick in fresh.items for weight in part(pick)) > 0.5
        assert all(weight < 0.01 for pick in faded.items for weight in part(pick))
        assert not any("Horror" in pick.item.genres or pick.item.id == "heat-1995" for pick in faded.items)


def test_a_profile_of_before_there_was_confidence_still_loads() -> None:
    old = belief().model_dump(exclude={"confidence"}) | {"evidence": [{"turn": 1, "quote": "said"}]}
    loaded = Belief.model_validate(old)
    assert (loaded.confidence, loaded.evidence[0].contrary) == (STATED, False)
