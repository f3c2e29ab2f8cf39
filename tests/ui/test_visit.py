"""A visitor's page, part by part, with the real Bot."""

import base64
import threading
from pathlib import Path

import pytest

from bot.records import Profile, TurnEvent
from retrieval.errors import InputError, NotFoundError
from ui import visit
from ui.visit import View

DATA = Path(__file__).parents[1] / "data" / "taste"


@pytest.fixture
def session():
    return visit.new_session()


def say(bot, session, text):
    """Say something; the views that came, and the page at the end."""
    views = list(visit.converse(bot, session, text, visit.resume(bot, session).messages))
    page = View()
    for view in views:
        page = View(*(new if new is not None else old for new, old in zip(view, page, strict=True)))
    return views, page


def titles(page):
    return [card["title"] for card in page.picks["cards"]]


# ---------------------------------------------------------------- sessions


def test_session_ids_cannot_be_guessed_and_nothing_else_is_taken_for_one():
    ids = {visit.new_session() for _ in range(100)}
    assert len(ids) == 100
    assert all(visit.is_session(one) for one in ids)
    for other in (None, 7, "", "short", "a" * 65, "a" * 30 + "\n", "../" * 10, ["a" * 30]):
        assert not visit.is_session(other)


# ---------------------------------------------------------------- coming and talking


def test_a_new_visitor_sees_greeting_starters_and_what_will_appear(bot, session):
    page = visit.resume(bot, session)
    assert [message["role"] for message in page.messages] == ["assistant"]
    assert [chip["text"] for chip in page.chips] == list(bot.domain.starters)
    assert page.picks["cards"] == []
    assert "films appear here" in page.picks["empty"]
    assert len(page.picks["art"]) == 3
    assert page.profile["groups"] == []


def test_cards_come_before_the_first_word(bot, session):
    views, page = say(bot, session, "a comedy please")
    with_cards = next(number for number, view in enumerate(views) if view.picks)
    with_words = next(
        number
        for number, view in enumerate(views)
        if view.messages and view.messages[-1]["content"] not in {visit.WAITING, "a comedy please"}
    )
    assert with_cards < with_words
    assert views[0].draft == ""
    assert len(page.picks["cards"]) == 3
    assert all("Comedy" in bot.catalogue.get(card["id"]).genres for card in page.picks["cards"])


def test_the_page_after_a_turn_is_the_page_after_a_reload(bot, session):
    _, page = say(bot, session, "something like Alien")
    assert visit.resume(bot, session) == page._replace(draft=None)
    assert page.messages[1]["content"] == "something like Alien"
    assert page.profile["groups"]


def test_two_visitors_share_nothing(bot, session):
    say(bot, session, "a comedy please")
    other = visit.resume(bot, visit.new_session())
    assert len(other.messages) == 1
    assert other.picks["cards"] == []
    assert other.profile["groups"] == []


def test_html_in_messages_is_text(bot, session):
    _, page = say(bot, session, "<img src=x onerror=alert(1)> & a comedy")
    assert page.messages[1]["content"] == "&lt;img src=x onerror=alert(1)&gt; &amp; a comedy"


def test_a_message_that_is_too_long_is_answered_kindly_and_given_back(bot, session):
    say(bot, session, "a comedy please")
    before = visit.resume(bot, session)
    text = "x" * (bot.settings.max_text + 1)
    views, page = say(bot, session, text)
    assert views[-1].draft == text
    assert page.messages[-1]["role"] == "assistant"
    assert f"{bot.settings.max_text:,}" in page.messages[-1]["content"]
    assert visit.resume(bot, session) == before


class Broken:
    """A bot whose turns fail in a way that nobody foresaw."""

    def __init__(self, bot):
        self.bot = bot

    def __getattr__(self, name):
        return getattr(self.bot, name)

    def stream(self, session, text):
        yield TurnEvent(kind="understood")
        raise ZeroDivisionError


def test_a_defect_costs_the_turn_and_not_what_was_typed(bot, session):
    views, page = say(Broken(bot), session, "a comedy please")
    assert page.messages[-1]["content"] == visit.FAILED
    assert views[-1].draft == "a comedy please"


