"""Entity linking: which spans of an utterance name an item, a person, a facet value or a quality."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.cues import Cue
from bot.fuzzy import closest
from bot.gazetteer import Gazetteer, Name
from bot.hints import Hints, hints_of
from bot.lexicon import Lexicon
from bot.quantities import Quantity
from bot.text import Token, fold, is_sign, key_word, tokens
from bot.title_fit import NAMED_OUTRIGHT, Place, title_fit
from retrieval.catalogue import Catalogue

_TITLE_CUES = {"like", "dislike", "seen", "unseen", "similar", "accept", "exclude", "wish"}
_ROLE_RANK = {"genre": 3, "language": 2, "country": 2, "mood": 2}
_CERTAIN = 1.2  # named in quotes or with its year
_LIKELY = 0.45
_WORTH_FUZZY = 0.02
_STEPS_BACK = 3
_OPENERS = " .(*\"'"


class Span(NamedTuple):
    """A linked span: offsets in the text (end exclusive), its best meaning and the other candidates."""

    start: int
    end: int
    name: Name
    others: tuple[Name, ...] = ()
    score: float = 1.0

    @property
    def kind(self) -> str:
        return self.name.kind


class Linker:
    """Links spans against one catalogue in one language. Holds no state between calls."""

    def __init__(self, catalogue: Catalogue, gazetteer: Gazetteer, lexicon: Lexicon) -> None:
        self.catalogue = catalogue
        self.gazetteer = gazetteer
        self.lexicon = lexicon
        self.families = gazetteer.families
        self.hints: Hints = hints_of(lexicon.language, catalogue.domain)
        self._ordinary: dict[str, list[str]] = {}
        for word in sorted(lexicon.common | lexicon.stop):
            self._ordinary.setdefault(word[0], []).append(word)

    def link(
        self, text: str, folded: str, words: Sequence[Token], cues: Sequence[Cue], quantities: Sequence[Quantity],
        verdicts: Collection[int] = (),
    ) -> list[Span]:  # fmt: skip
        """Non-overlapping spans in text order.

        Exact names first, longest first; then typo-tolerant lookup of words that nothing explains.
        `cues` license titles made of ordinary words ("loved heat"), and so do `verdicts`, the places where
        words like "was great" begin; `quantities` win over shorter names.
        """
        utterance = _Utterance(text, folded, words, cues, verdicts, self.hints)
        taken = _best_cover(list(self._exact(utterance)), quantities)
        guessed = self._fuzzy(utterance, taken, quantities)
        taken = [span for span in taken if not any(guess.start <= span.start < guess.end for guess in guessed)]
        spans = sorted([*taken, *guessed], key=lambda span: span.start)
        return self._without_half_names(self._told_apart(spans, folded), folded, words)

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
        """The part of a series that is said around a title ("the second X", "the X sequel"); `free`: where to begin."""
        if following := self.hints.next_part(folded, span.start, span.end):
            row, start, end = self.families.next(span.name.row), *following
        elif counted := self.hints.part(folded, span.start, span.end):
            number, start, end = counted
            row = self.families.part(span.name.row, number)
        else:
            return span
        if row is None or start < free:
            return span
        return self._instead(span, row)._replace(start=start, end=end)

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

    def _without_half_names(self, spans: list[Span], folded: str, words: Sequence[Token]) -> list[Span]:
        """Leaves out a person guessed from one word when the word beside it belongs to some other, unknown name."""
        kept = []
        for span in spans:
            single = span.kind == "person" and " " not in folded[span.start : span.end]
            beside = [t for t in words if t.end + 1 == span.start or t.start == span.end + 1]
            strange = [
                token for token in beside
                if len(token.word) > 3 and token.word not in self.lexicon.common and token.word not in self.lexicon.stop
                and folded[min(token.end, span.end)] == " "
                and not any(o.start <= token.start < o.end and not _is_guess(o, folded) for o in spans if o is not span)
            ]  # fmt: skip
            if not (single and strange):
                kept.append(span)
        return kept

    def _exact(self, utterance: _Utterance) -> Iterable[Span]:
        words, keys = utterance.words, utterance.keys
        for first in range(len(words)):
            for last in range(min(len(words), first + self.gazetteer.reach(keys[first])) - 1, first - 1, -1):
                names = self.gazetteer.named(" ".join(keys[first : last + 1]))
                span = self._choose(utterance, words[first : last + 1], names) if names else None
                if span is not None:
                    if span.kind == "item":
                        utterance.titled(span.start, span.end)
                    yield span

    def _choose(self, utterance: _Utterance, said: Sequence[Token], names: Sequence[Name]) -> Span | None:
        folded, start, end = utterance.folded, said[0].start, said[-1].end
        titles = [name for name in names if name.kind == "item"]
        people = [name for name in names if name.kind == "person"]
        values = [name for name in names if name.kind not in {"item", "person"}]
        values = [name for name in values if self._value_holds(name, folded, said)]
        if titles and not self.hints.series_follows(folded, end):
            # A series usually bears the name of its first item, and people mean the item.
            values = [name for name in values if self._role(name) != "series"]
        dated = self._dated(folded, start, end, titles)
        if dated is not None:
            return dated
        rivals = {self._role(name) for name in (*values, *people)}
        fit = title_fit(utterance.place(said), titles[0], rivals) if titles else 0.0
        if fit == NAMED_OUTRIGHT:
            return Span(start, end, titles[0], tuple(titles[1:]), fit)
        if people and values and people[0].form != "full" and not self.hints.personal(folded, start):
            people = []  # "a film about London" is the place, not somebody's surname
        personal = people and (fit < _LIKELY or self.hints.surely_personal(folded, start))
        if personal and self._person_holds(utterance.text, folded, said, people[0]):
            return Span(start, end, people[0], tuple(people[1:] + titles), 0.9)
        if fit >= _LIKELY:
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
        """What a name is to the conversation: the role of its facet, person, or other."""
        config = self.catalogue.domain.facets.get(name.kind)
        return config.role if config else "person" if name.kind == "person" else "other"

    def _meant(self, names: Sequence[Name]) -> Name:
        """The best known of several; the item where a series bears its name."""
        series = self._role(names[0]) == "series"
        return next((name for name in names if series and name.kind == "item"), names[0])

    def _preferred(self, name: Name) -> tuple[bool, bool, int, float]:
        return name.weight > 0, name.form == "synonym", _ROLE_RANK.get(self._role(name), 1), name.weight

    def _value_holds(self, name: Name, folded: str, said: Sequence[Token]) -> bool:
        words = [token.word for token in said]
        if name.form == "synonym" or is_sign(words[0]):
            return True
        if all(word in self.lexicon.stop for word in words):
            return False
        return (
            self.hints.about(folded, said[0].start)
            or any(word not in self.lexicon.common for word in words)
            or name.kind in {"genre", "country", "language"}
        )

    def _person_holds(self, text: str, folded: str, said: Sequence[Token], person: Name) -> bool:
        words = [token.word for token in said]
        if all(is_sign(word) for word in words):
            return len(words) > 2 or self.hints.personal(folded, said[0].start)
        start = said[0].start
        rare = [word for word in words if word not in self.lexicon.common and word not in self.lexicon.stop]
        cue = self.hints.personal(folded, start)
        opens = len(said) == 1 and not folded[:start].rstrip()[-1:].isalnum()
        capital = all(text[token.start].isupper() or text[token.start - 1] == "-" for token in said) and not opens
        if person.form == "full" and len(words) > 1:
            return bool(rare) or capital or cue
        if person.form == "full":
            return (bool(rare) and capital) or (cue and capital)
        if not rare:
            return capital and cue
        return capital or cue or person.weight > 0.15

    def _fuzzy(self, utterance: _Utterance, taken: Sequence[Span], quantities: Sequence[Quantity]) -> list[Span]:
        folded, words = utterance.folded, utterance.words
        free = [not _covered(token, taken, quantities) for token in words]
        # One name of a person may be right and the other misspelt: the right one is open to a longer reading.
        weak = [s for s in taken if s.kind != "item" and " " not in folded[s.start : s.end]]
        open_ = [free[place] or _covered(token, weak, ()) for place, token in enumerate(words)]
        found: list[Span] = []
        for place, token in enumerate(words):
            torn = not free[place] and _torn(words, place, weak)
            if not (free[place] or torn) or not self._may_slip(token):
                continue
            span = self._closest(utterance, open_, place, 2 if torn else 1)
            if span is not None and all(span.end <= old.start or span.start >= old.end for old in found):
                found.append(span)
        return found

    def _may_slip(self, token: Token) -> bool:
        """Whether a word is no word of plain speech, so that it may be a misspelt one."""
        plain = token.word.replace("'", "")
        known = plain in self.lexicon.common or plain in self.lexicon.stop or plain in self.hints.nouns
        return len(plain) > 3 and plain.isalpha() and not known

    def _closest(self, utterance: _Utterance, free: Sequence[bool], place: int, least: int) -> Span | None:
        """The name closest to some words around a place, `least` to four of them; None when none is close."""
        folded, words = utterance.folded, utterance.words
        best: tuple[float, int, Span] | None = None
        plain = words[place].word.replace("'", "")
        nearest = process.extractOne(plain, self._ordinary.get(plain[0], []), scorer=OSA.distance, score_cutoff=1)
        for size in range(least, 5):
            for first in range(max(0, place - size + 1), min(place, len(words) - size) + 1):
                window = words[first : first + size]
                if not all(free[first : first + size]):
                    continue
                said = utterance.keys[first : first + size]
                loose = [self._may_slip(token) for token in window]
                match = closest(said, loose, self.gazetteer.near, self.gazetteer.knows)
                if match is None or (size == 1 and nearest is not None and nearest[1] < match.distance):
                    continue  # rather a slip in an ordinary word
                name = self._meant(self.gazetteer.named(match.key))
                start, end = window[0].start, window[-1].end
                length = len(" ".join(said))
                licence = utterance.licence(start) or self.hints.led(folded, start)
                cue = self.hints.personal(folded, start)
                famous = length > 6 and name.weight > 0.5 and match.distance < 2
                called = (
                    cue or famous if name.kind == "person" else licence or name.form == "synonym" or name.weight > 0.3
                )
                if size == 1 and (not called or (not (licence or cue) and _inflected(said[0], match.key))):
                    continue
                if name.weight < _WORTH_FUZZY and not (licence or cue):
                    continue
                closeness = 1 - match.distance / length
                if best is None or (closeness, size) > (best[0], best[1]):
                    best = (closeness, size, Span(start, end, name, (), 0.8 * closeness))
        return best[2] if best else None


class _Utterance:
    """One text on its way through the linker: its words and keys, the cues in it and the titles found so far."""

    def __init__(
        self, text: str, folded: str, words: Sequence[Token], cues: Sequence[Cue], verdicts: Collection[int],
        hints: Hints,
    ) -> None:  # fmt: skip
        self.text, self.folded, self.words, self.hints = text, folded, words, hints
        self.keys = [key_word(token.word) for token in words]
        self._verdicts = verdicts
        cues = [cue for cue in cues if cue.kind == "relation" and cue.name in _TITLE_CUES]
        self._licences = {cue.end: cue.name for cue in cues}
        self._ends: list[int] = []
        self._passed_on: dict[int, str] = {}

    def titled(self, start: int, end: int) -> None:
        """Note a title: its cue holds for the names that a list joins to it."""
        self._ends.append(end)
        licence = self.licence(start)
        if licence:
            self._passed_on[end] = licence

    def place(self, said: Sequence[Token]) -> Place:
        start, end = said[0].start, said[-1].end
        verdict = end in self._verdicts or end + 1 in self._verdicts
        return Place(self.text, self.folded, said, self.licence(start), verdict, self._listed(start), self.hints)

    def licence(self, start: int) -> str:
        """The relation cue that leads up to a place; articles, nouns and the titles of a list may stand between."""
        lead = self.folded[:start].rstrip(_OPENERS)
        joined = False
        for _ in range(_STEPS_BACK):
            if len(lead) in self._licences:
                return self._licences[len(lead)]
            if joined and len(lead) in self._passed_on:
                return self._passed_on[len(lead)]
            shorter = self.hints.step_back(lead)
            if shorter == lead:
                break
            joined = joined or self.hints.joins(lead[len(shorter) :])
            lead = shorter.rstrip()
        return ""

    def _listed(self, start: int) -> bool:
        """Whether a list joins a place to a title before it."""
        return any(end < start and self.hints.joins(self.folded[end:start]) for end in self._ends)


def _inflected(word: str, other: str) -> bool:
    """Whether one word is the other with something behind it: rather another form of it than a slip."""
    return word.startswith(other) or other.startswith(word)


def _torn(words: Sequence[Token], place: int, weak: Sequence[Span]) -> bool:
    """Whether a word and the next were each taken for a different person: then they are one name, misspelt."""
    if place + 1 == len(words) or words[place + 1].start != words[place].end + 1:
        return False
    people = [span for span in weak if span.kind == "person"]
    here = next((span for span in people if span.start == words[place].start), None)
    there = next((span for span in people if span.start == words[place + 1].start), None)
    return here is not None and there is not None and here.name.value != there.name.value


def _is_guess(span: Span, folded: str) -> bool:
    return span.kind == "person" and " " not in folded[span.start : span.end]


def _covered(token: Token, spans: Sequence[Span], quantities: Sequence[Quantity]) -> bool:
    return any(span.start <= token.start < span.end for span in spans) or any(
        quantity.start <= token.start < quantity.end for quantity in quantities
    )


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
