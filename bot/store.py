"""The event log and the replies, in SQL (SQLite by default). One transaction a step, on disk before it is answered."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    delete,
    event,
    func,
    insert,
    or_,
    select,
    text,
    update,
)  # fmt: skip
from sqlalchemy.engine import Connection, Engine

from bot.events import EVENT, Event, Logged, Tapped
from bot.records import Reply
from retrieval.errors import InputError

ANONYMOUS = "session:"
"""How the person of a session that nobody signed in to begins; the session's id follows."""

_REMEMBERED = 50_000
"""Events kept in memory over all people, about 2 kB each; whoever was quiet longest is read again."""

_META = MetaData()
_SESSIONS = Table(
    "sessions", _META,
    Column("id", String(128), primary_key=True),
    Column("person", String(128), nullable=False, index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
)  # fmt: skip
_EVENTS = Table(
    "events", _META,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("session_id", String(128), nullable=False),
    Column("person", String(128), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("data", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("events_by_person", "person", "id"),
)  # fmt: skip
_TURNS = Table(
    "turns", _META,
    Column("session_id", String(128), primary_key=True),
    Column("turn", Integer, primary_key=True, autoincrement=False),
    Column("said", Text, nullable=False),
    Column("reply", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)  # fmt: skip
_REQUESTS = Table(
    "requests", _META,
    Column("session_id", String(128), primary_key=True),
    Column("key", String(256), primary_key=True),
    Column("turn", Integer, nullable=False),
)  # fmt: skip
_HEAT = Table(
    "heat", _META,
    Column("item_id", String(256), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("heat", Float, nullable=False),
)  # fmt: skip
"""What all people together did with an item on a day (UTC, as date.toordinal counts). Nobody is named in it."""
_COLD = 1e-6
Heat = Mapping[tuple[str, int], float]
"""By item id and day."""


class Store:
    """All reads and writes of conversation state. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        self._engine: Engine = create_engine(url)
        if url.startswith("sqlite"):
            event.listen(self._engine, "connect", _durable)
        _META.create_all(self._engine)
        self._read: OrderedDict[str, tuple[int, list[Logged]]] = OrderedDict()
        self._held = 0
        self._erasures = 0
        self._reheated: set[str] = set()
        self._guard = threading.Lock()

    @classmethod
    def in_home(cls, home: Path) -> Store:
        """The store of a home folder, made when absent."""
        home.mkdir(parents=True, exist_ok=True)
        return cls(f"sqlite:///{home / 'rapport.db'}")

    def person_of(self, session_id: str, person: str | None) -> str:
        """The person a session belongs to; the session is made at its first use.

        Raises InputError when the session already belongs to somebody else.
        """
        with self._engine.begin() as connection:
            owner = connection.scalar(select(_SESSIONS.c.person).where(_SESSIONS.c.id == session_id))
            if owner is None:
                owner = person or f"{ANONYMOUS}{session_id}"
                now = datetime.now(UTC)
                connection.execute(insert(_SESSIONS).values(id=session_id, person=owner, created_at=now))
            elif person is not None and owner != person:
                raise InputError(
                    f"Session '{session_id}' belongs to another person. Use a new session id for '{person}'."
                )
            return str(owner)

    def owner(self, session_id: str) -> str:
        """Whose session it is, without making one: a session nobody has used is its own person."""
        with self._engine.connect() as connection:
            found = connection.scalar(select(_SESSIONS.c.person).where(_SESSIONS.c.id == session_id))
        return str(found) if found is not None else f"{ANONYMOUS}{session_id}"

    def log(self, person: str) -> list[Logged]:
        """All events of a person, oldest first.

        What was read before is remembered, since thousands of events may have been brought in at once. One process owns
        a home, so nobody else adds or erases.
        """
        with self._guard:
            last, known = self._read.get(person, (0, []))
            erasures = self._erasures
        query = select(_EVENTS).where(_EVENTS.c.person == person, _EVENTS.c.id > last).order_by(_EVENTS.c.id)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        known = known + [
            Logged(
                session_id=row.session_id, turn=row.turn, step=row.step, event=EVENT.validate_json(row.data),
                at=row.at if row.at.tzinfo else row.at.replace(tzinfo=UTC),
            )
            for row in rows
        ]  # fmt: skip
        with self._guard:
            if self._erasures == erasures:
                self._remember(person, rows[-1].id if rows else last, known)
        return list(known)

    def _remember(self, person: str, last: int, known: list[Logged]) -> None:
        self._held += len(known) - len(self._read.pop(person, (0, []))[1])
        self._read[person] = (last, known)
        while self._held > _REMEMBERED and len(self._read) > 1:
            _, (_, oldest) = self._read.popitem(last=False)
            self._held -= len(oldest)

    def _forget_read(self, changed: set[str]) -> None:
        with self._guard:
            self._reheated |= changed
            self._erasures += 1
            self._held = 0
            self._read.clear()

    def turns(self, session_id: str) -> int:
        """How many turns a session has had."""
        query = select(func.max(_TURNS.c.turn)).where(_TURNS.c.session_id == session_id)
        with self._engine.connect() as connection:
            return int(connection.scalar(query) or 0)

    def append(
        self, session_id: str, person: str, turn: int, step: int, events: Sequence[Event],
        said: str | None = None, reply: Reply | None = None,
    ) -> None:  # fmt: skip
        """Write one step: its events and, for an utterance, the reply. All of it or none.

        A person may be erased in one session while another of theirs is in a turn: what that turn says is theirs too,
        so the session is there again.
        """
        now = datetime.now(UTC)
        rows = [
            {"session_id": session_id, "person": person, "turn": turn, "step": step, "at": now,
             "data": entry.model_dump_json(exclude_defaults=False)}
            for entry in events
        ]  # fmt: skip
        changed: set[str] = set()
        with self._engine.begin() as connection:
            if connection.scalar(select(_SESSIONS.c.id).where(_SESSIONS.c.id == session_id)) is None:
                connection.execute(insert(_SESSIONS).values(id=session_id, person=person, created_at=now))
            if rows:
                connection.execute(insert(_EVENTS), rows)
            if any(isinstance(entry, Tapped) for entry in events):
                today = now.replace(hour=0, minute=0, second=0, microsecond=0)
                mine = (_EVENTS.c.person == person, _EVENTS.c.at >= today)
                earlier = or_(_EVENTS.c.session_id != session_id, _EVENTS.c.step != step)
                changed = _reheat(connection, _heat_of(connection, *mine, earlier), _heat_of(connection, *mine))
            if reply is not None:
                connection.execute(
                    insert(_TURNS).values(
                        session_id=session_id, turn=turn, said=said or "", reply=reply.model_dump_json(), at=now
                    )
                )
        with self._guard:
            self._reheated |= changed

    def history(self, session_id: str) -> list[tuple[str, str]]:
        """(what was said, the reply as JSON) of every turn, oldest first."""
        query = select(_TURNS.c.said, _TURNS.c.reply).where(_TURNS.c.session_id == session_id).order_by(_TURNS.c.turn)
        with self._engine.connect() as connection:
            return [(row.said, row.reply) for row in connection.execute(query)]

    def said(self, session_id: str, turn: int) -> str:
        """What was said in one turn; empty when there was no such turn."""
        query = select(_TURNS.c.said).where(_TURNS.c.session_id == session_id, _TURNS.c.turn == turn)
        with self._engine.connect() as connection:
            return str(connection.scalar(query) or "")

    def turn(self, session_id: str, turn: int) -> tuple[str, str] | None:
        """(what was said, the reply as JSON) of one turn, or None."""
        query = select(_TURNS.c.said, _TURNS.c.reply).where(_TURNS.c.session_id == session_id, _TURNS.c.turn == turn)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return (row.said, row.reply) if row else None

    def knows(self, session_id: str) -> bool:
        """Whether there is a session with this id."""
        query = select(_SESSIONS.c.id).where(_SESSIONS.c.id == session_id)
        with self._engine.connect() as connection:
            return connection.scalar(query) is not None

    def turn_of(self, session_id: str, request: str) -> int | None:
        """The turn that a request was given, which it may not have lived to take; None for a new request."""
        query = select(_REQUESTS.c.turn).where(_REQUESTS.c.session_id == session_id, _REQUESTS.c.key == request)
        with self._engine.connect() as connection:
            found = connection.scalar(query)
        return None if found is None else int(found)

    def claim(self, session_id: str, request: str | None, turn: int) -> None:
        """Give a turn to a request; whatever had it before never finished, and loses it."""
        mine = _REQUESTS.c.session_id == session_id
        with self._engine.begin() as connection:
            connection.execute(delete(_REQUESTS).where(mine, (_REQUESTS.c.turn == turn) | (_REQUESTS.c.key == request)))
            if request is not None:
                connection.execute(insert(_REQUESTS).values(session_id=session_id, key=request, turn=turn))

    def drop(self, session_id: str) -> None:
        """Delete one session with its turns and events; other sessions of its person stay."""
        owner = self.owner(session_id)
        with self._engine.begin() as connection:
            connection.execute(delete(_SESSIONS).where(_SESSIONS.c.id == session_id))
            before = _heat_of(connection, _EVENTS.c.person == owner)
            for table in (_TURNS, _EVENTS, _REQUESTS):
                connection.execute(delete(table).where(table.c.session_id == session_id))
            changed = _reheat(connection, before, _heat_of(connection, _EVENTS.c.person == owner))
        self._forget_read(changed)

    def erase(self, person: str) -> None:
        """Delete every session, turn and event of a person from the disk, and take what they did out of the trends."""
        mine = select(_SESSIONS.c.id).where(_SESSIONS.c.person == person)
        with self._engine.begin() as connection:
            connection.execute(delete(_REQUESTS).where(_REQUESTS.c.session_id.in_(mine)))
            connection.execute(delete(_TURNS).where(_TURNS.c.session_id.in_(mine)))
            changed = _reheat(connection, _heat_of(connection, _EVENTS.c.person == person), {})
            connection.execute(delete(_EVENTS).where(_EVENTS.c.person == person))
            connection.execute(delete(_SESSIONS).where(_SESSIONS.c.person == person))
        self._forget_read(changed)
        if self._engine.dialect.name == "sqlite":
            with self._engine.connect() as connection:
                # What was erased would stay readable in the write-ahead log until SQLite reuses it.
                connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))

    def heat(self, since: int, items: Collection[str] | None = None) -> list[tuple[str, int, float]]:
        """(item id, day, heat) from a day on; of some items, or of all."""
        query = select(_HEAT.c.item_id, _HEAT.c.day, _HEAT.c.heat).where(_HEAT.c.day >= since)
        query = query if items is None else query.where(_HEAT.c.item_id.in_(items))
        with self._engine.connect() as connection:
            return [(row.item_id, row.day, row.heat) for row in connection.execute(query)]

    def reheated(self) -> set[str]:
        """Items whose heat changed since this was last asked."""
        with self._guard:
            changed, self._reheated = self._reheated, set()
        return changed

    def close(self) -> None:
        self._engine.dispose()


def _reheat(connection: Connection, before: Heat, after: Heat) -> set[str]:
    """Put into the trends what somebody's events come to now, in place of what they came to before; of which items."""
    changes = {place: after.get(place, 0.0) - before.get(place, 0.0) for place in (*before, *after)}
    for (item_id, day), change in changes.items():
        here = (_HEAT.c.item_id == item_id, _HEAT.c.day == day)
        if not connection.execute(update(_HEAT).where(*here).values(heat=_HEAT.c.heat + change)).rowcount:
            connection.execute(insert(_HEAT).values(item_id=item_id, day=day, heat=change))
        # A count of nothing would still say that somebody was there.
        connection.execute(delete(_HEAT).where(*here, _HEAT.c.heat < _COLD))
    return {item_id for item_id, _ in changes}


def _heat_of(connection: Connection, *which: ColumnElement[bool]) -> Heat:
    """What the taps among some events come to, of one person: on each day the warmest thing done with an item, so that
    nobody makes a trend by doing it again."""
    taps = _EVENTS.c.data.startswith('{"kind":"tapped"')
    heat: dict[tuple[str, int], float] = {}
    for row in connection.execute(select(_EVENTS.c.data, _EVENTS.c.at).where(taps, *which)):
        tap = EVENT.validate_json(row.data)
        if isinstance(tap, Tapped) and tap.heat:
            place = tap.item_id, row.at.toordinal()
            heat[place] = max(heat.get(place, 0.0), tap.heat)
    return heat


def _durable(connection: object, _: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.close()
