"""One language heard without a language model: an utterance and its context in, an Understanding out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from bot.act_model import Signs, load_act_model
from bot.acts import CONTENT, HeardActs, Heeded, content_acts, hear, overruled, settled
from bot.cues import Cue
from bot.drafting import READ, Draft, Drafter
from bot.gazetteer import Gazetteer
from bot.lexicon import Lexicon, load_lexicon, turn_pattern
from bot.qualities import scale_of
from bot.quantities import Quantity
from bot.reading import MUST, Known, Reading
from bot.records import Entity, ItemMention, ItemQuestion, Preference, Understanding
from bot.references import Context, Pointer
from bot.span_relations import Kind, Said, by_rules
from bot.unresolved import turned_down
from bot.utterance import Span
from bot.verdicts import Mark
from retrieval.catalogue import Catalogue
from retrieval.domain import DomainConfig
from retrieval.encoder import QueryEncoder

_COMMANDS = ("undo", "reset", "forget", "show_profile", "help", "remove")
_TURNING_DOWN = {"constrain", "disclose", "dislike"}
_ANSWERS_ONLY = {"ask_item", "why", "why_not", "compare", "greet", "farewell", "off_topic", "ask_catalogue"}
_SEARCHING = {"request", "disclose", "constrain", "critique", "similar", "answer", "correct"}
_VERDICTS: tuple[Literal["dislike", "like", "seen", "similar"], ...] = ("dislike", "like", "seen", "similar")
_WISHING = ("disclose", "constrain", "request", "answer", "critique", "correct", "similar")
_ASKED_OF_US = {"ask_item", "why", "why_not", "compare", "show_profile", "forget", "help", "undo"}
_MATTERS = {"correct", "undo", "reset", "remove", "ask_item", "answer"}
"""Acts beside which small talk only leads up to them."""
_TURNING = {"exclude", "dislike", "unneeded", "unlike", "reported_dislike"}
_JUDGING = {"like", "dislike", "seen", "reject", "accept"}
_UNLIKELY, _CERTAIN = 0.2, 0.97
_SURE = 0.7
_PROBABLE = 0.5  # from which what the rules take for a question about an item is one
_ENOUGH = 3  # words from which a command without a cue of its own is believed
_LETTERS = 2  # of a title that says enough by itself
_EDGES = " .!,:;\"'"
_FEW = 5  # words of a remark that is small talk and nothing else
_TOLD = 3  # telling words of a wish that describes what is wanted
_STRAY = {"off_topic", "farewell"}  # as which parts of a description sound
_OF_WHAT_IS_SHOWN = {"why", "why_not", "compare", "ask_item", "accept", "reject"}
_TALK = {"off_topic", "chitchat", "greet", "thank", "farewell"}


class Listener:
    """Hears one language against one catalogue; stateless between calls and safe to share.

    `catalogue` is seen in that language (Catalogue.in_language); `gazetteer` holds its names.
    """

    def __init__(self, catalogue: Catalogue, gazetteer: Gazetteer, encoder: QueryEncoder | None = None) -> None:
        self.catalogue = catalogue
        self.drafter = Drafter(catalogue, gazetteer)
        self.domain: DomainConfig = catalogue.domain
        language = self.domain.language
        self.lexicon: Lexicon = load_lexicon(language)
        self.model = load_act_model(language, encoder)
        self._offers = turn_pattern(language, "offers")
        self._polar, self._counting = turn_pattern(language, "polar"), turn_pattern(language, "counting")
        self._utmost = turn_pattern(language, "utmost")
        self._fillers, self._least = turn_pattern(language, "fillers"), turn_pattern(language, "least")
        self._place = turn_pattern(language, "place", (self.domain.noun.one, *self.domain.called))

    def understand(self, text: str, context: Context | None = None) -> Understanding:
        """Acts, preferences, constraints, critiques, item mentions and a question, each with its span or quote.

        Each part of an utterance is understood by itself, after the parts before it.
        """
        text = text[:READ]
        drafts = self.drafter.drafts(text, context or Context())
        parts = [Heeded(self._plain(draft.text), _signs(draft)) for draft in drafts]
        whole = Heeded(self._plain(text), _joint([part.signs for part in parts]))
        heard = [
            None if acts and (_is_removal(draft) or (_is_wish(draft) and not acts.tells)) else acts
            for draft, acts in zip(drafts, hear(self.model, whole, parts), strict=True)
        ]
        self._reread(whole, drafts, heard)
        settled_parts = [self._settle(one, acts) for one, acts in zip(drafts, heard, strict=True)]
        settled_parts = self._likened(settled_parts)
        asked = {act for part in settled_parts for act in part.acts} & _ASKED_OF_US
        if asked:
            settled_parts = [_without_bare_wish(part, draft) for part, draft in zip(settled_parts, drafts, strict=True)]
        return merged(text, settled_parts)

    def _likened(self, parts: Sequence[Understanding]) -> list[Understanding]:
        """The parts, where the first is a title and "but", and another says what is to differ: "X but shorter"."""
        first, *rest = parts
        wished = any(p.preferences or p.constraints or p.critiques or p.search for p in rest)
        if not (wished and is_bare_title(first, self.lexicon.breaks)):
            return list(parts)
        mentions = [mention.model_copy(update={"relation": "similar"}) for mention in first.mentions]
        return [first.model_copy(update={"acts": {"request", "similar"}, "mentions": mentions, "search": ""}), *rest]

    def read_ahead(self, texts: Sequence[str]) -> None:
        """Let the act model read several utterances at once, which takes it less time than one by one."""
        if self.model is not None:
            parts = [text[part.start : part.end] for text in texts for part in self.drafter.parts(text)]
            self.model.read_ahead([self._plain(text[:READ]) for text in (*parts, *texts)])

    def _plain(self, text: str) -> str:
        """A text of the same length without the sounds that open and close it ("umm", ":)")."""
        said = list(text)
        for match in self._fillers.finditer(self.drafter.fold(text)):
            said[match.start() : match.end()] = " " * (match.end() - match.start())
        return "".join(said)

    def signs(self, text: str, context: Context) -> Signs:
        """What the rules see in a text, as the act model is told it."""
        return _joint([_signs(draft) for draft in self.drafter.drafts(text, context)])

    def spans(self, text: str, context: Context) -> list[Said]:
        """The names, pointers and numbers of a text, with what the rules read of each."""
        return [said for draft in self.drafter.drafts(text, context) for said in _said(draft)]

    def _reread(self, whole: Heeded, drafts: Sequence[Draft], heard: Sequence[HeardActs | None]) -> None:
        """Read again, where the model is sure that something else is said of a name than the rules took it for."""
        spans = [
            (draft, acts, said) for draft, acts in zip(drafts, heard, strict=True) if acts for said in _said(draft)
        ]
        if self.model is None or not spans:
            return
        told: dict[int, dict[tuple[int, int], Known]] = {}
        judged = self.model.relations(whole.text, whole.signs, [said for _, _, said in spans])
        for (draft, acts, said), likely in zip(spans, judged, strict=False):
            if known := overruled(said, likely, acts, bool(draft.relations & _TURNING)):
                told.setdefault(draft.offset, {})[said.start - draft.offset, said.end - draft.offset] = known
        for draft in drafts:
            if draft.offset in told:
                self.drafter.again(draft, told[draft.offset])

    def _settle(self, draft: Draft, heard: HeardActs | None) -> Understanding:
        """One part, understood: its acts, and what was read in it so far as the acts let it count."""
        reading, question, context, folded = draft.reading, draft.question, draft.context, self.drafter.fold(draft.text)
        judging = heard is not None and bool(heard.acts & _JUDGING) and not (draft.targets or draft.entities)
        if judging and self._place.search(folded):  # the third of two
            return Understanding(text=draft.text, language=self.domain.language, acts={"unclear"})
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
            acts = (acts - (set(_COMMANDS) - draft.cues)) or ({command} if command else {"unclear"})
        if _describes(acts, draft):
            acts -= _STRAY if context.slate else _STRAY | _OF_WHAT_IS_SHOWN
        if aside or "remove" in acts or (heard is None and command):
            reading = Reading()
            reading.mentions = [m for m in draft.reading.mentions if m.relation == "mention"]
            acts -= CONTENT if "remove" in acts else set()
        elif heard:
            _weigh(reading, heard, "ask_catalogue" in acts)
            self._judge(draft, heard)
            if "more" in draft.cues:  # "who directed it? any others by him?"
                reading.preferences += [one for one in draft.echoes.wanted if one not in reading.preferences]
            acts |= content_acts(reading) & {"like", "dislike", "seen", "similar"}
        if "why_not" in draft.cues:
            acts -= {"like", "dislike", "reject"} - content_acts(reading)
        if draft.reading.mentions and {mention.relation for mention in draft.reading.mentions} == {"unseen"}:
            acts = (acts - {"like", "dislike", "seen", "reject"}) or {"request"}
        if draft.question and draft.question.checks:
            reading, acts = Reading(), {"ask_item"} | (acts & {"greet", "thank"})
            reading.mentions = [m.model_copy(update={"relation": "ask"}) for m in draft.reading.mentions]
        elif heard and _only_asks(draft) and ("about" in draft.cues or self._polar.match(folded)):
            # Whatever its title sounds like.
            reading.mentions = [m.model_copy(update={"relation": "ask"}) for m in draft.reading.mentions]
            stray = {"like", "dislike", "chitchat"} if "about" in draft.cues else set()
            acts = (acts - {"similar", "request", "unclear", "answer"} - stray) | {"ask_item"}
        elif draft.question and draft.question.topic == "unknown" and not content_acts(reading):
            acts = {"ask_item"} | (acts & {"greet", "thank"})
        elif draft.question and draft.targets and heard and heard.likely["ask_item"] >= _PROBABLE:
            likened = any(mention.relation == "similar" for mention in reading.mentions)
            acts = (acts - (set() if likened else {"similar"}) - {"unclear"}) | {"ask_item"}
        if "ask_item" in acts and "request" not in acts and question is not None:
            topics = {question.topic, *question.further}  # "any Oscars?" asks for none
            reading.preferences = [one for one in reading.preferences if one.facet not in topics]
        asks = folded.rstrip().endswith("?") and not acts & {"request", "similar", "ask_catalogue"}
        if reading.critiques and asks and _only_mentioned(reading):
            # "X is too long, isn't it?" asks how long it is, and for nothing shorter.
            question = question or ItemQuestion(topic=reading.critiques[0].number, item_id=reading.mentions[0].item_id)
            reading.critiques = []
            acts = (acts - {"critique"}) | {"ask_item"}
        if "reject" in acts and not any(mention.relation == "reject" for mention in reading.mentions):
            rejected = draft.targets or context.slate
            reading.mentions += [self.drafter.reader.mention(item_id, "reject", draft.text) for item_id in rejected]
        search = draft.search if acts & _SEARCHING and not acts & _ANSWERS_ONLY and "reject" not in acts else ""
        if acts == {"unclear"} and heard is None:
            unusual = any(word not in self.lexicon.common for word in draft.search.split())
            if draft.search and (unusual or len(draft.search.split()) > 1 or self._offers.search(folded)):
                acts, search = {"request"}, draft.search
            elif draft.targets and draft.pointed:
                acts, question = {"ask_item"}, ItemQuestion(topic="about", item_id=draft.targets[0])
        if draft.waived:
            acts = (acts - {"unclear"} - ({"ask_item"} if draft.question is None else set())) | {"remove"}
        counted: list[Preference] = []
        if (
            "ask_catalogue" in acts
            and not acts.intersection(_WISHING)
            and (self._counting.search(folded) or self._utmost.search(folded))
        ):
            counted = [*reading.preferences, *reading.constraints, *self._of_utmost(draft)]
            reading.preferences, reading.constraints, reading.critiques = [], [], []
        unread = not (reading.preferences or reading.constraints or reading.critiques or reading.mentions or counted)
        if unread and not (draft.entities or draft.targets or search or question) and acts <= _TURNING_DOWN:
            draft.entities = turned_down(
                draft.text, folded, self.drafter.cues.relations(folded), self.lexicon, self.domain
            )
        orders = "compare" in acts or ("ask_catalogue" in acts and self._utmost.search(folded) is not None)
        if "ask_item" in acts and question is None:
            shown = None if draft.of_unknown else context.focus or next(iter(context.slate), None)
            target = next(iter(draft.targets), shown)
            # Whoever wants a yes or no is not told the story instead.
            topic = "unknown" if self._polar.match(folded) and "about" not in draft.cues else "about"
            question = ItemQuestion(topic=topic, item_id=target)
        return Understanding(
            text=draft.text, language=self.domain.language, acts=acts, constraints=reading.constraints,
            allowed=reading.allowed, counted=counted,
            preferences=[*reading.preferences, *_item_preferences(reading.mentions)], critiques=reading.critiques,
            mentions=reading.mentions,
            question=question if "ask_item" in acts else self._criterion(draft) if orders else None,
            # A name to let go of that nobody knows is no new wish, and one in mere talk none either.
            entities=[_moved(entity, draft.offset) for entity in sorted(draft.entities, key=lambda e: e.start)
                      if entity.value is not None or not ("remove" in acts or acts <= _TALK)],
            targets=draft.targets, quantity=reading.quantity, search=search,
            drops=draft.waived or (draft.text.strip() if "remove" in acts else ""), open="surprise" in draft.cues,
        )  # fmt: skip

    def _of_utmost(self, draft: Draft) -> list[Preference]:
        """Of what somebody wants the utmost: "the longest French comedy"."""
        if not self._utmost.search(self.drafter.fold(draft.text)):
            return []
        values = [mark for mark in draft.marks if isinstance(mark, Span) and mark.kind != "item"]
        return [Preference(facet=one.kind, value=one.name.value) for one in values if not one.name.direction]

    def _criterion(self, draft: Draft) -> ItemQuestion | None:
        """By what number several items are to be compared, if that is said: "which is the shortest?"."""
        least = self._least.search(self.drafter.fold(draft.text)) is not None
        for mark in (*draft.described, *draft.marks):
            if isinstance(mark, Quantity) and mark.facet == "age" and (number := self.domain.number_of("age")):
                return ItemQuestion(topic=number, most=-1)
            name = mark.name if isinstance(mark, Span) else None
            found = scale_of(name.kind, name.value, name.direction, self.domain) if name else None
            if found is not None:
                return ItemQuestion(topic=found[0], most=1 if (found[1] > 0) != least else -1)
        return None

    def _judge(self, draft: Draft, heard: HeardActs) -> None:
        """Give items that are only mentioned the verdict that the model hears in the words around them."""
        mentions = draft.reading.mentions
        judged = {mention.relation for mention in mentions}
        verdict = max(_VERDICTS, key=lambda act: heard.likely[act])
        if heard.likely[verdict] < _SURE or verdict in judged or heard.acts & _ANSWERS_ONLY:
            return
        maker = draft.echoes.made.item_id if draft.echoes.made else None
        plain = [m for m in mentions if m.relation == "mention" and m.item_id != maker]
        reading = draft.reading
        alone = not (mentions or reading.preferences or reading.constraints or reading.critiques)
        about = [mention.item_id for mention in plain] or (draft.targets if alone else [])
        about = about or ([draft.context.focus] if draft.context.focus and alone else [])
        mentions[:] = [mention for mention in mentions if mention not in plain]
        sure = {"confidence": round(float(heard.likely[verdict]), 3)}
        heard_so = (self.drafter.reader.mention(item_id, verdict, draft.text.strip(), 0.6) for item_id in about)
        mentions += [mention.model_copy(update=sure) for mention in heard_so]


def is_bare_title(understanding: Understanding, breaks: Sequence[str] = ()) -> bool:
    """Whether an utterance is nothing but the title of an item, and one of `breaks` behind it."""
    named = [entity for entity in understanding.entities if entity.item_id]
    if len(named) != 1 or len(understanding.entities) != 1 or len(understanding.mentions) != 1:
        return False
    if len(named[0].surface) < _LETTERS:
        return False
    before, behind = understanding.text[: named[0].start], understanding.text[named[0].end :].strip(_EDGES)
    bare = not before.strip(_EDGES) and (behind in breaks if breaks else not behind)
    return bare and understanding.mentions[0].relation in {"mention", "accept"} and understanding.question is None


def _signs(draft: Draft) -> Signs:
    names = {f"cue:{cue}" for cue in draft.cues} | {f"relation:{name}" for name in draft.relations}
    names |= {f"kind:{entity.kind}" if entity.value else "kind:unknown" for entity in draft.entities}
    names |= {f"rule:{act}" for act in draft.rules} | {f"said:{m.relation}" for m in draft.reading.mentions}
    names |= {"pointed"} if draft.pointed else set()
    names |= {"targets"} if draft.targets else set()
    return Signs(frozenset(names), bool(draft.context.slate), draft.context.pending is not None)


def _said(draft: Draft) -> list[Said]:
    """The names of a part about which the model may know better than the rules."""
    found = []
    for mark in draft.marks:
        kind = _kind(mark)
        rule = draft.reading.relations.get((mark.start, mark.end))
        if kind is not None and rule not in {None, MUST}:
            found.append(Said(draft.offset + mark.start, draft.offset + mark.end, kind, by_rules(kind, rule)))
    return found


def _kind(mark: Mark) -> Kind | None:
    """What the model knows a mark as. None for what it does not judge: cues, qualities that move by degrees ("newer"),
    and a bare "that", which means many things ("make that the 30s")."""
    if isinstance(mark, Quantity):
        return "number"
    if isinstance(mark, Pointer):
        return "pointer" if mark.exact else None
    if isinstance(mark, Cue) or mark.name.direction:
        return None
    return "item" if mark.kind == "item" else "value"


def _joint(signs: Sequence[Signs]) -> Signs:
    """What the rules saw in several parts of one utterance."""
    return signs[0]._replace(names=frozenset().union(*(one.names for one in signs)))


def _weigh(reading: Reading, heard: HeardActs, counting: bool) -> None:
    """Drop what was read in words that do not sound like saying it: "which is scarier?" asks for nothing scary.

    What is to be counted is no wish either, but it has to be known.
    """
    likely = heard.likely
    wished = heard.acts & {"disclose", "constrain", "critique", "request"}
    questioned = set() if wished else heard.acts & {"why", "why_not", "compare"}
    other = set() if counting else heard.acts - {"unclear"}
    if questioned and (not reading.constraints or max(likely[act] for act in questioned) >= _CERTAIN):
        reading.constraints, reading.preferences = [], []
    elif other and max(likely[act] for act in _WISHING) < _UNLIKELY:
        reading.preferences = [p for p in reading.preferences if p.scope == "person"]  # tastes are told, not wished
    if heard.acts & {"compare", "ask_item", "why"} and "critique" not in heard.acts:
        reading.critiques = []


def _without_bare_wish(part: Understanding, draft: Draft) -> Understanding:
    """A part without a request that no word of it makes: beside a question it only leads up to that."""
    described = part.search and not part.mentions
    wished = part.preferences or part.constraints or part.critiques or described or part.quantity or part.open
    said = draft.cues & {"request", "more", "surprise"} or part.acts & {"more", "similar"}
    return part if wished or said else part.model_copy(update={"acts": (part.acts - {"request"}) or {"unclear"}})


def _is_wish(draft: Draft) -> bool:
    """Whether every word of a part is a wish, whatever it sounds like: "about a chase", "not so sexual"."""
    return bool(draft.reading.preferences or draft.reading.critiques) and not (
        draft.cues - {"agree", "request"} or draft.search or draft.question
    )


def _describes(acts: set[str], draft: Draft) -> bool:
    """Whether a part is a wish that describes what is wanted, whatever else some of its words sound like."""
    told = len(draft.search.split()) >= _TOLD and not (draft.question or draft.targets)
    return acts >= {"request", "disclose"} and told and not draft.cues & (_STRAY | _OF_WHAT_IS_SHOWN)


def _is_removal(draft: Draft) -> bool:
    """Whether a part takes something back by name and says nothing else: "never mind anime"."""
    named = any(entity.value is not None for entity in draft.entities)
    return "remove" in draft.cues and named and not (draft.cues - {"remove", "agree"} or draft.search or draft.question)


def _only_asks(draft: Draft) -> bool:
    """Whether a part is nothing but a question about an item."""
    return bool(draft.question and draft.targets) and draft.relations <= {"break"} and not draft.search


def _only_mentioned(reading: Reading) -> bool:
    return bool(reading.mentions) and all(mention.relation in {"mention", "ask"} for mention in reading.mentions)


def merged(text: str, parts: Sequence[Understanding]) -> Understanding:
    """What an utterance means as a whole, from its parts."""
    acts = {act for part in parts for act in part.acts}
    if acts & _MATTERS:
        acts -= {"chitchat"}
    if len(acts) > 1:
        acts -= {"unclear"}
    if len(parts) == 1:
        return parts[0].model_copy(update={"text": text, "acts": acts})
    return Understanding(
        text=text, language=parts[0].language, acts=acts, preferences=_every(parts, "preferences"),
        constraints=_youngest(_every(parts, "constraints")), allowed=_every(parts, "allowed"),
        counted=_every(parts, "counted"),
        critiques=_every(parts, "critiques"), mentions=_every(parts, "mentions"),
        question=_asked([part.question for part in parts if part.question]),
        entities=_every(parts, "entities"), targets=list(dict.fromkeys(_every(parts, "targets"))),
        drops=" ".join(part.drops for part in parts if part.drops),
        quantity=next((part.quantity for part in parts if part.quantity), None),
        search=" ".join(part.search for part in parts if part.search), open=any(part.open for part in parts),
    )  # fmt: skip


def _asked(questions: Sequence[ItemQuestion]) -> ItemQuestion | None:
    """The first question, with what the others ask of the same item."""
    if not questions:
        return None
    first = questions[0]
    topics = [topic for one in questions if one.item_id == first.item_id for topic in (one.topic, *one.further)]
    return first.model_copy(update={"further": [topic for topic in dict.fromkeys(topics) if topic != first.topic]})


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
