"""One language heard without a language model: an utterance and its context in, an Understanding out."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.act_model import Signs, load_act_model
from bot.acts import CONTENT, HeardActs, Heeded, content_acts, hear, overruled, rule_acts, settled
from bot.clauses import parts_of
from bot.cues import Cue, CueFinder, cue_finder
from bot.echoes import Echoes, find_echoes
from bot.gazetteer import Gazetteer
from bot.lexicon import Lexicon, elided, load_lexicon, turn_pattern
from bot.linking import Linker, Span
from bot.quantities import Quantity, find_quantities
from bot.reading import Reader, Reading
from bot.records import Entity, ItemMention, ItemQuestion, Preference, Understanding
from bot.references import Context, Pointer, find_pointers
from bot.span_relations import Kind, Said, by_rules
from bot.text import Token, fold, tokens
from bot.unresolved import find_unresolved
from bot.verdicts import Mark
from retrieval.catalogue import Catalogue
from retrieval.domain import DomainConfig
from retrieval.encoder import QueryEncoder

_READ = 4000  # characters of one message; linking takes time that grows with their square
_COMMANDS = ("undo", "reset", "forget", "show_profile", "help", "remove")
_ANSWERS_ONLY = {"ask_item", "why", "why_not", "compare", "greet", "farewell", "off_topic", "ask_catalogue"}
_SEARCHING = {"request", "disclose", "constrain", "critique", "similar", "answer", "correct"}
_VERDICTS: tuple[Literal["dislike", "like", "seen", "similar"], ...] = ("dislike", "like", "seen", "similar")
_WISHING = ("disclose", "constrain", "request", "answer", "critique", "correct", "similar")
_UNLIKELY = 0.2
_SURE = 0.7
_LONGEST_WORD = 4  # signs of a common word where words do not stand apart
_ENOUGH = 3  # words from which a command without a cue of its own is believed
_NEVER_BRIEF = {"undo", "reset", "forget", "remove", "show_profile", "help"}
_FEW = 5  # words of a remark that is small talk and nothing else
_ASKING = {"request", "more", "why", "why_not", "surprise", "help", "ask_catalogue"}
_TALK = {"off_topic", "chitchat", "greet", "thank", "farewell"}
_SEEKING = {"wish", "similar"}
_UNJUDGED = {"exclude", "dislike", "seen", "unseen"}


@dataclass
class Draft:
    """What the rules found in one part of an utterance, which begins at `offset`; `rules`: the acts they say."""

    text: str
    offset: int
    context: Context
    cues: set[str]
    reading: Reading
    question: ItemQuestion | None
    targets: list[str]
    entities: list[Entity]
    marks: list[Mark]
    asking: bool
    echoes: Echoes
    relations: set[str]
    pointed: bool
    rules: set[str]
    search: str
    waived: str


class Listener:
    """Hears one language against one catalogue; stateless between calls and safe to share.

    `catalogue` is seen in that language (Catalogue.in_language); `gazetteer` holds its names.
    """

    def __init__(self, catalogue: Catalogue, gazetteer: Gazetteer, encoder: QueryEncoder | None = None) -> None:
        self.catalogue = catalogue
        self.domain: DomainConfig = catalogue.domain
        language = self.domain.language
        self.lexicon: Lexicon = load_lexicon(language)
        self.model = load_act_model(language, encoder)
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
        nouns = set(self.domain.item_words)
        verbs = {self.domain.verb.base, self.domain.verb.past, self.domain.verb.gerund}
        self._dull = self.lexicon.stop | nouns | verbs | set(self.domain.person_nouns)
        self._contracted, self._offers, self._leads_in, self._idioms = (
            turn_pattern(language, name) for name in ("contracted", "offers", "leads_in", "idioms")
        )

    def understand(self, text: str, context: Context | None = None) -> Understanding:
        """Acts, preferences, constraints, critiques, item mentions and a question, each with its span or quote.

        Each part of an utterance is understood by itself, after the parts before it.
        """
        text = text[:_READ]
        drafts = self._drafts(text, context or Context())
        parts = [Heeded(draft.text, self._signs(draft)) for draft in drafts]
        heard = hear(self.model, Heeded(text, _joint([part.signs for part in parts])), parts)
        self._reread(text, drafts, heard)
        return merged(text, [self._settle(one, acts) for one, acts in zip(drafts, heard, strict=True)])

    def signs(self, text: str, context: Context) -> Signs:
        """What the rules see in a text, as the act model is told it."""
        return _joint([self._signs(draft) for draft in self._drafts(text, context)])

    def spans(self, text: str, context: Context) -> list[Said]:
        """The names, pointers and numbers of a text, with what the rules read of each."""
        return [said for draft in self._drafts(text, context) for said in _said(draft)]

    def _reread(self, text: str, drafts: Sequence[Draft], heard: Sequence[HeardActs | None]) -> None:
        """Read again, where the model is sure that something else is said of a name than the rules took it for."""
        spans = [(draft, acts, said) for draft, acts in zip(drafts, heard, strict=True) for said in _said(draft)]
        if self.model is None or not spans:
            return
        told: dict[int, dict[tuple[int, int], str]] = {}
        signs = _joint([self._signs(draft) for draft in drafts])
        judged = self.model.relations(text, signs, [said for _, _, said in spans])
        for (draft, acts, said), likely in zip(spans, judged, strict=False):
            if relation := overruled(said, likely, acts):
                told.setdefault(draft.offset, {})[said.start - draft.offset, said.end - draft.offset] = relation
        for draft in drafts:
            if draft.offset in told:
                asked = draft.question.item_id if draft.question else None
                folded = self._fold(draft.text)
                again = self.reader.read(draft.text, folded, draft.marks, asked, draft.asking, told[draft.offset])
                self._echo(draft.echoes, draft.text, again)
                draft.reading = again

    def _drafts(self, text: str, context: Context) -> list[Draft]:
        spoken = _unshouted(text)
        drafts: list[Draft] = []
        folded = self._fold(text)
        named: list[str] = []
        for part in parts_of(folded, self.lexicon, self.linker.unbroken(folded)):
            drafts.append(self._draft(spoken[part.start : part.end], part.start, context, named))
            named = drafts[-1].targets
            if len(named) == 1:
                context = context.model_copy(update={"focus": named[0]})
            elif named:
                context = context.model_copy(update={"named": named})
            people = [entity.value for entity in drafts[-1].entities if entity.kind == "person" and entity.value]
            if len(people) == 1:
                context = context.model_copy(update={"person": people[0]})
        return drafts

    def _fold(self, text: str) -> str:
        return elided(fold(text), self.lexicon)

    def _draft(self, text: str, offset: int, context: Context, before: Sequence[str] = ()) -> Draft:
        """What the rules find in one part of an utterance, before its acts are settled. `before`: the items that the
        part before is about, which a part that names nothing judges."""
        folded = self._fold(text)
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
        spans = [s for s in spans if not any(p.exact and p.start <= s.start and s.end <= p.end for p in pointers)]
        if not self.lexicon.spaced:
            spans = [span for span in spans if span.kind == "item" or not self._inside_word(folded, span)]
        idioms = [match.span() for match in self._idioms.finditer(folded)]
        spans = [s for s in spans if s.kind == "item" or not any(a <= s.start and s.end <= b for a, b in idioms)]
        named = [(span.end, self.catalogue.items[span.name.row].id) for span in spans if span.kind == "item"]
        echoes = find_echoes(text, folded, named, context, self.lexicon, self.catalogue)
        relations = [cue for cue in relations if not any(_hides(span, cue) for span in spans)]
        relations = [cue for cue in relations if not echoes.covers(cue.start, cue.end)]
        pointers = [pointer for pointer in pointers if not echoes.covers(pointer.start, pointer.end)]
        bounded = (_before_quantities(cue, quantities, self._leads_in) for cue in relations)
        relations = [cue for cue in bounded if cue is not None]
        pointers = [p for p in pointers if p.exact or not any(c.start < p.end and p.start < c.end for c in relations)]
        question = self._question(spoken, cues, spans, pointers, context)
        marks: list[Mark] = [*relations, *spans, *pointers, *quantities]
        marks.sort(key=lambda mark: (mark.start, -mark.end))
        asked_item = question.item_id if question else None
        asking = question is not None or "compare" in cues
        reading = self.reader.read(text, folded, marks, asked_item, asking)
        self._echo(echoes, text, reading)
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
        if "compare" in cues:
            targets = list(dict.fromkeys([*targets, *(item_id for p in pointers for item_id in p.item_ids)]))
        pointed = any(pointer.exact for pointer in pointers)
        found = [*(self._entity(text, span) for span in spans), *_quantity_entities(text, quantities), *names]
        return Draft(
            text=text, offset=offset, context=context, cues=cues, reading=reading, question=question, targets=targets,
            entities=found, marks=marks, asking=asking, echoes=echoes,
            relations={cue.name for cue in relations}, pointed=pointed,
            rules=rule_acts(cues, reading, question is not None, context, bool(names), pointed),
            # The encoder reads the base language only.
            search=self._search_text(folded, words, relations, [*spans, *pointers, *quantities, *names, *echoes.words])
            if self.catalogue.in_own_language else "",
            waived=self.cues.waived(folded),
        )  # fmt: skip

    def _signs(self, draft: Draft) -> Signs:
        names = {f"cue:{cue}" for cue in draft.cues} | {f"relation:{name}" for name in draft.relations}
        names |= {f"kind:{entity.kind}" if entity.value else "kind:unknown" for entity in draft.entities}
        names |= {f"rule:{act}" for act in draft.rules} | {f"said:{m.relation}" for m in draft.reading.mentions}
        names |= {"pointed"} if draft.pointed else set()
        names |= {"targets"} if draft.targets else set()
        return Signs(frozenset(names), bool(draft.context.slate), draft.context.pending is not None)

    def _settle(self, draft: Draft, heard: HeardActs | None) -> Understanding:
        """One part, understood: its acts, and what was read in it so far as the acts let it count."""
        reading, question, context, folded = draft.reading, draft.question, draft.context, self._fold(draft.text)
        command = next((act for act in _COMMANDS if act in draft.cues), None)
        if heard is None and command is None and "request" not in draft.cues:
            command = "off_topic" if "off_topic" in draft.cues else command
            command = "chitchat" if "chitchat" in draft.cues and len(draft.text.split()) < _FEW else command
        counting = heard is not None and "ask_catalogue" in heard.acts
        judged = any(mention.relation not in {"mention", "ask"} for mention in reading.mentions)
        aside = heard is not None and heard.aside and not (counting or judged or reading.constraints)
        if heard and "off_topic" in draft.cues and "request" not in draft.cues:
            aside = aside or (heard.likely["off_topic"] >= _UNLIKELY and not reading.constraints)
        rules = {command, *(draft.cues & {"greet", "thank", "farewell"})} if command else draft.rules
        acts = settled(rules, draft.cues, heard, set() if aside else content_acts(reading), context)
        if heard and len(draft.text.split()) < _ENOUGH:
            acts -= _NEVER_BRIEF - draft.cues
        if aside or "remove" in acts or (heard is None and command):
            reading = Reading()
            reading.mentions = [m for m in draft.reading.mentions if m.relation == "mention"]
            acts -= CONTENT if "remove" in acts else set()
        elif heard:
            _weigh(reading, heard, "ask_catalogue" in acts)
            self._judge(draft, heard)
            acts |= content_acts(reading) & {"like", "dislike", "seen", "similar"}
        elif reading.critiques and folded.rstrip().endswith("?") and _only_mentioned(reading):
            # "X is too long, isn't it?" asks how long it is, and for nothing shorter.
            question = question or ItemQuestion(topic=reading.critiques[0].number, item_id=reading.mentions[0].item_id)
            reading.critiques = []
            acts = (acts - {"critique"}) | {"ask_item"}
        if "reject" in acts and not any(mention.relation == "reject" for mention in reading.mentions):
            rejected = draft.targets or context.slate
            reading.mentions += [self.reader.mention(item_id, "reject", draft.text) for item_id in rejected]
        search = draft.search if acts & _SEARCHING and not acts & _ANSWERS_ONLY and "reject" not in acts else ""
        if acts == {"unclear"} and heard is None:
            unusual = any(word not in self.lexicon.common for word in draft.search.split())
            if draft.search and (unusual or len(draft.search.split()) > 1 or self._offers.search(folded)):
                acts, search = {"request"}, draft.search
            elif draft.targets and draft.pointed:
                acts, question = {"ask_item"}, ItemQuestion(topic="about", item_id=draft.targets[0])
        if draft.waived:
            acts = (acts - {"unclear"} - ({"ask_item"} if draft.question is None else set())) | {"remove"}
        if "ask_item" in acts and question is None:
            target = next(iter(draft.targets), None) or context.focus or next(iter(context.slate), None)
            question = ItemQuestion(topic="about", item_id=target)
        return Understanding(
            text=draft.text, language=self.domain.language, acts=acts, constraints=reading.constraints,
            preferences=[*reading.preferences, *_item_preferences(reading.mentions)], critiques=reading.critiques,
            mentions=reading.mentions, question=question if "ask_item" in acts else None,
            # A name to let go of that nobody knows is no new wish, and one in mere talk none either.
            entities=[_moved(entity, draft.offset) for entity in sorted(draft.entities, key=lambda e: e.start)
                      if entity.value is not None or not ("remove" in acts or acts <= _TALK)],
            targets=draft.targets, quantity=reading.quantity, search=search,
            drops=draft.waived or (draft.text.strip() if "remove" in acts else ""), open="surprise" in draft.cues,
        )  # fmt: skip

    def _judge(self, draft: Draft, heard: HeardActs) -> None:
        """Give items that are only mentioned the verdict that the model hears in the words around them."""
        mentions = draft.reading.mentions
        judged = {mention.relation for mention in mentions}
        verdict = max(_VERDICTS, key=lambda act: heard.likely[act])
        if heard.likely[verdict] < _SURE or verdict in judged or heard.acts & _ANSWERS_ONLY:
            return
        plain = [mention for mention in mentions if mention.relation == "mention"]
        reading = draft.reading
        alone = not (mentions or reading.preferences or reading.constraints or reading.critiques)
        about = [mention.item_id for mention in plain] or (draft.targets if alone else [])
        about = about or ([draft.context.focus] if draft.context.focus and alone else [])
        mentions[:] = [mention for mention in mentions if mention not in plain]
        sure = {"confidence": round(float(heard.likely[verdict]), 3)}
        heard_so = (self.reader.mention(item_id, verdict, draft.text.strip(), 0.6) for item_id in about)
        mentions += [mention.model_copy(update=sure) for mention in heard_so]

    def quantities(self, text: str) -> list[Quantity]:
        """The numeric wishes of a text."""
        return find_quantities(self._fold(text), self.lexicon, self.domain)

    def linked_items(self, text: str) -> list[str]:
        """Ids of the items a text names, in order; what is said of them is not read."""
        text = text[:_READ]
        folded = self._fold(text)
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

    def _echo(self, echoes: Echoes, text: str, reading: Reading) -> None:
        """Take in what the echoes of a part say."""
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
            dull = plain in self._dull or token.word in self._dull or len(plain) < 3
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


def _said(draft: Draft) -> list[Said]:
    found = []
    for mark in draft.marks:
        rule = draft.reading.relations.get((mark.start, mark.end))
        # Qualities ("newer", "scary") move by degrees that the reader weighs.
        quality = isinstance(mark, Span) and bool(mark.name.direction)
        if rule is not None and not isinstance(mark, Cue) and not quality:
            kind: Kind = "value"
            if isinstance(mark, Pointer):
                kind = "pointer"
            elif isinstance(mark, Quantity):
                kind = "number"
            elif mark.kind == "item":
                kind = "item"
            found.append(Said(draft.offset + mark.start, draft.offset + mark.end, kind, by_rules(kind, rule)))
    return found


def _joint(signs: Sequence[Signs]) -> Signs:
    """What the rules saw in several parts of one utterance."""
    return signs[0]._replace(names=frozenset().union(*(one.names for one in signs)))


def _weigh(reading: Reading, heard: HeardActs, counting: bool) -> None:
    """Drop what was read in words that do not sound like saying it: "which is scarier?" asks for nothing scary.

    What is to be counted is no wish either, but it has to be known.
    """
    likely = heard.likely
    questioned = heard.acts & {"why", "why_not", "compare"} and not heard.acts & {"disclose", "constrain", "critique"}
    if questioned:
        reading.constraints = []
    other = set() if counting else heard.acts - {"unclear"}
    if questioned:
        reading.preferences = []
    elif other and max(likely[act] for act in _WISHING) < _UNLIKELY:
        reading.preferences = [p for p in reading.preferences if p.scope == "person"]  # tastes are told, not wished
    if heard.acts & {"compare", "ask_item", "why"} and "critique" not in heard.acts:
        reading.critiques = []


def _only_mentioned(reading: Reading) -> bool:
    return bool(reading.mentions) and all(mention.relation in {"mention", "ask"} for mention in reading.mentions)


def _unshouted(text: str) -> str:
    """A text all in capitals, in which they tell nothing, in small letters; of the same length."""
    if not text.isupper() or sum(char.isalpha() for char in text) < _FEW:
        return text
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)


def merged(text: str, parts: Sequence[Understanding]) -> Understanding:
    """What an utterance means as a whole, from its parts."""
    acts = {act for part in parts for act in part.acts}
    if len(acts) > 1:
        acts -= {"unclear"}
    if len(parts) == 1:
        return parts[0].model_copy(update={"text": text, "acts": acts})
    return Understanding(
        text=text, language=parts[0].language, acts=acts, preferences=_every(parts, "preferences"),
        constraints=_youngest(_every(parts, "constraints")), critiques=_every(parts, "critiques"),
        mentions=_every(parts, "mentions"), question=next((part.question for part in parts if part.question), None),
        entities=_every(parts, "entities"), targets=list(dict.fromkeys(_every(parts, "targets"))),
        drops=" ".join(part.drops for part in parts if part.drops),
        quantity=next((part.quantity for part in parts if part.quantity), None),
        search=" ".join(part.search for part in parts if part.search), open=any(part.open for part in parts),
    )  # fmt: skip


def _youngest(constraints: Sequence[Preference]) -> list[Preference]:
    """Constraints with only the lowest of the ages that its parts say: what suits the youngest suits all."""
    ages = [said.high or 0.0 for said in constraints if said.facet == "age"]
    return [said for said in constraints if said.facet != "age" or said.high == min(ages)]


def _every(parts: Sequence[Understanding], name: str) -> list[Any]:
    return [found for part in parts for found in getattr(part, name)]


def _moved(entity: Entity, offset: int) -> Entity:
    return entity.model_copy(update={"start": entity.start + offset, "end": entity.end + offset}) if offset else entity


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


def _before_quantities(cue: Cue, quantities: Sequence[Quantity], leads_in: re.Pattern[str]) -> Cue | None:
    """The part of a cue before the quantity it runs into ("not from" of "not from the 60s"); None inside of one."""
    across = next((q for q in quantities if q.start < cue.end and cue.start < q.end), None)
    if across is None:
        return cue
    inside = cue.text[across.start - cue.start :].strip()
    return cue._replace(end=across.start) if cue.start < across.start and leads_in.fullmatch(inside) else None


def _hides(span: Span, cue: Cue) -> bool:
    """Whether a cue is only part of a name: "love" in "love story", "like" in a title."""
    overlap = cue.start < span.end and cue.end > span.start
    return overlap and (span.kind == "item" or span.start <= cue.start)
