"""What one visitor sees and does: calls of Bot in, parts of the page out. Plain data; no Gradio here."""

from __future__ import annotations

import base64
import binascii
import html
import logging
import queue
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict

from pydantic import TypeAdapter

import retrieval
from bot.records import Profile, Recommendation, Reply, Suggestion, TurnEvent, Variety
from retrieval.domain import DomainConfig
from retrieval.errors import InputError, RapportError
from ui.art import data_uri, placeholder
from ui.brought import name_of, told
from ui.cards import CardView, GroupView, card, groups, marked

if TYPE_CHECKING:
    from bot import Bot

log = logging.getLogger(__name__)

SESSION = re.compile(r"[A-Za-z0-9_-]{22,64}")
REDRAW_SECONDS = 0.04
"""Streamed words are drawn at most this often."""
WAITING = "…"
GROUP_OF_TAP = {"like": "likes", "dislike": "dislikes", "seen": "seen"}
"""The group of the profile that each button of a card adds to."""
BELIEFS_SHOWN = 20
"""Beliefs of a group that the panel shows; an import may bring thousands."""
NAMES_SHOWN = 200
BLANK_ART = ("left", "middle", "right")
"""Names that the pictures of an empty page are drawn from."""
FRESH = Suggestion(label="Show me others", text="show me others")
DIAL: dict[Variety, tuple[str, str]] = {
    "closest": ("Closest", "Only by how well they fit what you said."),
    "balanced": ("Balanced", "What fits, but not three times the same."),
    "varied": ("Varied", "More mixed, and the last pick may be a surprise."),
}
"""The steps of the dial of variety, each with its label and what it means."""
SUITED = Suggestion(label="What would I like?", text="recommend something")
FAILED = "Something went wrong on my side, and nothing you said was lost. Please try again."

STARTER = Path(retrieval.__file__).parent / "starter"

_PICKS = TypeAdapter(list[Recommendation])


class Message(TypedDict):
    """One message; `content` is HTML-escaped text."""

    role: Literal["user", "assistant"]
    content: str


class ChipView(TypedDict):
    label: str
    text: str


class PicksView(TypedDict):
    """The cards, or what stands in their place: a line of text and three pictures."""

    title: str
    empty: str
    art: list[str]
    cards: list[CardView]


class ProfileView(TypedDict):
    """`report` and `unresolved`: what became of a file that was just brought. `saved`: the whole profile as JSON, only
    where it was asked for, since it may be long."""

    empty: str
    groups: list[GroupView]
    report: str
    unresolved: list[str]
    saved: str


class StepView(TypedDict):
    variety: Variety
    label: str
    on: bool


class DialView(TypedDict):
    """How varied lists are, and what the step that is on means."""

    steps: list[StepView]
    hint: str


class View(NamedTuple):
    """The parts of the page; None leaves a part as it is. `draft` is put into the message box."""

    messages: list[Message] | None = None
    picks: PicksView | None = None
    chips: list[ChipView] | None = None
    profile: ProfileView | None = None
    dial: DialView | None = None
    draft: str | None = None


def new_session() -> str:
    """A session id that nobody can guess."""
    return secrets.token_urlsafe(18)


def is_session(value: object) -> bool:
    """Whether a value from a browser can be a session id of ours."""
    return isinstance(value, str) and SESSION.fullmatch(value) is not None


# ---------------------------------------------------------------- parts of the page


def message(role: Literal["user", "assistant"], text: str) -> Message:
    return Message(role=role, content=html.escape(text, quote=False))


def spoken(text: str, picks: Sequence[Recommendation]) -> Message:
    """What Rapport says, with the names of the picks set in bold where a paragraph opens with one."""
    content = html.escape(text, quote=False)
    for item in (pick.item for pick in picks):
        name = html.escape(f"{item.title} ({item.year})" if item.year else item.title, quote=False)
        content = re.sub(rf"(?m)^{re.escape(name)}", lambda found: f"<strong>{found.group()}</strong>", content)
    return Message(role="assistant", content=content)


def conversation(opening: str, history: Sequence[tuple[str, Reply]]) -> list[Message]:
    """The opening words and everything said since."""
    messages = [message("assistant", opening)]
    for said, reply in history:
        messages += [message("user", said), spoken(reply.text, reply.items)]
    return messages


def picks_view(cards: list[CardView], domain: DomainConfig) -> PicksView:
    count = len(cards)
    return PicksView(
        title=f"{count} {domain.noun.one if count == 1 else domain.noun.many} for you" if count else "Picks",
        empty=f"Tell me a little, and {domain.noun.many} appear here, each with the reasons for it.",
        art=[] if count else [data_uri(placeholder(name, "")) for name in BLANK_ART],
        cards=cards,
    )