def test_starting_over_shows_a_fresh_page_also_after_a_reload(bot, session):
    say(bot, session, "a comedy please")
    _, page = say(bot, session, "start over")
    assert len(page.messages) == 1
    assert page.picks["cards"] == []
    assert [chip["text"] for chip in page.chips] == list(bot.domain.starters)
    assert visit.resume(bot, session) == page._replace(draft=None)


def test_undo_takes_back_what_was_said(bot, session):
    _, first = say(bot, session, "a comedy please")
    say(bot, session, "no comedies, a horror film")
    _, page = say(bot, session, "undo")
    assert page.profile == first.profile


# ---------------------------------------------------------------- the dial of variety


def steps_on(view):
    return [step["variety"] for step in view.dial["steps"] if step["on"]]


def test_the_dial_is_set_by_a_tap_and_by_words(bot, session):
    _, page = say(bot, session, "a comedy please")
    assert [step["variety"] for step in page.dial["steps"]] == ["closest", "balanced", "varied"]
    assert steps_on(page) == ["balanced"]
    tapped = visit.vary(bot, session, "varied")
    assert steps_on(tapped) == steps_on(visit.resume(bot, session)) == ["varied"]
    assert tapped.picks is None, "what is on the screen stays until others are asked for"
    _, page = say(bot, session, tapped.chips[0]["text"])
    assert page.picks["cards"][-1]["reasons"][0]["label"] == "one you might not expect"
    _, page = say(bot, session, "stick closer to what I said")
    assert steps_on(page) == ["closest"]
    with pytest.raises(InputError, match="wild"):
        visit.vary(bot, session, "wild")


# ---------------------------------------------------------------- cards and profile


@pytest.mark.parametrize(("kind", "flag"), [("like", "liked"), ("dislike", "disliked"), ("seen", "seen")])
def test_a_tap_marks_its_card_and_a_second_takes_it_back(bot, session, kind, flag):
    _, page = say(bot, session, "a comedy please")
    cards = page.picks["cards"]
    after = visit.mark(bot, session, kind, cards[1]["id"], cards)
    assert [card[flag] for card in after.picks["cards"]] == [False, True, False]
    assert after.profile != page.profile
    assert after.messages is None
    again = visit.mark(bot, session, kind, cards[1]["id"], after.picks["cards"])
    assert again.picks["cards"] == cards
    assert again.chips is None


@pytest.mark.parametrize(("kind", "offered"), [("like", False), ("dislike", True), ("seen", True)])
def test_a_pick_that_is_out_offers_others(bot, session, kind, offered):
    _, page = say(bot, session, "a comedy please")
    cards = page.picks["cards"]
    after = visit.mark(bot, session, kind, cards[0]["id"], cards)
    assert (after.chips == [{"label": "Show me others", "text": "show me others"}]) is offered
    if offered:
        _, fresh = say(bot, session, after.chips[0]["text"])
        assert cards[0]["title"] not in titles(fresh)
        assert titles(fresh)


def test_a_tap_of_an_unknown_kind_or_item_is_refused(bot, session):
    with pytest.raises(InputError):
        visit.mark(bot, session, "purchase", "alien-1979", [])
    with pytest.raises(NotFoundError):
        visit.mark(bot, session, "like", "no-such-item", [])


def test_the_buttons_of_a_card_speak_so_that_the_bot_understands(bot, session):
    _, page = say(bot, session, "a comedy please")
    card = page.picks["cards"][1]
    assert "why" in bot.understand(card["why"]).acts
    meant = bot.understand(card["more"])
    assert "similar" in meant.acts
    assert [entity.item_id for entity in meant.entities if entity.kind == "item"] == [card["id"]]
    _, answered = say(bot, session, card["why"])
    assert card["title"] in answered.messages[-1]["content"]
    assert titles(answered)


def test_a_removed_belief_is_gone(bot, session):
    _, page = say(bot, session, "I love comedies")
    beliefs = [belief for group in page.profile["groups"] for belief in group["beliefs"]]
    after = visit.forget(bot, session, beliefs[0]["id"], page.picks["cards"])
    left = [belief["id"] for group in after.profile["groups"] for belief in group["beliefs"]]
    assert left == [belief["id"] for belief in beliefs[1:]]
    assert visit.resume(bot, session).profile == after.profile


