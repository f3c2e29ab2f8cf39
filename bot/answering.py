"""Planning replies that answer: questions about items and the catalogue, why and why not, comparisons, the profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.beliefs import update
from bot.events import Counted, Event, Focused, Pick, Shown
from bot.facts import Phrase, comparative, facet_phrase, head, number_phrase, reason_phrases, value_phrase
from bot.phrasing import filled, joined, quoted, say, tap, told
from bot.picking import is_surprise
from bot.plan import Line, ReplyPlan, supports
from bot.quantities import parse_range
from bot.querying import build_query
from bot.records import Belief, Checked, Evidence, ItemQuestion, Profile, Suggestion, Understanding, is_imported
from bot.state import SessionState
from bot.text import sentences
from retrieval.catalogue import Catalogue
from retrieval.filters import broken
from retrieval.recommend import Recommender
from retrieval.records import Bound, Item, Reason, Recommendation, Term

_COMPARED_ROLES = {"year", "length", "axis"}
_ABOUT_LIMIT = 420
_TOLD = 12
_UTMOST = 3
_SLIGHT = 0.02  # parts of a score up to this are not worth telling
_COMPANY = {"together": "why_together", "also_liked": "why_also_liked"}
"""Reasons that rest on what other people said or liked, by kind; each is told once, of the item that counts most."""


def plan_answer(understanding: Understanding, state: SessionState, catalogue: Catalogue) -> ReplyPlan:
    """The record's answer to a question about one item, or an honest "I don't know"."""
    question = understanding.question
    unknown = [entity.surface for entity in understanding.entities if entity.kind == "item" and entity.value is None]
    if question is not None and question.item_id is None and unknown:
        names = quoted(unknown, catalogue.domain.language)
        return ReplyPlan(
            acts={"answer"}, lines=[Line(template="asked_unknown", slots={"names": names}, quotes=unknown)]
        )
    if question is not None and question.item_id is None and question.topic == "unknown":
        return ReplyPlan(
            acts={"answer"}, lines=[Line(template="not_recorded", slots={"nouns": catalogue.domain.noun.many})]
        )
    if question is None or question.item_id is None:
        return ReplyPlan(acts={"clarify"}, lines=[Line(template="which_item")])
    item, topics = catalogue.get(question.item_id), [question.topic, *question.further]
    if question.checks:
        items = [catalogue.get(target) for target in understanding.targets] or [item]
        lines = [line for one in items for line in _check_lines(one, question.checks, catalogue)]
        return ReplyPlan(
            acts={"answer"}, lines=lines, suggestions=_next(item, catalogue), events=[Focused(item_id=item.id)]
        )
    facts = [topic for topic in topics if topic not in {"about", "praise"}]
    found = {topic: facet_phrase(catalogue, item, topic, 5) or number_phrase(catalogue, item, topic) for topic in facts}
    known = [phrase for phrase in found.values() if phrase is not None]
    lines = [_fact_line(item, known, catalogue)] if known else []
    lines += [_unknown_line(item, topic, catalogue) for topic, phrase in found.items() if phrase is None]
    if "praise" in topics:
        lines.append(_praise_line(item, catalogue))
    if "about" in topics:
        lines.append(_about_line(item, summary(item), catalogue))
    offers = _next(item, catalogue) if known or len(facts) < len(topics) else []
    return ReplyPlan(acts={"answer"}, lines=lines, suggestions=offers, events=[Focused(item_id=item.id)])


def summary(item: Item) -> str:
    """The first sentences of an item's text, about two, cut at a sentence where possible."""
    text = ""
    for sentence in sentences(item.text)[:3]:
        if text and len(text) + len(sentence) > _ABOUT_LIMIT:
            break
        text = f"{text} {sentence}".strip()
    return text if len(text) <= 2 * _ABOUT_LIMIT else text[: 2 * _ABOUT_LIMIT].rsplit(" ", 1)[0] + "…"


