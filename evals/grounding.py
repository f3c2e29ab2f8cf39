"""Many turns of generated talk, and an audit of every reply: is each title, person, number and claim in it supported?

The audit is independent of the product's own check. It looks at the finished text and at the catalogue's records: of
what is shown, asked about or believed, and of what was said.
"""

from __future__ import annotations

import json
import random
import re
import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from bot.records import Item, Profile, Reply
from evals.names import NameFinder, Support, Unsupported
from evals.options import GroundingOptions, Progress, silent
from evals.session import MODEL_PATIENCE, fallen, open_bot, said, wordable
from retrieval.catalogue import Catalogue
from retrieval.records import Record

if TYPE_CHECKING:
    from bot import Bot

KINDS = ("title", "person", "number", "claim")
_TURNS_A_SESSION = 6
_COUNTING_ACTS = ("relax",)
_CLAIMING_ROLES = ("genre", "mood", "theme", "pace")
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?![\w])")
_WORD = re.compile(r"[^\W\d_]+")


class GroundingTurn(Record):
    """One turn. `sentences`: what a model could word; `fell_back`: share of them that are templates."""

    say: str
    text: str
    fell_back: float
    sentences: int
    unsupported: list[Unsupported]


class GroundingReport(Record):
    """`fell_back`: share of the sentences a model could have worded that are the template's. `ok`: all is supported."""

    catalog: str
    model: str
    turns: list[GroundingTurn]
    sentences: int
    fell_back: float
    unsupported: dict[str, int]
    ok: bool


def run_grounding(options: GroundingOptions, progress: Progress = silent) -> GroundingReport:
    """Talk for a number of turns and audit every reply. Raises RapportError when a model or catalogue cannot be had."""
    turns: list[GroundingTurn] = []
    with open_bot(options, progress) as bot:
        bot.wait_for_model(MODEL_PATIENCE)
        audit = Audit(bot.catalogue)
        rng = random.Random(options.seed)
        wanted = options.turns if options.limit is None else min(options.turns, options.limit)
        while len(turns) < wanted:
            session = f"grounding-{uuid.uuid4().hex[:12]}"
            support = Support(audit.finder)
            before = Profile()
            for _, text in zip(range(wanted - len(turns)), talk(bot.catalogue, rng), strict=False):
                turn, before = _turn(bot, session, text, before, support, audit)
                turns.append(turn)
                progress("grounding", len(turns), wanted)
            bot.erase(session)
    return summarise(turns, options)


def summarise(turns: Sequence[GroundingTurn], options: GroundingOptions) -> GroundingReport:
    """Counts over all turns."""
    kinds = [one.kind for turn in turns for one in turn.unsupported]
    sentences, fell_back = fallen(turns)
    return GroundingReport(
        catalog=options.catalog.name if options.catalog else "starter", model=options.model, turns=list(turns),
        sentences=sentences, fell_back=fell_back,
        unsupported={kind: kinds.count(kind) for kind in KINDS}, ok=not kinds,
    )  # fmt: skip


def _turn(
    bot: Bot, session: str, text: str, before: Profile, support: Support, audit: Audit
) -> tuple[GroundingTurn, Profile]:
    reply, fell_back = said(bot, session, text)
    after = bot.profile(session)
    # A year is a number, and the audit looks at all numbers.
    names = [one for one in support.check(text, reply, before, after) if one.kind != "year"]
    turn = GroundingTurn(
        say=text, text=reply.text, fell_back=fell_back, sentences=wordable(reply),
        unsupported=[*names, *audit.check(text, reply, [before, after])],
    )  # fmt: skip
    return turn, after


def talk(catalogue: Catalogue, rng: random.Random) -> Iterator[str]:
    """What one person says, turn by turn: a wish, then wishes, verdicts and questions about what is shown."""
    known = sorted(catalogue.items, key=lambda item: (-item.popularity, item.id))[:500]
    yield rng.choice(list(_openings(catalogue, rng, known)))
    for _ in range(_TURNS_A_SESSION - 1):
        yield rng.choice([*_openings(catalogue, rng, known), *_follow_ups(catalogue, rng, known)])


def _openings(catalogue: Catalogue, rng: random.Random, known: Sequence[Item]) -> Iterator[str]:
    values = {role: _spoken(catalogue, role) for role in (*_CLAIMING_ROLES, "person")}
    title = rng.choice(known).title
    yield f"something like {title}"
    yield f"something like {title}, but {rng.choice(['funnier', 'darker', 'newer', 'shorter', 'less sad'])}"
    if values["genre"]:
        genre = rng.choice(values["genre"]).lower()
        yield f"{genre} from the {rng.choice(['60s', '80s', '90s', '2000s', '2010s'])}"
        yield f"{genre}, nothing too long"
    for role in ("mood", "theme", "person"):
        if values[role]:
            value = rng.choice(values[role])
            yield {"person": f"something with {value}", "theme": f"something about {value.lower()}"}.get(
                role, f"something {value.lower()}"
            )


def _follow_ups(catalogue: Catalogue, rng: random.Random, known: Sequence[Item]) -> Iterator[str]:
    genres = _spoken(catalogue, "genre")
    yield from ("more", "older", "newer", "shorter please", "funnier", "why the first?", "why the second one?")
    yield from ("I've seen the first one", "not the second one", "how long is the first one?", "what is it about?")
    yield from ("undo", "what do you know about me?", "compare the first and the second", "surprise me")
    yield f"I loved {rng.choice(known).title}"
    yield f"why not {rng.choice(known).title}?"
    if genres:
        yield f"no {rng.choice(genres).lower()}"


