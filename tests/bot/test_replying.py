"""Replies come in the language of the person, from that language's own files."""

from __future__ import annotations

import string

import pytest

from bot import Bot, Reply
from bot.grounding import Checker
from bot.phrasing import reply_language
from bot.plan import Line
from prompts.loader import languages, load_taps, load_templates
from retrieval.domain import load_domain, translated, translations

SPOKEN = [language for language in languages() if language != "en" and language in translations(load_domain("movies"))]


def starts(language: str, key: str) -> tuple[str, ...]:
    """What the wordings of a reply begin with, up to the first slot."""
    wordings = load_templates(language, "replies").templates[key]
    return tuple(next(iter(string.Formatter().parse(wording)))[0] for wording in wordings)


def own_text(reply: Reply) -> str:
    """A reply without what it quotes of the catalogue: titles and people."""
    text = reply.text
    for pick in reply.items:
        for name in sorted([pick.item.title, *pick.item.people], key=len, reverse=True):
            text = text.replace(name, "")
    return text


@pytest.mark.parametrize("language", SPOKEN)
def test_the_starters_of_a_language_get_picks_in_it(language: str, bot: Bot, session: str) -> None:
    domain = translated(bot.domain, language)
    for number, starter in enumerate(domain.starters):
        reply = bot.reply(f"{session}-{number}", starter)
        assert reply.understanding.language == language, starter
        assert reply.act == "recommend", starter
        assert len(reply.items) == bot.settings.picks, starter
        others = load_taps(language).taps["others"]
        assert (reply.suggestions[-1].label, reply.suggestions[-1].text) == others
        for pick in reply.items:
            assert not any(sentence and sentence in reply.text for sentence in pick.item.text.split(". "))
        english = {" is ", " feels ", " about ", " and ", " the ", " runs ", " stars ", " directed "}
        assert not any(word in own_text(reply) for word in english), reply.text


@pytest.mark.parametrize("language", SPOKEN)
def test_taps_are_understood_in_the_language_they_are_worded_in(language: str, bot: Bot, session: str) -> None:
    taps = load_taps(language).taps
    domain = translated(bot.domain, language)
    bot.reply(session, domain.starters[1])
    acts = {"others": "recommend", "older": "recommend", "newer": "recommend", "start_over": "reset"}
    for name, act in acts.items():
        reply = bot.reply(session, taps[name][1])
        assert reply.understanding.language == language, name
        assert reply.act in {act, "relax"}, name


@pytest.mark.parametrize("language", SPOKEN)
def test_labels_keep_the_language_they_were_said_in(language: str, bot: Bot, session: str) -> None:
    bot.reply(session, "a comedy from the 80s, no horror")
    english = {belief.label for belief in bot.profile(session).all()}
    assert english == {"Comedy", "from the 1980s", "no Horror"}
    domain = translated(bot.domain, language)
    bot.reply(session, domain.starters[0])
    assert "no Horror" in {belief.label for belief in bot.profile(session).all()}
    bot.add(session, "genre", "War", -1)
    labels = {belief.label for belief in bot.profile(session).all()}
    said = domain.facets["genre"].names["War"]
    assert any(said in label for label in labels), labels
    assert "no War" not in labels


@pytest.mark.parametrize("language", SPOKEN)
def test_an_exclusion_said_in_any_language_holds(language: str, bot: Bot, session: str) -> None:
    said = translated(bot.domain, language).facets["genre"].names["Horror"]
    no = load_templates(language, "phrases").templates["label_no"][0].format(value=said)
    bot.reply(session, translated(bot.domain, language).starters[1])
    bot.reply(session, no)
    for _ in range(3):
        reply = bot.reply(session, load_taps(language).taps["others"][1])
        assert reply.items
        assert not any("Horror" in pick.item.genres for pick in reply.items)


@pytest.mark.parametrize("language", SPOKEN)
def test_a_question_about_the_plot_says_that_the_text_is_in_another_language(
    language: str, bot: Bot, session: str
) -> None:
    bot.reply(session, translated(bot.domain, language).starters[1])
    asked = load_taps(language).taps["about"][1].format(title="Heat")
    reply = bot.reply(session, asked)
    assert reply.act == "answer", asked
    assert bot.item("heat-1995").text[:60] in reply.text
    assert reply.text != f"Heat (1995): {bot.item('heat-1995').text}"


def test_a_language_nobody_wrote_replies_for_is_answered_in_the_domains_own(bot: Bot) -> None:
    manager = bot._manager
    assert manager.view("tlh") is bot.catalogue
    assert manager.view("en").in_own_language
    for language in SPOKEN:
        assert manager.view(language).domain.language == language == reply_language(language)
        assert not manager.view(language).in_own_language
        assert manager.view(language) is manager.view(language)


class TestNamesInAnyWriting:
    """The check of a finished sentence, whatever it is written in."""

    @pytest.mark.parametrize("text", ["「十月」很有意思。", "这部电影很感人, 十月上映。"])
    def test_two_signs_are_no_title(self, text: str, checker: Checker) -> None:
        assert checker.problems(text, Line(template="pick")) == []

    @pytest.mark.parametrize("text", ["Heat (1995) handelt von Schuld und Rache.", "Der Film wirkt düster."])
    def test_nouns_with_capitals_are_no_names(self, text: str, checker: Checker) -> None:
        line = Line(template="pick", titles=["Heat"], numbers=[1995.0])
        assert checker.problems(text, line) == []

    @pytest.mark.parametrize("text", ["Er erinnert an Blade Runner.", "很像Blade Runner。", "Con Tom Hanks."])
    def test_names_are_found_in_any_language(self, text: str, checker: Checker) -> None:
        assert checker.problems(text, Line(template="pick")) != []

    @pytest.mark.parametrize("text", ["«1980» ist lange her.", "Du sagtest „aus 1980“.", "« 1980 »"])
    def test_words_of_the_person_may_be_repeated_in_any_quotation_marks(self, text: str, checker: Checker) -> None:
        assert checker.problems(text, Line(template="pick", quotes=["1980", "aus 1980"])) == []
