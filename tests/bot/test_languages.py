"""Which language a text is in, and how German, French, Spanish and Chinese are heard where they differ from English."""

from __future__ import annotations

import pytest

from bot.cues import cue_finder
from bot.languages import language_of
from bot.records import Understanding
from bot.references import Context
from bot.understand import Understander


def wishes(found: Understanding) -> set[tuple[str, str, int]]:
    said = [p for p in (*found.preferences, *found.constraints) if p.facet != "item"]
    return {(p.facet, p.value, 1 if p.polarity > 0 else -1) for p in said}


def said_of(found: Understanding, title: str) -> set[str]:
    return {mention.relation for mention in found.mentions if mention.title == title}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("un thriller coréen", "fr"), ("quiero un feel-good movie, nada heavy", "es"), ("no war films", "en"),
        ("WAR FILMS ONLY", "en"), ("NO MORE J.K. SIMMONS", "en"), ("KEINE KRIEGSFILME BITTE", "de"),
        ("Heat", "en"), ("nen koreanischen Thriller suche ich", "de"), ("aide", "fr"),
    ],
)  # fmt: skip
def test_a_first_utterance_tells_its_language(text: str, language: str) -> None:
    assert language_of(text) == language


def test_the_language_spoken_last_is_kept_where_little_tells() -> None:
    assert language_of("aide", "en") == "en"
    assert language_of("Heat", "de") == "de"


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("Adam Sandler kann ich allerdings nicht ab", "Adam Sandler"),
        ("Tom Cruise geht mir auch tierisch auf die Nerven", "Tom Cruise"),
        ("受不了亚当·桑德勒", "Adam Sandler"),
    ],
)
def test_a_verdict_far_behind_a_name_makes_no_wish_of_it(text: str, person: str, understander: Understander) -> None:
    assert wishes(understander.understand(text)) == {("person", person, -1)}


def test_the_end_of_a_clause_is_not_where_the_next_name_begins() -> None:
    finder = cue_finder("de")
    folded = "lustiger, und nicht auf franzosisch"
    assert finder.after(folded, len("lustiger"), folded.index("auf"), 45) is None
    assert finder.after("komodien lieber nicht", len("komodien"), 21, 45) is not None


def test_a_verdict_begins_within_reach_and_ends_before_the_next_name() -> None:
    finder = cue_finder("de")
    text = "heat fand ich super, ronin auch"
    found = finder.after(text, 4, text.index("ronin"), 60)
    assert found is not None
    assert (found.name, text[found.start : found.end]) == ("like", "fand ich super")
    assert finder.after(text, 4, text.index("super"), 60) is None
    assert finder.after("heat " + "so " * 20 + "fand ich super", 4, 80, 20) is None


@pytest.mark.parametrize(
    ("text", "title", "relations"),
    [
        ("Das Leben der Anderen hab ich letztes Jahr gesehen, fand ich großartig", "The Lives of Others", "seen like"),
        ("Zwei glorreiche Halunken hab ich zehnmal geguckt, ein Meisterwerk", "The Good, the Bad and the Ugly",
         "seen like"),
        ("j'ai vu Titanic mais j'ai pas aimé", "Titanic", "seen dislike"),
        ("El padrino ya la vi, y Goodfellas también", "Goodfellas", "seen"),
    ],
)  # fmt: skip
def test_what_follows_a_verdict_is_about_the_same(
    text: str, title: str, relations: str, understander: Understander
) -> None:
    assert said_of(understander.understand(text), title) == set(relations.split())


def test_an_opinion_with_an_object_of_its_own_is_about_that(understander: Understander) -> None:
    assert said_of(understander.understand("I loved Heat, I hated the ending"), "Heat") == {"like"}
    found = understander.understand("Heat fand ich super, aber mit Toni Erdmann konnt ich nix anfangen")
    assert said_of(found, "Heat") == {"like"}


def test_a_question_whether_something_is_too_long_wants_nothing_shorter(understander: Understander) -> None:
    found = understander.understand("Spiel mir das Lied vom Tod ist zu lang, oder?")
    assert not found.critiques
    assert found.question is not None
    assert found.question.topic == "minutes"


def test_words_are_known_as_the_language_takes_them_apart(understander: Understander) -> None:
    found = understander.understand("un film d'animation japonais", Context(language="fr"))
    assert ("genre", "Anime", 1) in wishes(found)


def test_names_in_mere_talk_are_no_unknown_titles(understander: Understander) -> None:
    found = understander.understand("wie wird morgen das Wetter in Hamburg?")
    assert found.acts == {"off_topic"}
    assert not found.entities
