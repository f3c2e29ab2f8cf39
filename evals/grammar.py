"""What people say, by construction: every production makes an utterance together with what it means.

The words are those of evals.sayings. A choice is made by a function `pick`, so that the same productions serve a seeded
generator and a tester that shrinks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Literal

from evals import sayings
from evals.moves import Condition, Drop, Move, Pick, Scene, Shift, T
from retrieval.catalogue import Catalogue

_KNOWN_TITLES = 250
_FREQUENT = {"genre": 25, "theme": 15, "mood": 15, "language": 8, "country": 8, "person": 7}
_DECADES = (1930, 1940, 1950, 1960, 1970, 1980, 1990, 2000, 2010)
_DECADE_NAMES = ("thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties")
_YEARS = (1960, 1970, 1980, 1985, 1990, 2000, 2010)
_MINUTES = (90, 100, 85, 110, 120, 150)
_CASES: tuple[Callable[[str], str], ...] = (str, str, str, lambda text: text[0].upper() + text[1:], str.upper)


class Grammar:
    """The productions over one catalogue.

    `productions`: name -> (weight, function of a Pick and a Scene that gives a Move). What a catalogue has no words
    for is left out.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        domain = catalogue.domain
        self.genre, self.theme, self.language, self.country, self.by = (
            next(iter(domain.facets_of(role)), "") for role in ("genre", "theme", "language", "country", "person")
        )
        self.year, self.length, self.age = (domain.number_of(role) or "" for role in ("year", "length", "age"))
        self.values = {role: self._frequent(role, least) for role, least in _FREQUENT.items()}
        self.values["theme"] = [value for value in self.values["theme"] if self._is_plain_theme(value)]
        self.makers = [name for name in self.values["person"] if len(catalogue.postings(self.by).get(name, ())) > 3]
        known = sorted(catalogue.items, key=lambda item: (-item.popularity, item.id))[:_KNOWN_TITLES]
        titles = [item.title.casefold() for item in catalogue.items]
        self.items = [(item.title, item.id) for item in known if titles.count(item.title.casefold()) == 1]
        levels = [(name, config.high) for name, config in domain.numbers.items() if config.role == "level"]
        plain = {name: [word for word in pole.words if not word.endswith("est")] for name, pole in levels if pole}
        self.levels = {name: words for name, words in plain.items() if words}
        poles = [
            (config.role, pole, Shift(number=name, direction=direction))
            for name, config in domain.numbers.items()
            for pole, direction in ((config.low, -1), (config.high, 1))
            if pole
        ]
        self.comparatives = [(word, shift) for _, pole, shift in poles for word in pole.comparatives]
        self.comparatives += [
            (f"less {words[0]}", Shift(number=name, direction=-1)) for name, words in self.levels.items()
        ]
        self.qualities = [
            (word, shift.model_copy(update={"absolute": True}))
            for role, pole, shift in poles if role in {"year", "length"} for word in pole.words
        ]  # fmt: skip
        has = {name for name, found in self.values.items() if found}
        has |= {name for name in ("year", "length", "age", "items", "levels", "comparatives") if getattr(self, name)}
        self.productions = {name: (weight, make) for name, weight, needs, make in self._all() if has.issuperset(needs)}

    def _all(self) -> list[tuple[str, int, set[str], Callable[[Pick, Scene], Move]]]:
        return [
            ("wish", 6, {"genre"}, self.wish),
            ("soft wish", 2, {"mood", "year"}, self.soft_wish),
            ("somebody", 2, {"person"}, self.somebody),
            ("about", 2, {"theme"}, self.about),
            ("new need", 2, {"genre", "year", "person"}, self.new_need),
            ("require", 3, {"genre", "language", "country"}, self.require),
            ("correct", 3, {"genre", "year"}, self.correct),
            ("not a kind", 6, {"genre"}, self.not_a_kind),
            ("not somebody", 4, {"person"}, self.not_somebody),
            ("not about", 2, {"theme"}, self.not_about),
            ("not from", 2, {"language", "country"}, self.not_from),
            ("level", 4, {"levels"}, self.level),
            ("age", 2, {"age"}, self.years_old),
            ("period", 4, {"year"}, self.period),
            ("minutes", 4, {"length"}, self.minutes),
            ("combined", 5, {"genre", "year", "length", "levels", "person", "language", "country"}, self.combined),
            ("taste", 2, {"genre"}, self.taste),
            ("title", 4, {"items"}, self.title),
            ("place", 6, {"items"}, self.place),
            ("tap", 5, set(), self.tap),
            ("more", 7, set(), self.more),
            ("critique", 5, {"comparatives"}, self.critique),
            ("similar", 3, {"items"}, self.similar),
            ("remove", 4, {"year"}, self.remove),
            ("edit", 3, {"genre", "year", "length", "person"}, self.edit),
            ("undo", 6, set(), partial(_command, "undo", sayings.UNDO)),
            ("reset", 2, set(), partial(_command, "reset", sayings.RESET)),
            ("forget", 1, set(), partial(_command, "forget", sayings.FORGET)),
            ("return", 1, set(), self.come_back),
            ("ask", 3, {"items", "genre"}, self.ask),
            ("small talk", 2, set(), self.small_talk),
        ]

    # Wishes

    def wish(self, pick: Pick, _: Scene) -> Move:
        """A wish for a kind, which binds until another kind is wished for."""
        value = pick(self.values["genre"])
        return _say(pick, "wish", self._put(pick(sayings.WISH), value), adds=(self._of_kind(value),))

    def soft_wish(self, pick: Pick, _: Scene) -> Move:
        """A mood or a quality: it moves the rank and binds nothing."""
        if bool(self.qualities) and pick((False, True)):
            word, shift = pick(self.qualities)
            return _say(pick, "quality", self._put(pick(sayings.QUALITY), w=word), shifts=(shift,))
        return _say(pick, "soft wish", self._put(pick(sayings.SOFT_WISH), w=pick(self.values["mood"])))

    def somebody(self, pick: Pick, _: Scene) -> Move:
        person = pick(self.values["person"])
        wanted = Condition(facet="person", values=(person,))
        return _say(pick, "somebody", self._put(pick(sayings.SOMEBODY), p=person), adds=(wanted,))

    def about(self, pick: Pick, _: Scene) -> Move:
        theme = pick(self.values["theme"])
        wanted = Condition(facet=self.theme, values=(theme,))
        return _say(pick, "about", self._put(pick(sayings.ABOUT), t=theme), adds=(wanted,))

    def new_need(self, pick: Pick, _: Scene) -> Move:
        """A kind with another condition: earlier wishes lapse."""
        value, person = pick(self.values["genre"]), pick(self.values["person"])
        words, second = pick((self._decade(pick), (f"with {person}", Condition(facet="person", values=(person,)))))
        text = f"{self._put('{a} {o}', value)} {words}"
        return _say(pick, "new need", text, adds=(self._of_kind(value), second), fresh=True)

    def require(self, pick: Pick, _: Scene) -> Move:
        """A condition outright."""
        value, tongue, land = (pick(self.values[role]) for role in ("genre", "language", "country"))
        way, condition = pick([
            *_ways(sayings.MUST_BE, self._of_kind(value)),
            *_ways(sayings.MUST_SPEAK, Condition(facet=self.language, values=(tongue,))),
            *_ways(sayings.MUST_COME, Condition(facet=self.country, values=(land,))),
        ])  # fmt: skip
        return _say(pick, "require", self._put(way, value, l=tongue, c=_with_article(land)), adds=(condition,))

    def correct(self, pick: Pick, _: Scene) -> Move:
        """A change of mind: the new word replaces the old."""
        value, (when, decade) = pick(self.values["genre"]), self._decade(pick)
        way, condition = pick([*_ways(sayings.CORRECT, self._of_kind(value)), *_ways(sayings.CORRECT_PERIOD, decade)])
        return _say(pick, "correct", self._put(way, value, d=when), adds=(condition,))

    # Exclusions

    def not_a_kind(self, pick: Pick, _: Scene) -> Move:
        first, second = pick(self.values["genre"]), pick(self.values["genre"])
        x, z = self._kinds_said(pick, first), self._kinds_said(pick, second)
        how = pick(("once", "once", "ever", "two"))
        ways = {"once": sayings.NOT_A_KIND, "ever": sayings.NEVER_A_KIND, "two": sayings.TWO_KINDS}[how]
        said = dict.fromkeys((first, second) if how == "two" else (first,))
        adds = tuple(_never(self._of_kind(value), lasting=how == "ever") for value in said)
        return _say(pick, "not a kind", pick(ways).format(x=x, z=z), adds=adds)

    def not_somebody(self, pick: Pick, _: Scene) -> Move:
        how = pick(("once", "once", "ever", "by" if self.makers else "once"))
        person = pick(self.makers if how == "by" else self.values["person"])
        ways = {"once": sayings.NOT_SOMEBODY, "ever": sayings.NEVER_SOMEBODY, "by": sayings.NOT_BY}[how]
        named = Condition(facet=self.by if how == "by" else "person", values=(person,))
        return _say(pick, "not somebody", pick(ways).format(p=person), adds=(_never(named, lasting=how == "ever"),))

    def not_about(self, pick: Pick, _: Scene) -> Move:
        theme = pick(self.values["theme"])
        named = Condition(facet=self.theme, values=(theme,))
        return _say(pick, "not about", pick(sayings.NOT_ABOUT).format(t=theme), adds=(_never(named),))

    def not_from(self, pick: Pick, _: Scene) -> Move:
        tongue, land = pick(self.values["language"]), pick(self.values["country"])
        way, condition = pick([
            *_ways(sayings.NOT_IN, Condition(facet=self.language, values=(tongue,))),
            *_ways(sayings.NOT_FROM, Condition(facet=self.country, values=(land,))),
        ])  # fmt: skip
        return _say(pick, "not from", self._put(way, l=tongue, c=_with_article(land)), adds=(_never(condition),))

    def level(self, pick: Pick, _: Scene) -> Move:
        """A limit: at most mild ("nothing violent", "no shootings"), or not strong ("not too violent")."""
        number, words = pick(list(self.levels.items()))
        names = [word for word in words if word.endswith("s")] or [words[-1]]
        ways = [(way, words[0], 1) for way in sayings.AT_MOST_MILD]
        ways += [(way, words[0], 2) for way in sayings.NOT_STRONG]
        ways += [(way, pick(names), 1) for way in sayings.NO_SUCH_THING]
        way, word, most = pick(ways)
        limit = Condition(facet=number, high=most, firm=True)
        return _say(pick, "level", way.format(w=word), adds=(limit,))

    def years_old(self, pick: Pick, _: Scene) -> Move:
        years, word = pick(sayings.AGES)
        limit = Condition(facet=self.age, high=years, firm=True)
        return _say(pick, "age", pick(sayings.FOR_AGE).format(y=years, w=word), adds=(limit,))

    # Numbers

    def period(self, pick: Pick, _: Scene) -> Move:
        year, (when, decade) = pick(_YEARS), self._decade(pick)
        before = Condition(facet=self.year, high=year - 1)
        after = Condition(facet=self.year, low=year + 1)
        way, condition = pick([
            *_ways(sayings.PERIOD, decade), *_ways(sayings.BEFORE, before), *_ways(sayings.AFTER, after),
            *_ways(sayings.SINCE, Condition(facet=self.year, low=year)),
            *_ways(sayings.BETWEEN, Condition(facet=self.year, low=year, high=year + 15)),
            *_ways(sayings.NOT_THEN, _never(decade)), *_ways(sayings.NOT_BEFORE, _never(before)),
            *_ways(sayings.NOT_AFTER, _never(after)),
        ])  # fmt: skip
        return _say(pick, "period", self._put(way, y=year, z=year + 15, d=when), adds=(condition,))

    def minutes(self, pick: Pick, _: Scene) -> Move:
        many = pick(_MINUTES)
        way, condition = pick([
            *_ways(sayings.AT_MOST, Condition(facet=self.length, high=many)),
            *_ways(sayings.AT_LEAST, Condition(facet=self.length, low=many)),
            *_ways(sayings.NOT_OVER, _never(Condition(facet=self.length, low=many + 1))),
            *((way, Condition(facet=self.length, high=most)) for way, most in sayings.HOURS),
        ])  # fmt: skip
        return _say(pick, "minutes", way.format(m=many), adds=(condition,))

    def combined(self, pick: Pick, scene: Scene) -> Move:
        """Two things said in one breath, if they agree."""
        makers = (self.not_a_kind, self.period, self.minutes, self.wish, self.level, self.not_somebody, self.require)
        plainly = _plainly(pick)
        first, second = pick(makers)(plainly, scene), pick(makers)(plainly, scene)
        if not _agree(first, second):
            return first
        told = second.say.startswith(sayings.TOLD) or not any(one.wanted for one in second.adds)
        # "In Russian and film noir? no thanks" turns down both, and so does "never with her and westerns".
        told = told and not second.say.endswith(sayings.AFTERWARDS)
        joint = pick(sayings.JOINTS if told else sayings.CLEAR_JOINTS)
        joint = joint if first.say[-1].isalnum() else " " if first.say.endswith("?") else "; "
        bound = [one for one in (*first.adds, *second.adds) if one.wanted and not one.firm]
        return _say(
            pick, f"{first.form} + {second.form}", f"{first.say}{joint}{second.say}", adds=(*first.adds, *second.adds),
            fresh=len(bound) > 1 and any(one.facet in {self.genre, self.theme} for one in bound),
        )  # fmt: skip

    # Verdicts

    def taste(self, pick: Pick, scene: Scene) -> Move:
        """What somebody likes or does not much like: it binds nothing."""
        liked = pick((True, False))
        said = {value for one in scene.conditions if not (liked and one.wanted) for value in one.values}
        value = pick([value for value in self.values["genre"] if value not in said])
        ways = sayings.LIKING if liked else sayings.DISLIKING
        return _say(pick, "taste", pick(ways).format(x=self._kinds_said(pick, value)))

    def title(self, pick: Pick, _: Scene) -> Move:
        (title, item_id), verdict = pick(self.items), pick(list(sayings.TITLE))
        text = pick(sayings.TITLE[verdict]).format(t=title)
        return _say(pick, f"{verdict} title", text, verdict=verdict, items=(item_id,))

    def place(self, pick: Pick, scene: Scene) -> Move:
        if not scene.on_screen:
            return self.title(pick, scene)
        if pick((False, False, False, True)):
            verdict = pick(list(sayings.ALL_PLACES))
            text, places = pick(sayings.ALL_PLACES[verdict]), tuple(range(1, scene.on_screen + 1))
            return _say(pick, f"{verdict} all", text, verdict=verdict, places=places)
        verdict, (ordinal, place) = pick(list(sayings.PLACE)), pick(sayings.ORDINALS)
        text = pick(sayings.PLACE[verdict]).format(r=ordinal)
        return _say(pick, f"{verdict} place", text, verdict=verdict, places=(place,))

    def tap(self, pick: Pick, scene: Scene) -> Move:
        kind, place = pick(list(sayings.TAPS)), pick(range(1, max(scene.on_screen, 1) + 1))
        return Move(form="tap", tap=kind, verdict=sayings.TAPS[kind], places=(place,), fresh=kind == "purchase")

    # Steering

    def more(self, pick: Pick, _: Scene) -> Move:
        return _say(pick, "more", pick(sayings.MORE))

    def critique(self, pick: Pick, _: Scene) -> Move:
        word, shift = pick(self.comparatives)
        return _say(pick, "critique", pick(sayings.CRITIQUE).format(w=word), shifts=(shift,))

    def similar(self, pick: Pick, scene: Scene) -> Move:
        (title, _), (ordinal, place) = pick(self.items), pick(sayings.ORDINALS[:3])
        if place <= scene.on_screen and pick((True, False)):
            return _say(pick, "similar to place", pick(sayings.SIMILAR_PLACE).format(r=ordinal))
        return _say(pick, "similar", self._put(pick(sayings.SIMILAR), t=title), fresh=True)

    def remove(self, pick: Pick, scene: Scene) -> Move:
        """Let go of something that is in force, or of something that is not."""
        ways: list[tuple[str, Drop]] = []
        for one in scene.conditions:
            if one.values and one.facet in {self.genre, self.theme, "person"}:
                value = one.values[0]
                said = value if one.facet == "person" else value.lower()
                ways += [(way.format(v=said), Drop(facet=one.facet, value=value)) for way in sayings.DROP_VALUE]
        named = [(self.year, "decade"), (self.year, "year"), (self.length, "length"), (self.language, "language")]
        ways += [
            (way.format(v=name), Drop(facet=facet)) for facet, name in named if facet for way in sayings.DROP_FACET
        ]
        text, drop = pick(ways)
        return _say(pick, "remove", text, drops=(drop,))

    # The profile and the session

    def edit(self, pick: Pick, scene: Scene) -> Move:
        """A change in the profile: a condition that is stated, or one in force that is struck out."""
        struck = [one for one in scene.conditions if one.firm]
        if bool(struck) and pick((False, True)):
            one = pick(struck)
            return Move(form="edit", edit="remove", drops=(Drop(facet=one.facet, value=next(iter(one.values), "")),))
        year, kind = pick(_YEARS), self._of_kind(pick(self.values["genre"]))
        stated = pick((
            _never(kind, lasting=True), kind, Condition(facet=self.year, high=year),
            Condition(facet=self.year, low=year), Condition(facet=self.length, high=pick(_MINUTES)),
            _never(Condition(facet=self.year, low=year, high=year + 9), lasting=True),
            _never(Condition(facet="person", values=(pick(self.values["person"]),)), lasting=True),
        ))  # fmt: skip
        return Move(form="edit", edit="add", adds=(stated,))

    def come_back(self, _: Pick, __: Scene) -> Move:
        return Move(form="return", command="return")

    def ask(self, pick: Pick, scene: Scene) -> Move:
        """A question, which changes nothing."""
        value, (title, _) = pick(self.values["genre"]), pick(self.items)
        asked = (*sayings.ASK_TITLE, *sayings.ASK_WHETHER, *sayings.ASK_MANY)
        ways = [self._put(way, value, t=title, x=value.lower()) for way in asked]
        at_place = (*sayings.ASK_PLACE, *sayings.ASK_WHETHER_PLACED)
        shown = [place for place, at in sayings.ORDINALS if at <= scene.on_screen]
        placed = [self._put(way, value, r=place) for way in at_place for place in shown]
        return Move(form="ask", say=pick([*sayings.ASK_ME, *ways, *placed]), still=True)

    def small_talk(self, pick: Pick, _: Scene) -> Move:
        return Move(form="small talk", say=pick(sayings.SMALL_TALK), still=True)

    # Words

    def _frequent(self, role: str, least: int) -> list[str]:
        rows = self.catalogue.postings(role)
        return sorted((value for value, found in rows.items() if len(found) >= least), key=lambda v: (-len(rows[v]), v))

    def _is_plain_theme(self, value: str) -> bool:
        """Whether people would name a theme so, and would mean no genre, mood or country by it."""
        kinds = {word.lower() for role in ("genre", "mood", "country") for word in self.catalogue.postings(role)}
        said = value not in self.catalogue.domain.facets[self.theme].unsaid
        return said and len(value.split()) < 3 and value.lower() not in self.catalogue.domain.kind_words | kinds

    def _of_kind(self, value: str) -> Condition:
        return Condition(facet=self.genre, values=(value,))

    def _put(self, way: str, kind: str = "", **slots: object) -> str:
        """A way of saying something, filled in."""
        domain = self.catalogue.domain
        one = kind.lower()
        # "A silent film", but "a western film".
        named = one.endswith(domain.item_words)
        many = f"{one}s" if named else f"{one} {domain.noun.many}"
        one = one if named else f"{one} {domain.noun.one}"
        article = "an" if one[:1] in "aeiou" else "a"
        return way.format(**{"a": article, "o": one, "os": many, "n": domain.noun.one, "ns": domain.noun.many, **slots})

    def _kinds_said(self, pick: Pick, value: str) -> str:
        """A kind as something there may be many of: "horror", "westerns"."""
        synonyms = self.catalogue.domain.facets[self.genre].synonyms.get(value, ())
        plurals = [word for word in synonyms if word.endswith("s") and word[:4] == value.lower()[:4]]
        return pick([value.lower(), self._put("{os}", value), *plurals])

    def _decade(self, pick: Pick) -> tuple[str, Condition]:
        first = pick(_DECADES)
        place = (first - _DECADES[0]) // 10
        names = [f"{first}s", f"{first % 100}s" if first < 2000 else f"{first}s", *_DECADE_NAMES[place : place + 1]]
        return f"from the {pick(names)}", Condition(facet=self.year, low=first, high=first + 9)