def profile_view(
    profile: Profile, domain: DomainConfig, report: str = "", unresolved: Sequence[str] = (), saved: str = ""
) -> ProfileView:
    return ProfileView(
        empty="Nothing yet. As we talk, what you like, avoid and have seen appears here, with the words it came "
        "from. You can remove any of it.",
        groups=groups(profile, domain, BELIEFS_SHOWN),
        report=report,
        unresolved=list(unresolved),
        saved=saved,
    )


def dial_view(variety: Variety) -> DialView:
    steps = [StepView(variety=step, label=label, on=step == variety) for step, (label, _) in DIAL.items()]
    return DialView(steps=steps, hint=DIAL[variety][1])


def chips_view(suggestions: Sequence[Suggestion]) -> list[ChipView]:
    return [ChipView(label=suggestion.label, text=suggestion.text) for suggestion in suggestions]


def starters(domain: DomainConfig) -> list[ChipView]:
    return [ChipView(label=text, text=text) for text in domain.starters]


def opening(domain: DomainConfig, variety: Variety = "balanced") -> View:
    """The page of somebody who has not said anything yet."""
    return View(
        conversation(domain.greeting, []), picks_view([], domain), starters(domain), profile_view(Profile(), domain),
        dial_view(variety),
    )  # fmt: skip


def picture_folder(bot: Bot) -> Path:
    """Where pictures that a catalogue names may lie: beside the catalogue file."""
    return bot.settings.catalog.resolve().parent if bot.settings.catalog else STARTER


def cards_of(bot: Bot, picks: Sequence[Recommendation], profile: Profile) -> PicksView:
    folder, remote = picture_folder(bot), bot.settings.remote_images
    return picks_view([card(pick, profile, bot.catalogue, folder, remote) for pick in picks], bot.domain)


# ---------------------------------------------------------------- what a visitor does


def resume(bot: Bot, session: str) -> View:
    """The whole page of a session, as stored: what was said since it last started over."""
    opened, since = since_start(bot, session)
    profile = bot.profile(session)
    picks = next((reply.items for _, reply in reversed(since) if reply.items), [])
    return View(
        messages=conversation(opened, since),
        picks=cards_of(bot, picks, profile),
        chips=chips_view(since[-1][1].suggestions) if since else starters(bot.domain),
        profile=profile_view(profile, bot.domain),
        dial=dial_view(bot.variety(session)),
    )


def since_start(bot: Bot, session: str) -> tuple[str, list[tuple[str, Reply]]]:
    """What was said since the conversation last started over, behind the words that opened it."""
    history = bot.history(session)
    resets = [turn for turn, (_, reply) in enumerate(history) if reply.act == "reset"]
    return (history[resets[-1]][1].text, history[resets[-1] + 1 :]) if resets else (bot.domain.greeting, history)


def converse(bot: Bot, session: str, text: str, shown: Sequence[Message]) -> Iterator[View]:
    """Say `text` and watch the reply come: cards first, then words, then everything else.

    A message that cannot be accepted is answered kindly and put back into the box. One that comes while the reply
    before it is still being worded ends that reply: `shown` then holds half of it, and is replaced by the whole.
    """
    asked = [*shown, message("user", text)]
    yield View(messages=[*asked, message("assistant", WAITING)], chips=[], draft="")
    words, drawn = "", 0.0
    picks: list[Recommendation] = []
    try:
        for event in in_one_thread(lambda: bot.stream(session, text)):
            if event.kind == "understood":
                asked = [*conversation(*since_start(bot, session)), message("user", text)]
            elif event.kind == "items" and event.data["items"]:
                picks = _PICKS.validate_python(event.data["items"])
                yield View(picks=cards_of(bot, picks, bot.profile(session)))
            elif event.kind == "token":
                words += event.data["text"]
                if time.monotonic() - drawn >= REDRAW_SECONDS:
                    drawn = time.monotonic()
                    yield View(messages=[*asked, spoken(words, picks)])
            elif event.kind == "error":
                yield refused(asked, event.data["message"], text)
                return
    except RapportError as error:
        yield refused(asked, str(error), text)
        return
    except Exception:
        log.exception("A turn failed")
        yield refused(asked, FAILED, text)
        return
    yield resume(bot, session)


