"""The state is a fold over the log: deterministic, undoable, and blind to what other sessions wished for."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.events import Asked, Believed, Event, Focused, Logged, Pick, Restarted, Shown, Undone, Withdrew, Worded
from bot.records import Belief
from bot.state import SessionState, advanced, fold, last_change

IDS = ["genre:comedy", "genre:horror", "year:range", "item:heat"]
GROUPS = {"genre:comedy": "likes", "genre:horror": "dislikes", "year:range": "constraints", "item:heat": "seen"}

beliefs = st.builds(
    lambda id_, scope, strength: Belief(
        id=id_, group=GROUPS[id_], label=id_, facet=id_.split(":")[0], value="x", scope=scope, strength=strength / 10
    ),
    st.sampled_from(IDS), st.sampled_from(["session", "person"]), st.integers(0, 10),
)  # fmt: skip
picks = st.lists(st.builds(Pick, item_id=st.sampled_from("abcd"), score=st.just(0.5)), max_size=3)
changes: st.SearchStrategy[Event] = st.one_of(
    st.builds(Believed, belief=beliefs),
    st.builds(Withdrew, belief_id=st.sampled_from(IDS)),
    st.builds(Shown, picks=picks),
    st.builds(Restarted),
)
others: st.SearchStrategy[Event] = st.one_of(
    st.builds(Focused, item_id=st.sampled_from("abcd")),
    st.builds(Asked, facet=st.sampled_from(["mood", "genre"])),
    st.builds(Worded, templates=st.lists(st.sampled_from(["pick/0", "ask/1"]), max_size=2)),
)


@st.composite
def logs(draw: st.DrawFn, undo: bool = True) -> list[Logged]:
    """A person's log of up to two sessions, "a" and "b"; steps count up within each."""
    log: list[Logged] = []
    steps = {"a": 0, "b": 0}
    for _ in range(draw(st.integers(0, 10))):
        session = draw(st.sampled_from("ab"))
        undoable = last_change(log, session)
        if undo and undoable is not None and draw(st.integers(0, 4)) == 0:
            events: list[Event] = [Undone(step=undoable)]
        else:
            events = draw(st.lists(changes | others, min_size=1, max_size=4))
        steps[session] += 1
        log += said(session, steps[session], *events)
    return log


def said(session: str, step: int, *events: Event) -> list[Logged]:
    return [Logged(session_id=session, turn=step, step=step, event=event) for event in events]


def next_step(log: list[Logged], session: str) -> int:
    return fold(log, session).step + 1


@settings(max_examples=50)
@given(logs(), st.lists(changes | others, max_size=4))
def test_going_on_from_a_state_is_folding_all_of_it(log: list[Logged], new: list[Event]) -> None:
    before = fold(log, "a")
    step = before.step + 1
    assert advanced(before, said("a", step, *new), "a") == fold([*log, *said("a", step, *new)], "a")
    assert before == fold(log, "a")


@settings(max_examples=50)
@given(logs())
def test_the_fold_is_deterministic_and_leaves_the_log_alone(log: list[Logged]) -> None:
    before = list(log)
    assert fold(log, "a") == fold(list(log), "a")
    assert log == before


@settings(max_examples=50)
@given(logs(), st.lists(changes | others, max_size=3), changes)
def test_undo_restores_beliefs_and_screen(log: list[Logged], rest: list[Event], change: Event) -> None:
    before = fold(log, "a")
    step = next_step(log, "a")
    longer = [*log, *said("a", step, change, *rest)]
    assert last_change(longer, "a") == step
    undone = fold([*longer, *said("a", step + 1, Undone(step=step))], "a")
    assert undone.beliefs == before.beliefs
    assert list(undone.beliefs) == list(before.beliefs)
    assert undone.slate == before.slate
    assert undone.shown == before.shown


@settings(max_examples=50)
@given(logs(undo=False))
def test_undo_again_and_again_leads_back_to_the_start(log: list[Logged]) -> None:
    elsewhere = [entry for entry in log if entry.session_id != "a"]
    while (step := last_change(log, "a")) is not None:
        count = len([e for e in log if isinstance(e.event, Undone)])
        assert count < 20
        log = [*log, *said("a", next_step(log, "a"), Undone(step=step))]
    state = fold(log, "a")
    assert state.slate == []
    assert state.beliefs == fold(elsewhere, "a").beliefs