def _spoken(catalogue: Catalogue, role: str) -> list[str]:
    """Values of the facets of a role that several items have."""
    names = [name for name in catalogue.domain.facets_of(role) if catalogue.domain.facets[name].speaks]
    values = {value for name in names for value, rows in catalogue.postings(name).items() if len(rows) > 1}
    return sorted(values) or sorted({value for name in names for value in catalogue.postings(name)})


class Audit:
    """Numbers and claims of replies over one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.finder = NameFinder(catalogue)
        self._claims = {
            value.casefold(): name
            for role in _CLAIMING_ROLES
            for name in catalogue.domain.facets_of(role)
            for value in catalogue.postings(name)
        }
        self._longest = max((len(value.split()) for value in self._claims), default=0)

    def check(self, said: str, reply: Reply, profiles: Sequence[Profile]) -> list[Unsupported]:
        """Numbers and claims in a reply that no record and nothing said supports."""
        named = [self.catalogue.get(one) for one in self._named(reply, profiles)]
        heard = self._heard(said, profiles)
        records = "\n".join(_record(item) for item in named)
        found = [Unsupported(kind="number", text=number) for number in self._numbers(reply, f"{heard}\n{records}")]
        for item, paragraph in _paragraphs(reply):
            others = "\n".join(_record(other) for other in named if other.title in paragraph)
            kin = "\n".join(self.catalogue.kin(other).get(item.id, "") for other in named)
            support = f"{heard}\n{_record(item)}\n{others}\n{kin}".casefold()
            found += [Unsupported(kind="claim", text=one) for one in self._claimed(paragraph) if one not in support]
        return found

    def _named(self, reply: Reply, profiles: Sequence[Profile]) -> set[str]:
        """Items that a reply may speak of."""
        ids = {pick.item.id for pick in reply.items} | set(reply.understanding.targets)
        ids |= {entity.item_id for entity in reply.understanding.entities if entity.item_id}
        ids |= {belief.item_id for profile in profiles for belief in profile.all() if belief.item_id}
        if reply.understanding.question and reply.understanding.question.item_id:
            ids.add(reply.understanding.question.item_id)
        titles = {name for kind, name in self.finder.find(reply.text) if kind == "title"}
        # A question after a slate is about an item of it; names.Support has checked that its title is supported.
        ids |= {item.id for item in self.catalogue.items if item.title in titles or f"{item.title} (" in reply.text}
        return {one for one in ids if one in self.catalogue.row}

    def _heard(self, said: str, profiles: Sequence[Profile]) -> str:
        words = [said]
        for belief in (belief for profile in profiles for belief in profile.all()):
            words += [belief.label, belief.value, *(evidence.quote for evidence in belief.evidence)]
            words += [f"{end + step:g}" for end in (belief.low, belief.high) if end is not None for step in (0, 1)]
        return "\n".join(words)

    def _numbers(self, reply: Reply, support: str) -> list[str]:
        known = {number.replace(",", "") for number in re.findall(r"\d+(?:[.,]\d+)*", support)}
        known |= {f"{float(number):g}" for number in known if number.replace(".", "", 1).isdigit()}
        known |= {str(len(reply.items))}
        if reply.act in _COUNTING_ACTS:
            # How many items fit is counted, not recorded: all that can be said here is that so many exist.
            known |= {str(count) for count in range(len(self.catalogue.items) + 1)}
        return [number for number in _NUMBER.findall(reply.text) if number.replace(",", "") not in known]

    def _claimed(self, paragraph: str) -> list[str]:
        """Facet values, in lower case, that a paragraph speaks of, the longest at each place."""
        words = _WORD.findall(paragraph.casefold())
        found, place = [], 0
        while place < len(words):
            size = next(
                (n for n in range(self._longest, 0, -1) if " ".join(words[place : place + n]) in self._claims), 0
            )
            if size:
                found.append(" ".join(words[place : place + size]))
            place += size or 1
        return found


def _paragraphs(reply: Reply) -> Iterator[tuple[Item, str]]:
    """Each shown item with what is said of it, its title left out. A title may be a part of another's."""
    items = sorted((pick.item for pick in reply.items), key=lambda item: -len(item.title))
    for paragraph in reply.text.split("\n\n"):
        heads = {item.id: f"{item.title} ({item.year})" if item.year else item.title for item in items}
        found = next((item for item in items if heads[item.id] in paragraph), None)
        if found is not None:
            yield found, paragraph.replace(found.title, " ")


def _record(item: Item) -> str:
    """All that the catalogue holds of an item, as text."""
    numbers = [f"{number:g}" for number in item.numbers.values()]
    return "\n".join([item.model_dump_json(), json.dumps(item.source, ensure_ascii=False, default=str), *numbers])


def print_report(report: GroundingReport, console: Console, show: bool = False) -> None:
    """What is unsupported, with the reply it stands in, and the line of counts at the end; `show`: every turn first."""
    for turn in report.turns:
        if show or turn.unsupported:
            console.print(f"[bold]> {escape(turn.say)}[/bold]")
            console.print(f"[dim]{escape(turn.text)}[/dim]")
        for one in turn.unsupported:
            console.print(f"  [red]unsupported {one.kind}: {escape(one.text)}[/red]")
    if report.model != "none":
        share = 100 * report.fell_back
        console.print(f"model {escape(report.model)}: {share:.1f}% of {report.sentences} sentences fell back")
    console.print(f"turns: {len(report.turns)} on {escape(report.catalog)}")
    counts = report.unsupported
    console.print(
        f"unsupported: titles {counts['title']} people {counts['person']} numbers {counts['number']} "
        f"claims {counts['claim']}"
    )
