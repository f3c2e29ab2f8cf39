"""Whole turns: what was said can be taken back, dropped by its name, relaxed honestly and asked about."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import Belief, Bot, Preference, Reply
from bot.understand import Understander

SAID: list[str] = [
    case["say"] for case in yaml.safe_load(Path(__file__).with_name("utterances.yaml").read_text(encoding="utf-8"))
]
BEFORE = ("I liked Jaws", "a thriller from the 90s")


def new() -> str:
    return uuid.uuid4().hex


def beliefs(bot: Bot, session: str) -> dict[str, Belief]:
    return {belief.id: belief for belief in bot.profile(session).all()}


def ids(reply: Reply) -> list[str]:
    return [pick.item.id for pick in reply.items]


def talked(bot: Bot, *said: str) -> tuple[str, Reply]:
    session = new()
    *_, last = [bot.reply(session, text) for text in said]
    return session, last


@given(text=st.sampled_from(SAID))
@settings(max_examples=50)
def test_undo_takes_back_whatever_changed_something(text: str, bot: Bot) -> None:
    session, shown = talked(bot, *BEFORE)
    before = beliefs(bot, session)
    reply = bot.reply(session, text)
    if reply.understanding.acts & {"undo", "forget"} or not (reply.items or beliefs(bot, session) != before):
        return
    undone = bot.reply(session, "undo")
    assert undone.act == "undo"
    assert beliefs(bot, session) == before
    assert ids(undone) == ids(shown)
    assert text in undone.text


@given(text=st.sampled_from(SAID))
@settings(max_examples=30)
def test_every_belief_can_be_dropped_by_its_label(text: str, bot: Bot) -> None:
    session, _ = talked(bot, "I liked Jaws", text)
    for belief in beliefs(bot, session).values():
        if belief.facet == "text" or belief.label == "It":  # "forget it" takes nothing by its name
            continue
        other, reply = talked(bot, "I liked Jaws", text, f"forget {belief.label}")
        assert belief.id not in beliefs(bot, other), reply.text


@given(text=st.sampled_from(SAID))
@settings(max_examples=20)
def test_every_tap_on_offer_is_understood(text: str, bot: Bot) -> None:
    _, reply = talked(bot, *BEFORE, text)
    for suggestion in reply.suggestions:
        _, answer = talked(bot, *BEFORE, text, suggestion.text)
        assert answer.text
        assert answer.act not in {"clarify", "refuse"}, suggestion


@given(text=st.sampled_from(SAID))
@settings(max_examples=30)
def test_a_restart_keeps_what_lasts_and_nothing_else(text: str, bot: Bot) -> None:
    session, _ = talked(bot, *BEFORE, text)
    before = beliefs(bot, session)
    assert bot.reply(session, "start over").act == "reset"
    assert beliefs(bot, session) == {id_: b for id_, b in before.items() if b.scope == "person"}


def test_undo_again_and_again_ends_with_nothing_to_undo(bot: Bot) -> None:
    session, _ = talked(bot, "a comedy", "no horror", "under two hours")
    for left in ({"genre:comedy", "genre:horror"}, {"genre:comedy"}, set()):
        bot.reply(session, "undo")
        assert set(beliefs(bot, session)) == left
    assert "nothing to undo" in bot.reply(session, "undo").text


@pytest.mark.parametrize(
    ("before", "now", "asked", "told"),
    [
        ("I love horror", "I can't stand horror", "what do you know about me?",
         "(“I can't stand horror”; before: “I love horror”)"),
        ("Ich liebe Horror", "Ich hasse Horror", "was weißt du über mich?",
         "(„Ich hasse Horror“; davor: „Ich liebe Horror“)"),
        ("Me encanta el terror", "Odio el terror", "¿qué sabes de mí?",
         "(«Odio el terror»; antes: «Me encanta el terror»)"),
        ("J'adore l'horreur", "Je déteste l'horreur", "que sais-tu de moi ?",
         "(«\u00a0Je déteste l'horreur\u00a0»\u00a0; avant\u00a0: «\u00a0J'adore l'horreur\u00a0»)"),
        ("我喜欢恐怖片", "我讨厌恐怖片", "你知道我什么？", "（“我讨厌恐怖片”；之前：“我喜欢恐怖片”）"),  # noqa: RUF001
    ],
)  # fmt: skip
def test_after_a_change_of_mind_the_profile_tells_both_sides(
    bot: Bot, before: str, now: str, asked: str, told: str
) -> None:
    session, _ = talked(bot, before)
    was = beliefs(bot, session)
    bot.reply(session, now)
    reply = bot.reply(session, asked)
    assert reply.act == "show_profile"
    assert told in reply.text
    if before.startswith("I love"):
        bot.reply(session, "undo")
        assert beliefs(bot, session) == was


def test_a_tap_and_a_stated_preference_keep_what_they_contradict(bot: Bot) -> None:
    session, _ = talked(bot, "I loved Heat", "I love horror")
    was = beliefs(bot, session)
    bot.event(session, "dislike", "heat-1995")
    bot.add(session, "genre", "Horror", -1, hard=True)
    for id_ in ("item:heat-1995", "genre:horror"):
        belief = beliefs(bot, session)[id_]
        assert belief.polarity < 0
        assert [proof.contrary for proof in belief.evidence] == [True, False]
        assert belief.confidence < 1
    text = bot.reply(session, "what do you know about me?").text
    assert "before: “I loved Heat”" in text
    assert "(before: “I love horror”)" in text
    for _ in range(2):
        bot.reply(session, "undo")
    assert beliefs(bot, session) == was


def test_an_impossible_wish_is_met_with_the_truth_and_the_closest(bot: Bot) -> None:
    session, reply = talked(bot, "no comedies", "a silent film from the 2010s with Bill Murray")
    assert reply.act == "relax"
    assert reply.items
    left = {belief.label for belief in beliefs(bot, session).values()}
    gone = {"Silent Film", "from the 2010s", "with Bill Murray"} - left
    assert gone
    assert all(f"“{label}”" in reply.text for label in gone)
    assert "no Comedy" in left
    assert not any("Comedy" in pick.item.genres for pick in reply.items)


def test_the_count_of_what_is_left_is_true(bot: Bot) -> None:
    _, reply = talked(bot, "how many comedies from the 80s do you have?")
    comedies = [i for i in bot.catalogue.items if "Comedy" in i.genres and i.year and 1980 <= i.year <= 1989]
    assert str(len(comedies)) in reply.text


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("who directed it?", "Ridley Scott"),
        ("how long is it?", "117"),
        ("when did it come out?", "1979"),
        ("who's in it?", "Sigourney Weaver"),
        ("is it scary?", "frightening"),
        ("what is it about?", "distress call"),
        ("what year is it from?", "1979"),
        ("who wrote it?", "Dan O'Bannon"),
    ],
)
def test_a_question_about_it_is_answered_from_the_record(question: str, answer: str, bot: Bot) -> None:
    _, reply = talked(bot, "tell me about Alien", question)
    assert reply.act == "answer"
    assert answer in reply.text


def test_what_is_not_on_record_is_said_so(bot: Bot) -> None:
    _, reply = talked(bot, "tell me about Airplane!", "did it win any awards?")
    assert reply.act == "answer"
    assert bot.item("airplane-1980").facets.get("awards", []) == []
    assert "no awards on record" in reply.text


def test_an_explanation_cites_what_was_said(bot: Bot) -> None:
    _, reply = talked(bot, "something like Arrival", "shorter than that please", "why the first?")
    assert reply.act == "explain"
    assert "“something like Arrival”" in reply.text


def test_why_not_names_the_condition_that_keeps_an_item_out(bot: Bot) -> None:
    session, reply = talked(bot, "no horror please", "why not Alien?")
    assert reply.act == "explain"
    assert "“no horror please”" in reply.text
    assert {belief.label for belief in beliefs(bot, session).values()} == {"no Horror"}


def test_a_question_leaves_the_profile_alone(bot: Bot) -> None:
    for question in (
        "who directed Alien?",
        "why not Alien?",
        "compare Alien and Aliens",
        "how many comedies are there?",
    ):
        session, _ = talked(bot, "a thriller", question)
        assert set(beliefs(bot, session)) == {"genre:thriller"}, question


@pytest.mark.parametrize(
    ("asked", "many"), [("give me five comedies", 5), ("just one comedy please", 1), ("a comedy", 3)]
)
def test_as_many_as_asked_for(asked: str, many: int, bot: Bot) -> None:
    _, reply = talked(bot, asked)
    assert len(reply.items) == many


def test_a_greeting_offers_a_start(bot: Bot) -> None:
    _, reply = talked(bot, "hello")
    assert reply.act == "greet"
    assert [suggestion.text for suggestion in reply.suggestions] == list(bot.domain.starters)
    for starter in bot.domain.starters:
        _, answer = talked(bot, starter)
        assert answer.act == "recommend"
        assert len(answer.items) == bot.settings.picks


def test_help_says_what_can_be_said(bot: Bot) -> None:
    _, reply = talked(bot, "help")
    assert "“undo”" in reply.text
    assert reply.suggestions


def test_nothing_too_violent_holds_page_after_page(bot: Bot) -> None:
    session, reply = talked(bot, "I loved Heat. Nothing too violent tonight")
    pages = [reply, *(bot.reply(session, "more") for _ in range(4))]
    violence = [bot.catalogue.number(pick.item, "violence") or 0 for page in pages for pick in page.items]
    assert len(violence) > 10
    assert max(violence) < 3


@pytest.mark.parametrize("shrug", ["dunno", "idk", "no preference", "whatever", "surprise me"])
def test_a_shrug_in_answer_to_a_question_gets_picks(shrug: str, bot: Bot) -> None:
    session, asked = talked(bot, "recommend something")
    assert asked.act == "ask"
    assert bot.reply(session, shrug).act == "recommend"


def genres(reply: Reply) -> list[list[str]]:
    return [pick.item.genres for pick in reply.items]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("how many documentaries do you have?", "three under 90 minutes please"),
        ("how many documentaries do you have?", "show me some"),
        ("wie viele Dokus hast du?", "drei Stück unter 90 Minuten bitte"),
        ("combien de documentaires vous avez ?", "trois de moins de 90 minutes"),
    ],
)
def test_what_was_counted_is_what_the_next_wish_is_about(asked: str, wanted: str, bot: Bot) -> None:
    session, counted = talked(bot, asked)
    assert not beliefs(bot, session)
    assert "59" in counted.text
    reply = bot.reply(session, wanted)
    assert len(reply.items) == 3
    assert all("Documentary" in found for found in genres(reply))
    assert beliefs(bot, session)["genre:documentary"].evidence[0].turn == counted.turn


@pytest.mark.parametrize(
    ("asked", "number", "most"),
    [
        ("which is the shortest?", "minutes", -1),
        ("which one is longer?", "minutes", 1),
        ("what is the newest of those?", "year", 1),
        ("which of these is the least violent?", "violence", -1),
        ("which one is best for a 6 year old?", "suitable_from", -1),
        ("which is the funniest?", "funny_serious", -1),
    ],
)
def test_the_picks_are_put_in_the_order_that_is_asked_for(asked: str, number: str, most: int, bot: Bot) -> None:
    session, shown = talked(bot, "thrillers please")
    reply = bot.reply(session, asked)
    assert reply.act == "compare"
    items = [pick.item for pick in shown.items]
    order = sorted(items, key=lambda item: reply.text.index(item.title))
    values = [bot.catalogue.number(item, number) or 0.0 for item in order]
    assert values == sorted(values, reverse=most > 0)


def test_what_is_counted_is_no_wish(understander: Understander) -> None:
    heard = understander.understand("how many westerns without John Wayne do you have?")
    assert heard.acts == {"ask_catalogue"}
    assert heard.preferences == heard.constraints == []
    assert {(one.value, one.polarity) for one in heard.counted} == {("Western", 1.0), ("John Wayne", -1.0)}


def test_what_leads_up_to_a_question_is_no_request(understander: Understander) -> None:
    assert understander.understand("is Bambi sad? my son bawled at Dumbo").acts == {"ask_item"}
    assert "chitchat" not in understander.understand("my kid has been typing here. undo whatever he told you").acts


def test_somebody_ruled_out_altogether_stays_so(bot: Bot) -> None:
    session = uuid.uuid4().hex
    bot.open(session, session)
    bot.edit(session, add=[Preference(facet="person", value="Joel Coen", polarity=-1.0, hard=True)])
    bot.reply(session, "nothing directed by Joel Coen")
    assert beliefs(bot, session)["person:joel-coen"].role is None


def test_initials_are_no_words_of_another_language(bot: Bot) -> None:
    session, _ = talked(bot, "a mystery please", "OK, NO J.K. SIMMONS!")
    assert beliefs(bot, session)["person:j-k-simmons"].label == "no J.K. Simmons"


def test_a_question_after_a_question_is_answered(bot: Bot) -> None:
    session, asked = talked(bot, "recommend something")
    assert asked.act == "ask"
    reply = bot.reply(session, "is A Few Good Men suitable for children?")
    assert reply.act == "answer"
    assert not beliefs(bot, session)


def test_letting_somebody_go_keeps_a_title_with_a_word_of_the_sentence(bot: Bot) -> None:
    session, _ = talked(bot, "I've seen The Thing", "forget the Michael Curtiz thing")
    assert any(belief.value == "The Thing" for belief in beliefs(bot, session).values())
    bot.reply(session, "forget The Thing")
    assert not beliefs(bot, session)


def test_what_was_counted_is_forgotten_when_something_else_is_wanted(bot: Bot) -> None:
    session, _ = talked(bot, "how many documentaries do you have?", "show me a western")
    assert set(beliefs(bot, session)) == {"genre:western"}
    session, _ = talked(bot, "how many documentaries do you have?", "I've seen Heat", "something from the 60s")
    assert "genre:documentary" not in beliefs(bot, session)


def test_what_was_counted_is_an_aside_where_a_kind_is_wanted_already(bot: Bot) -> None:
    asked = ("find me a road movie", "how many comedies do you have?")
    session, reply = talked(bot, *asked, "something bittersweet please")
    assert all("Road Movie" in found for found in genres(reply))
    assert "genre:comedy" not in beliefs(bot, session)
    _, reply = talked(bot, *asked, "three under two hours")
    assert all("Comedy" in found for found in genres(reply))


def test_what_is_described_at_length_is_a_new_need(bot: Bot) -> None:
    session, _ = talked(bot, "something by Bong Joon-ho", "a con that falls apart because of greed")
    assert not [belief for belief in beliefs(bot, session).values() if belief.facet == "person"]


def test_who_asks_for_more_by_the_maker_of_something_is_not_shown_that_one(bot: Bot) -> None:
    _, reply = talked(bot, "anything by the director of Parasite?")
    assert "Parasite" not in {pick.item.title for pick in reply.items}
    assert all("Bong Joon-ho" in pick.item.people for pick in reply.items)


def test_an_item_that_was_seen_and_turned_down_is_told_of_once(bot: Bot) -> None:
    _, reply = talked(bot, "a western", "not the first one, I've seen it")
    first = reply.text.split("\n")[0]
    assert first.count("gone") + first.count("off the list") == 1


def test_a_corrected_bound_takes_the_place_of_the_one_before(bot: Bot) -> None:
    session, _ = talked(bot, "wie viele Dokus hast du?", "unter 90 Minuten", "sorry, ich meinte mindestens 90 Minuten")
    bound = beliefs(bot, session)["minutes:range"]
    assert (bound.low, bound.high) == (90, None)
    session, _ = talked(bot, "eine Doku unter 100 Minuten", "mindestens 80 Minuten")
    bound = beliefs(bot, session)["minutes:range"]
    assert (bound.low, bound.high) == (80, 100)


@pytest.mark.parametrize(
    ("told", "taken_back", "belief"),
    [
        ("odio los musicales", "olvida lo de los musicales", "genre:musical"),
        ("un film avec Louis de Funès", "laisse tomber de Funès", "person:louis-de-funes"),
        ("nen koreanischen Thriller", "vergiss Korea", "country:south-korea"),
    ],
)
def test_a_belief_is_let_go_by_any_name_of_its_value(told: str, taken_back: str, belief: str, bot: Bot) -> None:
    session, _ = talked(bot, told)
    assert belief in beliefs(bot, session)
    bot.reply(session, taken_back)
    assert belief not in beliefs(bot, session)


def test_what_was_just_said_is_not_let_go(bot: Bot) -> None:
    session, reply = talked(bot, "a silent film", "with Bill Murray")
    assert reply.act == "relax"
    assert "person:bill-murray" in beliefs(bot, session)
    assert "genre:silent-film" not in beliefs(bot, session)
    assert all("Bill Murray" in pick.item.people for pick in reply.items)


def test_of_wishes_said_together_the_one_that_says_least_is_let_go(bot: Bot) -> None:
    session, reply = talked(bot, "a Korean thriller", "not too violent")
    assert reply.act == "relax"
    assert {"country:south-korea", "language:korean"} & set(beliefs(bot, session))
    assert "genre:thriller" not in beliefs(bot, session)


def test_the_only_wish_is_not_let_go(bot: Bot) -> None:
    session, _ = talked(bot, "directed by Greta Gerwig")
    reply = bot.reply(session, "more")
    assert (reply.act, reply.items) == ("relax", [])
    assert "person:greta-gerwig" in beliefs(bot, session)


def test_one_wish_can_be_kept_of_those_that_were_not_met(bot: Bot) -> None:
    session, reply = talked(bot, "a silent film after 1950, in Korean")
    assert reply.act == "relax"
    reply = bot.reply(session, "ok, then just a silent film")
    assert reply.items
    assert all("Silent Film" in found for found in genres(reply))
    assert set(beliefs(bot, session)) == {"genre:silent-film"}


def test_or_names_an_alternative(bot: Bot) -> None:
    session, _ = talked(bot, "a film by Wim Wenders")
    reply = bot.reply(session, "or by Werner Herzog")
    assert {"person:wim-wenders", "person:werner-herzog"} <= set(beliefs(bot, session))
    assert reply.act == "recommend"
    assert all({"Wim Wenders", "Werner Herzog"} & set(pick.item.people) for pick in reply.items)