def plan_catalogue(
    understanding: Understanding, state: SessionState, recommender: Recommender, catalogue: Catalogue
) -> ReplyPlan:
    """Whether the catalogue has a named item, or how many items fit what the question names."""
    domain, language = catalogue.domain, catalogue.domain.language
    named = [m.item_id for m in understanding.mentions]
    unknown = [entity.surface for entity in understanding.entities if entity.value is None]
    if named:
        items = [catalogue.get(item_id) for item_id in named]
        line = Line(
            template="have_item", slots={"heads": joined([head(item) for item in items], language)},
            titles=[item.title for item in items], numbers=[float(item.year) for item in items if item.year],
        )  # fmt: skip
        return ReplyPlan(
            acts={"answer"}, lines=[line], suggestions=_next(items[0], catalogue),
            events=[Focused(item_id=items[0].id)],
        )  # fmt: skip
    if unknown:
        line = Line(template="have_not", slots={"names": quoted(unknown, language)}, quotes=unknown)
        return ReplyPlan(acts={"answer"}, lines=[line])
    subject = understanding.model_copy(update={
        "preferences": [*understanding.preferences, *(one for one in understanding.counted if not one.hard)],
        "constraints": [*understanding.constraints, *(one for one in understanding.counted if one.hard)],
        "counted": [], "entities": [], "search": "",
    })  # fmt: skip
    asked = [
        e.belief
        for e in update(subject, SessionState(), catalogue, 0)
        if e.kind == "believed" and e.belief.facet != "text"
    ]
    if understanding.question is not None and understanding.question.most:
        return _plan_utmost(understanding.question, asked, state, recommender, catalogue)
    if not asked:
        line = Line(
            template="count_all",
            slots={"count": str(len(catalogue)), "nouns": domain.noun.many},
            numbers=[float(len(catalogue))],
        )
        return ReplyPlan(acts={"answer"}, lines=[line])
    question = SessionState(beliefs={b.id: b.model_copy(update={"hard": True, "relation": "wish"}) for b in asked})
    count = recommender.count(build_query(question, recommender.catalogue))
    labels = [belief.label for belief in asked]
    line = Line(
        template="count_items_one" if count == 1 else "count_items" if count else "count_none",
        slots={"count": str(count), "wish": quoted(labels, language)}, numbers=[float(count)], quotes=labels,
    )  # fmt: skip
    offer = [tap(language, "show_some", wish=joined(labels, language))] if count else []
    events: list[Event] = [Counted(understanding=subject)] if count else []
    return ReplyPlan(acts={"answer"}, lines=[line], suggestions=offer, events=events)


def _plan_utmost(
    question: ItemQuestion, asked: Sequence[Belief], state: SessionState, recommender: Recommender,
    catalogue: Catalogue,
) -> ReplyPlan:  # fmt: skip
    """The items that have the most or the least of a number, among those that are asked about and that nothing said
    before rules out."""
    about = [belief for belief in asked if belief.facet != question.topic]
    wished = {b.id: b.model_copy(update={"hard": True, "relation": "wish"}) for b in about}
    within = any(b.hard and b.facet != question.topic for b in state.beliefs.values())
    query = build_query(replace(state, beliefs={**state.beliefs, **wished}), recommender.catalogue, again=True)
    column = catalogue.column(question.topic) * question.most
    rows = [row for row in recommender.allowed_rows(query) if column[row] == column[row]]
    first = sorted(rows, key=lambda row: (-column[row], -catalogue.popularity[row]))[:_UTMOST]
    phrases = [
        (item, phrase) for item in (catalogue.items[row] for row in first)
        if (phrase := number_phrase(catalogue, item, question.topic)) is not None
    ]  # fmt: skip
    if not phrases:
        return ReplyPlan(acts={"answer"}, lines=[Line(template="compare_unknown")])
    lines = [Line(template="utmost_within")] if within else []
    lines += [_fact_line(item, [phrase], catalogue) for item, phrase in phrases]
    # On the screen, so that they can be spoken of; ordered by that number alone, they have no score.
    items = [Recommendation(item=item, score=0.0, reasons=[]) for item, _ in phrases]
    picks = [Pick(item_id=item.id, score=0.0, reasons=[]) for item, _ in phrases]
    return ReplyPlan(acts={"answer"}, lines=lines, items=items, events=[Shown(picks=picks)])