@settings(max_examples=50)
@given(logs())
def test_other_sessions_bring_nothing_but_lasting_beliefs(log: list[Logged]) -> None:
    state = fold(log, "new")
    assert all(belief.scope == "person" for belief in state.beliefs.values())
    assert replace(state, beliefs={}) == SessionState()


@settings(max_examples=50)
@given(logs())
def test_a_new_session_sees_what_lasts(log: list[Logged]) -> None:
    lasting = Belief(id="lasting", group="dislikes", label="no Horror", facet="genre", value="Horror", scope="person")
    passing = lasting.model_copy(update={"id": "passing", "scope": "session"})
    step = next_step(log, "a")
    state = fold([*log, *said("a", step, Believed(belief=lasting), Believed(belief=passing))], "new")
    assert state.beliefs["lasting"] == lasting
    assert "passing" not in state.beliefs


@settings(max_examples=50)
@given(logs())
def test_a_restart_keeps_what_lasts_and_clears_the_rest(log: list[Logged]) -> None:
    before = fold(log, "a")
    after = fold([*log, *said("a", next_step(log, "a"), Restarted())], "a")
    assert after.beliefs == {id_: b for id_, b in before.beliefs.items() if b.scope == "person"}
    assert (after.slate, after.focus, after.pending, after.asked) == ([], None, None, [])
    assert after.templates == before.templates


@settings(max_examples=50)
@given(logs())
def test_the_profile_has_every_belief_once(log: list[Logged]) -> None:
    state = fold(log, "a")
    profile = state.profile()
    assert sorted(b.id for b in profile.all()) == sorted(state.beliefs)
    for group in ("likes", "dislikes", "constraints", "seen", "unresolved"):
        assert all(belief.group == group for belief in getattr(profile, group))


def test_the_newest_word_on_a_thing_is_kept_last() -> None:
    first = Belief(id="a", group="likes", label="a", facet="genre", value="a")
    second = first.model_copy(update={"id": "b"})
    log = said("s", 1, Believed(belief=first), Believed(belief=second), Believed(belief=first))
    assert list(fold(log, "s").beliefs) == ["b", "a"]


def test_a_question_stays_open_until_the_next_reply() -> None:
    asked = said("s", 1, Worded(templates=["asked/0"]), Asked(facet="mood"))
    assert fold(asked, "s").pending == "mood"
    answered = [*asked, *said("s", 2, Worded(templates=["pick/0"]))]
    assert fold(answered, "s").pending is None
    assert fold(answered, "s").asked == ["mood"]


def test_one_pick_on_the_screen_is_what_it_means() -> None:
    one, two = Pick(item_id="a", score=1), Pick(item_id="b", score=1)
    assert fold(said("s", 1, Shown(picks=[one])), "s").context().focus == "a"
    assert fold(said("s", 1, Shown(picks=[one, two])), "s").context().focus is None
    assert fold(said("s", 1, Shown(picks=[one, two])), "s").context().slate == ["a", "b"]


def test_undo_in_one_session_leaves_the_steps_of_another() -> None:
    belief = Belief(id="x", group="likes", label="x", facet="genre", value="x", scope="person")
    log = [
        *said("a", 1, Believed(belief=belief)),
        *said("b", 1, Believed(belief=belief)),
        *said("b", 2, Undone(step=1)),
    ]
    assert list(fold(log, "a").beliefs) == ["x"]
    assert list(fold(log, "b").beliefs) == ["x"]
    assert last_change(log, "b") is None
    assert last_change(log, "a") == 1


def test_what_was_turned_down_on_the_screen_does_not_come_back_with_undo_and_places_are_counted_without_it() -> None:
    picks = [Pick(item_id=item_id, score=1) for item_id in "abc"]
    hated = Belief(
        id="item:a", group="dislikes", label="a", facet="item", value="a", item_id="a", polarity=-1.0, scope="person"
    )
    shown = [*said("s", 1, Shown(picks=picks)), *said("s", 2, Believed(belief=hated))]
    assert fold(shown, "s").context().slate == ["a", "b", "c"], "the cards stay where they are"
    undone = [*shown, *said("s", 3, Shown(picks=[])), *said("s", 4, Undone(step=3))]
    assert fold(undone, "s").context().slate == ["b", "c"]
    assert fold([*undone, *said("s", 5, Undone(step=2))], "s").context().slate == ["a", "b", "c"]
