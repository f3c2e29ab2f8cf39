"""The state of a session: a fold over its events and over the lasting beliefs of its person."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.events import (
    Asked,
    Believed,
    Counted,
    Focused,
    Logged,
    Pick,
    Restarted,
    Shown,
    Tapped,
    Undone,
    Withdrew,
    Wondered,
    Worded,
)
from bot.records import Belief, Profile, Understanding
from bot.references import Context

_CHANGES = (Believed, Withdrew, Shown, Restarted)


@dataclass
class SessionState:
    """What the next turn starts from.

    slate: picks on screen, in order. focus: what "it" means. liked: the item last liked. spoken: items talked about one
    by one. shown: every item shown in this session. pending: the facet of a question just asked, "" for "which one?".
    doubt: a title just said that may mean several items; doubted: all such titles. step: the last step used. turn: the
    last turn that was answered.
    counted: what the catalogue was just asked for, and in which turn. let_go: ids of the wishes that could not be met.
    met: the item just bought, which met the need that led to it.
    language: the one that the person spoke last, "" before that. told: when each belief was last said, by id. The fold
    knows no clock: `now` is when the state is looked at, and `half_life` in days is that of lasting tastes
    (bot.weighing).
    """

    step: int = 0
    turn: int = 0
    slate: list[Pick] = field(default_factory=list)
    focus: str | None = None
    liked: str | None = None
    spoken: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    pending: str | None = None
    doubt: Wondered | None = None
    doubted: list[Wondered] = field(default_factory=list)
    counted: tuple[int, Understanding] | None = None
    let_go: list[str] = field(default_factory=list)
    met: str | None = None
    asked: list[str] = field(default_factory=list)
    templates: list[str] = field(default_factory=list)
    language: str = ""
    beliefs: dict[str, Belief] = field(default_factory=dict)
    told: dict[str, datetime] = field(default_factory=dict)
    now: datetime | None = None
    half_life: float = math.inf

    def context(self) -> Context:
        """What an utterance may point at."""
        slate = [pick.item_id for pick in self.slate] or self.spoken[-2:]
        people = [belief.value for belief in self.beliefs.values() if belief.facet == "person" and belief.polarity > 0]
        return Context(
            slate=slate, focus=self.focus, liked=self.liked, person=people[-1] if people else None,
            pending=self.pending, language=self.language,
        )  # fmt: skip

    def profile(self) -> Profile:
        """Beliefs by group, oldest first."""
        groups: dict[str, list[Belief]] = {}
        for belief in self.beliefs.values():
            groups.setdefault(belief.group, []).append(belief)
        return Profile(
            likes=groups.get("likes", []),
            dislikes=groups.get("dislikes", []),
            constraints=groups.get("constraints", []),
            seen=groups.get("seen", []),
            unresolved=groups.get("unresolved", []),
        )


def fold(log: Iterable[Logged], session_id: str) -> SessionState:
    """Replay a person's log as seen from one session.

    Events of the person's other sessions count only where they carry lasting beliefs. Undone steps are
    skipped, wherever they are.
    """
    events = list(log)
    gone = {(entry.session_id, entry.event.step) for entry in events if isinstance(entry.event, Undone)}
    state = SessionState()
    for entry in events:
        here = entry.session_id == session_id
        if here and entry.step > state.step:
            state.step = entry.step
        if not gone or (entry.session_id, entry.step) not in gone:
            _apply(state, entry, here)
    return state


def advanced(state: SessionState, new: Iterable[Logged], session_id: str) -> SessionState:
    """The state after more events of its session, none of them Undone; `state` itself stays as it was."""
    later = replace(
        state, slate=list(state.slate), spoken=list(state.spoken), shown=list(state.shown), asked=list(state.asked),
        templates=list(state.templates), beliefs=dict(state.beliefs), told=dict(state.told),
        doubted=list(state.doubted),
    )  # fmt: skip
    for entry in new:
        later.step = max(later.step, entry.step)
        _apply(later, entry, True)
    return later


def _apply(state: SessionState, entry: Logged, here: bool) -> None:
    event = entry.event
    if isinstance(event, Believed):
        if here or event.belief.scope == "person":
            state.beliefs.pop(event.belief.id, None)
            state.beliefs[event.belief.id] = event.belief
            state.told.pop(event.belief.id, None)
            if here and event.belief.relation in {"like", "accept"}:
                state.liked = event.belief.item_id
            if entry.at is not None:
                state.told[event.belief.id] = entry.at
        return
    if isinstance(event, Withdrew):
        if here or (event.belief_id in state.beliefs and state.beliefs[event.belief_id].scope == "person"):
            state.beliefs.pop(event.belief_id, None)
            state.let_go = [*state.let_go, event.belief_id] if here else state.let_go
        return
    if not here:
        return
    if isinstance(event, Shown):
        state.slate = event.picks
        state.shown += [pick.item_id for pick in event.picks if pick.item_id not in state.shown]
        state.focus = event.picks[0].item_id if len(event.picks) == 1 else None
        state.pending = None
    elif isinstance(event, Focused):
        state.focus, state.liked = event.item_id, None
        state.spoken = [*(item_id for item_id in state.spoken if item_id != event.item_id), event.item_id]
    elif isinstance(event, Tapped):
        state.met = event.item_id if event.tap == "purchase" else state.met
    elif isinstance(event, Asked):
        state.pending = event.facet
        state.asked.append(event.facet)
    elif isinstance(event, Worded):
        # A reply closes the question before it; an Asked of the same step comes after and opens the next.
        state.pending = state.doubt = state.counted = state.met = None
        state.let_go = []
        state.templates += event.templates
        state.turn = entry.turn
        state.language = event.language
    elif isinstance(event, Counted):
        state.counted = entry.turn, event.understanding
    elif isinstance(event, Wondered):
        state.doubt = event
        state.doubted.append(event)
        state.pending = "" if event.taken is None else state.pending
    elif isinstance(event, Undone):
        # What was seen or turned down while it was on the screen does not come back to it.
        gone = {belief.item_id for belief in state.beliefs.values() if belief.facet == "item" and belief.polarity <= 0}
        state.slate = [pick for pick in state.slate if pick.item_id not in gone]
    elif isinstance(event, Restarted):
        state.slate, state.focus, state.liked, state.pending, state.asked, state.shown = [], None, None, None, [], []
        state.beliefs = {id_: belief for id_, belief in state.beliefs.items() if belief.scope == "person"}


def last_change(log: Sequence[Logged], session_id: str) -> int | None:
    """The latest step of a session that changed beliefs or the screen and still counts: what "undo" undoes."""
    mine = [entry for entry in log if entry.session_id == session_id]
    gone = {entry.event.step for entry in mine if isinstance(entry.event, Undone)}
    undoing = {entry.step for entry in mine if isinstance(entry.event, Undone)}
    steps = [
        entry.step
        for entry in mine
        if isinstance(entry.event, _CHANGES) and entry.step not in gone and entry.step not in undoing
    ]
    return max(steps, default=None)
