"""A written dialogue played into an empty store, so that its next turn can be run like any other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.events import Asked, Event, Logged, Pick, Shown, Undone, Worded
from bot.languages import language_of
from bot.lexicon import languages
from bot.manager import Manager
from bot.namesakes import hear
from bot.records import Reply
from bot.references import Context
from bot.state import SessionState, fold, last_change
from bot.understand import Understander
from retrieval.domain import DomainConfig
from retrieval.errors import InputError

_SCREEN = 10
_QUESTION_MARKS = ("?", "？")  # noqa: RUF001


def rebuild(manager: Manager, session_id: str, turns: Sequence[tuple[str, str]]) -> None:
    """Write the turns (role user or assistant, text) of a dialogue into the manager's store as one session.

    What the user said is understood in full. What the assistant said counts as shown (the items it names) and
    as asked (a question of the domain).

    Raises InputError for another role.
    """
    store = manager.store
    owner = store.person_of(session_id, None)
    log: list[Logged] = []
    for number, (said, answered) in enumerate(_exchanges(turns), start=1):
        text = said[: manager.settings.max_text]
        state = fold(log, session_id)
        said_so = hear(text, state, number, manager.understander)
        understanding = said_so.meant
        if "forget" in understanding.acts:
            log = []
            store.erase(owner)
            store.person_of(session_id, owner)
        changes = manager.changes(said_so, state)
        undone = last_change(log, session_id) if "undo" in understanding.acts else None
        if undone is not None:
            changes = [*changes, Undone(step=undone)]
        here = [Logged(session_id=session_id, turn=number, step=number, event=event) for event in changes]
        state = fold([*log, *here], session_id)
        language = understanding.language
        asked = bool(said_so.doubt and said_so.doubt.asks) and answered.rstrip().endswith(_QUESTION_MARKS)
        spoken = [] if asked else _spoken(answered, state, language, manager)
        events = [*changes, Worded(templates=[], language=language), *spoken, *said_so.events]
        reply = Reply(turn=number, text=answered, act="chitchat", understanding=understanding)
        store.append(session_id, owner, number, number, events, text, reply)
        log += [Logged(session_id=session_id, turn=number, step=number, event=event) for event in events]


def context_of(turns: Sequence[tuple[str, str]], understander: Understander) -> Context:
    """What an utterance after `turns` may point at: items the assistant named last, a question it put, the language."""
    slate: list[str] = []
    pending: str | None = None
    language = ""
    for role, said in turns:
        if role == "assistant":
            slate = understander.linked_items(said)[:_SCREEN] or slate
            pending = _asked(said, understander.listener(language or languages()[0]).domain)
        else:
            language, pending = language_of(said, language), None
    focus = slate[0] if len(slate) == 1 else None
    return Context(slate=slate, focus=focus, pending=pending, language=language)


def _asked(said: str, domain: DomainConfig) -> str | None:
    """The facet that a text asks about in the domain's own words; "" for any other question."""
    asked = next((name for name, c in domain.facets.items() if c.question and c.question in said), None)
    return "" if asked is None and said.rstrip().endswith(_QUESTION_MARKS) else asked


def _exchanges(turns: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """What was said with what was answered; a greeting before the first utterance belongs to nobody."""
    said: str | None = None
    answered: list[str] = []
    for number, (role, text) in enumerate(turns, start=1):
        if role == "assistant":
            answered.append(text)
        elif role == "user":
            if said is not None:
                yield said, "\n".join(answered)
            said, answered = text, []
        else:
            raise InputError(f"Unknown role '{role}' in turn {number}: use 'user' or 'assistant'.")
    if said is not None:
        yield said, "\n".join(answered)


def _spoken(answered: str, state: SessionState, language: str, manager: Manager) -> list[Event]:
    judged = {belief.item_id for belief in state.beliefs.values() if belief.facet == "item"}
    named = [i for i in manager.understander.linked_items(answered) if i not in judged][:_SCREEN] if answered else []
    if named:
        return [Shown(picks=[Pick(item_id=item_id, score=0.0) for item_id in named])]
    asked = _asked(answered, manager.understander.listener(language).domain)
    return [Asked(facet=asked)] if asked else []