def in_one_thread(events: Callable[[], Iterator[TurnEvent]]) -> Iterator[TurnEvent]:
    """Events as they come, made in a thread of their own.

    Gradio asks for each next value from whichever thread is free and stops asking when the visitor leaves; a turn
    holds the lock of its session, so it must begin and end in one thread, and it always ends.
    """
    arrived: queue.SimpleQueue[TurnEvent | Exception | None] = queue.SimpleQueue()

    def work() -> None:
        try:
            for event in events():
                arrived.put(event)
            arrived.put(None)
        except Exception as error:  # noqa: BLE001 - it is raised again where the events are read
            arrived.put(error)

    threading.Thread(target=work, name="rapport-turn", daemon=True).start()
    while (event := arrived.get()) is not None:
        if isinstance(event, Exception):
            raise event
        yield event


def refused(asked: list[Message], why: str, text: str) -> View:
    """The answer to a message that could not be taken; the words go back into the box."""
    return View(messages=[*asked, message("assistant", why)], draft=text)


def mark(bot: Bot, session: str, kind: str, item_id: str, cards: Sequence[CardView]) -> View:
    """Record a tap on a card; a second tap on the same button takes it back.

    Raises InputError for another kind of tap, NotFoundError for an unknown item.
    """
    if kind not in GROUP_OF_TAP:
        raise InputError(f"A card has no button '{kind}'. Known: {', '.join(GROUP_OF_TAP)}.")
    profile = bot.profile(session)
    known = [belief for belief in getattr(profile, GROUP_OF_TAP[kind]) if belief.item_id == item_id]
    for belief in known:
        profile = bot.remove(session, belief.id)
    if not known:
        profile = bot.event(session, kind, item_id)
    return _after(bot, profile, cards, offer=kind in {"dislike", "seen"} and not known)


def vary(bot: Bot, session: str, variety: str) -> View:
    """Set how varied lists are, from the next one on. Raises InputError for another word than the steps."""
    step = next((step for step in DIAL if step == variety), None)
    if step is None:
        raise InputError(f"The dial has no step '{variety}'. Known: {', '.join(DIAL)}.")
    bot.vary(session, step)
    return View(chips=chips_view([FRESH]), dial=dial_view(step))


def forget(bot: Bot, session: str, belief_id: str, cards: Sequence[CardView]) -> View:
    """Remove one belief."""
    return _after(bot, bot.remove(session, belief_id), cards)


def save(bot: Bot, session: str) -> View:
    """The whole profile, to be kept as a file."""
    profile = bot.profile(session)
    return View(profile=profile_view(profile, bot.domain, saved=profile.model_dump_json(indent=2)))


def bring(bot: Bot, session: str, name: str, size: int, data: str, cards: Sequence[CardView]) -> View:
    """Take in a file of ratings or a profile; `data` is base64, "" when its `size` in bytes was too much to send.

    The panel says what became of it, or why it could not be taken.
    """
    most = bot.settings.max_import
    try:
        if size > most:
            raise InputError(f"{name} has {size:,} bytes; at most {most:,} are accepted (RAPPORT_MAX_IMPORT).")
        report = bot.bring(session, base64.b64decode(data, validate=True), name=name)
    except (InputError, binascii.Error) as error:
        return View(profile=profile_view(bot.profile(session), bot.domain, report=str(error)))
    names = [name_of(one) for one in report.unresolved[:NAMES_SHOWN]]
    names += [f"and {len(report.unresolved) - NAMES_SHOWN:,} more"] if len(report.unresolved) > NAMES_SHOWN else []
    names += [f"row {one.row}, {one.field}: {one.message}" for one in report.problems[:NAMES_SHOWN]]
    profile = bot.profile(session)
    view = _after(bot, profile, cards)
    return view._replace(
        profile=profile_view(profile, bot.domain, told(report, bot.domain), names), chips=chips_view([SUITED])
    )


def erase(bot: Bot, session: str) -> View:
    """Delete the session, its conversation and its profile; the page of somebody new."""
    bot.erase(session)
    return opening(bot.domain, bot.settings.variety)._replace(draft="")


def _after(bot: Bot, profile: Profile, cards: Sequence[CardView], offer: bool = False) -> View:
    return View(
        picks=picks_view([marked(view, profile) for view in cards], bot.domain),
        chips=chips_view([FRESH]) if offer else None,
        profile=profile_view(profile, bot.domain),
    )


def as_cards(value: Any) -> list[CardView]:
    """The cards in a value that the browser sent back."""
    return list(value["cards"]) if isinstance(value, dict) and isinstance(value.get("cards"), list) else []


def as_messages(value: Any) -> list[Message]:
    """The messages in a chat value that the browser sent back, each content as the text it was."""
    return [Message(role=turn["role"], content=_text_of(turn["content"])) for turn in value or []]


def _text_of(content: Any) -> str:
    """Gradio hands message content over as a list of parts."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content if isinstance(part, dict))
