"""Understanding without a language model: one utterance and its context in, one Understanding out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bot.cues import Cue, CueFinder, cue_finder
from bot.gazetteer import Gazetteer
from bot.lexicon import Lexicon, load_lexicon
from bot.linking import Linker, Span
from bot.quantities import Quantity, find_quantities
from bot.reading import Mark, Reader, Reading
from bot.records import Entity, ItemMention, ItemQuestion, Preference, Understanding
from bot.references import Context, Pointer, find_pointers
from bot.text import Token, fold, tokens
from bot.unresolved import find_unresolved
from retrieval.catalogue import Catalogue
from retrieval.domain import DomainConfig

_READ = 4000  # characters of one message; linking takes time that grows with their square
_LEADS_IN = {"from", "in", "of"}
_COMMANDS = ("undo", "reset", "forget", "show_profile", "help", "remove")
_ANSWERS_ONLY = {"ask_item", "why", "why_not", "compare", "greet", "farewell", "off_topic", "ask_catalogue"}
_OFFERS = re.compile(r"^(?:with|about|involving|featuring|set in|in|on)\b")
_CONTRACTED = re.compile(r"\b(what|who|where|when|how|that)s\b")
_ITEM_SAID = r"(?:it|this|that|the \w+|[\w' :.&-]{2,50}?)(?: one)?"
_SAME = re.compile(r"\bsame (?P<kind>\w+)\b|\b(?P<lead>with|by|from|starring) (?:him|her|them)\b")
_UNJUDGED = {"exclude", "dislike", "seen", "unseen"}


class Understander:
    """Understands utterances against one catalogue; stateless between calls and safe to share."""

    def __init__(self, catalogue: Catalogue, language: str = "en") -> None:
        self.catalogue = catalogue
        self.domain: DomainConfig = catalogue.domain
        self.lexicon: Lexicon = load_lexicon(language)
        self.cues: CueFinder = cue_finder(language)
        self.gazetteer = Gazetteer(catalogue)
        self.linker = Linker(catalogue, self.gazetteer, self.lexicon)
        self.reader = Reader(catalogue, self.gazetteer, self.cues)
        topics = [*((name, c.asks) for name, c in self.domain.facets.items()),
                  *((name, c.asks) for name, c in self.domain.numbers.items())]  # fmt: skip
        self._questions = [
            (topic, re.compile(pattern.replace("{it}", _ITEM_SAID)))
            for topic, patterns in topics
            for pattern in patterns
        ]
        nouns = set(self.domain.item_words)
        verbs = {self.domain.verb.base, self.domain.verb.past, self.domain.verb.gerund}
        self._dull = self.lexicon.stop | nouns | verbs | set(self.domain.person_nouns)

    def understand(self, text: str, context: Context | None = None) -> Understanding:
        """Acts, preferences, constraints, critiques, item mentions and a question, each with its span or quote."""
        context = context or Context()
        text = text[:_READ]
        folded = fold(text)
        spoken = _CONTRACTED.sub(r"\1's", folded)
        words = tokens(folded)
        act_cues = self.cues.acts(spoken)
        quantities = find_quantities(folded, self.lexicon, self.domain)
        relations = self.cues.relations(folded)
        spans = self.linker.link(
            text, folded, words, relations, quantities, {start for start, _ in self.cues.verdicts(folded)}
        )
        quantities = [q for q in quantities if not any(s.kind == "item" and s.start <= q.start < s.end for s in spans)]
        command = next((act for act in _COMMANDS if act in act_cues), None)
        aside = (
            "off_topic" if "off_topic" in act_cues else "chitchat" if "chitchat" in act_cues and len(words) < 5 else ""
        )
        if command or (aside and "request" not in act_cues):
            acts = {command} if command else {aside, *(act_cues & {"greet", "thank", "farewell"})}
            entities = [self._entity(text, span) for span in spans]
            return Understanding(text=text, acts=acts, entities=entities, drops=text if command == "remove" else "")
        pointers = find_pointers(folded, context, spans, self.lexicon, self.catalogue)
        spans = [s for s in spans if not any(p.exact and p.start <= s.start and s.end <= p.end for p in pointers)]
        relations = [cue for cue in relations if not any(_hides(span, cue) for span in spans)]
        relations = [cue for cue in (_before_quantities(cue, quantities) for cue in relations) if cue is not None]
        pointers = [p for p in pointers if p.exact or not any(c.start < p.end and p.start < c.end for c in relations)]
        question = self._question(spoken, act_cues, spans, pointers, context)
        marks: list[Mark] = [*relations, *spans, *pointers, *quantities]
        marks.sort(key=lambda mark: (mark.start, -mark.end))
        asked_item = question.item_id if question else None
        reading = self.reader.read(text, folded, marks, asked_item, question is not None)
        names = find_unresolved(
            text, folded, words, relations, spans, pointers, quantities, self.lexicon, self.domain
        )  # fmt: skip
        targets = self._targets(spans, pointers)
        if "compare" in act_cues:
            targets = list(dict.fromkeys([*targets, *(item_id for p in pointers for item_id in p.item_ids)]))
        reading.preferences += self._same_again(text, folded, context)
        acts = _acts(act_cues, reading, question, context, bool(names), [p for p in pointers if p.exact])
        if "reject" in acts and not any(mention.relation == "reject" for mention in reading.mentions):
            rejected = targets or context.slate
            reading.mentions += [self.reader.mention(item_id, "reject", text) for item_id in rejected]
        search = ""
        if not acts & _ANSWERS_ONLY and "reject" not in act_cues:
            search = self._search_text(folded, words, relations, [*spans, *pointers, *quantities, *names])
        if acts == {"unclear"}:
            unusual = any(word not in self.lexicon.common for word in search.split())
            if search and (unusual or len(search.split()) > 1 or _OFFERS.search(folded)):
                acts = {"request"}
            elif targets and any(pointer.exact for pointer in pointers):
                acts, question = {"ask_item"}, ItemQuestion(topic="about", item_id=targets[0])
        waived = self.cues.waived(folded)
        if waived:
            acts = (acts - {"unclear"}) | {"remove"}
        entities = [*(self._entity(text, span) for span in spans), *_quantity_entities(text, quantities), *names]
        return Understanding(
            text=text, acts=acts, preferences=[*reading.preferences, *_item_preferences(reading.mentions)],
            constraints=reading.constraints, critiques=reading.critiques, mentions=reading.mentions, question=question,
            entities=sorted(entities, key=lambda entity: entity.start), targets=targets, quantity=reading.quantity,
            drops=waived, search=search,
        )  # fmt: skip

    def quantities(self, text: str) -> list[Quantity]:
        """The numeric wishes of a text."""
        return find_quantities(fold(text), self.lexicon, self.domain)

    def linked_items(self, text: str) -> list[str]:
        """Ids of the items a text names, in order; what is said of them is not read."""
        text = text[:_READ]
        folded = fold(text)
        quantities = find_quantities(folded, self.lexicon, self.domain)
        spans = self.linker.link(text, folded, tokens(folded), self.cues.relations(folded), quantities)
        return list(dict.fromkeys(self.catalogue.items[s.name.row].id for s in spans if s.kind == "item"))

    def _question(
        self, folded: str, act_cues: set[str], spans: Sequence[Span], pointers: Sequence[Pointer], context: Context
    ) -> ItemQuestion | None:
        topic = next((topic for topic, pattern in self._questions if pattern.search(folded)), None)
        if topic is None and "about" in act_cues:
            topic = "about"
        if topic is None:
            return None
        named = self._targets(spans, pointers)
        return ItemQuestion(topic=topic, item_id=next((i for i in [*named, context.focus, *context.slate] if i), None))

    def _same_again(self, text: str, folded: str, context: Context) -> list[Preference]:
        """ "Something else by the same director", "anything with her": a value of the item last spoken of."""
        match = _SAME.search(folded)
        item_id = context.focus or next(iter(context.slate), None)
        if match is None or item_id is None:
            return []
        people = self.domain.facets_of("person")
        if match["kind"]:
            facets = [
                name for name, config in self.domain.facets.items() if config.noun and config.noun.one == match["kind"]
            ]
        else:
            facets = people[:1] if match["lead"] in {"by", "from"} else people[1:2] or people[:1]
        values = [(facet, v) for facet in facets for v in self.catalogue.values(self.catalogue.get(item_id), facet)[:1]]
        return [
            Preference(
                facet="person" if facet in people else facet, value=value, strength=0.9,
                role=facet if facet in people else None, quote=text.strip(),
            )
            for facet, value in values
        ]  # fmt: skip

    def _targets(self, spans: Sequence[Span], pointers: Sequence[Pointer]) -> list[str]:
        """Items the utterance is about: named ones, then those pointed at by place, else by pronoun."""
        named = [self.catalogue.items[span.name.row].id for span in spans if span.kind == "item"]
        exact = [item_id for pointer in pointers if pointer.exact for item_id in pointer.item_ids]
        loose = [item_id for pointer in pointers for item_id in pointer.item_ids]
        return list(dict.fromkeys([*named, *(exact or ([] if named else loose))]))

    def _search_text(self, folded: str, words: Sequence[Token], relations: Sequence[Cue], known: Sequence[Any]) -> str:
        """Words of wish clauses that nothing else explains: they are searched by meaning."""
        covered = [(mark.start, mark.end) for mark in (*relations, *known)]
        covered += [*self.cues.act_spans(folded), *self.cues.verdicts(folded)]
        kept: list[str] = []
        pending = sorted((cue.start, cue.name) for cue in relations)
        relation = ""
        for token in words:
            while pending and pending[0][0] <= token.start:
                relation = pending.pop(0)[1]
            plain = token.word.replace("'", "")
            dull = plain in self._dull or token.word in self._dull or len(plain) < 3
            if relation in _UNJUDGED or dull or any(start <= token.start < end for start, end in covered):
                continue
            kept.append(token.word)
        return " ".join(kept[:24])

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


def _acts(
    cues: set[str],
    reading: Reading,
    question: ItemQuestion | None,
    context: Context,
    unresolved: bool,
    pointed: Sequence[Pointer],
) -> set[str]:
    """The dialogue acts of an utterance, from its cues and from what was read in it."""
    acts = cues & {"greet", "thank", "farewell", "compare", "ask_catalogue", "chitchat"}
    relations = {mention.relation for mention in reading.mentions}
    acts |= relations & {"like", "dislike", "seen", "accept", "reject", "similar"}
    acts |= {"critique"} if reading.critiques else set()
    acts |= {"constrain"} if reading.constraints else set()
    acts |= {"disclose"} if reading.preferences else set()
    if cues & {"why", "why_not"}:
        acts = {"why_not"} if "why_not" in cues else {"why"}
    elif question and not acts & {"compare", "ask_catalogue"}:
        acts.add("ask_item")
    informative = bool(acts & {"similar", "critique", "constrain", "disclose", "like", "dislike", "seen", "ask_item"})
    if "more" in cues and not acts & {"similar", "critique", "ask_item"}:
        acts.add("more")
    agreed = "accept" in cues or (bool(pointed) and bool(cues & {"agree", "thank"}))
    if agreed and not acts & {"critique", "constrain", "disclose", "similar", "more", "ask_item", "seen"}:
        acts.add("accept")
    if "reject" in cues and context.pending is None and context.slate and not acts & {"accept"}:
        acts.add("reject")
    if "surprise" in cues:
        acts |= {"request", "answer"} if context.pending else {"request"}
    asks = acts & {"ask_item", "why", "why_not", "accept", "ask_catalogue", "compare"}
    if (reading.wished or reading.quantity or "request" in cues) and not asks:
        acts.add("request")
    if context.pending and (informative or cues & {"agree", "reject", "surprise"}):
        acts.add("answer")
    if acts & {"request", "disclose", "constrain", "critique", "more", "similar", "ask_item", "accept"}:
        acts -= {"chitchat"}
    if reading.mentions and relations <= {"mention", "unseen"} and not acts:
        acts.add("request")
    if not acts and unresolved:
        acts.add("disclose")
    return acts or {"unclear"}


def _item_preferences(mentions: Sequence[ItemMention]) -> list[Preference]:
    return [
        Preference(
            facet="item", value=mention.title, polarity=1.0 if mention.relation == "like" else -1.0,
            strength=mention.strength, item_id=mention.item_id, scope="person", quote=mention.quote,
        )
        for mention in mentions
        if mention.relation in {"like", "dislike"}
    ]  # fmt: skip


def _quantity_entities(text: str, quantities: Sequence[Quantity]) -> list[Entity]:
    return [
        Entity(kind=q.facet, value=q.value, surface=text[q.start : q.end], start=q.start, end=q.end) for q in quantities
    ]


def _before_quantities(cue: Cue, quantities: Sequence[Quantity]) -> Cue | None:
    """The part of a cue before the quantity it runs into ("not from" of "not from the 60s"); None inside of one."""
    across = next((q for q in quantities if q.start < cue.end and cue.start < q.end), None)
    if across is None:
        return cue
    inside = cue.text[across.start - cue.start :].strip()
    return cue._replace(end=across.start) if cue.start < across.start and inside in _LEADS_IN else None


def _hides(span: Span, cue: Cue) -> bool:
    """Whether a cue is only part of a name: "love" in "love story", "like" in a title."""
    overlap = cue.start < span.end and cue.end > span.start
    return overlap and (span.kind == "item" or span.start <= cue.start)
