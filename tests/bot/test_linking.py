"""Entity linking: names of the catalogue are found as people write them, and ordinary words are left alone."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.records import Entity
from bot.text import fold, key, tokens
from bot.understand import Understander
from retrieval.catalogue import Catalogue
from retrieval.records import Item

# Titles that are read as what else they mean in some of the sentences below.
ALSO_WORDS = {"The Thing", "Her", "Get Out", "In the Mood for Love", "Metropolis"}


def entities(understander: Understander, text: str) -> list[Entity]:
    return understander.understand(text).entities


def item_ids(understander: Understander, text: str) -> list[str | None]:
    return [entity.item_id for entity in entities(understander, text) if entity.kind == "item"]


def slips(name: str) -> list[str]:
    """A name with two neighbouring letters swapped inside a word, at every place but the first."""
    swapped = []
    for place in range(1, len(name) - 2):
        if name[place] != name[place + 1] and " " not in name[place - 1 : place + 2]:
            swapped.append(name[:place] + name[place + 1] + name[place] + name[place + 2 :])
    return swapped


def best_known(starter: Catalogue) -> list[Item]:
    """Of the items that share a title, the one that people mean when they say no year."""
    found: dict[str, Item] = {}
    for item in sorted(starter.items, key=lambda item: item.popularity):
        found[key(item.title)] = item
    return list(found.values())


def only_a_title(understander: Understander, item: Item) -> bool:
    """Whether a title is no ordinary word, genre or theme as well."""
    said = key(item.title)
    others = [name for name in understander.gazetteer.named(said) if name.kind != "item"]
    words = understander.listener("en").lexicon.common | understander.listener("en").lexicon.stop
    rare = any(word.isalpha() and word not in words for word in said.split())
    return item.title not in ALSO_WORDS and not others and rare


class TestTitles:
    @pytest.mark.parametrize("frame", ["I loved {}", "something like {}", "I've seen {} already", "i hated {}."])
    def test_every_title_is_found_after_a_verdict(
        self, frame: str, understander: Understander, starter: Catalogue
    ) -> None:
        plain = [item for item in best_known(starter) if item.title not in ALSO_WORDS]
        missed = [i.title for i in plain if item_ids(understander, frame.format(i.title)) != [i.id]]
        assert missed == []

    def test_every_title_is_found_in_lower_case_without_accents(
        self, understander: Understander, starter: Catalogue
    ) -> None:
        missed = []
        for item in filter(lambda item: only_a_title(understander, item), best_known(starter)):
            plain = unicodedata.normalize("NFKD", item.title).encode("ascii", "ignore").decode().lower()
            if item_ids(understander, f"i really loved {plain}") != [item.id]:
                missed.append(plain)
        assert missed == []

    def test_every_title_is_found_in_quotes(self, understander: Understander, starter: Catalogue) -> None:
        known = best_known(starter)
        missed = [i.title for i in known if item_ids(understander, f'tell me about "{i.title}"') != [i.id]]
        assert missed == []

    def test_every_title_with_its_year_is_found(self, understander: Understander, starter: Catalogue) -> None:
        missed = [i.title for i in starter.items if item_ids(understander, f"I liked {i.title} ({i.year})") != [i.id]]
        assert missed == []

    @pytest.mark.parametrize(
        ("said", "title"),
        [
            ("the shawshank", "The Shawshank Redemption"),
            ("grand budapest hotel", "The Grand Budapest Hotel"),
            ("Dr Strangelove", "Dr. Strangelove"),
            ("singin in the rain", "Singin' in the Rain"),
            ("pans labyrinth", "Pan's Labyrinth"),
            ("twelve angry men", "12 Angry Men"),
            ("three idiots", "3 Idiots"),
            ("terminator two", "Terminator 2: Judgment Day"),
            ("spider-man into the spider-verse", "Spider-Man: Into the Spider-Verse"),
            ("mad max fury road", "Mad Max: Fury Road"),
            ("fury road", "Mad Max: Fury Road"),
            ("E.T.", "E.T. the Extra-Terrestrial"),
            ("the good the bad and the ugly", "The Good, the Bad and the Ugly"),
            ("2001", "2001: A Space Odyssey"),
        ],
    )
    def test_the_ways_people_write_a_title(
        self, said: str, title: str, understander: Understander, starter: Catalogue
    ) -> None:
        [item] = [item for item in starter.items if item.title == title]
        assert item_ids(understander, f"I loved {said}") == [item.id]

    def test_most_slips_of_the_finger_are_forgiven(self, understander: Understander, starter: Catalogue) -> None:
        """Two letters swapped in a long title: the floor is what was reached, not what is good enough."""
        long = [i for i in starter.items if len(i.title) >= 12 and re.fullmatch(r"[A-Za-z ]+", i.title)]
        found = [i.id in item_ids(understander, f"I loved {slip}") for i in long for slip in slips(i.title)]
        assert len(found) > 300
        assert sum(found) / len(found) > 0.8

    @pytest.mark.parametrize(
        "text",
        [
            "cheer me up",
            "I want to see her again",
            "turn up the heat",
            "it's heating up",
            "what a beautiful day",
            "can you contact me",
            "get out",
            "my alien neighbour moved away",
            "I had coffee with her",
            "in general I like comedies",
            "we broke up last week",
            "i watched it last night",
            "what about us?",
            "they were awesome",
            "contact me later",
            "the others were good",
            "the actors were good",
            "he took it",
        ],
    )
    def test_ordinary_words_are_no_titles(self, text: str, understander: Understander) -> None:
        assert item_ids(understander, text) == []

    def test_two_titles_of_one_name_are_told_apart_by_the_year(self, starter: Catalogue) -> None:
        twins = [
            Item(id="old", title="The Lighthouse", year=1937, popularity=0.1),
            Item(id="new", title="The Lighthouse", year=2019, popularity=0.9),
        ]
        understander = Understander(Catalogue(starter.domain, twins, "d"))
        assert item_ids(understander, "I loved The Lighthouse (1937)") == ["old"]
        assert item_ids(understander, "I loved the lighthouse from 2019") == ["new"]
        [entity] = [e for e in entities(understander, "I loved The Lighthouse") if e.kind == "item"]
        assert entity.item_id == "new"
        assert entity.alternatives == ["old"]


class TestTitlesAmongOtherWords:
    """In lower case, where only the words around a title tell it from plain speech."""

    @pytest.mark.parametrize(
        ("text", "title"),
        [
            ("have you seen get out?", "Get Out"),
            ("i loved up", "Up"),
            ("something like heat please", "Heat"),
            ("i've seen alien and heat already", "Heat"),
            ("have you seen it (2017)", "It"),
            ("the 2017 it", "It"),
            ("heat was great", "Heat"),
            ("spiderman into the spiderverse", "Spider-Man: Into the Spider-Verse"),
            ("i liked schindler's list a lot", "Schindler's List"),
            ("who directed seven?", "Seven"),
        ],
    )
    def test_a_title_of_ordinary_words_is_found_where_titles_stand(
        self, text: str, title: str, understander: Understander, starter: Catalogue
    ) -> None:
        ids = [item_id for item_id in item_ids(understander, text) if item_id]
        assert title in [starter.get(item_id).title for item_id in ids]

    def test_a_name_that_also_opens_a_longer_title_is_its_own(
        self, understander: Understander, starter: Catalogue
    ) -> None:
        """Aliases are whole names: none gives way to a part of the title of the same item."""
        shadowed = [
            (item.title, alias)
            for item in starter.items
            for alias in starter.values(item, "alias")
            for name in understander.gazetteer.named(key(alias))
            if name.kind == "item" and starter.items[name.row] is item and name.form == "partial"
        ]
        assert shadowed == []

    def test_a_series_is_meant_where_it_is_ruled_out_or_called_one(self, understander: Understander) -> None:
        for text in ("no James Bond", "the James Bond series"):
            assert [(e.kind, e.value) for e in entities(understander, text)] == [("series", "James Bond")]

    def test_with_the_article_a_much_better_known_title_is_meant(self, starter: Catalogue) -> None:
        items = [
            Item(id="old", title="The Black Panther", year=1977, popularity=0.05),
            Item(id="new", title="Black Panther", year=2018, popularity=0.9),
        ]
        understander = Understander(Catalogue(starter.domain, items, "article"))
        assert item_ids(understander, "i loved the black panther") == ["new"]
        assert item_ids(understander, "i loved the black panther (1977)") == ["old"]

    def test_a_slip_goes_to_the_best_known_of_equally_near_names(self, starter: Catalogue) -> None:
        items = [
            Item(id="minor", title="Aladin", year=2009, popularity=0.3),
            Item(id="major", title="Aladdin", year=1992, popularity=0.9),
        ]
        assert item_ids(Understander(Catalogue(starter.domain, items, "slip")), "I loved Alaadin") == ["major"]

    def test_names_with_full_stops_are_not_cut_at_them(self, understander: Understander, starter: Catalogue) -> None:
        [dr_no] = [item.id for item in starter.items if item.title == "Dr. No"]
        assert item_ids(understander, "I loved Dr. No. Nothing scary tonight.") == [dr_no]


class TestPeople:
    @pytest.mark.parametrize("frame", ["something with {}", "a film by {}", "i love {}", "nothing with {}"])
    def test_every_person_of_two_names_or_more_is_found(
        self, frame: str, understander: Understander, starter: Catalogue
    ) -> None:
        people = sorted(person for person in starter.postings("person") if len(key(person).split()) > 1)
        missed = []
        for person in people[::3]:
            found = [e.value for e in entities(understander, frame.format(person)) if e.kind == "person"]
            missed += [] if [key(str(one)) for one in found] == [key(person)] else [(person, found)]
        assert missed == []

    @pytest.mark.parametrize(
        ("said", "person"),
        [
            ("by Tarantino", "Quentin Tarantino"),
            ("with deniro", None),
            ("with de niro", "Robert De Niro"),
            ("with sigorney weaver", "Sigourney Weaver"),
            ("by speilberg", "Steven Spielberg"),
            ("with michele yeoh", "Michelle Yeoh"),
            ("by bong joon ho", "Bong Joon-ho"),
            ("by Agnès Varda", None),
            ("with Tom", None),
            ("by quentin tarantino's brother", "Quentin Tarantino"),
        ],
    )
    def test_the_ways_people_write_a_person(self, said: str, person: str | None, understander: Understander) -> None:
        found = [e.value for e in entities(understander, f"a film {said}") if e.kind == "person" and e.value]
        assert person is None or found == [person]

    def test_nearly_all_slips_of_the_finger_are_forgiven(self, understander: Understander, starter: Catalogue) -> None:
        people = [name for name in starter.postings("person") if re.fullmatch(r"(?=.{11})[A-Za-z ]+", name)]
        asked = [(name, slip) for name in people[::9] for slip in slips(name.lower())[::2]]
        found = [
            name in [entity.value for entity in entities(understander, f"a film with {slip}")] for name, slip in asked
        ]
        assert len(found) > 150
        assert sum(found) / len(found) > 0.97

    def test_a_person_of_one_job_has_that_role(self, understander: Understander, starter: Catalogue) -> None:
        for person in ("Sigourney Weaver", "Michael Mann", "Eric Heisserer"):
            roles = [facet for facet in starter.domain.facets_of("person") if person in starter.postings(facet)]
            [entity] = [e for e in entities(understander, f"something with {person}") if e.kind == "person"]
            assert entity.role == (roles[0] if len(roles) == 1 else None)


class TestValues:
    def test_every_genre_mood_language_and_country_is_understood_by_its_name(
        self, understander: Understander, starter: Catalogue
    ) -> None:
        missed = []
        lands = starter.domain.facets["country"].synonyms
        for facet in ("genre", "mood", "language", "country"):
            for value in starter.postings(facet):
                found = understander.understand(f"something {value.lower()}")
                said = {(p.facet, p.value) for p in (*found.preferences, *found.constraints)}
                # "Irish" is rather said of the country than of the language.
                of_country = {("country", land) for land, words in lands.items() if value.lower() in words}
                if not any(p in {(facet, value), *of_country} or p[0] in starter.domain.numbers for p in said):
                    missed.append((facet, value, said))
        assert missed == []

    @pytest.mark.parametrize("number", range(5))
    def test_every_theme_is_understood_after_about(
        self, number: int, understander: Understander, starter: Catalogue
    ) -> None:
        themes = sorted(starter.postings("theme"))[number::5]
        missed = []
        for theme in themes:
            found = understander.understand(f"a film about {theme}")
            if theme.lower() not in {p.value.lower() for p in found.preferences}:
                missed.append(theme)
        assert missed == []

    def test_entities_lie_where_they_say(self, understander: Understander) -> None:
        text = "Something like “Amélie” — no horror, with Tom Hanks from the ’80s"  # noqa: RUF001
        found = entities(understander, text)
        assert {entity.kind for entity in found} >= {"item", "genre", "person"}
        assert all(text[entity.start : entity.end] == entity.surface for entity in found)


class TestFolding:
    @given(st.text(max_size=60))
    def test_folding_keeps_every_place(self, text: str) -> None:
        folded = fold(text)
        assert len(folded) == len(text)
        for token in tokens(folded):
            assert folded[token.start : token.end] == token.word

    @given(st.text(st.characters(max_codepoint=0xFF), max_size=40))
    def test_a_key_is_its_own_key_and_ignores_case_and_marks(self, text: str) -> None:
        assert key(key(text)) == key(text)
        assert key(f"  {text}!! ") == key(text)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Ocean's Eleven", "oceans 11"),
            ("Amélie", "AMELIE"),
            ("Rocky IV", "rocky 4"),
            ("Fast & Furious", "fast and furious"),
            ("Spider-Man", "spider man"),
        ],
    )
    def test_ways_to_write_one_name_have_one_key(self, one: str, other: str) -> None:
        assert key(one) == key(other)
