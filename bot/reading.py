"""Reading an utterance from left to right: what the words around each name say of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bot.cues import Cue, CueFinder
from bot.gazetteer import Gazetteer, Name
from bot.hints import hints_of
from bot.lexicon import Degree, turn_pattern
from bot.linking import Span
from bot.qualities import Quality, read_quality
from bot.quantities import Quantity, canonical
from bot.querying import REQUIRED_ROLES
from bot.records import Critique, ItemMention, Preference, Relation, Scope
from bot.references import Pointer
from bot.scope import Clause, Scopes
from bot.verdicts import AVOIDED, Mark, Verdicts
from retrieval.catalogue import Catalogue

_ITEM_RELATIONS: dict[str, Relation] = {
    "like": "like", "dislike": "dislike", "exclude": "reject", "seen": "seen", "unseen": "unseen",
    "similar": "similar", "accept": "accept", "reject": "reject", "shared": "like", "tolerated": "seen",
    "turned_down": "reject",
}  # fmt: skip
_OPINIONS_OF_VALUES = {"reject": "dislike", "turned_down": "exclude"}
_OPINIONS = {"like", "dislike"}
_TOLERATING = {"neutral", "tolerated"}
_TOLD_OF = {"like", "dislike", "seen", "unseen"}
_SENTENCE_START = re.compile(r"[.!?;]\s|[。！？；]")  # noqa: RUF001
_EDGES = " ,.;!?，。；！？、"  # noqa: RUF001
_QUOTE_LIMIT = 90
_AFTER_REACH = 60  # characters behind a title in which a verdict on it may stand
_VALUE_REACH = 45  # the same behind a value; in some languages the verb that decides comes last
_POINTED_REACH = 40
_OPTIONAL = 0.5  # strength of a wish that need not come true


class Known(NamedTuple):
    """What is said of a mark, a relation of the reader's, by somebody who is so sure of it (0..1)."""

    relation: str
    sure: float


Told = Mapping[tuple[int, int], Known]
_UNTOLD: Told = {}
MUST = "must"
"""The relation of a value that is a condition ("only westerns")."""


class Reading:
    """What has been read so far; the reader appends to it."""

    def __init__(self) -> None:
        self.preferences: list[Preference] = []
        self.constraints: list[Preference] = []
        self.allowed: list[Preference] = []
        self.critiques: list[Critique] = []
        self.mentions: list[ItemMention] = []
        self.quantity: int | None = None
        self.wished = False
        self.relations: dict[tuple[int, int], str] = {}
        """What is said of each mark, by its offsets."""


