"""One turn, wired: understand, update, decide, plan, word, persist. Everything it calls is a function of records."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot import answering, recommending
from bot.acknowledging import heard
from bot.beliefs import lifted, update
from bot.carrying import carried
from bot.dialling import turned
from bot.events import (
    Asked,
    Believed,
    Brought,
    Dialled,
    Event,
    Focused,
    Logged,
    Restarted,
    Undone,
    Withdrew,
    Worded,
)
from bot.facts import head
from bot.grounding import Checker
from bot.namesakes import Heard, hear, plan_question, with_choice
from bot.phrasing import listed, reply_language, say
from bot.plan import Line, ReplyPlan
from bot.policy import Action, decide
from bot.questions import question_options
from bot.records import REPLY_ACTS, Belief, Reply, Suggestion, TurnEvent, Understanding
from bot.settings import Settings
from bot.state import SessionState, advanced, fold, last_change
from bot.store import Store
from bot.text import key
from bot.understand import Understander
from bot.voice import Speech, Voice
from bot.wording import word
from retrieval.catalogue import Catalogue
from retrieval.domain import DomainConfig, translations
from retrieval.errors import InputError
from retrieval.recommend import Recommender
from retrieval.records import Recommendation

_log = logging.getLogger(__name__)
_SAID_LIMIT = 120
_WITH_PICKS = {"request", "more", "critique"}
_CHUNK = re.compile(r"\S+\s*|\s+")


class Manager:
    """Runs turns over one catalogue and one store."""

    def __init__(
        self, understander: Understander, recommender: Recommender, checker: Checker, store: Store, settings: Settings,
        voice: Voice,
    ) -> None:  # fmt: skip
        self.understander = understander
        self.recommender = recommender
        self.catalogue = recommender.catalogue
        self.checker = checker
        self.store = store
        self.settings = settings
        self.voice = voice
        self.speeches: dict[str, Speech] = {}

    def view(self, language: str) -> Catalogue:
        """The catalogue in the language of a reply: the one heard, where replies and the domain have words for it."""
        if language not in translations(self.catalogue.domain) or reply_language(language) != language:
            return self.catalogue
        return self.understander.listener(language).catalogue

    def hurry(self, session_id: str) -> None:
        """End the reply that is being worded in a session, if one is, in the templates' words."""
        speech = self.speeches.get(session_id)
        if speech is not None:
            speech.hurry()

    def turn(self, session_id: str, text: str, person: str | None) -> Iterator[TurnEvent]:
        """Run one turn; the reply is on disk before its `done` event is given out.

        A caller who stops listening while words come has had the turn: it is kept, ended in the templates' words.

        Raises InputError for an empty or over-long text, or a session of another person.
        """
        began = time.monotonic()
        text = self._checked(text)
        owner = self.store.person_of(session_id, person)
        log = self.store.log(owner)
        half_life = self.settings.taste_half_life_days
        state = replace(fold(log, session_id), now=datetime.now(UTC), half_life=half_life)
        number, step = self.store.turns(session_id) + 1, state.step + 1
        said = hear(text, state, number, self.understander)
        yield TurnEvent(kind="understood", data={"understanding": said.said})
        understanding = said.meant
        place = _Place(session_id, number, step)
        changes = self.changes(said, state)
        dropped = beliefs_named(understanding, state, self.understander) if understanding.drops else []
        dropped += [belief for belief in lifted(said.certain, state) if belief not in dropped]
        state = advanced(state, place.logged(changes), session_id)
        fresh = [event.belief for event in changes if isinstance(event, Believed)]
        action = decide(understanding, state, self.recommender, self.settings.question_budget)
        if said.doubt and said.doubt.asks:
            action = Action(kind="which")
            catalogue = self.view(understanding.language)
            plan = plan_question(said.doubt, heard(understanding, state, fresh, catalogue), catalogue)
        else:
            plan = self._plan(action, understanding, state, fresh, dropped, log, session_id)
            plan = with_choice(plan, said.doubt, self.view(understanding.language)) if said.doubt else plan
        yield TurnEvent(kind="items", data={"items": plan.items})
        domain = self.view(understanding.language).domain
        worded = word(plan, domain, self.checker, state.templates, number)
        for rejected in worded.rejected:
            _log.warning("A sentence was not shown because its record does not support it: %s", rejected)
        speech = self.voice.speak(worded.lines, began)
        self.speeches[session_id] = speech
        try:
            for piece in speech:
                for chunk in _CHUNK.findall(piece):
                    yield TurnEvent(kind="token", data={"text": chunk})
        finally:
            del self.speeches[session_id]
            speech.finish()
            reply = Reply(
                turn=number, text=speech.text, act=next(act for act in REPLY_ACTS if act in plan.acts),
                items=plan.items, understanding=said.said, suggestions=plan.suggestions,
            )  # fmt: skip
            if action.kind == "forget":
                self.store.erase(owner)
                changes = []
            worded_as = Worded(templates=worded.templates, language=understanding.language)
            events = [*changes, worded_as, *plan.events, *said.events]
            self.store.append(session_id, owner, number, step, events, text, reply)
        yield TurnEvent(kind="done", data={"reply": reply, **speech.outcome.model_dump()})

    def _checked(self, text: str) -> str:
        limit = self.settings.max_text
        if len(text) > limit:
            raise InputError(
                f"The message has {len(text):,} characters; at most {limit:,} are accepted. Please shorten it."
            )
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise InputError("The message has half a character (a lone surrogate) in it. Send it as UTF-8.")
        if not text.strip():
            raise InputError("The message is empty. Write what you feel like, or what to change.")
        return text.strip()

    def changes(self, said: Heard, state: SessionState) -> list[Event]:
        """Events by which an utterance changes what is believed."""
        mistaken: list[Event] = [Withdrew(belief_id=belief_id) for belief_id in said.gone]
        return mistaken + self._turned(said.meant, state) + self._changes(said.certain, state, said.turn)

    def _turned(self, understanding: Understanding, state: SessionState) -> list[Event]:
        """The dial of variety, where words turn it."""
        wish = understanding.variety
        if wish is None or wish == "surprise":
            return []
        return [Dialled(variety=turned(state.variety or self.settings.variety, wish))]

    def _changes(self, understanding: Understanding, state: SessionState, turn: int) -> list[Event]:
        acts, catalogue = understanding.acts, self.view(understanding.language)
        if "reset" in acts:
            return [Restarted()]
        if "remove" in acts:
            named = beliefs_named(understanding, state, self.understander)
            dropped: list[Event] = [Withdrew(belief_id=belief.id) for belief in named]
            return dropped + update(understanding, state, catalogue, turn)
        telling = acts & {"request", "constrain", "disclose", "like", "dislike", "seen", "correct", "similar"}
        asking = acts & {"ask_catalogue", "why", "why_not", "compare"} and not telling
        if asking or acts & {"undo", "forget", "show_profile", "help"}:
            return []
        wished = carried(understanding, state, catalogue)
        state = advanced(state, _Place("", turn, state.step).logged(wished), "")
        return wished + update(understanding, state, catalogue, turn)

    def _plan(
        self, action: Action, understanding: Understanding, state: SessionState, fresh: list[Belief],
        dropped: list[Belief], log: list[Logged], session_id: str,
    ) -> ReplyPlan:  # fmt: skip
        catalogue = self.view(understanding.language)
        match action.kind:
            case "recommend":
                return self._plan_picks(understanding, state, fresh, dropped)
            case "ask":
                return self._plan_question(state, action.facet or "", understanding, fresh, catalogue)
            case "answer":
                answer = answering.plan_answer(understanding, state, catalogue)
                wished = any(belief.relation in {"wish", "rule", "critique"} for belief in fresh)
                if not (wished and understanding.acts & _WITH_PICKS and answer.events):
                    return answer
                # "How long is it? And show me something shorter"
                picks = self._plan_picks(understanding, state, fresh, dropped)
                events = [*answer.events, *picks.events]
                return picks.model_copy(update={"lines": [*answer.lines, *picks.lines], "events": events})
            case "catalogue":
                return answering.plan_catalogue(understanding, state, self.recommender, catalogue)
            case "explain":
                return answering.plan_explanation(understanding, state, catalogue)
            case "why_not":
                return answering.plan_why_not(understanding, state, self.recommender, catalogue)
            case "compare" if _of_all(understanding, state):
                return answering.plan_catalogue(understanding, state, self.recommender, catalogue)
            case "compare":
                return answering.plan_comparison(understanding, state, catalogue)
            case "show_profile":
                return answering.plan_profile(state, catalogue.domain.language)
            case "undo":
                return self._plan_undo(log, session_id, catalogue.domain.language)
            case "accept":
                return self._plan_accept(understanding, state)
            case "greet":
                return self._plan_greeting(state, catalogue.domain)
            case _:
                return self._plan_small(action.kind, catalogue.domain)

    def _plan_picks(
        self, understanding: Understanding, state: SessionState, fresh: list[Belief], dropped: list[Belief]
    ) -> ReplyPlan:
        return recommending.plan_recommendation(
            understanding, state, fresh, dropped, self.recommender, self.view(understanding.language),
            self.settings.picks,
        )  # fmt: skip

    def _plan_question(
        self, state: SessionState, facet: str, understanding: Understanding, fresh: list[Belief], catalogue: Catalogue
    ) -> ReplyPlan:
        config = catalogue.domain.facets[facet]
        options = question_options(state, self.recommender, catalogue, facet)
        lead = "asked_again" if state.asked else "asked_lead"
        lines = heard(understanding, state, fresh, catalogue) or [Line(template=lead)]
        lines.append(Line(template="answer_unknown", slots={"unknown": config.question or ""}))
        return ReplyPlan(acts={"ask"}, lines=lines, suggestions=options, events=[Asked(facet=facet)])

    def _plan_undo(self, log: Sequence[Logged], session_id: str, language: str) -> ReplyPlan:
        step = last_change(log, session_id)
        if step is None:
            return ReplyPlan(acts={"undo"}, lines=[Line(template="undo_nothing")])
        undone = Logged(session_id=session_id, turn=0, step=0, event=Undone(step=step))
        state = fold([*log, undone], session_id)
        entries = [entry for entry in log if entry.session_id == session_id and entry.step == step]
        said = self._said(session_id, entries, language)
        said = said if len(said) <= _SAID_LIMIT else f"{said[:_SAID_LIMIT].rstrip()}…"
        items = self._slate(state)
        template = "undone" if items else "undone_empty"
        line = Line(template=template, slots={"said": said}, quotes=[said])
        return ReplyPlan(acts={"undo"}, lines=[line], items=items, events=[Undone(step=step)])

    def _said(self, session_id: str, entries: Sequence[Logged], language: str) -> str:
        turn = entries[0].turn
        if file := next((e.event.name for e in entries if isinstance(e.event, Brought)), None):
            return f"your import of {file}"
        clicked = next((e.event.belief for e in entries if isinstance(e.event, Believed)), None)
        worded = any(isinstance(entry.event, Worded) for entry in entries)
        if not worded:
            return (clicked.evidence[-1].quote or clicked.label) if clicked else say(language, "last_change")
        return self.store.said(session_id, turn)

    def _slate(self, state: SessionState) -> list[Recommendation]:
        return [
            Recommendation(item=self.catalogue.get(pick.item_id), score=pick.score, reasons=pick.reasons)
            for pick in state.slate
            if pick.item_id in self.catalogue.row
        ]

    def _plan_accept(self, understanding: Understanding, state: SessionState) -> ReplyPlan:
        named = next((m.item_id for m in understanding.mentions if m.relation in {"accept", "like"}), None)
        wanted = named or next(iter(understanding.targets), None)
        if wanted is None and len(state.slate) == 1:
            wanted = state.slate[0].item_id
        if wanted is None:
            return ReplyPlan(acts={"accept"}, lines=[Line(template="accepted"), Line(template="offer_more")])
        item = self.catalogue.get(wanted)
        line = Line(
            template="accepted_item",
            slots={"title": head(item)},
            titles=[item.title],
            numbers=[float(item.year)] if item.year else [],
        )
        return ReplyPlan(acts={"accept"}, lines=[line], events=[Focused(item_id=item.id)])

    def _plan_greeting(self, state: SessionState, domain: DomainConfig) -> ReplyPlan:
        starters = [Suggestion(label=starter, text=starter) for starter in domain.starters]
        if state.beliefs:
            return ReplyPlan(
                acts={"greet"}, lines=[Line(template="welcome_back"), Line(template="ask_open")], suggestions=starters
            )
        return ReplyPlan(
            acts={"greet", "ask"},
            lines=[Line(template="greet")],
            suggestions=starters,
        )

    def _plan_small(self, kind: str, domain: DomainConfig) -> ReplyPlan:
        starters = [Suggestion(label=starter, text=starter) for starter in domain.starters]
        template, act = {
            "thank": ("welcome", "chitchat"), "farewell": ("farewell", "farewell"),
            "chitchat": ("chitchat", "chitchat"), "refuse": ("refuse", "refuse"), "clarify": ("clarify", "clarify"),
            "help": ("help", "answer"),
            "reset": ("reset", "reset"), "forget": ("forgotten", "reset"),
        }[kind]  # fmt: skip
        lines = [Line(template=template)]
        if kind == "thank":
            lines.append(Line(template="offer_more"))
        offers = starters if kind in {"refuse", "clarify", "help", "reset", "forget", "chitchat"} else []
        return ReplyPlan(acts={act}, lines=lines, suggestions=offers)


