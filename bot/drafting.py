"""What the rules find in an utterance, part by part, before its acts are settled."""

from __future__ import annotations

import math
import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.acts import rule_acts
from bot.checking import asks_worth, find_checks, question_form
from bot.clauses import Part, parts_of
from bot.cues import Cue, CueFinder, cue_finder
from bot.echoes import Echoes, find_echoes
from bot.gazetteer import Gazetteer
from bot.lexicon import Lexicon, elided, load_lexicon, turn_pattern
from bot.linking import Linker, Span
from bot.quantities import Quantity, find_quantities
from bot.reading import MUST, Reader, Reading, Told
from bot.records import Entity, ItemQuestion
from bot.references import Context, Pointer, find_pointers
from bot.text import Token, fold, tokens, unshouted
from bot.unresolved import asked_about, find_unresolved
from bot.verdicts import AVOIDED, Mark
from retrieval.catalogue import Catalogue
from retrieval.domain import DomainConfig

READ = 4000  # characters of one message; linking takes time that grows with their square
_LONGEST_WORD = 4  # signs of a common word where words do not stand apart
_ASKING = {"request", "more", "why", "why_not", "surprise", "help", "ask_catalogue"}
_SEEKING = {"wish", "similar"}
_UNJUDGED = {"exclude", "dislike", "reported_dislike", "seen", "unseen"}


@dataclass
class Draft:
    """What the rules found in one part of an utterance, which begins at `offset`; `rules`: the acts they say;
    `described`: names that point at an item on the screen ("the shortest"); `of_unknown`: whether a question is about
    something that the catalogue does not have."""

    text: str
    offset: int
    context: Context
    cues: set[str]
    reading: Reading
    question: ItemQuestion | None
    targets: list[str]
    entities: list[Entity]
    marks: list[Mark]
    described: list[Span]
    asking: bool
    echoes: Echoes
    relations: set[str]
    pointed: bool
    rules: set[str]
    search: str
    waived: str
    of_unknown: bool


