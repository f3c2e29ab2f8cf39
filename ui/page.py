"""The Gradio page: conversation and message box on one side, picks and profile on the other.

Importing this module imports Gradio, which takes seconds: do it only where a page is built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from bot.records import Variety
from retrieval.domain import DomainConfig
from retrieval.errors import RapportError
from ui import visit
from ui.components import from_template, panel, to_template
from ui.visit import View

if TYPE_CHECKING:
    from bot import Bot

STORAGE_KEY = "rapport_session"
STORAGE_SECRET = "rapport-session-v1"
"""Both fixed, so that a browser can read its session id after the server restarts. The id itself is the secret."""
AT_ONCE = 64
"""Turns that may run at the same time."""
WAITING_LINE = 512
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""What every listener has in common: no overlay while it runs, no public endpoint."""


def build_page(get_bot: Callable[[], Bot], domain: DomainConfig, variety: Variety) -> gr.Blocks:
    """The page. `get_bot` may wait until the bot is loaded, and raises RapportError when it cannot be."""
    first = visit.opening(domain, variety)
    greeting: Any = first.messages
    page: gr.Blocks
    with gr.Blocks(title="Rapport", analytics_enabled=False, fill_width=True, elem_id="rapport") as page:
        session = gr.BrowserState(None, storage_key=STORAGE_KEY, secret=STORAGE_SECRET)
        gr.HTML(
            '<header class="r-header"><h1>Rapport</h1><p>Say what you feel like. Every pick comes with its reasons, '
            "and everything I learn about you is yours to correct.</p></header>",
            apply_default_css=False,
            js_on_load=None,
            elem_id="rapport-header",
        )
        with gr.Row(elem_id="rapport-main", equal_height=False):
            with gr.Column(elem_id="rapport-talk", scale=6, min_width=320):
                chat = gr.Chatbot(
                    greeting,
                    elem_id="rapport-chat",
                    label="Conversation",
                    show_label=False,
                    container=False,
                    height=None,
                    buttons=[],
                    feedback_options=None,
                    render_markdown=False,
                    latex_delimiters=[],
                    allow_tags=False,
                    group_consecutive_messages=False,
                )
                chips = panel("chips", first.chips)
                box = gr.Textbox(
                    elem_id="rapport-box",
                    label="Your message",
                    show_label=False,
                    container=False,
                    placeholder="A mood, something you loved, somebody you can't stand…",
                    lines=1,
                    max_lines=6,
                    submit_btn="Send",
                    autofocus=True,
                )
                with gr.Row(elem_id="rapport-tools"):
                    undo = gr.Button("Undo", size="sm", elem_id="rapport-undo", min_width=0, scale=0)
                    over = gr.Button("Start over", size="sm", elem_id="rapport-over", min_width=0, scale=0)
            with gr.Column(elem_id="rapport-side", scale=5, min_width=320):
                picks = panel("picks", first.picks)
                dial = panel("dial", first.dial)
                profile = panel("profile", first.profile)

        parts = [chat, picks, chips, profile, dial, box]

        def arrive(stored: Any) -> tuple[Any, ...]:
            """Resume the visitor's session, or begin one."""
            known = visit.is_session(stored)
            current = stored if known else visit.new_session()
            if not known:
                return (current, *_updates(first))
            try:
                return (current, *_updates(visit.resume(get_bot(), current)))
            except RapportError as error:
                return (current, *_updates(_unavailable(first, error)))

        def say(text: str, stored: Any, shown: Any) -> Iterator[tuple[Any, ...]]:
            """One turn; yields the page as the reply comes."""
            if not text.strip():
                yield _updates(View())
                return
            messages = visit.as_messages(shown)
            try:
                for view in visit.converse(get_bot(), _session(stored), text, messages):
                    yield _updates(view)
            except RapportError as error:
                yield _updates(visit.refused(messages, str(error), text))

        def say_chip(stored: Any, shown: Any, event: gr.EventData) -> Iterator[tuple[Any, ...]]:
            yield from say(str(event.text), stored, shown)

        def say_undo(stored: Any, shown: Any) -> Iterator[tuple[Any, ...]]:
            yield from say("undo", stored, shown)

        def say_over(stored: Any, shown: Any) -> Iterator[tuple[Any, ...]]:
            yield from say("start over", stored, shown)

        def mark(stored: Any, value: Any, event: gr.EventData) -> tuple[Any, ...]:
            cards = visit.as_cards(from_template(value))
            return _safely(lambda: visit.mark(get_bot(), _session(stored), str(event.kind), str(event.item), cards))

        def forget(stored: Any, value: Any, event: gr.EventData) -> tuple[Any, ...]:
            cards = visit.as_cards(from_template(value))
            return _safely(lambda: visit.forget(get_bot(), _session(stored), str(event.belief), cards))

        def bring(stored: Any, value: Any, event: gr.EventData) -> tuple[Any, ...]:
            cards = visit.as_cards(from_template(value))
            name, size, data = str(event.file), int(event.size), str(event.data)
            return _safely(lambda: visit.bring(get_bot(), _session(stored), name, size, data, cards))

        def vary(stored: Any, event: gr.EventData) -> tuple[Any, ...]:
            return _safely(lambda: visit.vary(get_bot(), _session(stored), str(event.variety)))

        def save(stored: Any) -> tuple[Any, ...]:
            return _safely(lambda: visit.save(get_bot(), _session(stored)))

        def erase(stored: Any) -> tuple[Any, ...]:
            """Delete all of the visitor's and go on as somebody new."""
            return (visit.new_session(), *_safely(lambda: visit.erase(get_bot(), _session(stored))))

        # A message sent while a reply still comes is taken too: it ends that reply.
        turn: dict[str, Any] = {**QUIET, "outputs": parts, "concurrency_limit": AT_ONCE, "trigger_mode": "multiple"}
        page.load(arrive, session, [session, *parts], concurrency_limit=AT_ONCE, **QUIET)
        box.submit(say, [box, session, chat], **turn)
        chips.say(say_chip, [session, chat], **turn)
        picks.say(say_chip, [session, chat], **turn)
        undo.click(say_undo, [session, chat], **turn)
        over.click(say_over, [session, chat], **turn)
        picks.mark(mark, [session, picks], parts, queue=False, **QUIET)
        dial.vary(vary, [session], parts, queue=False, **QUIET)
        profile.remove(forget, [session, picks], parts, queue=False, **QUIET)
        profile.bring(bring, [session, picks], parts, queue=False, **QUIET)
        profile.save(save, [session], parts, queue=False, **QUIET)
        profile.erase(erase, [session], [session, *parts], queue=False, **QUIET)
    page.queue(max_size=WAITING_LINE, api_open=False)
    return page


def _session(stored: Any) -> str:
    """The visitor's session id; a browser that sends anything else gets a session of its own."""
    return stored if visit.is_session(stored) else visit.new_session()


def _updates(view: View) -> tuple[Any, ...]:
    """A view as the values of (chat, picks, chips, profile, dial, box)."""
    drawn = (to_template(part) for part in (view.picks, view.chips, view.profile, view.dial))
    parts = (view.messages, *drawn, view.draft)
    return tuple(gr.skip() if part is None else part for part in parts)


def _unavailable(first: View, error: RapportError) -> View:
    return first._replace(messages=[*(first.messages or []), visit.message("assistant", str(error))])


def _safely(action: Callable[[], View]) -> tuple[Any, ...]:
    try:
        return _updates(action())
    except RapportError as error:
        gr.Info(str(error))
        return _updates(View())