def test_the_profile_can_be_taken_away_as_json(bot, session):
    _, page = say(bot, session, "I love comedies & 100% of westerns")
    assert page.profile["saved"] == ""
    saved = visit.save(bot, session).profile["saved"]
    assert Profile.model_validate_json(saved) == bot.profile(session)


def brought(bot, session, content, name="ratings.csv", size=None):
    data = base64.b64encode(content).decode()
    return visit.bring(bot, session, name, len(content) if size is None else size, data, [])


def test_ratings_are_brought_and_what_became_of_them_is_said(bot, session):
    page = brought(bot, session, (DATA / "letterboxd" / "ratings.csv").read_bytes())
    assert page.profile["report"] == (
        "Your Letterboxd file speaks of 9 films that I know, of which you liked 5 and disliked 2; "
        "2 titles match nothing here."
    )
    assert page.profile["unresolved"] == [
        "Solaris (2002): here only from another year", "A Lighthouse of Our Own (2019): not in this catalogue"
    ]  # fmt: skip
    likes = next(group for group in page.profile["groups"] if group["name"] == "likes")
    assert [belief["imported"] for belief in likes["beliefs"]][:2] == [
        "rated 5 of 5 in your import, row 2", "rated 4.5 of 5 in your import, row 3"
    ]  # fmt: skip
    _, after = say(bot, session, page.chips[0]["text"])
    assert titles(after)
    assert not {"Heat", "Psycho"} & set(titles(after))
    assert after.profile["report"] == ""


def test_thousands_of_beliefs_are_not_all_drawn(bot, session):
    rows = [f'2020-01-01,"{item.title}",{item.year},u,5' for item in bot.catalogue.items[:300]]
    page = brought(bot, session, "\n".join(["Date,Name,Year,Letterboxd URI,Rating", *rows]).encode())
    likes = next(group for group in page.profile["groups"] if group["name"] == "likes")
    assert len(likes["beliefs"]) == visit.BELIEFS_SHOWN
    assert likes["more"] == f"These are the latest {visit.BELIEFS_SHOWN} of 300."
    assert likes["beliefs"][-1]["label"] == bot.profile(session).likes[-1].label
    assert len(Profile.model_validate_json(visit.save(bot, session).profile["saved"]).likes) == 300


@pytest.mark.parametrize(
    ("content", "size", "why"),
    [(b"name,stars\nHeat,5\n", None, "no export that is known"), (b"", 0, "is empty"), (b"", 9_000_000, "MAX_IMPORT")],
)
def test_a_file_that_cannot_be_taken_says_why_on_the_page(bot, session, content, size, why):
    page = brought(bot, session, content, "mine.csv", size)
    assert why in page.profile["report"]
    assert page.profile["groups"] == []
    assert page.picks is None


def test_erasing_leaves_nothing_of_the_session(bot, session):
    say(bot, session, "I love comedies")
    page = visit.erase(bot, session)
    assert page.profile["groups"] == []
    assert page.picks["cards"] == []
    assert bot.history(session) == []
    assert bot.profile(session).all() == []


# ---------------------------------------------------------------- threads


def test_events_are_made_in_one_thread_whoever_reads_them():
    made = []

    def events():
        for number in range(3):
            made.append(threading.get_ident())
            yield TurnEvent(kind="token", data={"text": str(number)})

    assert [event.data["text"] for event in visit.in_one_thread(events)] == ["0", "1", "2"]
    assert len(set(made)) == 1
    assert threading.get_ident() not in made


def test_a_turn_ends_although_nobody_reads_it():
    ended = threading.Event()

    def events():
        yield TurnEvent(kind="understood")
        yield TurnEvent(kind="done")
        ended.set()

    reading = visit.in_one_thread(events)
    next(reading)
    reading.close()
    assert ended.wait(10)


def test_as_messages_reads_both_forms_of_content():
    parts = [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]
    assert visit.as_messages(parts) == [{"role": "user", "content": "ab"}]
    assert visit.as_messages([{"role": "user", "content": "x"}]) == [{"role": "user", "content": "x"}]
    assert visit.as_messages(None) == []