def _of_all(understanding: Understanding, state: SessionState) -> bool:
    """Whether the utmost is asked for where nothing is on the screen to be compared."""
    question = understanding.question
    return bool(question and question.most) and not (state.slate or understanding.targets)


class _Place:
    """Where the events of a turn belong in the log."""

    def __init__(self, session_id: str, turn: int, step: int) -> None:
        self._session_id, self._turn, self._step = session_id, turn, step

    def logged(self, events: Sequence[Event]) -> list[Logged]:
        return [Logged(session_id=self._session_id, turn=self._turn, step=self._step, event=event) for event in events]


def beliefs_named(understanding: Understanding, state: SessionState, understander: Understander) -> list[Belief]:
    """Beliefs that an utterance lets go, by label, by value, or by what they are about ("drop the decade")."""
    text, language = understanding.drops, understanding.language
    domain = understander.listener(language).domain
    said = f" {key(text)} "
    by_label = [belief for belief in state.beliefs.values() if f" {key(belief.label)} " in said]
    linked = {(entity.kind, entity.value) for entity in understanding.entities}
    rest = said  # without the names that were linked: "dark comedy" is not comedy
    for entity in understanding.entities:
        rest = rest.replace(f" {key(entity.surface)} ", " ") if entity.value else rest
    named = any(entity.value for entity in understanding.entities)
    by_value = [
        b for b in state.beliefs.values()
        if (b.facet, b.value) in linked
        # "The Michael Curtiz thing" is not "The Thing".
        or (not (named and b.item_id) and any(f" {name} " in rest for name in _names(b, domain)))
    ]  # fmt: skip
    ranges = {(quantity.low, quantity.high) for quantity in understander.quantities(text, language)}
    by_value += [b for b in state.beliefs.values() if (b.low, b.high) in ranges and b not in by_value]
    by_kind = [
        belief for belief in state.beliefs.values()
        if any(f" {word} " in said for word in _kind_words(belief, domain))
    ]  # fmt: skip
    return by_label or by_value or by_kind


def _names(belief: Belief, domain: DomainConfig) -> set[str]:
    """What a person may call the value of a belief, as keys."""
    config = domain.facets.get(belief.facet)
    return {key(belief.value), *([key(config.names[belief.value])] if config and belief.value in config.names else [])}


def _kind_words(belief: Belief, domain: DomainConfig) -> set[str]:
    """What a person may call the thing that a belief is about, as keys."""
    number = domain.numbers.get(belief.facet)
    facet = domain.facets.get(belief.role or belief.facet)
    role = number.role if number else facet.role if facet else belief.facet
    words = {belief.facet, role, *(listed(domain.language, f"called_{role}"))}
    if facet and facet.noun:
        words |= {facet.noun.one, facet.noun.many}
    return {key(word) for word in words}