def plan_explanation(understanding: Understanding, state: SessionState, catalogue: Catalogue) -> ReplyPlan:
    """Why an item was shown: the parts of its score as they were then, each with the words it rests on."""
    if not state.slate:
        return ReplyPlan(acts={"clarify"}, lines=[Line(template="why_nothing")])
    wanted = next(iter(understanding.targets), None) or state.focus or state.slate[0].item_id
    item = catalogue.get(wanted)
    pick = next((pick for pick in state.slate if pick.item_id == wanted), None)
    events = [Focused(item_id=item.id)]
    if pick is None:
        line = Line(template="why_unknown", slots={"title": item.title}, titles=[item.title])
        return ReplyPlan(acts={"explain"}, lines=[line], events=events)
    lines = [Line(template="why_lead", slots={"title": item.title}, titles=[item.title])]
    topics: set[str] = set()
    popular = False
    for reason in pick.reasons:
        if reason.kind == "popularity" and item.popularity > 0.6:
            popular = True
        if len(lines) <= 4:
            lines += _reason_lines(item, reason, catalogue, topics)
    if any(reason.kind == "opinion" and reason.weight > _SLIGHT for reason in pick.reasons):
        lines.append(Line(template="why_opinion", item_id=item.id))
    surprise = is_surprise(pick.reasons)
    if popular and not surprise and len(lines) <= 3:
        template = "why_popular" if len(lines) > 1 else "why_popular_only"
        lines.append(Line(template=template, slots={"nouns": catalogue.domain.noun.many}, item_id=item.id))
    if len(lines) == 1:
        lines += [Line(template="why_fact", slots={"fact": p.text}, **_support(p)) for p in _described(item, catalogue)]
    if surprise:
        lines.insert(1, Line(template="why_surprise", slots={"nouns": catalogue.domain.noun.many}, item_id=item.id))
    quoted = {line.slots["quote"] for line in lines if line.template == "why_quote"}
    lines = [line for line in lines if line.template != "why_quote_short" or line.slots["quote"] not in quoted]
    said = _by_quote(lines, catalogue.domain.language)
    return ReplyPlan(acts={"explain"}, lines=said, suggestions=_next(item, catalogue), events=events)


def _by_quote(lines: list[Line], language: str) -> list[Line]:
    """The lines with neighbours that rest on the same words drawn together, so that nobody is quoted twice running."""
    found: list[Line] = []
    for line in lines:
        before = found[-1] if found else None
        quoted = before is not None and {before.template, line.template} == {"why_quote"}
        if before is None or not quoted or before.slots["quote"] != line.slots["quote"]:
            found.append(line)
        else:
            slots = {**before.slots, "fact": told([before.slots["fact"], line.slots["fact"]], language)}
            found[-1] = before.model_copy(update={"slots": slots, **supports(before, line)})
    return found


def _reason_lines(item: Item, reason: Reason, catalogue: Catalogue, topics: set[str]) -> list[Line]:
    quote = reason.evidence[-1].quote if reason.evidence and not is_imported(reason.evidence[-1:]) else ""
    if reason.weight < -0.05:
        phrase = number_phrase(catalogue, item, reason.facet) if reason.kind == "number" and reason.facet else None
        if phrase is None or not quote:
            return []
        return [Line(template="why_against", slots={"fact": phrase.text, "quote": quote}, **_support(phrase, quote))]
    if reason.kind in _COMPANY and reason.kind not in topics and reason.weight > _SLIGHT:
        topics.add(reason.kind)
        return [Line(template=_COMPANY[reason.kind], slots={"title": reason.label}, titles=[reason.label])]
    phrases = reason_phrases(catalogue, item, reason, topics)[:1] if reason.weight > _SLIGHT else []
    if not phrases and reason.kind == "text" and quote and reason.weight > 0.25:
        return [Line(template="why_quote_short", slots={"quote": quote}, quotes=[quote])]
    topics |= {phrase.topic for phrase in phrases}
    template = "why_quote" if quote else "why_fact"
    return [Line(template=template, slots={"quote": quote, "fact": p.text}, **_support(p, quote)) for p in phrases]


