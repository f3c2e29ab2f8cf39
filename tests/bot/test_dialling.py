"""The dial of variety: heard in every language, kept in the log, taken back by undo; a surprise says that it is one."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from bot import Bot
from bot.dialling import turned, without_dial
from bot.records import DialWish
from bot.settings import Settings
from bot.understand import Understander
from retrieval.errors import InputError

WORDS: dict[str, dict[DialWish, list[str]]] = {
    "en": {
        "more": [
            "more variety please", "These are too similar.", "too similar", "mix it up a bit", "they're all the same",
        ],
        "less": ["a bit less variety"], "varied": ["surprise me more"], "surprise": ["surprise me"],
        "closest": ["stick closer to what I said", "please stay close to what I asked for", "no more surprises"],
    },
    "es": {
        "more": ["más variedad", "son demasiado parecidas"], "less": ["un poco menos variedad"],
        "varied": ["sorpréndeme más"], "surprise": ["sorpréndeme"], "closest": ["cíñete más a lo que dije"],
    },
    "fr": {
        "more": ["plus de variété", "ils sont trop semblables", "ils se ressemblent tous"],
        "less": ["moins de variété"],
        "varied": ["surprends-moi davantage"], "surprise": ["surprends-moi"],
        "closest": ["reste plus près de ce que j'ai dit"],
    },
    "de": {
        "more": ["mehr Abwechslung bitte", "die sind sich zu ähnlich"], "less": ["weniger Abwechslung"],
        "varied": ["überrasch mich mehr"], "surprise": ["überrasch mich"],
        "closest": ["bleib näher an dem, was ich gesagt habe"],
    },
    "zh": {
        "more": ["多一点变化", "这些都太相似了"], "less": ["少一点花样"], "varied": ["再给我一点惊喜"],
        "surprise": ["给我个惊喜"],
        "closest": ["更贴近我说的"],
    },
}  # fmt: skip
SAID = [
    (language, wish, text) for language, wishes in WORDS.items() for wish, texts in wishes.items() for text in texts
]
COMEDY = {"en": "a comedy", "es": "una comedia", "fr": "une comédie", "de": "eine Komödie", "zh": "来点喜剧片"}
SURPRISE = {"en": "not expect", "es": "no te esperas", "fr": "ne t'attends", "de": "nicht rechnest", "zh": "意想不到"}


def new() -> str:
    return uuid.uuid4().hex


@pytest.mark.parametrize(("language", "wish", "text"), SAID)
def test_words_turn_the_dial(language: str, wish: DialWish, text: str) -> None:
    assert without_dial(text, language)[0] == wish


@pytest.mark.parametrize("text", [
    "something too similar to Alien", "a variety show", "it's all the same to me", "more like this", "closer",
    "something like Heat but less sad", "a film about surprises",
])  # fmt: skip
def test_other_words_do_not(text: str) -> None:
    assert without_dial(text, "en") == (None, text)


def test_the_rest_of_what_was_said_is_heard(understander: Understander) -> None:
    heard = understander.understand("comedies, but more variety please")
    assert heard.variety == "more"
    assert [said.value for said in (*heard.preferences, *heard.constraints)] == ["Comedy"]
    assert heard.text == "comedies, but more variety please"
    assert heard.search == ""
    shorter = understander.understand("more variety, and shorter")
    assert (shorter.variety, [said.word for said in shorter.critiques]) == ("more", ["shorter"])
    alone = understander.understand("hmm, more variety!")
    assert (alone.variety, alone.acts, alone.search) == ("more", {"critique"}, "")
    plain = understander.understand("a thriller")
    assert plain.variety is None


def test_the_dial_stops_at_its_ends() -> None:
    assert turned("balanced", "more") == turned("varied", "more") == turned("closest", "varied") == "varied"
    assert turned("varied", "less") == "balanced"
    assert turned("closest", "less") == turned("varied", "closest") == "closest"
    assert turned("balanced", "surprise") == "balanced"


@pytest.mark.parametrize("language", COMEDY)
def test_a_varied_list_ends_in_a_surprise_that_is_announced(bot: Bot, language: str) -> None:
    session = new()
    first = bot.reply(session, COMEDY[language])
    reply = bot.reply(session, WORDS[language]["varied"][0])
    assert bot.variety(session) == "varied"
    assert [reason.kind for pick in first.items for reason in pick.reasons].count("variety") == 0
    *others, last = reply.items
    assert any(reason.kind == "variety" for reason in last.reasons)
    assert all(reason.kind != "variety" for pick in others for reason in pick.reasons)
    announced, said_of_it = reply.text.split("\n\n")[-2:]
    assert SURPRISE[language] in announced
    assert said_of_it.startswith(last.item.title)
    assert all(pick.score == sum(reason.weight for reason in pick.reasons) for pick in reply.items)


def test_why_says_that_it_was_a_surprise(bot: Bot) -> None:
    session = new()
    bot.reply(session, "a comedy")
    surprise = bot.reply(session, "surprise me more").items[-1].item
    assert "as a surprise" in bot.reply(session, "why the third one?").text
    assert "as a surprise" not in bot.reply(session, "why the first one?").text
    assert surprise.title in bot.reply(session, f"why {surprise.title}?").text


def test_a_surprise_this_once_leaves_the_dial(bot: Bot) -> None:
    session = new()
    bot.reply(session, "a comedy")
    reply = bot.reply(session, "surprise me")
    assert any(reason.kind == "variety" for reason in reply.items[-1].reasons)
    assert bot.variety(session) == "balanced"
    assert all(r.kind != "variety" for pick in bot.reply(session, "show me others").items for r in pick.reasons)


def test_undo_and_starting_over_take_it_back(bot: Bot) -> None:
    session = new()
    bot.reply(session, "a comedy")
    bot.vary(session, "closest")
    bot.reply(session, "more variety")
    assert bot.variety(session) == "balanced"
    bot.reply(session, "undo")
    assert bot.variety(session) == "closest"
    bot.reply(session, "undo")
    assert bot.variety(session) == "balanced", "a tap is a step of its own"
    bot.vary(session, "varied")
    bot.reply(session, "start over")
    assert bot.variety(session) == "balanced"


def test_the_dial_outlives_a_restart_and_begins_where_the_setting_says(home: Path) -> None:
    settings = Settings(home=home, model="none", variety="closest")
    with Bot.create(settings=settings) as bot:
        assert bot.variety("one") == "closest"
        bot.reply("one", "a comedy, with more variety")
        assert bot.variety("one") == "balanced"
        before = bot.history("one")
    with Bot.create(settings=settings) as bot:
        assert bot.variety("one") == "balanced"
        assert bot.history("one") == before
        assert bot.variety("two") == "closest"


def test_closest_is_the_order_of_scores(bot: Bot) -> None:
    session = new()
    bot.vary(session, "closest")
    shown = [pick.item.id for pick in bot.reply(session, "something like Alien").items]
    assert [bot.standing(session, item_id, "").allowed[0] for item_id in shown] == [1, 2, 3]


def test_an_unknown_step_is_named(bot: Bot) -> None:
    with pytest.raises(InputError, match="wild"):
        bot.vary(new(), "wild")  # type: ignore[arg-type]
