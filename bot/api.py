"""The public face of Rapport: one object. docs/api.md describes each call."""

from __future__ import annotations

import copy
import json
import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from filelock import FileLock
from threadpoolctl import threadpool_limits

from bot.dialling import STEPS
from bot.events import Believed, Dialled, Event, Withdrew
from bot.grounding import Checker
from bot.imports import read_import, take_in
from bot.language_models import Choice, choose, open_model
from bot.manager import Manager
from bot.opening import collector_paused, own_home
from bot.querying import build_query
from bot.ranking import dialogue_query, rank_dialogue
from bot.rebuilding import context_of, rebuild
from bot.records import Preference, Profile, Reply, Standing, TasteReport, TurnEvent, Understanding
from bot.second_opinion import SecondOpinion, opinion_weight
from bot.settings import Settings
from bot.state import SessionState, fold
from bot.stating import stated_belief
from bot.store import ANONYMOUS, Store
from bot.tapping import TAPS, taken_in
from bot.taste_matching import TitleIndex
from bot.trending import Trends
from bot.understand import Understander
from bot.voice import Voice
from retrieval.branches import Scores
from retrieval.catalogue import Catalogue, Progress
from retrieval.domain import DomainConfig, load_domain
from retrieval.encoder import QueryEncoder, resolve_model
from retrieval.errors import InputError, NotFoundError
from retrieval.importer import ImportReport, import_file
from retrieval.index import Index, ensure_index
from retrieval.opinion import Opinion
from retrieval.recommend import Recommender
from retrieval.records import Item, Query, ReasonKind, Recommendation, Variety
from retrieval.trained import also_liked_for, trained_for

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_LOOK_AGAIN = 0.1
STARTER = Path(__file__).parent.parent / "retrieval" / "starter" / "movies.jsonl"


