"""How people say things, a YAML file a language; a newcomer adds a language by adding a file."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from bot.records import DialWish
from retrieval.plain_yaml import read_yaml

FOLDER = Path(__file__).parent


class Degree(BaseModel):
    """Words before a quality that move it: `direction` -1 or 1, `amount` in steps. `bounds`: they set a limit of their
    own ("not too violent"), whatever is on the screen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    direction: int
    amount: float
    bounds: bool = False
    patterns: list[str]


class Pointers(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    all: list[str]
    focus: list[str]


class Sides(BaseModel):
    """Words before or behind a year or decade that say which side of it is meant; before, until: up to it, without it
    and with it; after, since: from it on, without it and with it; near: about then; in: then."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    before: list[str] = []
    until: list[str] = []
    after: list[str] = []
    since: list[str] = []
    near: list[str] = []
    exact: list[str] = Field(default=[], alias="in")

    def all(self) -> list[list[str]]:
        return [self.before, self.until, self.after, self.since, self.near, self.exact]


class QuantityWords(BaseModel):
    """How a language says years, lengths, ages and counts (bot/quantities.py).

    `{number}` stands for digits or number words, `{year}` for four digits, `{nouns}` for what an item is called.
    decades: patterns with a group `full` (three digits: 198), `short` (one digit: 8) or `name` (a key of the lexicon's
    `decades`), and where it is said `early`, `mid` or `late`. year_words: what may follow a year. years: patterns with
    a group `year` that mean that year by themselves. year_spans: patterns with two years. joins: what stands between
    two decades that are one range. relative: patterns by meaning, with a group `n` where a number is said: last_years,
    last_decades, last_century, this_century, this_decade, this_year, last_year, years_old. lengths: patterns with
    groups `hours`, `minutes`, `hour` (one hour), `half` (a half hour more). length_spans: `few` and `many` minutes.
    ages: patterns whose groups begin with `age`. counts: patterns with a group `count`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    before: Sides
    behind: Sides = Sides()
    decades: list[str]
    year_words: list[str] = []
    years: list[str] = []
    year_spans: list[str]
    joins: list[str]
    relative: dict[str, list[str]] = {}
    under: list[str]
    over: list[str]
    about: list[str]
    under_behind: list[str]
    over_behind: list[str]
    lengths: list[str]
    length_spans: list[str] = []
    ages: list[str] = []
    counts: list[str] = []


NEVER = "(?!)"
ITEM_SIGN, VALUE_SIGN = "\ue000", "\ue001"
"""Stand for an item and for a value where the form of a sentence is looked at; private signs that nobody types."""


class Turns(BaseModel):
    """Single patterns of a language that reading needs; what a language leaves out never matches.

    said_item: what may stand for an item in a question ("is {it} scary?"). contracted: a group `word` that stands for
    itself and "is" ("whats"). offers: words that open a bare wish ("about", "set in"). leads_in: the words of a
    negation that belong to the number behind it ("not from the 60s"). same: groups `kind` ("same director") or
    `by`/`with` ("anything by him"). not_them: a pronoun that rules somebody out ("without her"), with the same groups
    where the role is said. like_that: what means something like the item spoken of ("something like that").
    checks: the whole of a question whether something is so of an item, {it}, and what that may be, {value} ("is {it} a
    {value}?"). fillers: sounds that open or close an utterance and say nothing. maker: what leads up to an item whose
    maker is meant ("by whoever made ...", "same director as ...").
    none_at_all: a negation that allows nothing ("no", not "less"). back: takes up what was just named ("I hate
    them"). polar: how a question that wants a yes or no begins. counting: how one begins that wants a number, or what
    is the most of all ("how many"). all_of: that all by somebody or of a series is meant;
    all_theirs: the same of who was spoken of ("seen all of his")
    ("everything by"). utmost: how one begins that wants what there is most or least of ("what's the
    oldest"). least: turns a superlative round. worth_it:
    whether an item, {it}, is any good.
    list_restart: a list that turns from unwanted to wanted; instead: the same, said behind the
    name. everyone: a verdict on all that was named.
    first_person: in a verdict that is one's own ("bored me"); without it all are taken for it. excepting: the cues of
    an exclusion that spare something from a dislike before them ("except"), those of its group `near` only right
    behind it ("I hate anything but"). somebody: a pronoun for a person. takes_up: begins a judgement of what was just
    named ("but I hate them"). preferably, if_possible: before and behind a wish that need not come true. too: behind
    a name of which the same is said as of the one before ("and Heat too"). instead_or: an utterance that begins with
    it names an alternative ("or by her"). only: keeps one wish of those that could not be met together ("then only
    comedies"). to_quantity: what may stand between a relation and a number. refines: words that make an utterance
    part of the wish before; adds: words that add to it. several: a name that means more than one item ("romances").
    closes: what may follow a pointer at something ("the second
    one is"). described: `lead` and `tail` around a description of one item ("the western one"); which: the words
    before a longer one ("the one with"). some_of: groups `some` (first or last) and `many`. place: a group `name`,
    `{places}` are ordinals. number_of: a group `count` ("number two"). numbered: places by bare numbers, groups
    `count` and `second` ("I liked 1 and 3"). all_but: ends before a pointer at what is left out ("all but"). others:
    what is left of the screen ("the other two"). short_is: "is" joined to a name ("'s"). clause_end: where a quote
    ends. not_insisting: takes the force from "only". splits: where within a sentence another thing begins to be said
    (the match ends there): ", can you", ", i". verdict_follows: a verdict on the sentence before ("westerns? no
    thanks"). idioms: set phrases whose words name no quality or value ("so long", "no longer"). shared: what makes
    another person's taste count ("together", "with her"). not_so: right before an occasion that is none ("not").
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    said_item: str = r"[\w' :.&-]{2,50}?"
    contracted: str = NEVER
    offers: str = NEVER
    leads_in: str = NEVER
    same: str = NEVER
    not_them: str = NEVER
    like_that: str = NEVER
    maker: str = NEVER
    fillers: str = NEVER
    checks: str = NEVER
    none_at_all: str = NEVER
    back: str = NEVER
    list_restart: str = NEVER
    instead: str = NEVER
    polar: str = NEVER
    all_of: str = NEVER
    all_theirs: str = NEVER
    counting: str = NEVER
    utmost: str = NEVER
    least: str = NEVER
    worth_it: str = NEVER
    everyone: str = NEVER
    first_person: str = ""
    excepting: str = NEVER
    somebody: str = NEVER
    takes_up: str = NEVER
    short_is: str = NEVER
    numbered: str = NEVER
    all_but: str = NEVER
    others: str = NEVER
    preferably: str = NEVER
    if_possible: str = NEVER
    too: str = NEVER
    instead_or: str = NEVER
    only: str = NEVER
    to_quantity: str = r"\s*"
    refines: str = NEVER
    adds: str = NEVER
    several: str = NEVER
    closes: str = NEVER
    pointed_lead: str = ""
    described_lead: str = NEVER
    described_tail: str = NEVER
    which: str = NEVER
    some_of: str = NEVER
    place: str = NEVER
    number_of: str = NEVER
    clause_end: str = NEVER
    not_insisting: str = NEVER
    not_so: str = NEVER
    splits: str = NEVER
    verdict_follows: str = NEVER
    idioms: str = NEVER
    shared: str = NEVER


class LinkingWords(BaseModel):
    """The words around names (bot/linking.py, bot/unresolved.py). All but the flag are patterns over folded text; what
    a language leaves out never matches. Punctuation, quotes and the ends of a text are known in every language.

    articles: open a title that is also said without them ("the"). asked: ends right before a title and asks about it
    ("who directed", "do you have"). called: right before words
    that are a title whatever they are ("called"). title_leads: right before a title, though not only there ("heard of",
    "check out", "how about"); the domain's words for items and its verb are added. determiners: stand before common
    nouns and seldom before titles ("my", "a", "these"). clause_end: words behind a complete name ("and", "is", "with").
    never_titles: words that are no title by themselves, even where one could stand ("it", "everything").
    year_before, year_after: what stands with a `{year}` before and behind a title ("the {year}", "from {year}").
    person_leads: right before a person ("by", "with"); the domain's words for people are added ("director").
    name_leads: of these the ones behind which two unknown words are somebody's name; weak_name_leads: the same, where
    both words must be uncommon. place_leads: right before a place, so that no surname stands there ("in", "near").
    joiners: between two names of a list ("and", "or"). between: may stand between a cue
    and a name ("the", "both"). series: behind the name of a series ("franchise"). about: right before what an item is
    about. sequel_behind, sequel_before: with the title of a first part they mean the second ("sequel", "sequel to");
    kind_leads, kind_follows: before and behind a kind that is asked for, and not only told of ("a", "set").
    part: between "the", an ordinal and such a title, or between a title and a number ("part").
    small_words: written small inside a name ("of"). never_names: no names though they have a capital ("I'm", "TV").
    name_ends: words that end an unknown name ("but", "please"). unknown_names: whole patterns with a group `person` or
    `item` around a name that may be unknown, for languages without spaces. asked_names: the same, with a group `item`
    around what a question is about ("is {item} any good?").
    endings: of other forms of a word, so that these are not taken for slips ("s", "ed").
    capital_nouns: whether common nouns have capitals, so that a capital shows no name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    articles: frozenset[str] = frozenset()
    asked: list[str] = []
    called: list[str] = []
    title_leads: list[str] = []
    determiners: list[str] = []
    clause_end: list[str] = []
    never_titles: frozenset[str] = frozenset()
    year_before: list[str] = []
    year_after: list[str] = []
    person_leads: list[str] = []
    name_leads: list[str] = []
    kind_leads: list[str] = []
    kind_follows: list[str] = []
    weak_name_leads: list[str] = []
    place_leads: list[str] = []
    joiners: list[str] = []
    between: list[str] = []
    series: list[str] = []
    about: list[str] = []
    sequel_behind: list[str] = []
    sequel_before: list[str] = []
    part: list[str] = []
    small_words: frozenset[str] = frozenset()
    never_names: frozenset[str] = frozenset()
    name_ends: list[str] = []
    unknown_names: list[str] = []
    asked_names: list[str] = []
    endings: list[str] = []
    capital_nouns: bool = False


class Lexicon(BaseModel):
    """One language's cues. Patterns are regular expressions over folded text (see bot.text.fold)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str
    spaced: bool = True
    """Whether words stand apart; where they do not, patterns match anywhere."""
    elided: str = NEVER
    """Short forms that lean on the next word ("l'", "d'"): the group `mark` is what sets them apart from it."""
    letters: str = ""
    """Letters or signs that few other languages write: one of them is a strong sign of this one."""
    relations: dict[str, list[str]]
    after: dict[str, list[str]]
    bare: dict[str, list[str]] = {}
    """Judgements of one word, like and dislike, that count behind something seen or found ("seen Heat. brilliant")."""
    breaks: list[str]
    strength: dict[str, list[str]]
    lasting: list[str]
    passing: list[str]
    must: list[str]
    degrees: dict[str, Degree]
    acts: dict[str, list[str]]
    ordinals: dict[str, int]
    pointers: Pointers
    numbers: dict[str, int]
    decades: dict[str, int]
    quantities: QuantityWords
    variety: dict[DialWish, list[str]] = {}
    """What asks for a more or less varied list."""
    turns: Turns
    linking: LinkingWords = LinkingWords()
    stop: frozenset[str]
    common: frozenset[str] = frozenset()


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """The languages there are lexicons for, English first."""
    return ("en", *sorted(file.stem for file in FOLDER.glob("*.yaml") if file.stem != "en"))


@lru_cache(maxsize=16)
def load_lexicon(language: str = "en") -> Lexicon:
    """The lexicon of a language. Raises FileNotFoundError or pydantic.ValidationError for a broken file."""
    data: dict[str, Any] = read_yaml(FOLDER / f"{language}.yaml")
    data["stop"] = frozenset(str(data["stop"]).split())
    data["ordinals"] = {str(word): place for word, place in data["ordinals"].items()}
    common = FOLDER / f"{language}_common.txt"
    data["common"] = frozenset(common.read_text(encoding="utf-8").split()) if common.is_file() else frozenset()
    return Lexicon.model_validate(data)


def any_of(patterns: list[str], spaced: bool = True) -> re.Pattern[str]:
    """One pattern that tries the longest alternative first, on word boundaries where words stand apart."""
    ways = "|".join(sorted(patterns, key=len, reverse=True)) or NEVER
    return re.compile(rf"(?<![\w'])(?:{ways})(?![\w'])" if spaced else f"(?:{ways})")


def elided(folded: str, lexicon: Lexicon) -> str:
    """A folded text with short forms set apart from the word they lean on ("l'espace" -> "l espace"); same length."""
    return re.sub(lexicon.elided, lambda found: found.group().replace(found["mark"], " "), folded)


@lru_cache(maxsize=512)
def turn_pattern(language: str, name: str, nouns: tuple[str, ...] = ()) -> re.Pattern[str]:
    """A pattern of the lexicon's `turns`, compiled; `nouns` are what an item is called."""
    lexicon = load_lexicon(language)
    text: str = getattr(lexicon.turns, name)
    blanks = {
        "it": ITEM_SIGN, "value": VALUE_SIGN, "closes": lexicon.turns.closes, "nouns": "|".join(map(re.escape, nouns)),
        "words": "|".join(sorted(lexicon.numbers, key=len, reverse=True)),
        "places": "|".join(sorted(lexicon.ordinals, key=len, reverse=True)),
    }  # fmt: skip
    for blank, filling in blanks.items():
        text = text.replace(f"{{{blank}}}", filling)
    return re.compile(text)
