"""How sure some words are a title where they stand: evidence for and against, added up as log odds.

The weights are those of a logistic regression over the user turns of a large set of recorded dialogues, in lower
case (ReDial's training part), rounded; what capitals say was added by hand, since those dialogues have them on
every title, and so was what a verdict says of a verb, a small word or all that stands before it. `rapport eval
linking` measures what they give on other dialogues.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from math import exp

from bot.gazetteer import Fame, Name
from bot.hints import Hints
from bot.lexicon import turn_pattern
from bot.text import Token, is_sign

NAMED_OUTRIGHT = 1.3
"""The fit of words in quotes, or called a title: more than any probability."""
LIKELY = 0.46
"""The least fit of words that are taken for a title."""
OPINIONS = frozenset({"like", "dislike", "seen", "unseen", "similar"})
"""Relation cues behind which people name items."""
_SIGNS_OF_A_TITLE = 3
_SOUND = 4  # letters of a word that may open a sentence and say nothing
_NAME_INSIDE = re.compile(r"[a-z,;] [A-Z\u00c0-\u00de][a-z\u00df-\u00ff]")
_RIVALS = ("genre", "country", "language", "mood", "quality")

# Evidence -> log odds for a title of one word, and for one of several.
_WEIGHTS: dict[str, tuple[float, float]] = {
    "base": (-1.7, 0.3), "three words": (0.0, 1.2), "four words": (0.0, 0.6), "only small words": (-2.2, -2.0),
    "one ordinary word": (1.0, 0.5), "two ordinary words": (0.0, 1.0), "three ordinary words": (0.0, 1.2),
    "a word of its own": (0.6, 0.6), "all words of its own": (0.6, 0.4), "never a title": (-2.1, 0.0),
    "a letter": (-1.6, 0.0), "only a number": (-1.2, 0.0), "a number in it": (0.0, 0.7),
    "obscure": (-1.3, -0.9), "known": (0.9, 0.3), "well known": (0.5, 0.6), "a part of a title": (0.3, 0.4),
    "an ordinary part of a title": (-1.0, 0.4),
    "after like": (0.2, 0.3), "after seen": (0.7, 0.6), "after unseen": (0.3, 0.0), "after similar": (1.6, 1.4),
    "after wish": (-0.2, -0.2), "after accept": (0.2, 0.0), "after dislike": (-0.1, -0.1),
    "after exclude": (-0.5, -0.1), "small words after a cue": (1.3, 1.2), "before a verdict": (0.4, 0.2),
    "set apart from a verdict": (3.0, 1.5), "all that is judged": (0.0, 2.0),
    "led up to": (0.6, 0.2), "asked about": (0.0, 0.1), "in a list": (1.0, 0.8), "led up to by nothing": (-1.0, -0.6),
    "ordinary and led up to by nothing": (-1.2, -2.2), "with a determiner": (-1.5, -0.5),
    "part of a cue": (-2.5, -2.5), "as what it is about": (-2.2, -2.2), "as somebody": (-0.5, -0.6),
    "opens a sentence": (-0.3, -0.2), "opens and goes on": (-0.7, -0.2), "after a comma": (-1.0, 0.4),
    "alone": (-0.2, 0.1), "ends a clause": (1.2, 0.6), "before a word for items": (0.2, -1.2),
    "a small word that is judged": (2.5, 0.0), "a verb where a name has to be": (3.0, 0.0),
    "capitals": (2.5, 3.5), "a capital that opens": (0.5, 0.0), "a small word with a capital": (5.0, 0.0),
    "small where names have capitals": (-1.5, -0.7), "small, and led up to by nothing": (-1.2, -0.5),
    "also a genre": (-2.3, -2.0), "also a mood": (-1.3, -1.0), "also a country": (-2.0, -2.0),
    "also a language": (-2.0, -2.0), "also a value": (-0.5, -0.8), "also a quality": (-1.5, -1.0),
    "also a person": (-0.6, -1.4), "a kind that is refused": (-3.0, 0.0), "a number that is asked about": (1.0, 0.0),
}  # fmt: skip


class Place:
    """Some words of an utterance and what leads up to them.

    licence: the relation cue before them ("like", "seen"), or nothing; verdict: whether words like "was great"
    follow; listed: whether they go on a list of titles; cued: whether they are part of a longer cue themselves;
    verb: whether they are a cue, or open one ("saw already"); heads: whether a colon stands between them and a verdict
    ("Get Out: seen it"); refused: whether words like "no thanks" follow.
    """

    def __init__(
        self, text: str, folded: str, said: Sequence[Token], licence: str, verdict: bool, listed: bool, cued: bool,
        verb: bool, heads: bool, refused: bool, hints: Hints, fame: Fame,
    ) -> None:  # fmt: skip
        self.text, self.folded, self.said, self.hints, self.fame = text, folded, said, hints, fame
        self.cued, self.verb, self.heads, self.refused = cued, verb, heads, refused
        self.licence, self.verdict, self.listed = licence, verdict, listed
        self.start, self.end = said[0].start, said[-1].end

    @cached_property
    def words(self) -> list[str]:
        return [token.word for token in self.said]

    @cached_property
    def plain(self) -> list[str]:
        """The words that carry meaning."""
        return [word for word in self.words if not self._is_small(word)]

    def _is_small(self, word: str) -> bool:
        """Whether a word, or what it is a contraction of ("we'll"), carries no meaning."""
        stop = self.hints.lexicon.stop
        return word in stop or ("'" in word and (word.replace("'", "") in stop or word.partition("'")[0] in stop))

    @cached_property
    def rare(self) -> list[str]:
        """Of these, the ones that plain speech seldom holds."""
        return [word for word in self.plain if word not in self.hints.lexicon.common and not word.isdigit()]

    @cached_property
    def opens(self) -> bool:
        """Whether a sentence begins here."""
        lead = self.folded[: self.start].rstrip(" \"'(*")
        sound = lead.endswith(",") and len(lead) <= _SOUND + 1 and lead[:-1].isalpha()  # "ok, up was terrible"
        return not lead or lead[-1] in ".!?\n。" or sound

    @cached_property
    def points(self) -> bool:
        """Whether the words point at what is on the screen ("the others")."""
        return turn_pattern(self.hints.lexicon.language, "others").match(self.folded, self.start) is not None

    @cached_property
    def signs(self) -> bool:
        """Whether the words are of a writing without spaces."""
        return all(is_sign(word) for word in self.words)

    @cached_property
    def quoted(self) -> bool:
        return self.hints.called(self.text, self.folded, self.start, self.end)

    @cached_property
    def capitals(self) -> bool:
        """Whether the words are written like a name, in a text that has small letters too."""
        surface = self.text[self.start : self.end]
        weighty = [w for w in re.findall(r"[\w']+", surface) if w.lower() not in self.hints.words.small_words]
        written = bool(weighty) and all(word[0].isupper() or word[0].isdigit() for word in weighty)
        never = (surface.lower() in self.hints.words.never_names and not self.licence) or surface.isdigit()
        nouns = self.hints.words.capital_nouns and len(weighty) < 2
        return written and not never and not nouns and any(char.islower() for char in self.text)


def has_capital_names(text: str) -> bool:
    """Whether a text has a capital inside a sentence, so that its names can be told by their capitals."""
    return _NAME_INSIDE.search(text) is not None


def title_fit(place: Place, name: Name, rivals: Collection[str]) -> float:
    """The probability that the words are the title `name`; `rivals` are the roles of facets that they name too.

    NAMED_OUTRIGHT where they are in quotes, or "called" stands before them.
    """
    if place.quoted:
        return NAMED_OUTRIGHT
    if place.signs:
        return _fit_of_signs(place)
    several = int(len(place.words) > 1)
    odds = sum(_WEIGHTS[evidence][several] for evidence in _evidence(place, name, rivals))
    return 1 / (1 + exp(-odds))


def _fit_of_signs(place: Place) -> float:
    """Three signs in a row are hardly chance; fewer, and what is an ordinary word too, need a cue."""
    together = "".join(place.words)
    lexicon = place.hints.lexicon
    ordinary = together in lexicon.common or together in lexicon.stop
    cued = bool(place.licence) or place.verdict or place.listed or place.hints.led(place.folded, place.start)
    if len(place.words) >= _SIGNS_OF_A_TITLE and not ordinary:
        return 0.9
    return 0.8 if len(place.words) > 1 and cued else 0.0


def _evidence(place: Place, name: Name, rivals: Collection[str]) -> Iterator[str]:
    yield "base"
    yield from _evidence_of_words(place)
    if name.weight < place.fame.obscure:
        yield "obscure"
    if name.weight > place.fame.known:
        yield "known"
    if name.weight > place.fame.well_known:
        yield "well known"
    if place.cued:
        yield "part of a cue"
    if name.form == "partial":
        yield "a part of a title" if place.rare else "an ordinary part of a title"
    opens = len(place.folded[: place.start].strip(" ,.!")) <= _SOUND
    if name.form == "full" and place.verdict and opens and not place.points:
        yield "all that is judged"  # "umm get out bored me"
    yield from _evidence_around(place, name.weight > place.fame.well_known)
    others = "value" if set(rivals) - {"person"} else "person" if rivals else None
    rival = next((role for role in _RIVALS if role in rivals), others)
    if rival:
        yield f"also a {rival}"
        named = place.capitals and not place.opens
        if place.refused and len(place.words) == 1 and not named and set(rivals) - {"person"}:
            yield "a kind that is refused"  # "spy? no thanks"


def _evidence_of_words(place: Place) -> Iterator[str]:
    words, plain, rare = place.words, place.plain, place.rare
    if len(words) > 2:
        yield "three words"
    if len(words) > 3:
        yield "four words"
    yield ("only small words", "one ordinary word", "two ordinary words", "three ordinary words")[min(3, len(plain))]
    if rare:
        yield "a word of its own"
        if len(rare) == len(plain):
            yield "all words of its own"
    if len(words) == 1 and words[0] in place.hints.words.never_titles:
        yield "never a title"
    if len(words) == 1 and len(words[0]) == 1:
        yield "a letter"
    if all(word.isdigit() for word in words):
        yield "only a number"
    elif any(word.isdigit() for word in words):
        yield "a number in it"


def _evidence_around(place: Place, well_known: bool) -> Iterator[str]:
    hints, folded, start, end = place.hints, place.folded, place.start, place.end
    comma = folded[:start].rstrip(" \"'(*")[-1:] in {",", ":", ";", "-"}
    closed = hints.closes(folded, end)
    if place.verb and (place.verdict or (closed and place.licence in OPINIONS)):
        yield "a verb where a name has to be"
    never = len(place.words) == 1 and place.words[0] in hints.words.never_titles
    if place.licence:
        yield f"after {place.licence}"
        if closed and not place.plain and not never and place.licence in OPINIONS:
            yield "small words after a cue"
    if place.listed and not never:
        yield "in a list"
    if place.verdict:
        headed = place.heads and (place.opens or comma)
        yield "set apart from a verdict" if headed else "before a verdict"
        number = all(word.isdigit() for word in place.words)
        small = (place.opens and not place.plain) or (number and (place.opens or comma))
        if small and not (never or place.verb) and well_known:
            yield "a small word that is judged"  # "please, 300 bored me"
    led = hints.led(folded, start)
    if led:
        yield "led up to"
    if hints.asked(folded, start):
        yield "asked about"
        if all(word.isdigit() for word in place.words):
            yield "a number that is asked about"  # "is 300 any good?"
    if hints.determined(folded, start):
        yield "with a determiner"
    if hints.about(folded, start):
        yield "as what it is about"
    if hints.surely_personal(folded, start):
        yield "as somebody"
    if closed:
        yield "ends a clause"
    if hints.noun_follows(folded, end):
        yield "before a word for items"
    asked = hints.asked(folded, start)
    goes_on = len(place.words) > 1 and hints.goes_on(folded, start)
    led_by_nothing = not (
        place.licence or place.listed or led or asked or place.opens or comma or goes_on or place.verdict
    )
    if led_by_nothing:
        yield "led up to by nothing"
        if len(place.plain) == 1 and not place.rare:
            yield "ordinary and led up to by nothing"
    if place.opens:
        yield "opens a sentence"
        if hints.ends(folded, end):
            yield "alone"
        elif not (closed or place.verdict):
            yield "opens and goes on"
    elif comma:
        yield "after a comma"
    if place.capitals:
        opening = place.opens and len(place.words) == 1
        yield "a capital that opens" if opening else "capitals"
        if not (opening or place.plain):
            yield "a small word with a capital"
    elif not place.opens and has_capital_names(place.text):
        yield "small where names have capitals"
        if led_by_nothing:
            yield "small, and led up to by nothing"