def _ways(ways: Iterable[str], condition: Condition) -> list[tuple[str, Condition]]:
    return [(way, condition) for way in ways]


def _never(condition: Condition, lasting: bool = False) -> Condition:
    """The same condition as what must not be."""
    return condition.model_copy(update={"wanted": False, "firm": True, "lasting": lasting})


def _plainly(pick: Pick) -> Pick:
    """A pick that leaves out what only dresses a sentence up."""

    def plain(options: Sequence[T], /) -> T:
        return options[0] if options in (sayings.FRONTS, sayings.ENDS, _CASES) else pick(options)

    return plain


def _agree(first: Move, second: Move) -> bool:
    """Whether two things may be said in one breath: not two kinds at once, nor the same wanted and ruled out."""
    both = [(one, other) for one in first.adds for other in second.adds if one.facet == other.facet]
    return not any((one.wanted and other.wanted) or not set(one.values).isdisjoint(other.values) for one, other in both)


def _say(pick: Pick, form: str, text: str, **meaning: Any) -> Move:
    end = pick(sayings.ENDS) if text[-1].isalnum() else ""
    return Move(form=form, say=pick(_CASES)(f"{pick(sayings.FRONTS)}{text}{end}"), **meaning)


def _command(name: Literal["undo", "reset", "forget"], ways: Sequence[str], pick: Pick, _: Scene) -> Move:
    return Move(form=name, say=pick(_CASES)(pick(ways)), command=name)


def _with_article(land: str) -> str:
    return f"the {land}" if land.startswith(("United", "Soviet")) else land
