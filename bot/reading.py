"""Reading an utterance from left to right: what the words around each name say of it.

A relation cue ("no", "loved", "something like") holds for the names after it until the next cue or a break such
as "but" or a full stop; commas and "and" keep it, so "no horror, war or westerns" excludes all three.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple

from bot.cues import Cue, CueFinder
from bot.gazetteer import Gazetteer, Name
from bot.lexicon import Degree, turn_pattern
from bot.linking import Span
from bot.phrasing import say
from bot.quantities import Quantity, canonical
from bot.querying import REQUIRED_ROLES
from bot.records import Critique, ItemMention, Preference, Relation, Scope
from bot.references import Pointer
from retrieval.catalogue import Catalogue

_ITEM_RELATIONS: dict[str, Relation] = {
    "like": "like", "dislike": "dislike", "exclude": "reject", "seen": "seen", "unseen": "unseen",
    "similar": "similar", "accept": "accept", "reject": "reject", "shared": "like",
}  # fmt: skip
_SENTENCE_START = re.compile(r"[.!?;]\s|[。！？；]")  # noqa: RUF001
_EDGES = " ,.;!?，。；！？、"  # noqa: RUF001
_QUOTE_LIMIT = 90
_AFTER_REACH = 60  # characters behind a title in which a verdict on it may stand
_VALUE_REACH = 28

Mark = Cue | Span | Pointer | Quantity


class Reading:
    """What has been read so far; the reader appends to it."""

    def __init__(self) -> None:
        self.preferences: list[Preference] = []
        self.constraints: list[Preference] = []
        self.critiques: list[Critique] = []
        self.mentions: list[ItemMention] = []
        self.quantity: int | None = None
        self.wished = False


class _Clause(NamedTuple):
    """Where the reader is: the relation in force, the cue that set it, and where the clause began."""

    relation: str = ""
    cue: str = ""
    cue_start: int = 0
    cue_end: int = -1
    start: int = 0
    negated_similar: bool = False


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
        self._list_restart = turn_pattern(language, "list_restart")
        self._everyone = turn_pattern(language, "everyone")
        joiners = "|".join(cues.lexicon.linking.joiners) or "(?!)"
        self._joined = re.compile(rf"\s*(?:[,、]\s*)?(?:{joiners})?\s*(?:the |a |an )?")
        self._pointed_lead = turn_pattern(language, "pointed_lead")
        self._shared = turn_pattern(language, "shared")
        self._clause_end = turn_pattern(language, "clause_end")
        self._has_number = {n: bool((catalogue.column(n) == catalogue.column(n)).any()) for n in self.domain.numbers}

    def read(self, text: str, folded: str, marks: Sequence[Mark], asked_item: str | None, asking: bool) -> Reading:
        """Preferences, constraints, critiques and mentions of the marks, in order.

        `asking`: the utterance is a question about an item (`asked_item`, if it names one), so that bare
        qualities in it ("is it scary?") are not wishes.
        """
        reading = Reading()
        clause = _Clause()
        last: Span | None = None
        judged_to = 0
        for place, mark in enumerate(marks):
            if isinstance(mark, Span):
                last = mark if mark.kind != "item" else None
            if isinstance(mark, Cue):
                if mark.kind == "relation" and mark.start < judged_to:
                    continue  # it was the verdict on the name before it
                clause = self._enter(folded, mark, clause)
                reading.wished |= mark.name == "wish"
                if mark.name in {"like", "dislike"} and last is not None and self._back.match(folded, mark.end):
                    # "my friends love musicals but I hate them"
                    quote = self._quote(text, folded, mark.start, mark.end)
                    self._read_value(text, folded, last, clause, quote, quote, asking, reading)
                continue
            following = (m.start for m in marks[place + 1 :] if isinstance(m, Span | Quantity))
            limit = next(following, len(text))
            quote = self._quote(text, folded, max(clause.start, clause.cue_start), mark.end)
            previous = marks[place - 1] if place else None
            if (
                isinstance(mark, Span)
                and isinstance(previous, Quantity)
                and mark.start - previous.end < 2
                and mark.name.direction
            ):
                continue  # "two hours long"
            if self._list_restart.search(folded[clause.cue_end : mark.start]) and clause.relation == "exclude":
                clause = clause._replace(relation="", cue="", cue_start=mark.start)
            if isinstance(mark, Quantity) and not asking:
                verdict = None if clause.relation else self._verdict(folded, marks, place, _VALUE_REACH)
                self._read_quantity(folded, mark, clause, verdict, quote, reading)
            elif isinstance(mark, Quantity):
                continue
            elif isinstance(mark, Pointer):
                self._read_pointer(folded, mark, clause, quote, limit, asking, reading)
            elif mark.kind == "item":
                verdict = self._verdict(folded, marks, place, _AFTER_REACH)
                judged_to = max(judged_to, verdict.end if verdict and not clause.relation else 0)
                self._read_item(text, folded, mark, clause, quote, verdict, asked_item, reading)
            else:
                verdict = None if clause.relation else self._verdict(folded, marks, place, _VALUE_REACH)
                own = clause
                if verdict:
                    # It holds for this value, and not for what is named after it.
                    opinion = "dislike" if verdict.name == "reject" else verdict.name
                    own = clause._replace(relation=opinion, cue=verdict.text)
                    quote = text[mark.start : verdict.end]
                until = marks[place + 1].start if place + 1 < len(marks) else len(text)
                self._read_value(text, folded, mark, own, folded[clause.start : until], quote, asking, reading)
        return reading

    def _verdict(self, folded: str, marks: Sequence[Mark], place: int, reach: int) -> Cue | None:
        """What is said behind a name, or behind the last of a list that it is in ("Heat and Ronin were great")."""
        last = place
        while last + 1 < len(marks) and isinstance(marks[last + 1], Span | Quantity):
            if not self._joined.fullmatch(folded[marks[last].end : marks[last + 1].start]):
                break
            last += 1
        following = (mark.start for mark in marks[last + 1 :] if isinstance(mark, Span | Quantity))
        return self.cues.after(folded, marks[last].end, min(next(following, len(folded)), marks[last].end + reach))

    def _enter(self, folded: str, cue: Cue, clause: _Clause) -> _Clause:
        if cue.kind == "break":
            return _Clause(cue_start=cue.end, start=cue.end)
        if cue.name.startswith("reported") and self._shared.search(folded):
            # Whom one watches with counts; their taste is a wish for now, not the person's own.
            relation = "shared" if cue.name == "reported" else "exclude"
            return _Clause(relation, "", cue.start, cue.end, clause.start)
        away = clause.relation == "exclude" and cue.name == "similar" and cue.start - clause.cue_end < 12
        return _Clause(cue.name, cue.text, cue.start, cue.end, clause.start, away)

    def mention(self, item_id: str, relation: Relation, quote: str, strength: float = 0.7) -> ItemMention:
        """A mention of an item with its title filled in."""
        title = self.catalogue.get(item_id).title
        return ItemMention(item_id=item_id, title=title, relation=relation, strength=strength, quote=quote)

    def _read_pointer(
        self, folded: str, pointer: Pointer, clause: _Clause, quote: str, limit: int, asking: bool, reading: Reading
    ) -> None:
        between = folded[clause.cue_end : pointer.start].strip() if clause.cue_end >= 0 else "?"
        touching = self._pointed_lead.fullmatch(between) is not None
        exact = pointer.exact and not asking
        judged = exact or (not clause.relation and not asking)  # "esas me gustan": the verdict stands behind
        verdict = self.cues.after(folded, pointer.end, min(limit, pointer.end + 40)) if judged else None
        relation = _ITEM_RELATIONS.get(verdict.name if verdict else clause.relation)
        if relation is None or not (touching or exact or verdict):
            return
        strength = self.cues.strength_of(clause.cue or (verdict.text if verdict else ""))
        said = [self.mention(item_id, relation, quote, strength) for item_id in pointer.item_ids]
        if verdict and clause.relation == "seen" and touching:
            said += [self.mention(item_id, "seen", quote) for item_id in pointer.item_ids]
        known = {(m.item_id, m.relation) for m in reading.mentions}
        reading.mentions += [m for m in said if (m.item_id, m.relation) not in known]

    def _read_item(
        self, text: str, folded: str, span: Span, clause: _Clause, quote: str, verdict: Cue | None,
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
        else:
            relation = _ITEM_RELATIONS.get(verdict.name, "mention") if verdict else "mention"
        reading.mentions.append(self.mention(item.id, relation, words, strength))
        if verdict and relation == "seen" and verdict.name in {"like", "dislike"}:
            everyone = self._everyone.search(folded[span.end : verdict.end]) is not None
            judged = [m for m in reading.mentions if m.relation == "seen"] if everyone else reading.mentions[-1:]
            opinion = _ITEM_RELATIONS[verdict.name]
            strength = self.cues.strength_of(verdict.text)
            words = text[span.start : verdict.end]
            reading.mentions += [self.mention(m.item_id, opinion, words, strength) for m in judged]

    def _read_quantity(
        self, folded: str, said: Quantity, clause: _Clause, verdict: Cue | None, quote: str, reading: Reading
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
            scope="person" if clause.relation == "like" else "session", low=low, high=high, quote=quote,
        )  # fmt: skip
        (reading.preferences if soft else reading.constraints).append(preference)

    def _read_value(
        self, text: str, folded: str, span: Span, clause: _Clause, words: str, quote: str, asking: bool,
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
        if (self.cues.lasts(words) or clause.relation in {"like", "dislike"}) and not self.cues.passes(words):
            scope = "person"
        if degree:
            reading.preferences.append(
                self._preference(name, float(degree.direction), 0.6, False, "session", quote, lead)
            )
        elif clause.relation == "neutral":
            reading.preferences.append(self._preference(name, 1.0, 0.3, False, "session", quote, lead))
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
            reading.wished = True
            reading.preferences.append(
                self._preference(name, 1.0, 0.9 if required else 0.75, False, scope, quote, lead)
            )

    def _read_quality(
        self,
        name: Name,
        word: str,
        degree: Degree | None,
        clause: _Clause,
        quote: str,
        reading: Reading,
    ) -> None:
        """A quality is a move from what is on screen when it is graded, else a bound of its own."""
        config = self.domain.numbers[name.kind]
        relation = clause.relation
        negative = relation in {"exclude", "dislike"}
        if degree and degree.bounds and config.role == "level":
            degree, negative = None, True
        if name.comparative or degree:
            sign = degree.direction if degree else (-1 if negative else 1)
            direction: Literal[-1, 1] = 1 if name.direction * sign > 0 else -1
            word = word if name.comparative and sign > 0 else self._graded(word, sign < 0)
            amount = degree.amount if degree else 1.0
            reading.critiques.append(
                Critique(number=name.kind, direction=direction, amount=amount, word=word, quote=quote)
            )
        elif relation != "neutral":
            pole: Literal[-1, 1] = 1 if (name.direction > 0) != negative else -1
            low, high = quality_bounds(config.role, config.step, pole)
            if config.role == "level" and high is not None and self._none_at_all.search(clause.cue):
                high = 0.0
            hard = (negative and config.role in {"level", "axis"}) or config.role == "age"
            preference = Preference(
                facet=name.kind, value=canonical(low, high), strength=0.8, hard=hard, excludes=hard,
                scope="person" if relation in {"like", "dislike"} else "session", low=low, high=high, pole=pole,
                quote=quote,
            )  # fmt: skip
            reading.wished |= relation not in {"like", "dislike"}
            (reading.constraints if hard else reading.preferences).append(preference)

    def _graded(self, word: str, less: bool) -> str:
        return say(self.domain.language, "less_than_word" if less else "more_than_word", word=word)

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


def quality_bounds(role: str, step: float, direction: int) -> tuple[float | None, float | None]:
    """What a bare quality asks for, by the role of its number and its end: "short" is at most 95 minutes."""
    low = direction < 0
    match role:
        case "axis":
            return (None, 0.45) if low else (0.55, None)
        case "level":
            return (None, 1.0) if low else (3.0, None)
        case "age":
            return (None, 8.0) if low else (15.0, None)
        case "year":
            return (None, 1980.0) if low else (date.today().year - 8.0, None)
        case "length":
            return (None, 95.0) if low else (140.0, None)
        case _:
            return (None, step) if low else (step, None)
