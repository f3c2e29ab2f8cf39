"""Entity linking: which spans of an utterance name an item, a person, a facet value or a quality."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from bot.cues import Cue
from bot.gazetteer import Gazetteer, Name
from bot.guessing import Guesser
from bot.hints import Hints, hints_of
from bot.lexicon import Lexicon
from bot.quantities import Quantity
from bot.text import Token, fold, is_sign, key_word, tokens
from bot.title_fit import LIKELY, NAMED_OUTRIGHT, OPINIONS, has_capital_names, title_fit
from bot.utterance import Span, Utterance
from retrieval.catalogue import Catalogue

__all__ = ["Linker", "Span"]

_ROLE_RANK = {"genre": 3, "language": 2, "country": 2, "mood": 2}
_CERTAIN = 1.2  # named in quotes or with its year
_KNOWN_BY_ONE_NAME = 0.15
_BRIEF = 8  # words
_KNOWN_TO_ALL = 1.0
_POSSESSIVE = "'s"
_LISTING = re.compile(r"[,;/]")


class Linker:
    """Links spans against one catalogue in one language. Holds no state between calls."""

    def __init__(self, catalogue: Catalogue, gazetteer: Gazetteer, lexicon: Lexicon) -> None:
        self.catalogue = catalogue
        self.gazetteer = gazetteer
        self.lexicon = lexicon
        self.families = gazetteer.families
        self.hints: Hints = hints_of(lexicon.language, catalogue.domain)
        self._ordinary = lexicon.common | lexicon.stop
        series = catalogue.domain.facets_of("series")
        self._guesser = Guesser(gazetteer, self.hints, frozenset(series))

    def link(
        self, text: str, folded: str, words: Sequence[Token], cues: Sequence[Cue], quantities: Sequence[Quantity],
        verdicts: Collection[int] = (),
    ) -> list[Span]:  # fmt: skip
        """Non-overlapping spans in text order.

        Exact names first, longest first; then typo-tolerant lookup of words that nothing explains.
        `cues` license titles made of ordinary words ("loved heat"), and so do `verdicts`, the places where
        words like "was great" begin; `quantities` win over shorter names.
        """
        utterance = Utterance(text, folded, words, cues, verdicts, self.hints, self.gazetteer.fame)
        taken = _best_cover(list(self._exact(utterance)), quantities)
        guessed = self._guesser.guesses(utterance, taken, quantities)
        taken = [span for span in taken if not any(guess.start <= span.start < guess.end for guess in guessed)]
        spans = sorted([*taken, *guessed], key=lambda span: span.start)
        return self._without_half_names(self._told_apart(spans, folded), text, folded, words)

    def unbroken(self, folded: str) -> list[tuple[int, int]]:
        """Where whole names of several words stand as the catalogue writes them ("Dr. No", "Why Him?")."""
        words = tokens(folded)
        keys = [key_word(token.word) for token in words]
        found: list[tuple[int, int]] = []
        for first, token in enumerate(words):
            for last in range(min(len(words), first + self.gazetteer.reach(keys[first])) - 1, first - 1, -1):
                end = words[last].end
                names = self.gazetteer.named(" ".join(keys[first : last + 1])) if last > first else ()
                written = [fold(name.value) for name in names]
                if any(one.startswith(folded[token.start : end]) for one in written):
                    closed = any(one.startswith(folded[token.start : end + 1]) for one in written)
                    found.append((token.start, end + closed))
                    break
        return found

    def _told_apart(self, spans: Sequence[Span], folded: str) -> list[Span]:
        """The spans, where a title and more say which of several items is meant: a part, or who is in it."""
        told: list[Span] = []
        for place, span in enumerate(spans):
            if span.kind == "item":
                behind = spans[place + 1] if place + 1 < len(spans) else None
                span = self._in_series(span, folded, told[-1].end if told else 0)
                if behind and behind.kind == "person" and self.hints.apposed(folded, span.end, behind.start):
                    span = self._with_person(span, behind.name.value)
            if not told or told[-1].end <= span.start:
                told.append(span)
        return told

    def _in_series(self, span: Span, folded: str, free: int) -> Span:
        """The part of a series that is said around a title, for the title; `free`: where other spans end."""
        said = self._part_said(folded, span.start, span.end, span.name.row)
        if said is None or said[1] < free:
            return span
        row, start, end = said
        return self._instead(span, row)._replace(start=start, end=end)

    def _part_said(self, folded: str, start: int, end: int, row: int) -> tuple[int, int, int] | None:
        """The row of a part that is said around a title ("the second X", "the X sequel"), and where it is said."""
        if following := self.hints.next_part(folded, start, end):
            found, begin, stop = self.families.next(row), *following
        elif counted := self.hints.part(folded, start, end):
            number, begin, stop = counted
            found = self.families.part(row, number)
        else:
            return None
        return None if found is None else (found, begin, stop)

    def _with_person(self, span: Span, person: str) -> Span:
        """Of the items that a title may mean, the one that somebody has a part in; the same span if none has."""
        names = [name for name in (span.name, *span.others) if name.kind == "item"]
        rows = [name.row for name in names if person in self.catalogue.values(self.catalogue.items[name.row], "person")]
        row = rows[0] if rows else self.families.with_person(span.name.row, person)
        return span if row is None else self._instead(span, row)

    def _instead(self, span: Span, row: int) -> Span:
        """The span with another item as its meaning."""
        item = self.catalogue.items[row]
        name = Name("item", item.title, item.popularity, "partial", row)
        others = tuple(other for other in (span.name, *span.others) if other.row != row)
        return span if row == span.name.row else span._replace(name=name, others=others)

    def _without_half_names(self, spans: list[Span], text: str, folded: str, words: Sequence[Token]) -> list[Span]:
        """Leaves out a person guessed from one word when the word beside it belongs to some other, unknown name."""
        kept = []
        for span in spans:
            single = span.kind == "person" and " " not in folded[span.start : span.end]
            beside = [t for t in words if t.end + 1 == span.start or t.start == span.end + 1]
            strange = [
                token for token in beside
                if len(token.word) > 3 and self._is_strange(token, text, single and self._is_first_name(span, folded))
                and folded[min(token.end, span.end)] == " "
                and not any(o.start <= token.start < o.end and not _is_guess(o, folded) for o in spans if o is not span)
            ]  # fmt: skip
            if not (single and strange):
                kept.append(span)
        return kept

    def _is_strange(self, token: Token, text: str, first: bool) -> bool:
        """Whether a word is rather a name than one of plain speech; `first`: a first name stands beside it."""
        capital = (
            first and text[token.start].isupper() and has_capital_names(text) and token.word not in self.hints.nouns
        )
        forms = {token.word, token.word.replace("'", ""), token.word.partition("'")[0]}  # "aren't"
        return not forms & self.lexicon.stop and (not forms & self.lexicon.common or capital)

    def _is_first_name(self, span: Span, folded: str) -> bool:
        return key_word(folded[span.start : span.end]) in self.gazetteer.first_names

    def _exact(self, utterance: Utterance) -> Iterable[Span]:
        words, keys = utterance.words, utterance.keys
        for first in range(len(words)):
            reach = max(1, self.gazetteer.reach(keys[first]))
            for last in range(min(len(words), first + reach) - 1, first - 1, -1):
                said, names = words[first : last + 1], self.gazetteer.named(" ".join(keys[first : last + 1]))
                if not names and words[last].word.endswith(_POSSESSIVE):
                    owner = words[last]._replace(word=words[last].word[:-2], end=words[last].end - 2)
                    said = [*said[:-1], owner]
                    names = self.gazetteer.named(" ".join([*keys[first:last], key_word(owner.word)]))
                if not names and first == last and words[last].word.endswith("s"):
                    # "tarantinos best"
                    own = self.gazetteer.named(key_word(words[last].word[:-1]))
                    names = [name for name in own if name.kind == "person" and name.form == "surname"]
                span = self._choose(utterance, said, names) if names else None
                if span is not None:
                    if span.kind == "item":
                        utterance.titled(span.start, span.end)
                    yield span

    def _choose(self, utterance: Utterance, said: Sequence[Token], names: Sequence[Name]) -> Span | None:
        folded, start, end = utterance.folded, said[0].start, said[-1].end
        titles = [name for name in names if name.kind == "item"]
        people = [name for name in names if name.kind == "person"]
        values = [name for name in names if name.kind not in {"item", "person"}]
        values = [name for name in values if self._value_holds(name, folded, said)]
        place = utterance.place(said)
        series = [name for name in values if self._role(name) == "series"]
        if said[0].word in self.hints.words.articles and self.hints.all_of(folded, start, end):
            titles = []  # "all the X ones" are a series
        if series and titles:
            # A series usually bears the name of its first item, and people mean the item.
            if self.hints.series_follows(folded, end) or self.hints.all_of(folded, start, end):
                titles = []
            elif titles[0].form != "partial" or place.licence in OPINIONS or place.verdict:
                values = [name for name in values if name not in series]
            else:
                titles = []
        if titles and titles[0].form == "partial" and place.licence not in OPINIONS and not place.capitals:
            # "no civil war" means the theme, not the item with it in its subtitle.
            titles = [] if any(self._role(name) in {"theme", "genre"} for name in values) else titles
        if people and titles and people[0].form == "full" and titles[0].form == "partial" and len(said) > 1:
            titles = []  # a title that opens with somebody's name
        dated = self._dated(folded, start, end, titles)
        if dated is not None:
            return dated
        rivals = {self._role(name) for name in (*values, *people)}
        fit = title_fit(place, titles[0], rivals) if titles else 0.0
        if titles and fit < LIKELY and self._part_said(folded, start, end, titles[0].row):
            fit = LIKELY
        if fit == NAMED_OUTRIGHT:
            return Span(start, end, titles[0], tuple(titles[1:]), fit)
        personally = self.hints.surely_personal(folded, start) and not self.hints.about(folded, start)
        if people and values and people[0].form != "full" and not personally:
            people = []  # "a film about London" is the place, not somebody's surname
        personal = people and (fit < LIKELY or self.hints.surely_personal(folded, start))
        if personal and self._person_holds(utterance, said, people[0]):
            return Span(start, end, people[0], tuple(people[1:] + titles), 0.9)
        if fit >= LIKELY:
            return Span(start, end, titles[0], tuple(titles[1:]), fit)
        if values:
            best = max(values, key=self._preferred)
            return Span(start, end, best, tuple(name for name in values if name != best), 0.95)
        return None

    def _dated(self, folded: str, start: int, end: int, titles: Sequence[Name]) -> Span | None:
        """The title of a certain year, where the year stands with it."""
        for found in (self.hints.year_behind(folded, end), self.hints.year_ahead(folded, start)):
            if found is None:
                continue
            year, place = found
            dated = [name for name in titles if self.catalogue.items[name.row].year == year]
            if dated:
                others = tuple(name for name in titles if name != dated[0])
                return Span(min(start, place), max(end, place), dated[0], others, 1.2)
        return None

    def _role(self, name: Name) -> str:
        """What a name is to the conversation: the role of its facet, person, or quality."""
        config = self.catalogue.domain.facets.get(name.kind)
        return config.role if config else "person" if name.kind == "person" else "quality"

    def _preferred(self, name: Name) -> tuple[bool, bool, int, float]:
        return name.weight > 0, name.form == "synonym", _ROLE_RANK.get(self._role(name), 1), name.weight

    def _value_holds(self, name: Name, folded: str, said: Sequence[Token]) -> bool:
        words = [token.word for token in said]
        if any(sign not in name.value for sign in _LISTING.findall(folded, said[0].start, said[-1].end)):
            return False  # "crime/drama" are two kinds
        if name.form == "synonym" or is_sign(words[0]):
            return True
        if all(word in self.lexicon.stop for word in words):
            return False
        return (
            self.hints.about(folded, said[0].start)
            or any(word not in self.lexicon.common for word in words)
            or name.kind in {"genre", "country", "language"}
            or self.hints.series_follows(folded, said[-1].end)
            or (self._role(name) == "series" and self.hints.all_of(folded, said[0].start, said[-1].end))
        )

    def _person_holds(self, utterance: Utterance, said: Sequence[Token], person: Name) -> bool:
        text, folded = utterance.text, utterance.folded
        words = [token.word.removesuffix(_POSSESSIVE) for token in said]
        if all(is_sign(word) for word in words):
            return len(words) > 2 or self.hints.personal(folded, said[0].start)
        start = said[0].start
        rare = [word for word in words if not {word, word.removesuffix("s")} & self._ordinary]  # "rope bridges"
        surely = self.hints.personal(folded, start, listed=False)
        cue = surely or self.hints.personal(folded, start)
        opens = len(said) == 1 and not folded[:start].rstrip()[-1:].isalnum()
        capital = all(text[token.start].isupper() or text[token.start - 1] == "-" for token in said) and not opens
        if len(words) == 1 and self.hints.placed(folded, start) and not utterance.licence(start):
            return False  # "set in washington"
        if person.form == "full" and len(words) > 1:
            return bool(rare) or capital or cue or person.weight > _KNOWN_BY_ONE_NAME
        if person.form == "full":
            return (bool(rare) and capital) or (cue and capital)
        if not rare:
            return capital and cue
        if len(utterance.words) > _BRIEF:
            # In a long text a small word that is also a surname is rather a word.
            return capital or surely or bool(utterance.licence(start)) or person.weight > _KNOWN_TO_ALL
        return capital or cue or (person.weight > _KNOWN_BY_ONE_NAME and not has_capital_names(text))


def _is_guess(span: Span, folded: str) -> bool:
    return span.kind == "person" and " " not in folded[span.start : span.end]


def _best_cover(spans: Sequence[Span], quantities: Sequence[Quantity]) -> list[Span]:
    """Longest and surest spans that do not overlap; a quantity yields only to a longer title around it."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.score < _CERTAIN, -(s.end - s.start) * min(s.score, 1.0), -s.score)):
        clash = [q for q in quantities if q.start < span.end and q.end > span.start]
        if any(not (span.kind == "item" and span.end - span.start > q.end - q.start) for q in clash):
            continue
        if all(span.end <= old.start or span.start >= old.end for old in kept):
            kept.append(span)
    return kept