def plan_why_not(
    understanding: Understanding, state: SessionState, recommender: Recommender, catalogue: Catalogue
) -> ReplyPlan:
    """What keeps an item out: each condition it breaks, or that others simply came closer."""
    wanted = next(iter(understanding.targets), None)
    if wanted is None:
        return ReplyPlan(acts={"clarify"}, lines=[Line(template="which_item")])
    item, language = catalogue.get(wanted), catalogue.domain.language
    failures = broken(catalogue, build_query(state, recommender.catalogue, again=True), item)
    because: list[str] = []
    quotes: list[str] = []
    for failure in failures:
        evidence = _evidence_of(failure, state)
        if evidence and not evidence.quote and not isinstance(failure, str):
            stated = state.beliefs[failure.belief_id].label if failure.belief_id else ""
            because.append(say(language, "you_set", label=stated))
            quotes.append(stated)
        elif evidence:
            said = say(language, "you_said", quote=evidence.quote)
            because.append(f"it is {evidence.quote}" if is_imported([evidence]) else said)
            quotes.append(evidence.quote)
    if because:
        line = Line(
            template="why_not_out",
            slots={"title": item.title, "because": told(list(dict.fromkeys(because)), language)},
            titles=[item.title],
            quotes=quotes,
        )
    else:
        line = Line(template="why_not_lower", slots={"title": item.title}, titles=[item.title])
    return ReplyPlan(acts={"explain"}, lines=[line], events=[Focused(item_id=item.id)])


def _evidence_of(failure: Term | Bound | str, state: SessionState) -> Evidence | None:
    if isinstance(failure, str):
        beliefs = [b for b in state.beliefs.values() if b.item_id == failure and b.facet == "item"]
        return beliefs[-1].evidence[-1] if beliefs and beliefs[-1].evidence else None
    return failure.evidence[-1] if failure.evidence else None


def plan_comparison(understanding: Understanding, state: SessionState, catalogue: Catalogue) -> ReplyPlan:
    """Two items side by side on what the record has of both; or several in the order of a number, if one is asked."""
    if understanding.question is not None and understanding.question.most:
        return _plan_order(understanding.question, understanding.targets, state, catalogue)
    pair = understanding.targets[:2]
    if len(pair) < 2:
        pair = [pick.item_id for pick in state.slate[:2]]
    if len(pair) < 2:
        return ReplyPlan(
            acts={"clarify"}, lines=[Line(template="compare_need", slots={"nouns": catalogue.domain.noun.many})]
        )
    first, second = catalogue.get(pair[0]), catalogue.get(pair[1])
    domain = catalogue.domain
    phrases = [
        phrase for number, config in domain.numbers.items()
        if config.role in _COMPARED_ROLES and (phrase := comparative(catalogue, first, second, number))
    ][:4]  # fmt: skip
    lines = []
    if phrases:
        adjectives = joined([phrase.text for phrase in phrases], domain.language)
        slots = {"head": head(first), "other": head(second), "adjectives": adjectives}
        years = [float(item.year) for item in (first, second) if item.year]
        lines.append(Line(
            template="compare", slots=slots, numbers=years, titles=[first.title, second.title],
            claims=[claim for phrase in phrases for claim in phrase.claims],
        ))  # fmt: skip
    for item in (first, second):
        lines += [_fact_line(item, [phrase], catalogue) for phrase in _described(item, catalogue)[:1]]
    return ReplyPlan(acts={"compare"}, lines=lines, events=[Focused(item_id=first.id)])