class Reader:
    """Reads marks against one catalogue; holds no state between calls."""

    def __init__(self, catalogue: Catalogue, gazetteer: Gazetteer, cues: CueFinder) -> None:
        self.catalogue = catalogue
        self.domain = catalogue.domain
        self.gazetteer = gazetteer
        self.cues = cues
        language = cues.lexicon.language
        self._joins_quantity = turn_pattern(language, "to_quantity", self.domain.item_words)
        self._none_at_all = turn_pattern(language, "none_at_all")
        self._back = turn_pattern(language, "back")
        self._first_person = turn_pattern(language, "first_person")
        self._preferably = turn_pattern(language, "preferably")
        self._if_possible = turn_pattern(language, "if_possible")
        self._somebody = turn_pattern(language, "somebody")
        self._everyone = turn_pattern(language, "everyone")
        self._too = turn_pattern(language, "too")
        self._closes = turn_pattern(language, "closes")
        numbers = "|".join(word for word, number in cues.lexicon.numbers.items() if number > 1)
        self._counted = re.compile(rf"(?:^|\s)(?P<count>\d|{numbers})(?: \w+)?\s$")
        self._pointed_lead = turn_pattern(language, "pointed_lead")
        self._scopes = Scopes(language)
        self._all_of = turn_pattern(language, "all_of", self.domain.item_words)
        self._hints = hints_of(language, self.domain)
        self._clause_end = turn_pattern(language, "clause_end")
        self._has_number = {n: bool((catalogue.column(n) == catalogue.column(n)).any()) for n in self.domain.numbers}

    def read(
        self, text: str, folded: str, marks: Sequence[Mark], asked_item: str | None, asking: bool, told: Told = _UNTOLD
    ) -> Reading:
        """Preferences, constraints, critiques and mentions of the marks, in order.

        `asking`: the utterance is a question about an item (`asked_item`, if it names one), so that bare
        qualities in it ("is it scary?") are not wishes. `told`: what is said of some marks, by their offsets, where
        somebody knows better than the cues.
        """
        reading = Reading()
        clause = Clause()
        last: Span | None = None
        judged_to = valued_to = 0
        verdicts = Verdicts(self.cues, folded, marks)
        spoken: Cue | None = None
        for place, mark in enumerate(marks):
            if isinstance(mark, Span):
                last = mark if mark.kind != "item" else None
            if isinstance(mark, Cue):
                if mark.kind == "relation" and mark.start < judged_to:
                    continue  # it was the verdict on the name before it
                clause = self._scopes.enter(
                    folded, mark, clause, (later for later in marks[place + 1 :] if isinstance(later, Cue))
                )
                reading.wished |= mark.name == "wish"
                if mark.name in {"like", "dislike"} and last is not None and self._back.match(folded, mark.end):
                    # "my friends love musicals but I hate them"
                    quote = self._quote(text, folded, mark.start, mark.end)
                    self._read_value(text, folded, last, clause, quote, quote, asking, reading)
                continue
            said_to = max(valued_to, clause.cue_end if clause.relation in AVOIDED else 0)
            if mark.start < said_to and isinstance(mark, Span) and mark.kind not in {"item", "person"}:
                continue  # "Heat was fantastic", "easy on the gore"
            quote = self._quote(text, folded, max(clause.start, clause.cue_start), mark.end)
            previous = marks[place - 1] if place else None
            if (
                isinstance(mark, Span)
                and isinstance(previous, Quantity)
                and mark.start - previous.end < 2
                and mark.name.direction
            ):
                continue  # "two hours long"
            if clause.relation in _TOLD_OF and self._tells_apart(folded, marks[:place], mark):
                continue  # "I enjoyed The Revenant with Leonardo DiCaprio"
            if place + 1 < len(marks) and self._owns(folded, mark, marks[place + 1]):
                continue  # "Villeneuve's Dune"
            if rows := self._all_seen(folded, clause, mark):
                reading.mentions += [self.mention(self.catalogue.items[row].id, "seen", quote) for row in rows]
                continue  # "I've seen everything by Nolan"
            clause = self._scopes.restarted(folded, clause, mark.start, mark.end)
            until = self._until(folded, marks, place)
            insists = place + 1 < len(marks) and until > marks[place + 1].start
            if clause.relation in AVOIDED and (insists or self._is_past_degree(folded, previous, mark)):
                clause = clause._replace(relation="", cue="", cue_start=mark.start)  # "not from the 50s, westerns only"
            if (known := told.get((mark.start, mark.end))) is not None:
                own = Clause(known.relation, "", mark.start, mark.start, clause.start)
                before = len(reading.mentions)
                self._read_told(text, folded, mark, own, folded[clause.start : until], quote, reading)
                reading.mentions[before:] = [
                    mention.model_copy(update={"confidence": known.sure}) for mention in reading.mentions[before:]
                ]
            elif isinstance(mark, Quantity) and not asking:
                verdict = None if clause.relation else verdicts.on(place, _VALUE_REACH)
                self._read_quantity(folded, mark, clause, verdict, quote, reading)
                reading.relations[mark.start, mark.end] = verdict.name if verdict else clause.relation
            elif isinstance(mark, Quantity):
                continue
            elif isinstance(mark, Pointer):
                verdict = verdicts.on(place, _POINTED_REACH)
                valued_to = max(valued_to, verdict.end if verdict and mark.exact else 0)
                self._read_pointer(
                    folded, mark, clause, quote, verdict or verdicts.bare(place, clause.relation), asking, reading
                )
            elif mark.kind == "item":
                verdict = verdicts.on(place, _AFTER_REACH) or verdicts.bare(place, clause.relation)
                judged_to = max(judged_to, verdict.end if verdict and not clause.relation else 0)
                own = clause
                if verdict is None and spoken and not clause.relation and self._too.match(folded, mark.end):
                    own = clause._replace(relation=spoken.name, cue=spoken.text)
                spoken = verdict or spoken
                valued_to = max(valued_to, verdict.end if verdict else 0)
                self._read_item(text, folded, mark, own, quote, verdict, asked_item, reading)
                if verdict and verdict.name == "seen" and clause.relation in {"", "seen"}:
                    # "Heat I've seen ten times, a masterpiece"
                    further = verdicts.on(place, _AFTER_REACH, verdict.end)
                    if further and further.name in _OPINIONS:
                        judged_to = max(judged_to, further.end)
                        self._read_opinion(text, folded, mark, further, reading)
            else:
                verdict = verdicts.on(place, _VALUE_REACH)
                if verdict and clause.relation and not verdicts.turned(place, clause.relation, verdict):
                    verdict = None
                own = clause
                behind = previous.end if isinstance(previous, Quantity) else 0
                if clause.relation in {"", "wish"} and reading.quantity is None:
                    reading.quantity = self._count(folded[behind : mark.start], mark)
                if verdict:
                    # It holds for this value, and not for what is named after it.
                    opinion = _OPINIONS_OF_VALUES.get(verdict.name, verdict.name)
                    own = clause._replace(relation=opinion, cue=verdict.text)
                    quote = text[mark.start : verdict.end]
                self._read_value(text, folded, mark, own, folded[clause.start : until], quote, asking, reading)
                relation = "asked" if asking and not own.relation else own.relation
                insisted = relation in {"", "wish"} and self.cues.insists(folded[clause.start : until])
                reading.relations[mark.start, mark.end] = MUST if insisted else relation
        return reading

    def _is_past_degree(self, folded: str, before: Mark | None, mark: Mark) -> bool:
        """Whether a value follows a quality that is wanted in a lower degree: "nothing too gory, and westerns"."""
        if not (isinstance(before, Span) and before.name.direction and isinstance(mark, Span)):
            return False
        degree = self.cues.degree_before(folded, before.start)
        return degree is not None and degree.bounds and not mark.name.direction

    def _tells_apart(self, folded: str, before: Sequence[Mark], mark: Mark) -> bool:
        """Whether a mark is a person said with the item before it, so that it tells which is meant."""
        item = next((one for one in reversed(before) if not isinstance(one, Pointer)), None)
        if not (isinstance(mark, Span) and mark.kind == "person" and isinstance(item, Span) and item.kind == "item"):
            return False
        return self._hints.apposed(folded, item.end, mark.start)

    def _all_seen(self, folded: str, clause: Clause, mark: Mark) -> list[int]:
        """Rows of all that was seen by somebody or of a series; of who directs, what they directed."""
        if clause.relation != "seen" or not isinstance(mark, Span) or mark.kind == "item":
            return []
        config = self.domain.facets.get(mark.kind)
        whole = mark.kind == "person" or (config is not None and config.role in {"person", "series"})
        if not whole or not self._all_of.search(folded[clause.cue_start : mark.start]):
            return []
        own = self._first_person.search(clause.cue) or not folded[clause.start : clause.cue_start].strip(_EDGES)
        if not own:
            return []  # "my father has seen all the X ones"
        if mark.kind == "person":
            return [self.catalogue.row[item_id] for item_id in self.all_of_person(mark.name.value)]
        return [int(row) for row in self.catalogue.postings(mark.kind)[mark.name.value]]

    def all_of_person(self, name: str) -> list[str]:
        """Ids of all that somebody has a part in; of who directs, what they directed."""
        found = [self.catalogue.postings(facet).get(name) for facet in self.domain.facets_of("person")]
        most = max(([int(row) for row in rows] for rows in found if rows is not None), key=len, default=[])
        return [self.catalogue.items[row].id for row in most]

    def _owns(self, folded: str, mark: Mark, behind: Mark) -> bool:
        """Whether a mark is a person, and an item that they have a part in stands right behind."""
        if not (isinstance(mark, Span) and isinstance(behind, Span) and (mark.kind, behind.kind) == ("person", "item")):
            return False
        people = self.catalogue.values(self.catalogue.items[behind.name.row], "person")
        return folded[mark.end : behind.start] in {" ", "'s ", "' "} and mark.name.value in people

    def _until(self, folded: str, marks: Sequence[Mark], place: int) -> int:
        """Where the words around a mark end: at the next one, or behind what insists on this ("westerns only")."""
        if place + 1 == len(marks):
            return len(folded)
        mark = marks[place + 1]
        insists = isinstance(mark, Cue) and mark.name == "wish" and self.cues.insists(mark.text)
        ends = self._clause_end.match(folded, mark.end) or self._closes.match(folded, mark.end)
        closed = not folded[mark.end :].strip(_EDGES + ":()-") or ends
        return mark.end if insists and closed else mark.start

    def _read_told(
        self, text: str, folded: str, mark: Mark, clause: Clause, words: str, quote: str, reading: Reading
    ) -> None:
        if isinstance(mark, Quantity):
            self._read_quantity(folded, mark, clause, None, quote, reading)
        elif isinstance(mark, Pointer):
            relation = _ITEM_RELATIONS.get(clause.relation, "mention")
            reading.mentions += [self.mention(item_id, relation, quote) for item_id in mark.item_ids]
        elif isinstance(mark, Span) and mark.kind == "item":
            self._read_item(text, folded, mark, clause, quote, None, None, reading)
        elif isinstance(mark, Span):
            self._read_value(text, folded, mark, clause, words, quote, False, reading)

    def _count(self, lead: str, mark: Span) -> int | None:
        """How many of a kind are wanted: "five comedies"."""
        config = self.domain.facets.get(mark.kind)
        said = self._counted.search(lead) if config and config.role == "genre" else None
        return (self.cues.lexicon.numbers.get(said["count"]) or int(said["count"])) if said else None

    def mention(self, item_id: str, relation: Relation, quote: str, strength: float = 0.7) -> ItemMention:
        """A mention of an item with its title filled in."""
        title = self.catalogue.get(item_id).title
        return ItemMention(item_id=item_id, title=title, relation=relation, strength=strength, quote=quote)

    def _read_pointer(
        self, folded: str, pointer: Pointer, clause: Clause, quote: str, verdict: Cue | None, asking: bool,
        reading: Reading,
    ) -> None:  # fmt: skip
        between = folded[clause.cue_end : pointer.start].strip() if clause.cue_end >= 0 else "?"
        touching = self._pointed_lead.fullmatch(between) is not None
        exact = pointer.exact and not asking
        if clause.cue_end >= 0 and self._somebody.match(folded, clause.cue_end):
            exact = False  # "I adore her in the second one"
        judged = exact or (not clause.relation and not asking)  # "esas me gustan": the verdict stands behind
        judged = judged or (touching and clause.relation in {"seen", "found"})
        verdict = verdict if judged else None
        relation = _ITEM_RELATIONS.get(verdict.name if verdict else clause.relation)
        unsaid = relation is None or not (touching or exact or verdict)
        unsaid = unsaid or (relation == "accept" and len(pointer.item_ids) > 1)  # one takes one
        reading.relations[pointer.start, pointer.end] = "mention" if unsaid else relation or ""
        if relation is None or unsaid:
            return
        strength = self.cues.strength_of(clause.cue or (verdict.text if verdict else ""))
        said = [self.mention(item_id, relation, quote, strength) for item_id in pointer.item_ids]
        if verdict and clause.relation == "seen" and touching:
            said += [self.mention(item_id, "seen", quote) for item_id in pointer.item_ids]
        known = {(m.item_id, m.relation) for m in reading.mentions}
        reading.mentions += [m for m in said if (m.item_id, m.relation) not in known]

    def _read_item(
        self, text: str, folded: str, span: Span, clause: Clause, quote: str, verdict: Cue | None,
        asked_item: str | None, reading: Reading,
    ) -> None:  # fmt: skip
        item = self.catalogue.items[span.name.row]
        strength = self.cues.strength_of(clause.cue or (verdict.text if verdict else ""))
        words = text[span.start : verdict.end] if verdict else quote
        relation: Relation
        if clause.negated_similar:
            relation, strength, words = "dislike", 0.5, quote
        elif asked_item == item.id:
            relation = "ask"
        elif clause.relation in _ITEM_RELATIONS:
            relation, words = _ITEM_RELATIONS[clause.relation], quote
        elif clause.relation == "unneeded" or (
            clause.relation.startswith("reported") and verdict and not self._first_person.search(verdict.text)
        ):
            relation = "mention"  # "the critics say Heat is a masterpiece"
        else:
            relation = _ITEM_RELATIONS.get(verdict.name, "mention") if verdict else "mention"
        reading.mentions.append(self.mention(item.id, relation, words, strength))
        reading.relations[span.start, span.end] = verdict.name if verdict and relation == "seen" else relation
        if verdict and relation == "seen" and verdict.name in _OPINIONS:
            self._read_opinion(text, folded, span, verdict, reading)

    def _read_opinion(self, text: str, folded: str, span: Span, verdict: Cue, reading: Reading) -> None:
        """A verdict on an item that was seen, or on all of them."""
        everyone = self._everyone.search(folded[span.end : verdict.end]) is not None
        judged = [m for m in reading.mentions if m.relation == "seen"] if everyone else reading.mentions[-1:]
        strength = self.cues.strength_of(verdict.text)
        words = text[span.start : verdict.end]
        opinion = _ITEM_RELATIONS[verdict.name]
        reading.mentions += [self.mention(m.item_id, opinion, words, strength) for m in judged]

    def _read_quantity(
        self, folded: str, said: Quantity, clause: Clause, verdict: Cue | None, quote: str, reading: Reading
    ) -> None:
        if said.facet == "count":
            reading.quantity = int(said.low or 1)
            return
        joined = self._joins_quantity.fullmatch(folded[clause.cue_end : said.start]) if clause.cue_end >= 0 else None
        negative = clause.relation in {"exclude", "dislike"} and joined is not None
        negative = negative or (verdict is not None and verdict.name in {"exclude", "dislike", "reject"})
        soft = said.approximate or clause.relation == "like"
        low, high, value, unwanted = said.low, said.high, said.value, negative
        if negative and said.facet == "length" and high is None:
            # "nothing longer than two hours" is "at most two hours".
            low, high = None, low
            value, unwanted = canonical(low, high), False
        preference = Preference(
            facet=said.facet, value=value, polarity=-1.0 if unwanted else 1.0, strength=0.9, hard=not soft,
            excludes=negative or said.facet == "age",
            scope="person" if clause.relation == "like" else "session", low=low, high=high,
            relative=said.relative, quote=quote,
        )  # fmt: skip
        said_so = reading.preferences if soft else reading.constraints
        if not any(old.facet == said.facet == "age" for old in said_so):  # all ages said are the youngest
            said_so.append(preference)

    def _read_value(
        self, text: str, folded: str, span: Span, clause: Clause, words: str, quote: str, asking: bool,
        reading: Reading,
    ) -> None:  # fmt: skip
        if (
            (asking and clause.relation in {"", "seen", "similar", "asked"})
            or clause.relation.startswith("reported")
            or (clause.relation == "unneeded")
        ):
            return
        degree = self.cues.degree_before(folded, span.start)
        if degree and degree.direction > 0 and clause.relation == "exclude":
            degree = None
        name = self._meaning(span, bool(degree) or clause.relation in {"exclude", "dislike"})
        if name.direction:
            self._read_quality(name, text[span.start : span.end].lower(), degree, clause, quote, reading)
            return
        lead = folded[max(0, span.start - 24) : span.start]
        scope: Scope = "session"
        told = folded[clause.cue_start : span.end] if clause.relation in {"wish", "accept"} else words
        if (self.cues.lasts(told) or clause.relation in {"like", "dislike"}) and not self.cues.passes(words):
            scope = "person"
        if degree:
            reading.preferences.append(
                self._preference(name, float(degree.direction), 0.6, False, "session", quote, lead)
            )
        elif clause.relation in _TOLERATING:
            said = self._preference(name, 1.0, 0.3, False, "session", quote, lead)
            reading.preferences.append(said)
            if self._too.search(clause.cue) is None:  # "dramas are fine too" asks for them
                reading.allowed.append(said)
        elif clause.relation == "exclude":
            reading.constraints.append(self._preference(name, -1.0, 1.0, True, scope, quote, lead))
        elif clause.relation in {"like", "dislike"}:
            strength = self.cues.strength_of(clause.cue)
            polarity = 1.0 if clause.relation == "like" else -1.0
            hard = polarity < 0 and strength > 0.9
            reading.preferences.append(self._preference(name, polarity, strength, hard, scope, quote, lead))
        elif self.cues.insists(words):
            reading.constraints.append(self._preference(name, 1.0, 1.0, True, "session", quote, lead))
        elif clause.relation != "unseen":
            config = self.domain.facets.get(name.kind)
            required = config is None or config.role in REQUIRED_ROLES
            strength = 0.9 if required else 0.75
            if self._preferably.search(lead) or self._if_possible.match(folded, span.end):
                strength = _OPTIONAL
            reading.wished = True
            reading.preferences.append(self._preference(name, 1.0, strength, False, scope, quote, lead))

    def _read_quality(
        self, name: Name, word: str, degree: Degree | None, clause: Clause, quote: str, reading: Reading
    ) -> None:
        if clause.relation in _TOLERATING:
            reading.allowed.append(Preference(
                facet=name.kind, value=word, strength=0.3, pole=1 if name.direction > 0 else -1, quote=quote,
            ))  # fmt: skip
            return
        found = read_quality(
            Quality(name, word, degree), clause.relation, self._none_at_all.search(clause.cue) is not None, quote,
            self.domain,
        )  # fmt: skip
        if isinstance(found, Critique):
            reading.critiques.append(found)
        elif found:
            reading.wished |= clause.relation not in {"like", "dislike"}
            (reading.constraints if found.hard else reading.preferences).append(found)

    def _meaning(self, span: Span, graded: bool) -> Name:
        """Between a value and an axis that share a word: the axis for degrees and negation, else what is on record."""
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
        self, name: Name, polarity: float, strength: float, hard: bool, scope: Scope, quote: str, lead: str
    ) -> Preference:
        role = self._person_role(name.value, lead) if name.kind == "person" else None
        return Preference(
            facet=name.kind, value=name.value, polarity=polarity, strength=strength, hard=hard, scope=scope, role=role,
            quote=quote,
        )  # fmt: skip

    def _quote(self, text: str, folded: str, start: int, end: int) -> str:
        """The person's own words around a name, short enough to quote."""
        stop = self._clause_end.search(folded[end:])
        finish = end + stop.start() if stop else len(text)
        begin = max(start, *(match.end() for match in _SENTENCE_START.finditer(text[:end])), 0)
        quote = text[begin : max(end, finish)].strip(_EDGES)
        return quote if len(quote) <= _QUOTE_LIMIT else text[max(begin, end - 60) : end].strip(_EDGES)

    def _person_role(self, person: str, lead: str) -> str | None:
        """The facet a person is wanted in: said outright ("directed by"), or the only one on record."""
        facets = self.gazetteer.person_roles.get(person, set())
        for facet in facets:
            words = (self.domain.facets[facet].phrases.wish or "").replace("{value}", "").strip()
            if words not in {"", "with", "by"} and lead.rstrip().endswith(words):
                return facet
        return next(iter(facets)) if len(facets) == 1 else None
