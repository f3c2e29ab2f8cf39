"""Entity linking: which spans of an utterance name an item, a person, a facet value or a quality."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.cues import Cue
from bot.gazetteer import Gazetteer, Name
from bot.lexicon import Lexicon
from bot.quantities import Quantity
from bot.text import Token, key_word
from retrieval.catalogue import Catalogue
from retrieval.domain import FacetConfig

_TITLE_CUES = {"like", "dislike", "seen", "unseen", "similar", "accept", "exclude", "verdict", "ask"}
_ROLE_RANK = {"genre": 3, "language": 2, "country": 2, "mood": 2}
_PERSON_LEADS = (
    "by", "with", "starring", "stars?", "featuring", "from", "of", "directed by", "more", "no", "not",
    "without", "any", "except",
)  # fmt: skip
_CERTAIN = 1.2  # named in quotes or with its year
_NONE = FacetConfig(role="none", fields=())
_ASKED = re.compile(
    r"\b(?:tell me (?:more )?about|who (?:directed|made|wrote|stars? in|is in|was in|plays in)|how long is|what is"
    r"|what's|whats|is|was|compare|why|why not|why didn't you (?:pick|show|suggest)"
    r"|do you have|have you got|know|and|than)\s+$"
)
_SAID_TITLE = re.compile(r"\b(?:called|titled|named|entitled)\s*$")
_CLAUSE_END = re.compile(
    r"\s*(?:$|[,.!?;:)\"]|- |"
    r"(?:and|or|but|with|by|except|though|instead|please|yet|too|already|is|was|a lot|so|because)\b)"
)
_YEAR_AFTER = re.compile(r"[\s,]*(?:\(|from |the )?((?:18|19|20)\d\d)(?:\)| one| version)?(?!\d)")
_PRONOUNS = {
    "it",
    "her",
    "him",
    "them",
    "us",
    "me",
    "you",
    "that",
    "this",
    "all",
    "one",
    "some",
    "more",
    "everything",
    "nothing",
    "something",
    "anything",
    "these",
    "those",
    "both",
    "any",
    "out",
    "to",
    "a",
    "the",
}
_WORTH_FUZZY = 0.02


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
    """Links spans against one catalogue. Holds no state between calls."""

    def __init__(self, catalogue: Catalogue, gazetteer: Gazetteer, lexicon: Lexicon) -> None:
        self.catalogue = catalogue
        self.gazetteer = gazetteer
        self.lexicon = lexicon
        domain = catalogue.domain
        self._nouns = set(domain.item_words)
        leads = [*_PERSON_LEADS, *domain.person_nouns]
        self._person_cue = re.compile(rf"(?:\b(?:{'|'.join(leads)})|,|\band|\bor)\s*$")
        self._ordinary: dict[str, list[str]] = {}
        for word in sorted(lexicon.common | lexicon.stop):
            self._ordinary.setdefault(word[0], []).append(word)
        between = "|".join(["the", "a", "an", "both", ",", "and", "or", *self._nouns])
        self._between = re.compile(rf"(?:\s|^)(?:{between})$|,$")

    def link(
        self, text: str, folded: str, words: Sequence[Token], cues: Sequence[Cue], quantities: Sequence[Quantity],
        verdicts: Collection[int] = (),
    ) -> list[Span]:  # fmt: skip
        """Non-overlapping spans in text order.

        Exact names first, longest first; then typo-tolerant lookup of words that nothing explains.
        `cues` license titles made of ordinary words ("loved heat"), and so do `verdicts`, the places where
        words like "was great" begin; `quantities` win over shorter names.
        """
        licences = {cue.end: cue.name for cue in cues if cue.kind == "relation"}  # grows along "A and B"
        exact = list(self._exact(text, folded, words, licences, verdicts))
        taken = _best_cover(exact, quantities)
        guessed = self._fuzzy(folded, words, taken, quantities, licences)
        taken = [span for span in taken if not any(guess.start <= span.start < guess.end for guess in guessed)]
        return self._without_half_names(sorted([*taken, *guessed], key=lambda span: span.start), folded, words)

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

    def _exact(
        self, text: str, folded: str, words: Sequence[Token], licences: dict[int, str], verdicts: Collection[int]
    ) -> Iterable[Span]:
        keys = [key_word(token.word) for token in words]
        for first in range(len(words)):
            for last in range(min(len(words), first + self.gazetteer.longest) - 1, first - 1, -1):
                names = self.gazetteer.names.get(" ".join(keys[first : last + 1]))
                if names:
                    span = self._choose(text, folded, words[first : last + 1], names, licences, verdicts)
                    if span is not None:
                        licence = _licence(folded, span.start, licences, self._between)
                        if span.kind == "item" and licence:
                            licences[span.end] = f"{licence} and"
                        yield span

    def _choose(
        self, text: str, folded: str, said: Sequence[Token], names: Sequence[Name], licences: dict[int, str],
        verdicts: Collection[int],
    ) -> Span | None:  # fmt: skip
        start, end = said[0].start, said[-1].end
        licence = _licence(folded, start, licences, self._between)
        if not licence and (end in verdicts or end + 1 in verdicts):
            licence = "verdict"
        if not licence and _ASKED.search(folded[:start]):
            licence = "ask"
        titles = [name for name in names if name.kind == "item"]
        people = [name for name in names if name.kind == "person"]
        values = [name for name in names if name.kind not in {"item", "person"}]
        values = [name for name in values if self._value_holds(name, folded, said)]
        year = _YEAR_AFTER.match(folded, end)
        dated = [name for name in titles if year and self.catalogue.items[name.row].year == int(year[1])]
        if dated and year:
            return Span(start, year.end(), dated[0], tuple(name for name in titles if name != dated[0]), 1.2)
        if titles and not re.match(r" (?:series|franchise|saga|trilogy)\b", folded[end:]):
            # A series usually bears the name of its first item, and people mean the item.
            values = [name for name in values if self.catalogue.domain.facets.get(name.kind, _NONE).role != "series"]
        title_fit = self._title_fit(text, folded, said, titles, licence, bool(values)) if titles else 0.0
        watched = licence in {"seen", "similar", "verdict", "ask", "accept"} and title_fit >= 0.8
        outright = people and people[0].form == "full" and len(said) > 1
        bare = bool(people) and people[0].form != "full"
        if bare and titles and titles[0].form != "partial" and licence in {"like", "dislike"} and title_fit >= 0.8:
            people = []  # "I loved Juno" is the title, not somebody's first name
        if bare and values and self._person_cue.search(folded[:start]) is None:
            people = []  # "a film about London" is the place, not somebody's surname
        if (
            people
            and self._person_holds(text, folded, said, people[0])
            and (outright or not watched)
            and title_fit < 1.1
        ):
            return Span(start, end, people[0], tuple(people[1:] + titles), 0.9)
        if titles and title_fit > 0 and (not values or title_fit > 1):
            return Span(start, end, titles[0], tuple(titles[1:]), title_fit)
        if values:
            best = max(values, key=self._preferred)
            return Span(start, end, best, tuple(name for name in values if name != best), 0.95)
        return None

    def _meant(self, names: Sequence[Name]) -> Name:
        """The best known of several; the item where a series bears its name."""
        config = self.catalogue.domain.facets.get(names[0].kind, _NONE)
        return next((name for name in names if name.kind == "item"), names[0]) if config.role == "series" else names[0]

    def _preferred(self, name: Name) -> tuple[bool, bool, int, float]:
        config = self.catalogue.domain.facets.get(name.kind, _NONE)
        return name.weight > 0, name.form == "synonym", _ROLE_RANK.get(config.role, 1), name.weight

    def _value_holds(self, name: Name, folded: str, said: Sequence[Token]) -> bool:
        words = [token.word for token in said]
        if name.form == "synonym":
            return True
        if all(word in self.lexicon.stop for word in words):
            return False
        about = re.search(r"\babout(?: \w+)?\s*$", folded[: said[0].start]) is not None
        return (
            about
            or any(word not in self.lexicon.common for word in words)
            or name.kind in {"genre", "country", "language"}
        )

    def _title_fit(
        self, text: str, folded: str, said: Sequence[Token], titles: Sequence[Name], licence: str, rival: bool
    ) -> float:
        """How sure the words are a title here: 0 no, up to 1 plain, above 1 stronger than any other reading."""
        start, end = said[0].start, said[-1].end
        before, behind = text[max(0, start - 1) : start], text[end:].lstrip("!?.")[:1]
        if (before in {'"', "“", "'", "*"} and behind in {'"', "”", "'", "*"}) or _SAID_TITLE.search(folded[:start]):
            return 1.3
        words = [token.word for token in said]
        surface = text[start:end]
        plain = [word for word in words if word not in self.lexicon.stop]
        rare = [word for word in plain if word not in self.lexicon.common and not word.isdigit()]
        mixed = any(char.islower() for char in text)
        opens = not re.search(r"[\w,'\"]\s*$", folded[:start])
        weighty = [
            w
            for w in re.findall(r"[\w']+", surface)
            if w.lower() not in {"the", "a", "an", "of", "and", "in", "to", "for", "on", "or", "with", "at", "from"}
        ]
        capital = mixed and bool(weighty) and all(word[0].isupper() or word[0].isdigit() for word in weighty)
        capital = capital and not (opens and len(weighty) < 2) and surface not in {"I", "I'm", "TV", "OK"}
        capital = capital and not surface.isdigit()
        partial = titles[0].form == "partial"
        alone = not folded[:start].strip(" \"'") and not folded[end:].strip(" .!?\"'")
        closes = _CLAUSE_END.match(folded, end) is not None and folded[end:].split(" ")[1:2] not in [
            [n] for n in self._nouns
        ]
        if capital:
            if rival and len(said) == 1 and licence in {"like", "dislike"} and closes and not partial:
                return 1.05
            if rival and len(said) == 1:
                return 1.05 if licence in {"similar", "seen", "ask", "verdict"} and titles[0].weight > 0.3 else 0.5
            return 1.15 if len(said) > 1 else 1.0
        if rival and licence == "verdict" and titles[0].weight > 0.3:
            return 1.05
        if rival and not (licence == "similar" and titles[0].weight > 0.3 and closes):
            return 0.5 if rare else 0.0
        if licence == "exclude" and not (len(said) > 1 and closes and titles[0].weight > 0.1):
            licence = ""
        if rare and len(rare) == len(plain) and not (partial and len(said) == 1 and not licence):
            return 1.0 if licence or len(said) > 1 else 0.8
        if rare and len(said) > 1:
            return 0.9
        if (
            licence
            and licence != "ask"
            and (closes or licence == "verdict")
            and not plain
            and not partial
            and (len(words) > 1 or words[0] not in _PRONOUNS)
        ):
            return 0.9
        if plain and licence and len(said) > 2:
            return 0.9
        if plain and licence == "verdict":
            return 0.9
        if plain and licence and closes and not (len(said) == 1 and words[0].isdigit() and licence not in _TITLE_CUES):
            return 0.9
        if alone and plain and not rival and len(said) > 1:
            return 0.8
        return 0.0

    def _person_holds(self, text: str, folded: str, said: Sequence[Token], person: Name) -> bool:
        words = [token.word for token in said]
        start = said[0].start
        rare = [word for word in words if word not in self.lexicon.common and word not in self.lexicon.stop]
        cue = self._person_cue.search(folded[:start]) is not None
        capital = all(text[token.start].isupper() or text[token.start - 1] == "-" for token in said) and not (
            len(said) == 1 and not re.search(r"\w\s*$", folded[:start])
        )
        if person.form == "full" and len(words) > 1:
            return bool(rare) or capital or cue
        if person.form == "full":
            return (bool(rare) and capital) or (cue and capital)
        if not rare:
            return capital and cue
        known = person.weight > 0.15
        return capital or cue or known

    def _fuzzy(
        self,
        folded: str,
        words: Sequence[Token],
        taken: Sequence[Span],
        quantities: Sequence[Quantity],
        licences: dict[int, str],
    ) -> list[Span]:
        free = [not _covered(token, taken, quantities) for token in words]
        # One name of a person may be right and the other misspelt: the right one is open to a longer reading.
        weak = [s for s in taken if s.kind != "item" and " " not in folded[s.start : s.end]]
        open_ = [free[place] or _covered(token, weak, ()) for place, token in enumerate(words)]
        found: list[Span] = []
        for place, token in enumerate(words):
            plain = token.word.replace("'", "")
            torn = not free[place] and _torn(words, place, weak)
            if not (free[place] or torn) or len(plain) < 4 or not plain.isalpha():
                continue
            if plain in self.lexicon.common or plain in self.lexicon.stop or plain in self._nouns:
                continue
            span = self._closest(folded, words, open_, place, licences, 2 if torn else 1)
            if span is not None and all(span.end <= old.start or span.start >= old.end for old in found):
                found.append(span)
        return found

    def _closest(
        self, folded: str, words: Sequence[Token], free: Sequence[bool], place: int, licences: dict[int, str],
        least: int,
    ) -> Span | None:  # fmt: skip
        """The name closest to some words around a place, `least` to four of them; None when none is close."""
        best: tuple[float, int, Span] | None = None
        plain = words[place].word.replace("'", "")
        nearest = process.extractOne(plain, self._ordinary.get(plain[0], []), scorer=OSA.distance, score_cutoff=1)
        for size in range(least, 5):
            for first in range(max(0, place - size + 1), min(place, len(words) - size) + 1):
                window = words[first : first + size]
                if not all(free[first : first + size]):
                    continue
                said = " ".join(key_word(token.word) for token in window)
                allowed = 1 if len(said) < 8 else 2 if len(said) < 16 else 3
                keys = self.gazetteer.blocks.get((size - 1, said[0]), [])
                if size == 1 and len(said) < 5:
                    continue
                match = process.extractOne(said, keys, scorer=OSA.distance, score_cutoff=allowed)
                if match is None or (size == 1 and nearest is not None and nearest[1] < match[1]):
                    continue  # rather a slip in an ordinary word
                name = self._meant(self.gazetteer.names[match[0]])
                start, end = window[0].start, window[-1].end
                licence = _licence(folded, start, licences, self._between)
                cue = self._person_cue.search(folded[:start]) is not None
                famous = len(said) > 6 and name.weight > 0.5 and match[1] < 2
                called = (
                    cue or famous if name.kind == "person" else licence or name.form == "synonym" or name.weight > 0.3
                )
                if size == 1 and not called:
                    continue
                if name.weight < _WORTH_FUZZY and not (licence or cue):
                    continue
                closeness = 1 - match[1] / len(said)
                if best is None or (closeness, size) > (best[0], best[1]):
                    best = (closeness, size, Span(start, end, name, (), 0.8 * closeness))
        return best[2] if best else None


def _licence(folded: str, start: int, licences: dict[int, str], between: re.Pattern[str]) -> str:
    """The relation cue that ends right before `start`; words of `between` (articles, nouns, commas) may intervene.

    A licence that a title before passes on ("seen and") holds only where "and", "or" or a comma joins the two.
    """
    lead = folded[:start].rstrip(" .(")
    joined = False
    for _ in range(3):
        name, _, passed_on = licences.get(len(lead), "").partition(" ")
        if name in _TITLE_CUES and (joined or not passed_on):
            return name
        shorter = between.sub("", lead)
        if shorter == lead:
            break
        joined = joined or lead[len(shorter) :].strip() in {",", "and", "or"}
        lead = shorter.rstrip()
    return ""


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