def _plan_order(question: ItemQuestion, targets: Sequence[str], state: SessionState, catalogue: Catalogue) -> ReplyPlan:
    """Items with the one first that has the most or the least of a number, each with what it has."""
    ids = targets if len(targets) > 1 else [pick.item_id for pick in state.slate]
    items = [catalogue.get(item_id) for item_id in ids]
    known = [(value, item) for item in items if (value := catalogue.number(item, question.topic)) is not None]
    phrases = [
        (item, phrase) for _, item in sorted(known, key=lambda one: -one[0] * question.most)
        if (phrase := number_phrase(catalogue, item, question.topic)) is not None
    ]  # fmt: skip
    if not phrases:
        return ReplyPlan(acts={"compare"}, lines=[Line(template="compare_unknown")])
    lines = [_fact_line(item, [phrase], catalogue) for item, phrase in phrases]
    return ReplyPlan(acts={"compare"}, lines=lines, events=[Focused(item_id=phrases[0][0].id)])


def plan_profile(state: SessionState, language: str) -> ReplyPlan:
    """What is believed, group by group, each with the words it came from; of long groups the latest, and a count."""
    profile = state.profile()
    lines: list[Line] = []
    groups: dict[str, list[Belief]] = {group: list(getattr(profile, group)) for group in Profile.model_fields}
    groups["occasions"] = [belief for belief in groups["likes"] if belief.relation == "occasion"]
    groups["likes"] = [belief for belief in groups["likes"] if belief.relation != "occasion"]
    for group in ("constraints", "occasions", "likes", "dislikes", "seen", "unresolved"):
        beliefs = groups[group]
        if not beliefs:
            continue
        earlier = [f"{len(beliefs) - _TOLD:,} more"] if len(beliefs) > _TOLD else []
        beliefs = beliefs[-_TOLD:]
        said = [_with_quote(belief, language) for belief in beliefs] + earlier
        quotes = [quote.quote for belief in beliefs for quote in belief.evidence] + [belief.label for belief in beliefs]
        lines.append(Line(template=f"profile_{group}", slots={"beliefs": joined(said, language)},
                          quotes=[*quotes, *earlier],
                          titles=[b.value for b in beliefs if b.facet == "item"],
                          people=[b.value for b in beliefs if b.facet == "person"]))  # fmt: skip
    if not lines:
        return ReplyPlan(acts={"show_profile"}, lines=[Line(template="profile_empty")])
    lines = [Line(template="profile_lead"), *lines, Line(template="profile_close")]
    return ReplyPlan(acts={"show_profile"}, lines=lines)


def _with_quote(belief: Belief, language: str) -> str:
    """A belief with the latest words for it and, after a change of mind, the latest against it."""
    quote = belief.evidence[-1].quote if belief.evidence else ""
    before = next((proof.quote for proof in reversed(belief.evidence) if proof.contrary and proof.quote), "")
    name = "with_both" if quote and before else "with_quote" if quote else "with_before" if before else ""
    return say(language, name, label=belief.label, quote=quote, before=before) if name else belief.label


def _described(item: Item, catalogue: Catalogue) -> list[Phrase]:
    names = [name for role in ("mood", "theme", "genre") for name in catalogue.domain.facets_of(role)]
    return [phrase for name in names if (phrase := facet_phrase(catalogue, item, name, 2))][:2]


def _fact_line(item: Item, phrases: list[Phrase], catalogue: Catalogue, template: str = "answer") -> Line:
    """What the record says of an item, in one sentence."""
    return Line(
        template=template, item_id=item.id,
        slots={"head": head(item), "fact": told([phrase.text for phrase in phrases], catalogue.domain.language)},
        claims=[claim for phrase in phrases for claim in phrase.claims],
        people=[person for phrase in phrases for person in phrase.people],
        quotes=[quote for phrase in phrases for quote in phrase.quotes],
        titles=[item.title, *(title for phrase in phrases for title in phrase.titles)],
        numbers=[number for phrase in phrases for number in phrase.numbers] + ([float(item.year)] if item.year else []),
    )  # fmt: skip


