"""What is done with an item moves the next list at once, says so, cools, and can be taken back exactly."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import Bot
from bot.events import Event, Logged, Tapped, Undone, Worded
from bot.querying import build_query
from bot.records import Belief, Recommendation
from bot.state import SessionState, fold, last_change
from bot.store import Store
from bot.tapping import TAPS, taken_in
from bot.weighing import remaining
from retrieval.catalogue import Catalogue
from retrieval.recommend import Recommender
from retrieval.records import Anchor, Query

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ITEMS = ["heat-1995", "up-2009", "alien-1979", "babe-1995"]
LOOKS = [kind for kind, tap in TAPS.items() if tap.relation == "view"]

taps = st.tuples(st.sampled_from(sorted(TAPS)), st.sampled_from(ITEMS))


def tap(log: list[Logged], kind: str, item_id: str, starter: Catalogue, at: datetime = NOON) -> list[Logged]:
    """The log with one more step: what a tap led to in the state so far."""
    state = fold(log, "s")
    events = taken_in(kind, starter.get(item_id), state, state.turn, starter)
    return [*log, *(Logged(session_id="s", turn=state.turn, step=state.step + 1, event=one, at=at) for one in events)]


def answered(log: list[Logged]) -> list[Logged]:
    """The log with one more turn that changed nothing."""
    state = fold(log, "s")
    worded: Event = Worded(templates=[])
    return [*log, Logged(session_id="s", turn=state.turn + 1, step=state.step + 1, event=worded, at=NOON)]


def list_of(log: list[Logged], recommender: Recommender, now: datetime = NOON, k: int = 30) -> list[Recommendation]:
    query = build_query(replace(fold(log, "s"), now=now, half_life=180.0), recommender.catalogue, again=True)
    return recommender.recommend(query, k)


def place(item_id: str, picks: list[Recommendation]) -> int:
    return next((place for place, pick in enumerate(picks) if pick.item.id == item_id), len(picks))


@pytest.mark.parametrize(
    ("kind", "reason", "sign"),
    [("click", "looked", 1), ("dwell", "looked", 1), ("save", "liked", 1), ("like", "liked", 1), ("skip", "passed", -1),
     ("dislike", "disliked", -1)],
)  # fmt: skip
def test_a_tap_moves_what_is_similar_and_is_a_part_of_the_score(
    kind: str, reason: str, sign: int, starter: Catalogue, recommender: Recommender
) -> None:
    item = starter.get("toy-story-1995")
    picks = list_of(tap([], kind, item.id, starter), recommender)
    parts = {p.item.id: [r for r in p.reasons if r.belief_id == f"item:{item.id}" and r.item_id == item.id]
             for p in picks if p.item.id != item.id}  # fmt: skip
    found = [part for of_one in parts.values() for part in of_one]
    assert {part.kind for part in found} == {reason}
    assert all(part.evidence[0].quote == f"tapped “{kind}” on Toy Story" for part in found if kind != "dwell")
    for pick in picks:
        assert pick.score == pytest.approx(sum(one.weight for one in pick.reasons))
    twin = recommender.recommend(Query(anchors=(Anchor(item_id=item.id, asked=True),)), 1)[0].item.id
    before = recommender.recommend(Query(), len(starter))
    after = list_of(tap([], kind, item.id, starter), recommender, k=len(starter))
    assert (place(twin, before) - place(twin, after)) * sign > 0


def test_the_stronger_the_tap_the_stronger_the_pull(starter: Catalogue) -> None:
    def pull(kind: str) -> float:
        [anchor] = build_query(replace(fold(tap([], kind, "heat-1995", starter), "s"), now=NOON), starter).anchors
        return anchor.weight

    assert pull("view") < pull("click") < pull("dwell") < pull("save") < pull("like")
    assert pull("dislike") < pull("skip") < 0


@given(kind=st.sampled_from(LOOKS), turns=st.integers(0, 8), minutes=st.integers(0, 3000))
def test_a_mere_look_cools_with_turns_and_hours(kind: str, turns: int, minutes: int, starter: Catalogue) -> None:
    log = tap(answered([]), kind, "heat-1995", starter)
    [look] = fold(log, "s").beliefs.values()
    for _ in range(turns):
        log = answered(log)
    left = remaining(look, replace(fold(log, "s"), now=NOON + timedelta(minutes=minutes)))
    assert left == pytest.approx(0.5 ** (turns / 2 + minutes // 60 / 2))
    warm = tap(log, kind, "heat-1995", starter, NOON + timedelta(minutes=minutes))
    again = replace(fold(warm, "s"), now=NOON + timedelta(minutes=minutes))
    if turns:
        assert remaining(again.beliefs["item:heat-1995"], again) == 1.0, "who looks again is interested again"


def test_what_follows_a_look_does_not_cool_and_a_look_takes_nothing_back(starter: Catalogue) -> None:
    log = tap(tap([], "click", "heat-1995", starter), "save", "heat-1995", starter)
    kept = fold(log, "s").beliefs["item:heat-1995"]
    assert (kept.relation, kept.scope) == ("like", "person")
    for _ in range(5):
        log = answered(log)
    assert remaining(kept, replace(fold(log, "s"), now=NOON + timedelta(hours=9))) == 1.0
    assert fold(tap(log, "click", "heat-1995", starter), "s").beliefs == fold(log, "s").beliefs
    long = tap(tap([], "dwell", "up-2009", starter), "view", "up-2009", starter)
    assert fold(long, "s").beliefs["item:up-2009"].strength == TAPS["dwell"].strength


def test_a_look_does_not_last_beyond_the_session(starter: Catalogue) -> None:
    log = tap(tap([], "click", "heat-1995", starter), "like", "up-2009", starter)
    assert list(fold(log, "another").beliefs) == ["item:up-2009"]


class TestAPurchase:
    def bought(self, bot: Bot, session: str) -> tuple[list[Belief], list[Belief]]:
        bot.reply(session, "I love musicals, and I hate horror")
        bot.reply(session, "for my ten-year-old, nothing violent")
        first = bot.reply(session, "a funny adventure under two hours, please").items[0].item
        bot.event(session, "click", "heat-1995")
        before = bot.profile(session).all()
        return before, bot.event(session, "purchase", first.id).all()

    def test_it_ends_the_wishes_that_led_to_it_and_no_taste_or_limit(self, bot: Bot, session: str) -> None:
        before, after = self.bought(bot, session)
        gone = {belief.id for belief in before} - {belief.id for belief in after}
        assert gone == {"genre:adventure", "mood:funny", "minutes:range", "item:heat-1995"}
        assert {belief.value for belief in after} >= {"Musical", "Horror"}
        assert {belief.facet for belief in after} >= {"violence", "suitable_from"}

    def test_neither_it_nor_the_need_comes_back(self, bot: Bot, session: str) -> None:
        _, after = self.bought(bot, session)
        bought = after[[belief.relation for belief in after].index("accept")].item_id
        picks = bot.reply(session, "what else is there?").items
        assert picks
        assert bought not in [pick.item.id for pick in picks]
        believed = {belief.id for belief in after}
        assert {reason.belief_id for pick in picks for reason in pick.reasons} <= {*believed, None}

    def test_undo_takes_back_all_of_it(self, bot: Bot, session: str) -> None:
        before, _ = self.bought(bot, session)
        reply = bot.reply(session, "undo")
        assert "tapped “purchase” on" in reply.text
        assert bot.profile(session).all() == before

    def test_what_is_as_good_as_the_same_is_not_pushed(self, starter: Catalogue, recommender: Recommender) -> None:
        one, other = (i.id for i in starter.items if i.title == "All Quiet on the Western Front")
        log = tap([], "purchase", one, starter)
        named = build_query(replace(fold(log, "s"), now=NOON), starter).model_copy(update={"title": other})
        [pick] = recommender.recommend(named, 1)
        assert pick.item.id == other, "it may still be asked for by name"
        assert [round(r.weight, 3) for r in pick.reasons if r.kind == "chosen"] == [-1.0]
        assert other not in [p.item.id for p in list_of(log, recommender, k=300)]

    def test_it_is_a_taste_from_the_next_day_on(self, starter: Catalogue) -> None:
        log = tap([], "purchase", "heat-1995", starter)
        [taken] = fold(log, "s").beliefs.values()
        lefts = [remaining(taken, replace(fold(log, "s"), now=NOON + timedelta(hours=hours))) for hours in (0, 23, 24)]
        assert lefts == [0.0, 0.0, 1.0]


@settings(max_examples=50)
@given(earlier=st.lists(taps | st.none(), max_size=12), last=taps)
def test_undoing_a_tap_restores_the_state_before_it(
    earlier: list[tuple[str, str] | None], last: tuple[str, str], starter: Catalogue
) -> None:
    log: list[Logged] = []
    for one in earlier:
        log = tap(log, *one, starter) if one else answered(log)
    longer = tap(log, *last, starter)
    step = fold(longer, "s").step
    if last_change(longer, "s") != step:
        assert fold(longer, "s").beliefs == fold(log, "s").beliefs
        return
    undone = fold([*longer, Logged(session_id="s", turn=0, step=step + 1, event=Undone(step=step))], "s")
    before = fold(log, "s")
    assert (undone.beliefs, list(undone.beliefs), undone.told) == (before.beliefs, list(before.beliefs), before.told)
    assert fold(list(longer), "s") == fold(longer, "s")


@settings(max_examples=25)
@given(done=st.lists(taps, min_size=1, max_size=8))
def test_a_log_read_from_the_disk_gives_the_same_state(done: list[tuple[str, str]], starter: Catalogue) -> None:
    store = Store("sqlite://")
    owner, state = store.person_of("s", None), SessionState()
    for kind, item_id in done:
        store.append("s", owner, 0, state.step + 1, taken_in(kind, starter.get(item_id), state, 0, starter))
        state = fold(store.log(owner), "s")
    store._forget_read(set())
    assert fold(store.log(owner), "s") == state
    assert [one.event.tap for one in store.log(owner) if isinstance(one.event, Tapped)] == [kind for kind, _ in done]
    store.close()