class Bot:
    """A conversational recommender over one catalogue. Thread-safe; calls on one session are serialised.

    Make it with `Bot.create`; use it as a context manager or call `close`.
    """

    def __init__(
        self, settings: Settings, catalogue: Catalogue, report: ImportReport, index: Index, encoder: QueryEncoder,
        store: Store, lock: FileLock, choice: Choice,
    ) -> None:  # fmt: skip
        self.settings = settings
        self.catalogue = catalogue
        self.import_report = report
        self.index = index
        self._encoder = encoder
        self._store = store
        self._lock = lock
        self._second_opinion: SecondOpinion | None = None
        self._understander = Understander(catalogue, encoder)
        taught, ranker = trained_for(catalogue, settings.home, settings.embedder)
        self._recommender = Recommender(
            catalogue, index.matrix, index.lexical.scores, self.encode, variety=settings.variety, taught=taught,
            ranker=ranker, also_liked=also_liked_for(catalogue, settings.home),
            trends=Trends(store, catalogue.row, settings.trend_half_life_days), portraits=index.portraits,
            opinion=self._opinion(),
        )  # fmt: skip
        checker = Checker(catalogue, self._understander.gazetteer)
        self._voice = Voice(
            choice, self._open_model, catalogue.domain, checker, settings.deadline_seconds,
            settings.first_sentence_seconds,
        )  # fmt: skip
        self._manager = Manager(self._understander, self._recommender, checker, store, settings, self._voice)
        # A stream may be read from several threads, one after the other: its lock must not belong to one.
        self._sessions: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._sessions_guard = threading.Lock()

    @classmethod
    def create(
        cls,
        catalog: str | Path | None = None,
        home: str | Path | None = None,
        model: str = "auto",
        domain: str = "movies",
        settings: Settings | None = None,
        progress: Progress | None = None,
    ) -> Bot:
        """Import a catalogue (None: the starter), build or open its index under `home`, and open the store.

        Arguments win over `settings`, which win over the environment. `progress` is called with a stage,
        the steps done and their total. A language model is loaded in the background; until it is ready, and where
        it fails, replies are worded from templates.

        Raises InputError for a model setting that cannot be used, ModelError for a bundled model that is not
        installed, CatalogueError, DomainError, EncoderError, IndexMissingError, ModelFileError for trained files, or
        HomeInUseError when another process owns the home.
        """
        settings = settings or Settings()
        changes: dict[str, object] = {}
        if catalog is not None:
            changes["catalog"] = Path(catalog)
        if home is not None:
            changes["home"] = Path(home)
        if model != "auto":
            changes["model"] = model
        if domain != "movies":
            changes["domain"] = domain
        settings = settings.model_copy(update=changes)
        choice = choose(settings.model)
        choose(settings.second_opinion)
        lock = own_home(settings.home)
        try:
            with collector_paused():
                return cls._opened(settings, choice, lock, progress)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def _opened(cls, settings: Settings, choice: Choice, lock: FileLock, progress: Progress | None) -> Bot:
        config = load_domain(settings.domain)
        catalogue, report = import_file(settings.catalog or STARTER, config, progress)
        index = ensure_index(
            catalogue, settings.home, settings.embedder, settings.threads, settings.chroma_url, progress
        )  # fmt: skip
        encoder = QueryEncoder(resolve_model(settings.embedder))
        # Fifty turns at once, each on as many BLAS threads as there are cores, are a thousand times slower.
        threadpool_limits(limits=settings.threads, user_api="blas")
        bot = cls(settings, catalogue, report, index, encoder, Store.in_home(settings.home), lock, choice)
        bot._voice.start()
        return bot

    def _open_model(self, progress: Progress) -> BaseChatModel | None:
        settings = self.settings
        return open_model(
            settings.model, settings.model_folder, settings.model_threads, settings.max_tokens,
            settings.deadline_seconds, progress,
        )  # fmt: skip

    def _opinion(self) -> Opinion | None:
        settings = self.settings
        if settings.second_opinion == "none":
            return None
        self._second_opinion = SecondOpinion(settings, self.catalogue)
        return Opinion(self._second_opinion.order, opinion_weight(settings))

    @property
    def model_state(self) -> str:
        """Of the language model: none, loading, ready or failed."""
        return self._voice.state

    def wait_for_model(self, seconds: float | None = None) -> bool:
        """Wait until the language model is loaded or has failed, at most `seconds`; whether it is ready."""
        return self._voice.wait(seconds)

    def wait_for_opinion(self, seconds: float | None = None) -> bool:
        """Wait until the model of the second opinion is open, at most `seconds`; whether there is one.

        Raises what kept it from opening, or TimeoutError.
        """
        return self._second_opinion is not None and self._second_opinion.wait(seconds)

    @property
    def domain(self) -> DomainConfig:
        return self.catalogue.domain

    def encode(self, text: str) -> Scores:
        """The unit vector of a short text, float32 (d,)."""
        return self._encoder.encode_one(text)

    def warm(self) -> None:
        """Touch the encoder and every index once, so that the first turn is as quick as the next."""
        self.encode(self.domain.noun.many)
        self.rank([("user", self.domain.noun.many)], 1)

    def reply(self, session_id: str, text: str, person: str | None = None, request: str | None = None) -> Reply:
        """One utterance in, one reply out. Raises InputError for a text that cannot be accepted.

        `request` names the attempt: the same one again gets the first reply, and nothing is said twice.
        """
        reply: Reply | None = None
        for event in self._turn(session_id, text, person, request):
            if event.kind == "done":
                reply = event.data["reply"]
        if reply is None:
            raise InputError("The turn ended without a reply.")
        return reply

    def stream(
        self, session_id: str, text: str, person: str | None = None, request: str | None = None
    ) -> Iterator[TurnEvent]:
        """The same turn as events: understood, items, token..., done; or one error event."""
        try:
            yield from self._turn(session_id, text, person, request)
        except InputError as error:
            yield TurnEvent(kind="error", data={"code": error.code, "message": str(error)})

    def _turn(self, session_id: str, text: str, person: str | None, request: str | None) -> Iterator[TurnEvent]:
        with self._session(session_id):
            name = _session_name(session_id)
            first = self._replied(name, request, text)
            if first is not None:
                yield from replayed(first)
                return
            turn = self._store.turns(name) + 1
            self._store.claim(name, request, turn)
            yield from self._manager.turn(name, text, person)
            # "Forget me" has erased the claim too.
            self._store.claim(name, request, turn)

    def _replied(self, session_id: str, request: str | None, text: str) -> Reply | None:
        turn = self._store.turn_of(session_id, request) if request is not None else None
        stored = self._store.turn(session_id, turn) if turn is not None else None
        if stored is None:
            return None
        said, reply = stored
        if said != text.strip():
            raise InputError(f"Request '{request}' was another message already. Use a new name for a new message.")
        return Reply.model_validate(json.loads(reply))

    def respond(self, turns: Sequence[tuple[str, str]]) -> Iterator[TurnEvent]:
        """The reply to the last user turn of a written dialogue of (role, text), as events; stores nothing.

        Read it from one thread. Raises InputError when the last turn is not the user's, or has a text that
        cannot be accepted.
        """
        if not turns or turns[-1][0] != "user":
            raise InputError("The last message must be the user's, since it is the one that gets a reply.")
        name = "dialogue"
        manager = copy.copy(self._manager)
        manager.speeches = {}
        with closing(Store("sqlite://")) as manager.store:
            rebuild(manager, name, turns[:-1])
            yield from manager.turn(name, turns[-1][1], None)

    def open(self, session_id: str, person: str | None = None) -> None:
        """Begin a session, for a person or for nobody known. Raises InputError when it belongs to somebody else."""
        if person is not None and (not person.strip() or len(person) > 120 or person.startswith(ANONYMOUS)):
            raise InputError(f"A person's name must have 1 to 120 characters and not begin with '{ANONYMOUS}'.")
        self._store.person_of(_session_name(session_id), person)

    def knows(self, session_id: str) -> bool:
        """Whether a session was begun and not deleted since."""
        return self._store.knows(session_id)

    def turn_of(self, session_id: str, request: str | None = None) -> int:
        """The number of the turn that a request got; for a new request, of the turn that comes next."""
        found = self._store.turn_of(session_id, request) if request is not None else None
        return found or self._store.turns(session_id) + 1

    def profile(self, session_id: str) -> Profile:
        """All that is believed of the person, as this session sees it."""
        return self._state(session_id).profile()

    def event(self, session_id: str, kind: str, item_id: str) -> Profile:
        """Take in what the person did with an item: like, dislike, seen, click, dwell, save, purchase, skip or view.

        Raises InputError for another kind, NotFoundError for an unknown item.
        """
        if kind not in TAPS:
            raise InputError(f"Unknown event '{kind}'. Known: {', '.join(TAPS)}.")
        item = self.catalogue.get(item_id)
        with self._session(session_id):
            state, turn = self._state(session_id), self._store.turns(session_id)
            events = taken_in(kind, item, state, turn, self._manager.view(state.language))
            owner = self._store.person_of(session_id, None)
            self._store.append(session_id, owner, turn, state.step + 1, events)
            return self._state(session_id).profile()

    def variety(self, session_id: str) -> Variety:
        """How varied the lists of a session are."""
        return self._state(session_id).variety or self.settings.variety

    def vary(self, session_id: str, variety: Variety) -> None:
        """Set how varied the lists of a session are, from the next one on; "undo" takes it back.

        Raises InputError for another word than closest, balanced or varied.
        """
        if variety not in STEPS:
            raise InputError(f"Variety cannot be '{variety}'. Known: {', '.join(STEPS)}.")
        with self._session(session_id):
            if self.variety(session_id) != variety:
                state, turn = self._state(session_id), self._store.turns(session_id)
                owner = self._store.person_of(_session_name(session_id), None)
                self._store.append(session_id, owner, turn, state.step + 1, [Dialled(variety=variety)])

    def standing(self, session_id: str, item_id: str, belief_id: str) -> Standing:
        """Where an item stands by score, before lists are made varied, and where it would stand without a belief.

        Raises NotFoundError for an unknown item.
        """
        self.catalogue.get(item_id)
        state, place = self._state(session_id), self._recommender.standing
        query = build_query(state, self.catalogue, again=True)
        without = build_query(state, self.catalogue, again=True, without=[belief_id])
        allowed, otherwise, every = (
            (place(query, item_id, among), place(without, item_id, among)) for among in (query, without, Query())
        )
        hard = {one.belief_id for one in query.terms if one.hard} | {one.belief_id for one in query.bounds if one.hard}
        return Standing(binds=belief_id in hard, allowed=allowed, otherwise=otherwise, catalogue=every)

    def remove(self, session_id: str, belief_id: str) -> Profile:
        """Drop one belief. Raises NotFoundError when there is none with that id."""
        return self.edit(session_id, remove=[belief_id])

    def add(self, session_id: str, facet: str, value: str, polarity: float = 1.0, hard: bool = False) -> Profile:
        """State a preference outright: facet or number, value or range ("1980s", "<=120"), wanted or not.

        `hard`: it must hold, or must not occur. Its evidence is the current turn without a quote.
        Raises InputError naming an unknown facet or value.
        """
        return self.edit(session_id, add=[Preference(facet=facet, value=value, polarity=polarity, hard=hard)])

    def edit(self, session_id: str, remove: Sequence[str] = (), add: Sequence[Preference] = ()) -> Profile:
        """Drop beliefs and state preferences (their facet, value, polarity and hard count), all of it or nothing.

        One "undo" takes it back. Raises NotFoundError for an unknown belief, InputError as `add` does.
        """
        with self._session(session_id):
            state = self._state(session_id)
            for belief_id in remove:
                if belief_id not in state.beliefs:
                    raise NotFoundError(f"No belief '{belief_id}' in session '{session_id}'. See the profile's ids.")
            turn = self._store.turns(session_id)
            view, gazetteer = self._manager.view(state.language), self._understander.gazetteer
            known = {id_: belief for id_, belief in state.beliefs.items() if id_ not in remove}
            stated = [stated_belief(said, view, gazetteer, turn, known) for said in add]
            events: list[Event] = [Withdrew(belief_id=belief_id) for belief_id in dict.fromkeys(remove)]
            events += [Believed(belief=belief) for belief in stated]
            if events:
                owner = self._store.person_of(session_id, None)
                self._store.append(session_id, owner, turn, state.step + 1, events)
            return self._state(session_id).profile()

    def bring(
        self, session_id: str, file: str | Path | bytes, person: str | None = None, name: str = "",
        user: str | None = None,
    ) -> TasteReport:  # fmt: skip
        """Take in ratings or what was seen from another service, or an exported profile; docs/cli.md lists the kinds.

        `name`: what bytes were called. `user`: whose rows to take from a file of several people. One "undo" takes it
        back, the same file again changes nothing, and what the person says of an item themselves always holds.
        Raises InputError for a file that cannot be read or used; rows that cannot are in the report.
        """
        read = read_import(file, name, user, self.settings)
        with self._session(session_id):
            if person is not None:
                self.open(session_id, person)
            owner = self._store.person_of(_session_name(session_id), None)
            state, turn = self._state(session_id), self._store.turns(session_id)
            events, report = take_in(read, lambda: self._titles, self.catalogue, state.beliefs, turn)
            if events:
                self._store.append(session_id, owner, turn, state.step + 1, events)
            return report

    @cached_property
    def _titles(self) -> TitleIndex:
        return TitleIndex(self.catalogue)

    def recommend(
        self, session_id: str, k: int = 10, without: Collection[ReasonKind] = ()
    ) -> list[Recommendation]:  # fmt: skip
        """The k items that fit a session's profile best, as a conversation picks them; nothing is said or stored.

        `without`: parts of the score to leave out, for measuring.
        """
        now, half_life = datetime.now(UTC), self.settings.taste_half_life_days
        state = replace(self._state(session_id), now=now, half_life=half_life)
        return self._recommender.recommend(build_query(state, self.catalogue), k, without)

    def history(self, session_id: str) -> list[tuple[str, Reply]]:
        """What was said and what was replied, oldest first."""
        return [(said, Reply.model_validate(json.loads(reply))) for said, reply in self._store.history(session_id)]

    def delete(self, session_id: str) -> None:
        """Delete one session from the disk, with all that was learnt in it; its person's other sessions stay."""
        with self._session(session_id):
            self._store.drop(session_id)

    def forget(self, session_id: str) -> None:
        """Delete everything about the session's person from the disk; the session goes on, empty and still theirs."""
        with self._session(session_id):
            owner = self._store.person_of(session_id, None)
            self._store.erase(owner)
            self._store.person_of(session_id, owner)

    def erase(self, session_id: str) -> None:
        """Delete everything about the session's person from the disk; no trend counts what they did any more."""
        with self._session(session_id):
            self._store.erase(self._store.person_of(session_id, None))

    def rank(self, turns: Sequence[tuple[str, str]], k: int = 50) -> list[str]:
        """Ids of the k items that fit a dialogue best; stores nothing. See bot.ranking."""
        return rank_dialogue(turns, k, self._understander, self._recommender)

    def rank_without(self, turns: Sequence[tuple[str, str]], k: int = 50) -> dict[str, list[str]]:
        """What `rank` gives with each branch of the learned ranker switched off; for measuring."""
        query = dialogue_query(turns, self._understander, self.catalogue)
        return self._recommender.rank_without(query, k)

    def understand(self, text: str, context: Sequence[tuple[str, str]] | None = None) -> Understanding:
        """What an utterance means after `context` turns (role, text); items the assistant named are on screen."""
        return self._understander.understand(text, context_of(context or (), self._understander))

    def item(self, item_id: str) -> Item:
        """One item. Raises NotFoundError."""
        return self.catalogue.get(item_id)

    def close(self) -> None:
        """Let go of the language model and release the home folder."""
        self._voice.close()
        if self._second_opinion is not None:
            self._second_opinion.close()
        self._store.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _state(self, session_id: str) -> SessionState:
        name = _session_name(session_id)
        return fold(self._store.log(self._store.owner(name)), name)

    @contextmanager
    def _session(self, session_id: str) -> Iterator[None]:
        """The session to oneself. A reply that is being worded meanwhile is ended in the templates' words."""
        with self._sessions_guard:
            lock = self._sessions[session_id]
        while not lock.acquire(timeout=_LOOK_AGAIN):
            self._manager.hurry(session_id)
        try:
            yield
        finally:
            lock.release()


def replayed(reply: Reply) -> Iterator[TurnEvent]:
    """The events of a turn that was answered before."""
    yield TurnEvent(kind="understood", data={"understanding": reply.understanding})
    yield TurnEvent(kind="items", data={"items": reply.items})
    yield TurnEvent(kind="token", data={"text": reply.text})
    yield TurnEvent(kind="done", data={"reply": reply})


def _session_name(session_id: str) -> str:
    if not session_id or len(session_id) > 120:
        raise InputError("A session id must have 1 to 120 characters.")
    return session_id