def _check_lines(item: Item, checks: Sequence[Checked], catalogue: Catalogue) -> list[Line]:
    """The answers for one item. Of values of one facet those that it has are told, and only without any that it has
    none: who asks "is it sad or funny?" wants to know which."""
    lines: dict[str, Line] = {}
    for check in checks:
        line = _check_line(item, check, catalogue)
        before = lines.get(check.facet)
        if before is None or (line.template == "check_yes" != before.template):
            lines[check.facet] = line
        elif line.template == before.template == "check_yes":
            lines[f"{check.facet} {check.value}"] = line
    return list(lines.values())


def _check_line(item: Item, check: Checked, catalogue: Catalogue) -> Line:
    """Whether an item has a value, by its record; where it has not, what the record has instead."""
    domain = catalogue.domain
    if (number := domain.number_of(check.facet)) is not None:
        known, bounds = catalogue.number(item, number), parse_range(check.value)
        phrase = number_phrase(catalogue, item, number)
        if phrase is None or known is None or bounds is None:
            return _unknown_line(item, number, catalogue)
        low, high = bounds
        inside = (low is None or known >= low) and (high is None or known <= high)
        return _fact_line(item, [phrase], catalogue, "check_yes" if inside else "check_no")
    phrase = value_phrase(catalogue, item, check.facet, check.value)
    if phrase is not None:
        return _fact_line(item, [phrase], catalogue, "check_yes")
    facets = [check.facet] if check.facet in domain.facets else domain.facets_of(check.facet)
    phrases = [phrase for name in facets if (phrase := facet_phrase(catalogue, item, name, 4)) is not None]
    if not phrases:
        return _unknown_line(item, facets[0] if facets else check.facet, catalogue)
    return _fact_line(item, phrases[:2], catalogue, "check_no")


def _unknown_line(item: Item, topic: str, catalogue: Catalogue) -> Line:
    domain = catalogue.domain
    config = domain.facets.get(topic) or domain.numbers.get(topic)
    unknown = config.phrases.unknown if config else None
    said = filled(unknown, domain.language, title=item.title) if unknown else ""
    slots = {"unknown": said, "title": item.title}
    return Line(template="answer_unknown" if said else "no_record", slots=slots, titles=[item.title], item_id=item.id)


def _about_line(item: Item, text: str, catalogue: Catalogue) -> Line:
    told = "answer_about" if catalogue.in_own_language else "answer_about_foreign"
    return Line(
        template=told if text else "no_description", slots={"head": head(item), "title": item.title, "text": text},
        titles=[item.title], quotes=[text] if text else [], numbers=[float(item.year)] if item.year else [],
        item_id=item.id,
    )  # fmt: skip


def _praise_line(item: Item, catalogue: Catalogue) -> Line:
    praise = item.source.get(catalogue.domain.praise or "")
    text = " ".join(map(str, praise)) if isinstance(praise, list) else str(praise or "")
    if not text:
        return _unknown_line(item, "praise", catalogue)
    slots = {"title": item.title, "text": text}
    return Line(template="answer_praise", slots=slots, titles=[item.title], quotes=[text], item_id=item.id)


def _support(phrase: Phrase, *quotes: str) -> dict[str, Any]:
    return {
        "claims": phrase.claims, "titles": phrase.titles, "people": phrase.people, "numbers": phrase.numbers,
        "quotes": [*phrase.quotes, *(quote for quote in quotes if quote)],
    }  # fmt: skip


def _next(item: Item, catalogue: Catalogue) -> list[Suggestion]:
    return [tap(catalogue.domain.language, name, title=item.title) for name in ("more_like", "seen", "about")]
