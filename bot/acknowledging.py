"""Lines that show what was heard, before the picks: verdicts, exclusions, names not found, and the lead-in."""

from __future__ import annotations

from typing import Any

from bot.facts import in_sentence
from bot.labels import value_label
from bot.phrasing import joined, listed, quoted
from bot.plan import Line
from bot.querying import unverifiable
from bot.records import Belief, Understanding
from bot.state import SessionState
from retrieval.catalogue import Catalogue

_VERDICTS = (("seen", "ack_seen"), ("like", "ack_liked"), ("dislike", "ack_disliked"), ("reject", "ack_rejected"))
_QUOTED = 3  # telling words that may be quoted; more of them, apart from what they were said with, read oddly
_SOUNDS, _TOLD = 0.4, 3  # how sure what a description sounds like must be to be said, and how much of it is
_PLAIN_RANGES = {"year", "length"}


def counted(template: str, count: int, catalogue: Catalogue, **slots: str) -> Line:
    """A line with a number in it; for a count of one, the template's own for that."""
    words = listed(catalogue.domain.language, "counts")
    said = words[count] if count < len(words) else str(count)
    name = f"{template}_one" if count == 1 else template
    return Line(template=name, slots={"count": said, **slots}, numbers=[float(count)])


def heard(understanding: Understanding, state: SessionState, fresh: list[Belief], catalogue: Catalogue) -> list[Line]:
    """What the person's words changed: items judged, values ruled out or liked, what cannot be used."""
    lines = [line for relation, template in _VERDICTS if (line := _verdict(relation, template, fresh, catalogue))]
    language = catalogue.domain.language
    quotes = [quote.quote for belief in fresh for quote in belief.evidence]
    facets = {"person", *catalogue.domain.facets}
    gone = [belief for belief in fresh if belief.polarity < 0 and belief.facet in facets]
    if gone:
        template = "ack_exclude" if any(belief.hard for belief in gone) else "ack_distaste"
        lines.append(_values_line(template, gone, "or", quotes, catalogue))
    tastes = [belief for belief in fresh if belief.relation == "taste" and belief.polarity > 0]
    if tastes:
        lines.append(_values_line("ack_taste", tastes, "and", quotes, catalogue))
    named = [belief for belief in fresh if belief.group == "unresolved"]
    themes = catalogue.domain.facets_of("theme")
    for template, ruled_out in (("unresolved", False), ("unresolved_dislike", True)):
        unknown = [belief.value for belief in named if (belief.facet in themes) == ruled_out]
        if unknown:
            lines.append(Line(template=template, slots={"names": quoted(unknown, language)}, quotes=unknown))
    blind = [belief.label for belief in unheld(fresh, catalogue)]
    if blind:
        lines.append(Line(template="unverifiable", slots={"labels": quoted(blind, language)}, quotes=blind))
    return lines


def lead_in(
    understanding: Understanding, fresh: list[Belief], catalogue: Catalogue, count: int, acknowledged: bool
) -> Line:
    """The line that leads into the picks."""
    blind, language = unheld(fresh, catalogue), catalogue.domain.language
    wishes = [b for b in fresh if b.relation in {"wish", "rule", "occasion"} and b.facet != "text" and b not in blind
              and (b.polarity > 0 or b.low is not None or b.high is not None)]  # fmt: skip
    critiques = [belief for belief in fresh if belief.relation == "critique"]
    labels = [belief.label for belief in critiques + wishes]
    support: dict[str, Any] = {
        "numbers": [number for belief in fresh for number in _numbers(belief)],
        "people": [belief.value for belief in fresh if belief.facet == "person"],
        "titles": [catalogue.get(b.item_id).title for b in fresh if b.item_id], "quotes": [b.label for b in fresh],
    }  # fmt: skip
    similar = [belief for belief in fresh if belief.relation == "similar"]
    if similar:
        # "Like Arrival, but lighter": that it is lighter than Arrival goes without saying.
        measured = {critique.number: critique.word for critique in understanding.critiques}
        anchors = {belief.item_id for belief in similar}
        moved = {b.label: measured[b.facet] for b in critiques if b.item_id in anchors and b.facet in measured}
        anchor = joined([belief.value for belief in similar], language)
        change = joined([in_sentence(moved.get(label, label), catalogue) for label in labels], language)
        template = "ack_similar_but" if change else "ack_similar"
        return Line(template=template, slots={"anchor": anchor, "change": change}, **support)
    if critiques or (wishes and all(_is_plain_range(belief, catalogue) for belief in wishes)):
        return Line(template="ack_change", slots={"change": joined(labels, language)}, **support)
    if labels:
        return Line(
            template="ack_wish",
            slots={"wish": joined([in_sentence(label, catalogue) for label in labels], language)},
            **support,
        )
    described = [belief for belief in fresh if belief.facet == "text"]
    searched = [belief.value for belief in described]
    sounds = [said for belief in described for said in belief.leanings if said.weight >= _SOUNDS][:_TOLD]
    if sounds:
        labels = [value_label(catalogue.domain, said.facet, said.value, 1.0, None) for said in sounds]
        wish = joined([in_sentence(label, catalogue) for label in labels], language)
        return Line(template="ack_leaning", slots={"wish": wish}, quotes=[*labels, *searched])
    if searched and len(searched[0].split()) > _QUOTED:
        return Line(template="ack_described", quotes=searched)
    if searched:
        return Line(template="ack_search", slots={"search": searched[0]}, quotes=searched)
    if understanding.acts & {"seen", "reject"}:
        return Line(template="ack_instead")
    if "more" in understanding.acts:
        return counted("ack_more", count, catalogue)
    if not acknowledged and not fresh:
        return Line(template="ack_surprise")
    return counted("ack_list", count, catalogue)


def unheld(fresh: list[Belief], catalogue: Catalogue) -> list[Belief]:
    """Fresh beliefs that the catalogue has no data to honour."""
    return unverifiable(SessionState(beliefs={belief.id: belief for belief in fresh}), catalogue)


def _verdict(relation: str, template: str, fresh: list[Belief], catalogue: Catalogue) -> Line | None:
    titles = [belief.value for belief in fresh if belief.relation == relation and belief.facet == "item"]
    if relation == "reject":
        # "Not the first one, I've seen it" needs to be told but once.
        seen = {belief.value for belief in fresh if belief.relation == "seen"}
        titles = [title for title in titles if title not in seen]
    if not titles:
        return None
    many = "_many" if len(titles) > 1 and relation != "reject" else ""
    named = joined(titles, catalogue.domain.language)
    return Line(template=template + many, slots={"titles": named}, titles=titles)


def _values_line(
    template: str, beliefs: list[Belief], last: str, quotes: list[str], catalogue: Catalogue
) -> Line:  # fmt: skip
    facets = catalogue.domain.facets
    people = [belief.value for belief in beliefs if belief.facet == "person"]
    bare = {"person", *catalogue.domain.facets_of("country")} if catalogue.in_own_language else {"person"}
    values = [b.value if b.facet in bare else in_sentence(b.value, catalogue, facets.get(b.facet)) for b in beliefs]
    named = joined(values, catalogue.domain.language, last)
    return Line(template=template, slots={"values": named}, people=people, quotes=quotes)


def _is_plain_range(belief: Belief, catalogue: Catalogue) -> bool:
    config = catalogue.domain.numbers.get(belief.facet)
    return config is not None and config.role in _PLAIN_RANGES


def _numbers(belief: Belief) -> list[float]:
    found = [number for number in (belief.low, belief.high) if number is not None]
    return found + [number + 1 for number in found]