class Drafter:
    """Drafts one language against one catalogue; stateless between calls and safe to share.

    `catalogue` is seen in that language (Catalogue.in_language); `gazetteer` holds its names.
    """

    def __init__(self, catalogue: Catalogue, gazetteer: Gazetteer) -> None:
        self.catalogue = catalogue
        self.domain: DomainConfig = catalogue.domain
        language = self.domain.language
        self.lexicon: Lexicon = load_lexicon(language)
        self.cues: CueFinder = cue_finder(language)
        self.gazetteer = gazetteer
        self.linker = Linker(catalogue, gazetteer, self.lexicon)
        self.reader = Reader(catalogue, gazetteer, self.cues)
        topics = [*((name, c.asks) for name, c in self.domain.facets.items()),
                  *((name, c.asks) for name, c in self.domain.numbers.items())]  # fmt: skip
        self._questions = [
            (topic, re.compile(pattern.replace("{it}", self.lexicon.turns.said_item)))
            for topic, patterns in topics
            for pattern in patterns
        ]
        self._unrecorded = [
            re.compile(pattern.replace("{it}", self.lexicon.turns.said_item)) for pattern in self.domain.unrecorded
        ]
        nouns = set(self.domain.item_words)
        verbs = {self.domain.verb.base, self.domain.verb.past, self.domain.verb.gerund}
        self._dull = self.lexicon.stop | nouns | verbs | set(self.domain.person_nouns)
        self._all_theirs = turn_pattern(language, "all_theirs", self.domain.item_words)
        self._contracted, self._leads_in, self._idioms = (
            turn_pattern(language, name) for name in ("contracted", "leads_in", "idioms")
        )

    def drafts(self, text: str, context: Context) -> list[Draft]:
        """The parts of an utterance, each read after the parts before it."""
        spoken = unshouted(text)
        drafts: list[Draft] = []
        named: list[str] = []
        for part in self.parts(text):
            draft = self._draft(spoken[part.start : part.end], part.start, context, named)
            draft.entities = [
                one.model_copy(update={"surface": text[part.start + one.start : part.start + one.end]})
                for one in draft.entities
            ]
            drafts.append(draft)
            named = drafts[-1].targets
            if len(named) == 1:
                context = context.model_copy(update={"focus": named[0]})
            elif named:
                context = context.model_copy(update={"named": named})
            people = [entity.value for entity in drafts[-1].entities if entity.kind == "person" and entity.value]
            if len(people) == 1:
                context = context.model_copy(update={"person": people[0]})
        return drafts

    def parts(self, text: str) -> list[Part]:
        """The parts of an utterance, left to right."""
        folded = self.fold(text)
        return parts_of(folded, self.lexicon, self.linker.unbroken(folded))

    def again(self, draft: Draft, told: Told) -> None:
        """Read a draft again where somebody knows better what is said of some names, by their offsets in its text."""
        asked = draft.question.item_id if draft.question else None
        reading = self.reader.read(draft.text, self.fold(draft.text), draft.marks, asked, draft.asking, told)
        self._echo(draft.echoes, draft.text, reading)
        draft.reading = reading

    def quantities(self, text: str) -> list[Quantity]:
        """The numeric wishes of a text."""
        return find_quantities(self.fold(text), self.lexicon, self.domain)

    def linked_items(self, text: str) -> list[str]:
        """Ids of the items a text names, in order; what is said of them is not read."""
        text = text[:READ]
        folded = self.fold(text)
        quantities = find_quantities(folded, self.lexicon, self.domain)
        spans = self.linker.link(text, folded, tokens(folded), self.cues.relations(folded), quantities)
        return list(dict.fromkeys(self.catalogue.items[s.name.row].id for s in spans if s.kind == "item"))

    def telling_words(self, text: str) -> str:
        """The words of a text that carry meaning, folded, at most 24."""
        folded = self.fold(text)
        return self._search_text(folded, tokens(folded), (), ())

    def fold(self, text: str) -> str:
        """A text as the patterns of the language see it; of the same length."""
        return elided(fold(text), self.lexicon)

    def _draft(self, text: str, offset: int, context: Context, before: Sequence[str] = ()) -> Draft:
        """What the rules find in one part of an utterance, before its acts are settled. `before`: the items that the
        part before is about, which a part that names nothing judges."""
        folded = self.fold(text)
        spoken = self._contracted.sub(lambda match: f"{match['word']}'s", folded)
        words = tokens(folded)
        cues = self.cues.acts(spoken)
        quantities = find_quantities(folded, self.lexicon, self.domain)
        relations = self.cues.relations(folded)
        spans = self.linker.link(
            text, folded, words, relations, quantities, {start for start, _ in self.cues.verdicts(folded)}
        )
        quantities = [q for q in quantities if not any(s.kind == "item" and s.start <= q.start < s.end for s in spans)]
        pointers = find_pointers(folded, context, spans, self.lexicon, self.catalogue)
        if context.liked is not None and context.focus is None:
            # "Something like it" behind "I loved X" means X, whatever is on the screen by then.
            likened = {cue.end for cue in relations if cue.name == "similar"}
            pointers = [
                p._replace(item_ids=(context.liked,))
                if not p.exact and p.item_ids == tuple(context.slate[:1]) and likened & {p.start, p.start - 1} else p
                for p in pointers
            ]  # fmt: skip
        described = [s for s in spans if any(p.exact and p.start <= s.start and s.end <= p.end for p in pointers)]
        spans = [span for span in spans if span not in described]
        if not self.lexicon.spaced:
            spans = [span for span in spans if span.kind == "item" or not self._inside_word(folded, span)]
        idioms = [match.span() for match in self._idioms.finditer(folded)]
        spans = [s for s in spans if s.kind == "item" or not any(a <= s.start and s.end <= b for a, b in idioms)]
        named = [(s.start, s.end, self.catalogue.items[s.name.row].id) for s in spans if s.kind == "item"]
        cues = {act for act in cues if not self._only_in_titles(folded, act, named)}
        echoes = find_echoes(text, folded, named, context, self.lexicon, self.catalogue)
        if (made := echoes.made) and any(c.name in AVOIDED and c.start <= made.led <= c.end + 1 for c in relations):
            unwanted = made.person.model_copy(update={"polarity": -1.0, "strength": 1.0, "hard": True})
            echoes = echoes._replace(made=made._replace(person=unwanted))
        relations = [cue for cue in relations if not any(_hides(span, cue) for span in spans)]
        relations = [cue for cue in relations if not echoes.covers(cue.start, cue.end)]
        asked_why = self.cues.act_spans(folded, "why_not")
        relations = [cue for cue in relations if not any(a <= cue.start and cue.end <= b for a, b in asked_why)]
        pointers = [pointer for pointer in pointers if not echoes.covers(pointer.start, pointer.end)]
        bounded = (_before_quantities(cue, quantities, self._leads_in) for cue in relations)
        relations = [cue for cue in bounded if cue is not None]
        pointers = [p for p in pointers if p.exact or not any(c.start < p.end and p.start < c.end for c in relations)]
        form = question_form(folded, spans, pointers, quantities)
        checks = find_checks(form, spans, quantities, self.lexicon, self.domain.item_words)
        asked = checks[0].facet if checks else "praise" if asks_worth(form, context, self.lexicon) else ""
        question = self._question(spoken, cues, spans, pointers, context, asked)
        if question is not None and question.topic not in self.domain.numbers:
            # "Is it sad?" asks how sad it is, where there is a scale for that.
            question = question.model_copy(update={"checks": checks})
        wishes: list[Mark] = [*(span for span in spans if span.kind != "item"), *quantities]
        items = [span for span in spans if span.kind == "item"]
        marks: list[Mark] = [*relations, *items, *pointers, *([] if checks else wishes)]
        marks.sort(key=lambda mark: (mark.start, -mark.end))
        asked_item = question.item_id if question else None
        asking = question is not None or "compare" in cues
        reading = self.reader.read(text, folded, marks, asked_item, asking)
        self._echo(echoes, text, reading)
        if context.person and self._all_theirs.search(folded):
            seen = self.reader.all_of_person(context.person)
            reading.mentions = [self.reader.mention(item_id, "seen", text.strip()) for item_id in seen]
        names = find_unresolved(
            text, folded, words, relations, spans, pointers, quantities, self.lexicon, self.domain
        )  # fmt: skip
        says_more = asking or names or cues & _ASKING or folded.rstrip().endswith("?")
        if not says_more and all(isinstance(mark, Cue) for mark in marks):
            # "I saw Heat last week, thought it brilliant"
            verdict = self.cues.opinion(folded, relations)
            said = text.strip()
            reading.mentions += [self.reader.mention(item_id, verdict, said) for item_id in before if verdict]
        targets = self._targets(spans, pointers)
        parts = self._of_series(spans) if question is not None and not targets else []
        if question is not None and parts:
            question = question.model_copy(update={"item_id": parts[0]})
        subjects = {start for start, _ in asked_about(text, folded, self.lexicon, self.domain)}
        unknown = not targets and any(name.start in subjects for name in names)
        if question is not None and unknown:
            question = question.model_copy(update={"item_id": None})
        if "compare" in cues:
            targets = list(dict.fromkeys([*targets, *(item_id for p in pointers for item_id in p.item_ids)]))
        pointed = any(pointer.exact for pointer in pointers)
        linked = [self._entity(text, span) for span in (*spans, *described)]
        found = [*linked, *_quantity_entities(text, quantities), *names]
        return Draft(
            text=text, offset=offset, context=context, cues=cues, reading=reading, question=question, targets=targets,
            entities=found, marks=marks, described=described, asking=asking, echoes=echoes,
            relations={cue.name for cue in relations}, pointed=pointed,
            rules=rule_acts(cues, reading, question is not None, context, bool(names), pointed),
            # The encoder reads the base language only.
            search=self._search_text(folded, words, relations, [*spans, *pointers, *quantities, *names, *echoes.words])
            if self.catalogue.in_own_language else "",
            waived=self.cues.waived(folded), of_unknown=unknown,
        )  # fmt: skip

    def _only_in_titles(self, folded: str, act: str, named: Sequence[tuple[int, int, str]]) -> bool:
        """Whether the words for an act all belong to titles: "There's Something About Mary" asks for nothing."""
        found = self.cues.act_spans(folded, act) if named else []
        return bool(found) and all(any(a <= start and end <= b for a, b, _ in named) for start, end in found)

    def _question(
        self, folded: str, act_cues: set[str], spans: Sequence[Span], pointers: Sequence[Pointer], context: Context,
        asked: str,
    ) -> ItemQuestion | None:  # fmt: skip
        """What is asked of an item; `asked`: the topic where no pattern of the domain tells one."""
        topics: dict[str, re.Match[str] | None] = {}
        for topic, pattern in self._questions:
            match = pattern.search(folded)
            inside = match and any(
                s.kind == "item" and s.start <= match.start() and match.end() <= s.end for s in spans
            )  # "Cast Away"
            known = match and any(
                one and match.start() < one.end() and one.start() < match.end() for one in topics.values()
            )
            if match and not (inside or known):
                topics.setdefault(topic, match)
        if not topics and any(pattern.search(folded) for pattern in self._unrecorded):
            topics = {"unknown": None}
        first, *further = topics or ([asked or "about"] if asked or "about" in act_cues else [""])
        if not first:
            return None
        named = self._targets(spans, pointers)
        target = next((i for i in [*named, context.focus, *context.slate] if i), None)
        return ItemQuestion(topic=first, further=further, item_id=target)

    def _echo(self, echoes: Echoes, text: str, reading: Reading) -> None:
        """Take in what the echoes of a part say."""
        if made := echoes.made:
            (reading.constraints if made.person.hard else reading.preferences).append(made.person)
            reading.mentions = [m for m in reading.mentions if m.item_id != made.item_id]
            reading.mentions.append(self.reader.mention(made.item_id, "ask", text.strip()))
            reading.relations[made.start, made.end] = MUST
        reading.preferences += echoes.wanted
        reading.constraints += echoes.unwanted
        if echoes.similar and not any(mention.relation == "similar" for mention in reading.mentions):
            reading.mentions.append(self.reader.mention(echoes.similar, "similar", text.strip()))

    def _targets(self, spans: Sequence[Span], pointers: Sequence[Pointer]) -> list[str]:
        """Items the utterance is about: named ones, then those pointed at by place, else by pronoun."""
        named = [self.catalogue.items[span.name.row].id for span in spans if span.kind == "item"]
        exact = [item_id for pointer in pointers if pointer.exact for item_id in pointer.item_ids]
        loose = [item_id for pointer in pointers for item_id in pointer.item_ids]
        return list(dict.fromkeys([*named, *(exact or ([] if named else loose))]))

    def _of_series(self, spans: Sequence[Span]) -> list[str]:
        """The first part of a series that is named: whoever asks about "Paddington" means that one."""
        series = set(self.domain.facets_of("series"))
        rows = [row for s in spans if s.kind in series for row in self.catalogue.postings(s.kind)[s.name.value]]
        items = [self.catalogue.items[int(row)] for row in rows]
        return [item.id for item in sorted(items, key=lambda item: item.year or math.inf)]

    def _search_text(self, folded: str, words: Sequence[Token], relations: Sequence[Cue], known: Sequence[Any]) -> str:
        """Words of wish clauses that nothing else explains: they are searched by meaning."""
        covered = [(mark.start, mark.end) for mark in (*relations, *known)]
        covered += [*self.cues.act_spans(folded), *self.cues.verdicts(folded)]
        kept: list[str] = []
        pending = sorted((cue.start, cue.name) for cue in relations)
        breaks = [cue.start for cue in relations if cue.kind == "break"]
        seeking = {bisect(breaks, cue.start) for cue in relations if cue.name in _SEEKING}
        relation = ""
        for token in words:
            while pending and pending[0][0] <= token.start:
                relation = pending.pop(0)[1]
            plain = token.word.replace("'", "")
            # "She's" is as small as "she".
            dull = bool({plain, token.word, token.word.partition("'")[0]} & self._dull) or len(plain) < 3
            aside = seeking and bisect(breaks, token.start) not in seeking  # "we drove all day, so something light"
            if aside or relation in _UNJUDGED or dull or any(start <= token.start < end for start, end in covered):
                continue
            kept.append(token.word)
        return " ".join(kept[:24])

    def _inside_word(self, folded: str, span: Span) -> bool:
        """Whether a single sign is part of a longer common word, where words do not stand apart: the 长 of 成长."""
        return span.end - span.start == 1 and any(
            first <= span.start and span.end <= first + size and folded[first : first + size] in self.lexicon.common
            for size in range(span.end - span.start + 1, _LONGEST_WORD + 1)
            for first in range(max(0, span.end - size), span.start + 1)
        )

    def _entity(self, text: str, span: Span) -> Entity:
        detail: dict[str, Any] = {}
        if span.kind == "item":
            rows = [name.row for name in span.others if name.kind == "item" and name.form == "full"]
            others = [self.catalogue.items[row].id for row in rows]
            detail = {"item_id": self.catalogue.items[span.name.row].id, "alternatives": others[:5]}
        elif span.kind == "person":
            roles = self.gazetteer.person_roles.get(span.name.value, set())
            detail = {"role": next(iter(roles)) if len(roles) == 1 else None}
        return Entity(
            kind=span.kind, value=span.name.value, surface=text[span.start : span.end], start=span.start, end=span.end,
            score=round(min(1.0, span.score), 3), **detail,
        )  # fmt: skip


def _quantity_entities(text: str, quantities: Sequence[Quantity]) -> list[Entity]:
    return [
        Entity(kind=q.facet, value=q.value, surface=text[q.start : q.end], start=q.start, end=q.end) for q in quantities
    ]


def _before_quantities(cue: Cue, quantities: Sequence[Quantity], leads_in: re.Pattern[str]) -> Cue | None:
    """The part of a cue before the quantity it runs into ("not from" of "not from the 60s"); None inside of one."""
    across = next((q for q in quantities if q.start < cue.end and cue.start < q.end), None)
    if across is None:
        return cue
    inside = cue.text[across.start - cue.start :].strip()
    return cue._replace(end=across.start) if cue.start < across.start and leads_in.fullmatch(inside) else None


def _hides(span: Span, cue: Cue) -> bool:
    """Whether a cue is only part of a name: "love" in "love story", "like" in a title; not "easy on" for its "easy"."""
    overlap = cue.start < span.end and cue.end > span.start
    return overlap and (span.kind == "item" or (span.start <= cue.start and cue.end <= span.end))
