"""A dialogue written by somebody else is continued as if it had been held here, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import Bot, Reply
from retrieval.errors import InputError


def answer(bot: Bot, *turns: tuple[str, str]) -> Reply:
    events = list(bot.respond(turns))
    assert [event.kind for event in events][-1] == "done"
    reply: Reply = events[-1].data["reply"]
    assert "".join(event.data["text"] for event in events if event.kind == "token") == reply.text
    return reply


DIALOGUES = [
    ["a comedy from the 80s", "more"],
    ["something like Alien", "I've seen the first one", "another"],
    ["I hate horror", "recommend something"],
    ["a western", "undo"],
    ["hi", "a comedy", "start over", "a drama"],
    ["a comedy", "why the second?"],
    ["I've seen Alien", "forget everything about me", "what do you know about me?"],
]


@pytest.mark.parametrize("said", DIALOGUES, ids=lambda said: " / ".join(said))
def test_the_reply_is_that_of_a_session_in_which_the_same_was_said(bot: Bot, session: str, said: list[str]) -> None:
    turns: list[tuple[str, str]] = []
    for text in said:
        turns.append(("user", text))
        rebuilt = answer(bot, *turns)
        held = bot.reply(session, text)
        assert rebuilt.turn == held.turn
        assert rebuilt.act == held.act
        assert [pick.item.id for pick in rebuilt.items] == [pick.item.id for pick in held.items]
        turns.append(("assistant", held.text))


def test_what_the_assistant_named_is_what_pointing_points_at(bot: Bot) -> None:
    reply = answer(
        bot, ("user", "a film"), ("assistant", "Try Alien or Toy Story."), ("user", "who directed the first one?")
    )
    assert "Ridley Scott" in reply.text


def test_nothing_is_kept(bot: Bot) -> None:
    before = {path: path.read_bytes() for path in Path(bot.settings.home).glob("rapport.db*")}
    answer(bot, ("user", "I've seen Alien"), ("assistant", "Noted."), ("user", "a comedy"))
    assert {path: path.read_bytes() for path in Path(bot.settings.home).glob("rapport.db*")} == before
    assert answer(bot, ("user", "what do you know about me?")).act == "show_profile"
    assert bot.knows("dialogue") is False


@pytest.mark.parametrize(
    "turns", [[], [("assistant", "hello")], [("user", " ")], [("user", "x" * 3000)], [("tool", "x"), ("user", "hi")]]
)
def test_what_has_no_reply_is_refused(bot: Bot, turns: list[tuple[str, str]]) -> None:
    with pytest.raises(InputError):
        list(bot.respond(turns))
