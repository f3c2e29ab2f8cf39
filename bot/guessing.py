"""Names with a slip of the finger in them: what words that nothing explains were most likely meant to be."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.fuzzy import closest
from bot.gazetteer import Gazetteer, Name
from bot.hints import Hints
from bot.quantities import Quantity
from bot.text import Token, key_word
from bot.title_fit import LIKELY, title_fit
from bot.utterance import Span, Utterance

_MOST_WORDS = 4
_SHORTEST, _LONG = 4, 5  # letters
_PARTS_OF_NAMES = {"surname", "first"}
_WORTH_A_GUESS = 0.02
_FAMOUS = 0.5
_KNOWN_BY_SURNAME = 0.5
_BRIEF = 8  # words; in longer texts a comma says nothing of who comes next
_KEEPS = (0.6, 0.8)  # what each slip leaves of the fit of a title of one word, and of several


class Guesser:
    """Finds misspelt names of one gazetteer in one language. Holds no state between calls."""

    def __init__(self, gazetteer: Gazetteer, hints: Hints, series: frozenset[str]) -> None:
        self._gazetteer = gazetteer
        self._hints = hints
        self._series = series
        self._ordinary: dict[str, list[str]] = {}
        for word in sorted(hints.lexicon.common | hints.lexicon.stop):
            self._ordinary.setdefault(word[0], []).append(word)

    def guesses(self, utterance: Utterance, taken: Sequence[Span], quantities: Sequence[Quantity]) -> list[Span]:
        """Non-overlapping spans around words that nothing taken explains; one may take the place of a weak one."""
        folded, words = utterance.folded, utterance.words
        free = [not _covered(token, taken, quantities) for token in words]
        # One word of a name may be right and the other misspelt: the right one is open to a longer reading.
        weak = [s for s in taken if " " not in folded[s.start : s.end] and (s.kind != "item" or s.name.form != "full")]
        open_ = [free[place] or _covered(token, weak, ()) for place, token in enumerate(words)]
        found: list[Span] = []
        for place, token in enumerate(words):
            torn = not free[place] and (_torn(words, place, weak) or self._is_half(words, place, weak, free))
            if not (free[place] or torn) or not self._may_slip(token):
                continue
            span = self._closest(utterance, open_, place, 2 if torn else 1)
            if span is not None and all(span.end <= old.start or span.start >= old.end for old in found):
                found.append(span)
        return found

    def _is_half(self, words: Sequence[Token], place: int, weak: Sequence[Span], free: Sequence[bool]) -> bool:
        """Whether a word was taken for the surname of somebody little known, and a first name stands before it that is
        not theirs: "Jim Carey"."""
        if not place or not free[place - 1] or words[place - 1].end + 1 != words[place].start:
            return False
        span = next((span for span in weak if span.start == words[place].start and span.kind == "person"), None)
        if span is None or span.name.weight > _KNOWN_BY_SURNAME:
            return False
        first = words[place - 1].word
        return key_word(first) in self._gazetteer.first_names and first not in span.name.value.casefold()

    def _may_slip(self, token: Token) -> bool:
        """Whether a word is no word of plain speech, so that it may be a misspelt one."""
        plain = token.word.replace("'", "")
        lexicon = self._hints.lexicon
        stems = [plain, *(plain.removesuffix(ending) for ending in lexicon.linking.endings)]
        known = any(stem in lexicon.common or stem in lexicon.stop or stem in self._hints.nouns for stem in stems)
        return len(plain) >= _SHORTEST and plain.isalpha() and not known

    def _may_be_another(self, token: Token, beside: Token) -> bool:
        """Whether a common word may be a misspelt one: only beside a rare word that is a name's, as it stands."""
        if len(token.word) < _LONG or token.word in self._hints.lexicon.stop:
            return False
        return any(near.distance == 0 for near in self._gazetteer.near(key_word(beside.word)))

    def _closest(self, utterance: Utterance, free: Sequence[bool], place: int, least: int) -> Span | None:
        """The name closest to some words around a place, `least` to four of them; None when none is close."""
        words = utterance.words
        best: tuple[float, int, Span] | None = None
        plain = words[place].word.replace("'", "")
        nearest = process.extractOne(plain, self._ordinary.get(plain[0], []), scorer=OSA.distance, score_cutoff=1)
        for size in range(least, _MOST_WORDS + 1):
            for first in range(max(0, place - size + 1), min(place, len(words) - size) + 1):
                window = words[first : first + size]
                if not all(free[first : first + size]):
                    continue
                said = utterance.keys[first : first + size]
                loose = [self._may_slip(token) or self._may_be_another(token, words[place]) for token in window]
                matches = closest(said, loose, self._gazetteer.near, self._gazetteer.knows)
                if not matches or (size == 1 and nearest is not None and nearest[1] < matches[0].distance):
                    continue  # rather a slip in an ordinary word
                meant = [(self._meant(self._gazetteer.named(match.key)), match) for match in matches]
                held = [(name, match) for name, match in meant
                        if self._holds(utterance, window, said, name, match.key, match.distance)]  # fmt: skip
                if not held:
                    continue
                name, match = max(held, key=lambda found: (found[0].form not in _PARTS_OF_NAMES, found[0].weight))
                closeness = 1 - match.distance / len(" ".join(said))
                if best is None or (closeness, size) > (best[0], best[1]):
                    best = (closeness, size, Span(window[0].start, window[-1].end, name, (), 0.8 * closeness))
        return best[2] if best else None

    def _meant(self, names: Sequence[Name]) -> Name:
        """The best known of several; the item where a series bears its name."""
        series = names[0].kind in self._series
        return next((name for name in names if series and name.kind == "item"), names[0])

    def _holds(
        self, utterance: Utterance, window: Sequence[Token], said: Sequence[str], name: Name, key: str, slips: int
    ) -> bool:
        """Whether a misspelt name may stand where it does: a title as any other would, but with less of a doubt."""
        folded, start = utterance.folded, window[0].start
        cue = self._hints.personal(folded, start, listed=len(utterance.words) <= _BRIEF)
        licence = utterance.licence(start) or self._hints.led(folded, start)
        if name.weight < _WORTH_A_GUESS and not (licence or cue):
            return False
        if name.kind == "item":
            return title_fit(utterance.place(window), name, ()) * _KEEPS[len(said) > 1] ** slips >= LIKELY
        if len(said) > 1:
            return True
        if name.kind == "person":
            famous = len(said[0]) > 6 and name.weight > _FAMOUS and slips < 2
            return cue or (famous and not _inflected(said[0], key))
        return bool(licence or name.form == "synonym" or name.weight > 0.3) and bool(
            licence or cue or not _inflected(said[0], key)
        )


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


def _covered(token: Token, spans: Sequence[Span], quantities: Sequence[Quantity]) -> bool:
    return any(span.start <= token.start < span.end for span in spans) or any(
        quantity.start <= token.start < quantity.end for quantity in quantities
    )
