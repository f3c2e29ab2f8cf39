"""Understanding without a language model: one utterance and its context in, one Understanding out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from bot.cues import Cue, CueFinder, cue_finder
from bot.gazetteer import Gazetteer, Name
from bot.lexicon import Lexicon, load_lexicon
from bot.linking import Linker, Span
from bot.quantities import Quantity, canonical, find_quantities
from bot.records import Critique, Entity, ItemMention, ItemQuestion, Preference, Relation, Scope, Understanding
from bot.references import Context, Pointer, find_pointers
from bot.text import Token, fold, tokens
from bot.unresolved import find_unresolved
from retrieval.catalogue import Catalogue
from retrieval.domain import DomainConfig

_COMMANDS = ("undo", "reset", "forget", "show_profile", "help", "remove")
_ITEM_RELATIONS: dict[str, Relation] = {
    "like": "like", "dislike": "dislike", "exclude": "reject", "seen": "seen", "unseen": "unseen",
    "similar": "similar", "accept": "accept", "reject": "reject",
}  # fmt: skip
_REQUIRED_ROLES = {"genre", "person", "language", "country", "series"}


class _Mark(NamedTuple):
    """Anything found in the text, in reading order."""

    start: int
    end: int
    what: Cue | Span | Pointer | Quantity


class _Reading:
    """The parts of an Understanding while the marks are read from left to right."""

    def __init__(self) -> None:
        self.preferences: list[Preference] = []
        self.constraints: list[Preference] = []
        self.critiques: list[Critique] = []
        self.mentions: list[ItemMention] = []
        self.quantity: int | None = None
        self.wished = False


class Understander:
    """Understands utterances against one catalogue; stateless between calls and safe to share."""

    def __init__(self, catalogue: Catalogue, language: str = "en") -> None:
        self.catalogue = catalogue
        self.domain: DomainConfig = catalogue.domain
        self.lexicon: Lexicon = load_lexicon(language)
        self.cues: CueFinder = cue_finder(language)
        self.gazetteer = Gazetteer(catalogue)
        self.linker = Linker(catalogue, self.gazetteer, self.lexicon)
        self._questions = [
            (topic, re.compile(pattern))
            for topic, config in [*self.domain.facets.items(), *self.domain.numbers.items()]
            for pattern in config.asks
        ]
        self._has_number = {
            name: bool((catalogue.column(name) == catalogue.column(name)).any()) for name in self.domain.numbers
        }

    def understand(self, text: str, context: Context | None = None) -> Understanding:
        """Acts, preferences, constraints, critiques, item mentions and a question, each with its span or quote."""
        context = context or Context()
        folded = fold(text)
        words = tokens(folded)
        act_cues = self.cues.acts(folded)
        quantities = find_quantities(folded, self.lexicon, self.domain)
        relations = self.cues.relations(folded)
        spans = self.linker.link(text, folded, words, relations, quantities)
        pointers = find_pointers(folded, context, spans, self.lexicon, self.catalogue)
        spans = [s for s in spans if not any(p.exact and p.start <= s.start and s.end <= p.end for p in pointers)]
        relations = [
            cue for cue in relations
            if not any(span.kind == "item" and cue.start < span.end and cue.end > span.start for span in spans)
        ]  # fmt: skip
        command = next((act for act in _COMMANDS if act in act_cues), None)
        if command:
            return Understanding(text=text, acts={command}, entities=[self._entity(text, s) for s in spans])
        question = self._question(folded, act_cues, spans, pointers, context)
        reading = _Reading()
        marks = [_Mark(m.start, m.end, m) for m in (*relations, *spans, *pointers, *quantities)]
        self._read(text, folded, sorted(marks, key=lambda mark: (mark.start, -mark.end)), reading, context, question)
        names = find_unresolved(text, folded, words, relations, spans, pointers, quantities, self.lexicon, self.domain)
        targets = self._targets(pointers, spans, context, act_cues)
        acts = self._acts(folded, act_cues, reading, question, context, bool(names))
        if "reject" in acts and not any(m.relation == "reject" for m in reading.mentions):
            rejected = targets or context.slate
            reading.mentions += [self._mention(item_id, "reject", text) for item_id in rejected]
        search = ""
        if not acts & {"ask_item", "why", "why_not", "compare", "greet", "farewell", "off_topic", "ask_catalogue"}:
            search = self._search_text(folded, words, relations, spans, pointers, quantities, names)
        if acts == {"unclear"} and search and len(search.split()) > 1:
            acts = {"request"}
        return Understanding(
            text=text,
            acts=acts,
            preferences=[*reading.preferences, *self._item_preferences(reading.mentions)],
            constraints=reading.constraints,
            critiques=reading.critiques,
            mentions=reading.mentions,
            question=question,
            entities=sorted(
                [*(self._entity(text, s) for s in spans), *self._quantity_entities(text, quantities), *names],
                key=lambda entity: entity.start,
            ),
            targets=list(targets),
            quantity=reading.quantity,
            search=search,
        )

    def linked_items(self, text: str) -> list[str]:
        """Ids of the items a text names, in order; what is said of them is not read."""
        folded = fold(text)
        quantities = find_quantities(folded, self.lexicon, self.domain)
        spans = self.linker.link(text, folded, tokens(folded), self.cues.relations(folded), quantities)
        return list(dict.fromkeys(self.catalogue.items[s.name.row].id for s in spans if s.kind == "item"))

    def _read(
        self,
        text: str,
        folded: str,
        marks: Sequence[_Mark],
        reading: _Reading,
        context: Context,
        question: ItemQuestion | None,
    ) -> None:
        relation, cue_text, cue_start, cue_end, clause_start = "", "", 0, -1, 0
        negated_similar = False
        for place, mark in enumerate(marks):
            what = mark.what
            if isinstance(what, Cue):
                if what.kind == "break":
                    relation, cue_text, cue_start, clause_start = "", "", what.end, what.end
                    negated_similar = False
                elif not self._list_continues(folded, what, cue_end):
                    negated_similar = relation == "exclude" and what.name == "similar" and what.start - cue_end < 12
                    relation, cue_text, cue_start, cue_end = what.name, what.text, what.start, what.end
                    reading.wished |= what.name == "wish"
                continue
            next_start = next((m.start for m in marks[place + 1 :] if not isinstance(m.what, Cue | Pointer)), len(text))
            clause = folded[clause_start : min(next_start, len(folded))]
            quote = _clause_of(text, folded, max(clause_start, cue_start), mark.end)
            if isinstance(what, Quantity):
                self._read_quantity(what, relation, clause, quote, reading)
            elif isinstance(what, Pointer):
                touching = folded[cue_end : what.start].strip() in {"", "the", "both", "watched"} and cue_end >= 0
                strong = what.exact and not question
                verdict = self.cues.after(folded, what.end, min(next_start, what.end + 40)) if strong else None
                said = verdict.name if verdict else relation
                if (touching or strong) and (found := _ITEM_RELATIONS.get(said)) and (touching or verdict or strong):
                    for item_id in what.item_ids:
                        reading.mentions.append(
                            self._mention(item_id, found, quote, self.cues.strength_of(cue_text or clause))
                        )
            elif what.kind == "item":
                self._read_item(
                    text, folded, what, relation, cue_text, quote, next_start, negated_similar, reading, question
                )
            else:
                self._read_value(folded, what, relation, cue_text, clause, quote, reading, question)

    def _list_continues(self, folded: str, cue: Cue, previous_end: int) -> bool:
        """A bare "not"-less "or"/"and" never starts anew, but a wish word inside an exclusion does not end it."""
        return (
            cue.name == "wish"
            and cue.text in {"something", "anything"}
            and folded[: cue.start].endswith(("not ", "no "))
        )

    def _read_item(
        self, text: str, folded: str, span: Span, relation: str, cue_text: str, quote: str, next_start: int,
        negated_similar: bool, reading: _Reading, question: ItemQuestion | None,
    ) -> None:  # fmt: skip
        item = self.catalogue.items[span.name.row]
        verdict = self.cues.after(folded, span.end, min(next_start, span.end + 60))
        said = quote if verdict is None else text[span.start : verdict.end]
        strength = self.cues.strength_of(cue_text or (verdict.text if verdict else ""))
        if negated_similar:
            found: Relation = "dislike"
            strength = 0.5
        elif question and question.item_id == item.id:
            found = "ask"
        elif relation in _ITEM_RELATIONS:
            found = _ITEM_RELATIONS[relation]
        elif verdict:
            found = _ITEM_RELATIONS[verdict.name]
        else:
            found = "mention"
        reading.mentions.append(self._mention(item.id, found, said if found != "seen" else quote, strength))
        if verdict and relation == "seen" and verdict.name in {"like", "dislike"}:
            both = re.search(r"\b(?:they|both|them)\b", folded[span.end : verdict.end]) is not None
            judged = [m for m in reading.mentions if m.relation == "seen"] if both else [reading.mentions[-1]]
            reading.mentions += [
                self._mention(m.item_id, _ITEM_RELATIONS[verdict.name], text[span.start : verdict.end], strength)
                for m in judged
            ]

    def _read_quantity(self, said: Quantity, relation: str, clause: str, quote: str, reading: _Reading) -> None:
        if said.facet == "count":
            reading.quantity = int(said.low or 1)
            return
        polarity = -1.0 if relation in {"exclude", "dislike"} else 1.0
        soft = said.approximate or relation == "like"
        preference = Preference(
            facet=said.facet, value=said.value, polarity=polarity, strength=0.9, hard=not soft,
            scope="person" if relation == "like" else "session", low=said.low, high=said.high, quote=quote,
        )  # fmt: skip
        (reading.preferences if soft else reading.constraints).append(preference)

    def _read_value(
        self, folded: str, span: Span, relation: str, cue_text: str, clause: str, quote: str, reading: _Reading,
        question: ItemQuestion | None,
    ) -> None:  # fmt: skip
        degree = self.cues.degree_before(folded, span.start)
        if question and relation in {"", "seen", "similar"}:
            return
        if degree and degree[0] > 0 and relation == "exclude":
            degree = None
        if (
            degree
            and re.match(r"(?:way )?too\b", folded[degree[2] : span.start])
            and relation not in {"exclude", "dislike", ""}
        ):
            degree = None
        name = self._meaning(span, bool(degree) or relation in {"exclude", "dislike"})
        if name.direction:
            self._read_quality(name, folded[span.start : span.end], degree, relation, quote, reading)
            return
        if degree and name.kind != "item":
            polarity = float(degree[0])
            reading.preferences.append(self._preference(name, span, polarity, 0.6, False, "session", quote, folded))
            return
        if relation == "neutral" or relation == "unseen":
            return
        scope: Scope = "person" if self.cues.lasts(clause) or relation in {"like", "dislike"} else "session"
        if self.cues.lasts(clause) is False and re.search(r"\b(?:tonight|today|right now|this time)\b", clause):
            scope = "session"
        if relation == "exclude":
            reading.constraints.append(self._preference(name, span, -1.0, 1.0, True, scope, quote, folded))
        elif relation == "dislike":
            strength = self.cues.strength_of(cue_text)
            reading.preferences.append(
                self._preference(name, span, -1.0, strength, strength > 0.9, scope, quote, folded)
            )
        elif self.cues.insists(clause):
            reading.constraints.append(self._preference(name, span, 1.0, 1.0, True, "session", quote, folded))
        elif relation == "like":
            strength = self.cues.strength_of(cue_text)
            reading.preferences.append(self._preference(name, span, 1.0, strength, False, scope, quote, folded))
        else:
            required = (
                self.domain.facets[name.kind].role in _REQUIRED_ROLES if name.kind in self.domain.facets else True
            )
            reading.wished = True
            reading.preferences.append(
                self._preference(name, span, 1.0, 0.9 if required else 0.75, False, scope, quote, folded)
            )

    def _read_quality(
        self, name: Name, word: str, degree: tuple[int, float, int] | None, relation: str, quote: str, reading: _Reading
    ) -> None:
        config = self.domain.numbers[name.kind]
        negative = relation in {"exclude", "dislike"}
        if name.comparative or degree:
            sign = degree[0] if degree else 1
            if name.comparative and degree and degree[0] > 0:
                sign = 1
            direction: Literal[-1, 1] = 1 if name.direction * sign * (-1 if negative and not degree else 1) > 0 else -1
            shown = word if name.comparative and sign > 0 else f"{'less' if sign < 0 else 'more'} {word}"
            reading.critiques.append(
                Critique(
                    number=name.kind, direction=direction, amount=degree[1] if degree else 1.0, word=shown, quote=quote
                )
            )
            return
        direction = -1 if name.direction * (-1 if negative else 1) < 0 else 1
        low, high = quality_bounds(config.role, config.step, direction)
        if relation == "neutral":
            return
        hard = negative and config.role in {"level", "axis", "age"}
        scope: Scope = "person" if relation in {"like", "dislike"} else "session"
        preference = Preference(
            facet=name.kind, value=canonical(low, high), polarity=1.0, strength=0.8, hard=hard, scope=scope,
            low=low, high=high, quote=f"{quote}",
        )  # fmt: skip
        reading.wished |= relation not in {"like", "dislike"}
        (reading.constraints if hard else reading.preferences).append(preference)

    def _meaning(self, span: Span, graded: bool) -> Name:
        """Between a mood and an axis that share a word: the axis for degrees and negation, else what is on record."""
        candidates = (span.name, *span.others)
        axes = [name for name in candidates if name.direction]
        values = [name for name in candidates if not name.direction and name.kind not in {"item", "person"}]
        if not axes or not values:
            return span.name
        usable = [name for name in axes if self._has_number[name.kind]]
        if graded:
            return (usable or axes)[0]
        recorded = [name for name in values if name.weight > 0]
        return (recorded or usable or values)[0]

    def _preference(
        self,
        name: Name,
        span: Span,
        polarity: float,
        strength: float,
        hard: bool,
        scope: Scope,
        quote: str,
        folded: str,
    ) -> Preference:
        role = None
        if name.kind == "person":
            role = self._person_role(name.value, folded[max(0, span.start - 24) : span.start])
        return Preference(
            facet=name.kind, value=name.value, polarity=polarity, strength=strength, hard=hard, scope=scope,
            role=role, quote=quote,
        )  # fmt: skip

    def _person_role(self, person: str, lead: str) -> str | None:
        roles = self.gazetteer.person_roles.get(person, set())
        for facet in roles:
            wish = self.domain.facets[facet].phrases.wish or ""
            words = wish.replace("{value}", "").strip()
            if words and words not in {"with", "by"} and lead.rstrip().endswith(words):
                return facet
        return next(iter(roles)) if len(roles) == 1 else None

    def _mention(self, item_id: str, relation: Relation, quote: str, strength: float = 0.7) -> ItemMention:
        item = self.catalogue.get(item_id)
        return ItemMention(item_id=item_id, title=item.title, relation=relation, strength=strength, quote=quote)

    def _item_preferences(self, mentions: Sequence[ItemMention]) -> list[Preference]:
        return [
            Preference(
                facet="item", value=mention.title, polarity=1.0 if mention.relation == "like" else -1.0,
                strength=mention.strength, item_id=mention.item_id, scope="person", quote=mention.quote,
            )
            for mention in mentions
            if mention.relation in {"like", "dislike"}
        ]  # fmt: skip

    def _question(
        self, folded: str, act_cues: set[str], spans: Sequence[Span], pointers: Sequence[Pointer], context: Context
    ) -> ItemQuestion | None:
        topic = next((topic for topic, pattern in self._questions if pattern.search(folded)), None)
        if topic is None and "about" in act_cues:
            topic = "about"
        if topic is None:
            return None
        items = [self.catalogue.items[span.name.row].id for span in spans if span.kind == "item"]
        pointed = [item_id for pointer in sorted(pointers, key=lambda p: not p.exact) for item_id in pointer.item_ids]
        target = next(iter([*items, *pointed]), None) or context.focus or next(iter(context.slate), None)
        return ItemQuestion(topic=topic, item_id=target)

    def _targets(
        self, pointers: Sequence[Pointer], spans: Sequence[Span], context: Context, act_cues: set[str]
    ) -> list[str]:
        pointed = [item_id for p in sorted(pointers, key=lambda p: not p.exact) for item_id in p.item_ids]
        named = [self.catalogue.items[span.name.row].id for span in spans if span.kind == "item"]
        exact = [item_id for p in pointers if p.exact for item_id in p.item_ids]
        return list(dict.fromkeys([*named, *(exact or pointed)]))

    def _acts(
        self,
        folded: str,
        cues: set[str],
        reading: _Reading,
        question: ItemQuestion | None,
        context: Context,
        names: bool,
    ) -> set[str]:
        acts = cues & {"greet", "thank", "farewell", "compare", "ask_catalogue", "off_topic", "chitchat"}
        relations = {mention.relation for mention in reading.mentions}
        acts |= relations & {"like", "dislike", "seen", "accept", "reject", "similar"}
        if reading.critiques:
            acts.add("critique")
        if reading.constraints:
            acts.add("constrain")
        if any(preference.facet != "item" for preference in reading.preferences):
            acts.add("disclose")
        why = cues & {"why", "why_not"}
        if why:
            acts |= why - ({"why"} if "why_not" in why else set())
        elif question and not acts & {"compare", "ask_catalogue"}:
            acts.add("ask_item")
        busy = bool(acts & {"similar", "critique", "constrain", "disclose", "like", "dislike", "seen", "ask_item"})
        if "more" in cues and "similar" not in acts and not (acts & {"critique", "ask_item"}):
            acts.add("more")
        if "accept" in cues and not (acts & {"critique", "constrain", "disclose", "similar", "more", "ask_item"}):
            acts.add("accept")
        if "reject" in cues and context.pending is None and context.slate:
            acts.add("reject")
        if "surprise" in cues:
            acts |= {"request", "answer"} if context.pending else {"request"}
        if (reading.wished or "request" in cues) and not acts & {
            "ask_item",
            "why",
            "why_not",
            "accept",
            "ask_catalogue",
            "compare",
        }:
            acts.add("request")
        if context.pending and (busy or cues & {"agree", "reject", "surprise"}):
            acts.add("answer")
        if acts & {"request", "disclose", "constrain", "critique", "more", "similar", "ask_item", "accept"}:
            acts -= {"chitchat", "off_topic"}
        if reading.mentions and relations <= {"mention", "unseen"} and not acts:
            acts.add("request")
        if not acts and names:
            acts.add("disclose")
        return acts or {"unclear"}

    def _search_text(
        self, folded: str, words: Sequence[Token], relations: Sequence[Cue], spans: Sequence[Span],
        pointers: Sequence[Pointer], quantities: Sequence[Quantity], names: Sequence[Entity],
    ) -> str:  # fmt: skip
        """Words that nothing above explains, in wish clauses only: they are searched by meaning."""
        domain = self.domain
        dull = self.lexicon.stop | {domain.noun.one, domain.noun.many, *domain.called}
        dull |= {domain.verb.base, domain.verb.past, domain.verb.gerund}
        covered = [(m.start, m.end) for m in (*relations, *spans, *pointers, *quantities, *names)]
        covered += [(m.start(), m.end()) for ps in self.cues._acts.values() for p in ps for m in p.finditer(folded)]  # fmt: skip
        kept, relation = [], ""
        events = sorted([*((c.start, c.name) for c in relations)])
        for token in words:
            while events and events[0][0] <= token.start:
                relation = events.pop(0)[1]
            plain = token.word.replace("'", "")
            if relation in {"exclude", "dislike", "seen", "unseen"} or plain in dull or token.word in dull:
                continue
            if len(plain) < 3 or any(start <= token.start < end for start, end in covered):
                continue
            kept.append(token.word)
        return " ".join(kept[:24])

    def _entity(self, text: str, span: Span) -> Entity:
        detail: dict[str, Any] = {}
        if span.kind == "item":
            item = self.catalogue.items[span.name.row]
            others = [
                self.catalogue.items[name.row].id for name in span.others if name.kind == "item" and name.form == "full"
            ]
            detail = {"item_id": item.id, "alternatives": others[:5]}
        elif span.kind == "person":
            roles = self.gazetteer.person_roles.get(span.name.value, set())
            detail = {"role": next(iter(roles)) if len(roles) == 1 else None}
        return Entity(
            kind=span.kind, value=span.name.value, surface=text[span.start : span.end], start=span.start, end=span.end,
            score=round(min(1.0, span.score), 3), **detail,
        )  # fmt: skip

    def _quantity_entities(self, text: str, quantities: Sequence[Quantity]) -> list[Entity]:
        return [
            Entity(kind=q.facet, value=q.value, surface=text[q.start : q.end], start=q.start, end=q.end)
            for q in quantities
        ]


def quality_bounds(role: str, step: float, direction: int) -> tuple[float | None, float | None]:
    """What a bare quality asks for, by the role of its number: a light one (axis <= .4), a short one, a recent one."""
    from datetime import date

    if role == "axis":
        return (None, 0.45) if direction < 0 else (0.55, None)
    if role == "level":
        return (None, 1.0) if direction < 0 else (2.0, None)
    if role == "age":
        return (None, 8.0) if direction < 0 else (15.0, None)
    if role == "year":
        return (None, 1980.0) if direction < 0 else (date.today().year - 8.0, None)
    if role == "length":
        return (None, 95.0) if direction < 0 else (140.0, None)
    return (None, step) if direction < 0 else (step, None)


def _clause_of(text: str, folded: str, start: int, end: int) -> str:
    """The person's own words around a span, short enough to quote."""
    stop = re.search(r"[.!?;]|,\s|\b(?:but|and i)\b", folded[end:])
    finish = end + stop.start() if stop else len(text)
    begin = max(start, *(m.end() for m in re.finditer(r"[.!?;]\s", text[:end])), 0)
    quote = text[begin : max(end, finish)].strip(" ,.;!?")
    if len(quote) > 90:
        quote = text[max(begin, end - 60) : end].strip(" ,.;!?")
    return quote
