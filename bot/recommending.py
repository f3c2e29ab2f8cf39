"""Planning a reply that recommends: find items, relax when nothing fits, say why these."""

from __future__ import annotations

from bot.events import Pick, Shown
from bot.facts import Phrase, facet_phrase, head, reason_phrase
from bot.plan import Line, ReplyPlan
from bot.querying import build_query, droppable, unverifiable
from bot.records import Belief, Suggestion, Understanding
from bot.state import SessionState
from bot.text import join_words
from retrieval.catalogue import Catalogue
from retrieval.recommend import Recommender
from retrieval.records import Item, Query, Recommendation

_COUNT_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def plan_recommendation(
    understanding: Understanding, state: SessionState, fresh: list[Belief], recommender: Recommender, picks: int
) -> ReplyPlan:
    """Items for the state as it is now. `fresh` are the beliefs that this utterance led to."""
    catalogue = recommender.catalogue
    wanted = understanding.quantity or picks
    query = build_query(state, catalogue)
    named = _named_item(understanding)
    if named:
        query = query.model_copy(update={"title": named})
    items = recommender.recommend(query, wanted)
    lines = _acknowledge(understanding, state, fresh, catalogue, len(items))
    acts = {"recommend"}
    if not items:
        lines = [
            line
            for line in lines
            if not line.template.startswith(
                ("ack_wish", "ack_change", "ack_similar", "ack_list", "ack_more", "ack_instead")
            )
        ]
        repeated = recommender.recommend(build_query(state, catalogue, again=True), wanted)
        if repeated and understanding.acts & {"more", "seen", "reject"}:
            items = repeated
            lines.append(_counted("again", len(items), catalogue))
        else:
            return _relax(state, lines, recommender, wanted)
    elif len(items) < wanted and (query.terms or query.bounds):
        lines.append(_counted("only_some", len(items), catalogue))
    lines += pick_lines(items, catalogue)
    return ReplyPlan(
        acts=acts, lines=lines, items=items, suggestions=_suggest(state, items, query, recommender),
        events=[shown(items)],
    )  # fmt: skip


def shown(items: list[Recommendation]) -> Shown:
    """The event that puts recommendations on the screen."""
    return Shown(picks=[Pick(item_id=r.item.id, score=r.score, reasons=r.reasons) for r in items])


def pick_lines(items: list[Recommendation], catalogue: Catalogue) -> list[Line]:
    """One line a pick: its title and the facts that caused its rank, each said once in the list where possible."""
    lines: list[Line] = []
    used: set[str] = set()
    for recommendation in items:
        phrases = because(recommendation, catalogue, used)
        used |= {phrase.topic for phrase in phrases}
        lines.append(_pick_line(recommendation.item, phrases, catalogue))
    return lines


def because(recommendation: Recommendation, catalogue: Catalogue, used: set[str], limit: int = 3) -> list[Phrase]:
    """The facts behind the strongest parts of a score, strongest first, no topic twice."""
    found: list[Phrase] = []
    topics: set[str] = set()
    repeats: list[Phrase] = []
    for reason in recommendation.reasons:
        if reason.weight <= 0.02:
            continue
        phrase = reason_phrase(catalogue, recommendation.item, reason, topics | used)
        if phrase is None:
            phrase = reason_phrase(catalogue, recommendation.item, reason, topics)
        if phrase is None or phrase.topic in topics or any(phrase.text == other.text for other in found):
            continue
        topics.add(phrase.topic)
        (repeats if phrase.topic in used else found).append(phrase)
        if len(found) == limit:
            break
    return found or repeats[:limit]


def _pick_line(item: Item, phrases: list[Phrase], catalogue: Catalogue) -> Line:
    numbers = [float(item.year)] if item.year else []
    if not phrases:
        phrases = describe(item, catalogue)
    if not phrases:
        return Line(
            template="pick_plain",
            slots={"head": head(item)},
            titles=[item.title],
            numbers=numbers,
            item_id=item.id,
            plain=f"{head(item)}.",
        )
    return Line(
        template="pick",
        slots={"head": head(item), "because": join_words([phrase.text for phrase in phrases])},
        claims=[claim for phrase in phrases for claim in phrase.claims],
        titles=[item.title, *(title for phrase in phrases for title in phrase.titles)],
        people=[person for phrase in phrases for person in phrase.people],
        numbers=numbers + [number for phrase in phrases for number in phrase.numbers],
        item_id=item.id, plain=f"{head(item)}.",
    )  # fmt: skip


def describe(item: Item, catalogue: Catalogue) -> list[Phrase]:
    """What an item is, in two facts, when no wish explains its rank."""
    phrases = [
        facet_phrase(catalogue, item, name, 2)
        for role in ("mood", "theme")
        for name in catalogue.domain.facets_of(role)
    ]
    phrases += [facet_phrase(catalogue, item, name, 1) for name in catalogue.domain.facets_of("person")[:1]]
    phrases += [facet_phrase(catalogue, item, name, 2) for name in catalogue.domain.facets_of("person")[1:2]]
    found = [phrase for phrase in phrases if phrase is not None]
    return found[:2]


def count_word(count: int) -> str:
    """Small counts as words, larger ones as digits."""
    return _COUNT_WORDS[count] if count < len(_COUNT_WORDS) else str(count)


def _counted(template: str, count: int, catalogue: Catalogue, **slots: str) -> Line:
    one = count == 1
    return Line(
        template=template,
        slots={
            "count": count_word(count), "are": "is" if one else "are", "these": "this one" if one else "these",
            "fit": "fits" if one else "fit", "come": "comes" if one else "come", "remain": "remains" if one else "remain",
            "nouns": catalogue.domain.noun.one if one else catalogue.domain.noun.many, **slots,
        },
        numbers=[float(count)],
    )  # fmt: skip


def _acknowledge(
    understanding: Understanding, state: SessionState, fresh: list[Belief], catalogue: Catalogue, count: int
) -> list[Line]:
    """One or two lines that show what was heard."""
    lines: list[Line] = []
    by_relation: dict[str, list[Belief]] = {}
    for belief in fresh:
        by_relation.setdefault(belief.relation, []).append(belief)
    quotes = [quote.quote for belief in fresh for quote in belief.evidence]
    for relation, template in (
        ("seen", "ack_seen"),
        ("like", "ack_liked"),
        ("dislike", "ack_disliked"),
        ("reject", "ack_rejected"),
    ):
        about = by_relation.get(relation, [])
        if about:
            titles = join_words([belief.value for belief in about])
            many = "_many" if len(about) > 1 and relation != "reject" else ""
            lines.append(
                Line(template=template + many, slots={"titles": titles}, titles=[belief.value for belief in about])
            )
    gone = [b for b in fresh if b.polarity < 0 and b.facet != "item" and b.low is None and b.high is None]
    if gone:
        values = join_words([_said(belief) for belief in gone], "or")
        people = [belief.value for belief in gone if belief.facet == "person"]
        lines.append(
            Line(
                template="ack_exclude" if any(b.hard for b in gone) else "ack_distaste",
                slots={"values": values},
                people=people,
                quotes=quotes,
            )
        )
    taste = [b for b in by_relation.get("taste", []) if b.polarity > 0]
    if taste:
        values = join_words([_said(belief) for belief in taste])
        lines.append(
            Line(
                template="ack_taste",
                slots={"values": values},
                people=[b.value for b in taste if b.facet == "person"],
                quotes=quotes,
            )
        )
    unknown = [belief for belief in fresh if belief.group == "unresolved"]
    if unknown:
        names = join_words([f"“{belief.value}”" for belief in unknown])
        lines.append(Line(template="unresolved", slots={"names": names}, quotes=[belief.value for belief in unknown]))
    blind = [belief for belief in unverifiable(state, catalogue) if belief in fresh]
    if blind:
        labels = join_words([f"“{belief.label}”" for belief in blind])
        lines.append(Line(template="unverifiable", slots={"labels": labels}, quotes=[belief.label for belief in blind]))
    lines += _opening(understanding, fresh, by_relation, catalogue, count, bool(lines))
    return lines


def _opening(
    understanding: Understanding, fresh: list[Belief], by_relation: dict[str, list[Belief]], catalogue: Catalogue,
    count: int, acknowledged: bool,
) -> list[Line]:  # fmt: skip
    """The line that leads into the picks."""
    wishes = [
        b
        for b in fresh
        if b.relation == "wish" and b.polarity > 0 and b.facet != "text" and b not in unheld(fresh, catalogue)
    ]
    changes = [b.label for b in by_relation.get("critique", [])] + [b.label for b in wishes]
    negatives = [b.label for b in fresh if b.polarity < 0 and (b.low is not None or b.high is not None)]
    numbers = [n for b in fresh for n in _label_numbers(b)]
    people = [b.value for b in fresh if b.facet == "person"]
    similar = by_relation.get("similar", [])
    base = {"numbers": numbers, "people": people, "quotes": [b.label for b in fresh]}
    if similar:
        anchor = join_words([belief.value for belief in similar])
        titles = [belief.value for belief in similar]
        short = [label.removesuffix(f" than {anchor}") for label in changes + negatives]
        template = "ack_similar_but" if short else "ack_similar"
        slots = {"anchor": anchor} | ({"change": join_words(short)} if short else {})
        return [Line(template=template, slots=slots, titles=titles, **base)]  # type: ignore[arg-type]
    if by_relation.get("critique"):
        titles = [catalogue.get(b.item_id).title for b in fresh if b.relation == "critique" and b.item_id]
        return [Line(template="ack_change", slots={"change": join_words(changes + negatives)}, titles=titles, **base)]  # type: ignore[arg-type]
    if wishes or negatives:
        return [Line(template="ack_wish", slots={"wish": join_words([_decap(c) for c in changes + negatives])}, **base)]  # type: ignore[arg-type]
    if understanding.acts & {"seen", "reject"} and acknowledged:
        return [Line(template="ack_instead")]
    if "more" in understanding.acts:
        return [_counted("ack_more", count, catalogue)]
    if not fresh and not acknowledged:
        return [Line(template="ack_surprise")]
    return [_counted("ack_list", count, catalogue)]


def unheld(fresh: list[Belief], catalogue: Catalogue) -> list[Belief]:
    """Fresh beliefs that the catalogue has no data to honour."""
    state = SessionState(beliefs={belief.id: belief for belief in fresh})
    return unverifiable(state, catalogue)


def _relax(state: SessionState, lines: list[Line], recommender: Recommender, wanted: int) -> ReplyPlan:
    """Nothing fits: say so, name the one wish whose loss helps most, show the closest with an honest count."""
    catalogue = recommender.catalogue
    options = droppable(state, catalogue)
    best: tuple[int, int, Belief] | None = None
    for place, belief in enumerate(options):
        count = recommender.count(build_query(state, catalogue, without=[belief.id]))
        if count and (best is None or (best[0] < wanted <= count)):
            best = (count, -place, belief)
    if best is None:
        lines.append(Line(template="relax_none" if options else "nothing_left"))
        offers = [Suggestion(label=f"Drop “{b.label}”", text=f"forget {b.label}") for b in options[:3]]
        return ReplyPlan(
            acts={"relax"}, lines=lines, suggestions=offers + [Suggestion(label="Start over", text="start over")]
        )
    count, _, dropped = best
    items = recommender.recommend(build_query(state, catalogue, without=[dropped.id]), wanted)
    lines.append(_counted("relax_drop", count, catalogue, dropped=dropped.label))
    lines[-1] = lines[-1].model_copy(
        update={"quotes": [dropped.label], "slots": {**lines[-1].slots, "count": str(count)}}
    )
    lines += pick_lines(items, catalogue)
    others = [belief for belief in options if belief.id != dropped.id][:2]
    offers = [Suggestion(label=f"Drop “{b.label}” instead", text=f"forget {b.label}") for b in others]
    return ReplyPlan(acts={"relax"}, lines=lines, items=items, suggestions=offers, events=[shown(items)])


def _suggest(
    state: SessionState, items: list[Recommendation], query: Query, recommender: Recommender
) -> list[Suggestion]:
    """Next steps that would change the list: facet values that split the live candidates most evenly, and paging."""
    from bot.policy import value_counts

    catalogue = recommender.catalogue
    rows = recommender.pool_rows(query, 60)
    known = {belief.value for belief in state.beliefs.values()}
    splits: list[tuple[float, str, str]] = []
    for name, config in catalogue.domain.facets.items():
        if not config.askable or config.role not in {"mood", "genre", "theme"}:
            continue
        for value, count in value_counts(catalogue, name, rows).items():
            if value not in known and count > 1:
                splits.append((abs(count / max(1, len(rows)) - 0.4), name, value))
    splits.sort()
    offers: list[Suggestion] = []
    taken: set[str] = set()
    for _, name, value in splits:
        if name in taken:
            continue
        taken.add(name)
        wish = catalogue.domain.facets[name].phrases.wish or "{value}"
        offers.append(
            Suggestion(
                label=f"More {value.lower()}" if name != "theme" else f"About {value.lower()}",
                text=f"something {wish.format(value=value)}",
            )
        )
        if len(offers) == 2:
            break
    years = [r.item.year for r in items if r.item.year]
    if years and not any(belief.facet == catalogue.domain.number_of("year") for belief in state.beliefs.values()):
        middle = sorted(years)[len(years) // 2]
        offers.append(
            Suggestion(label="Older", text="older") if middle > 1995 else Suggestion(label="Newer", text="newer")
        )
    offers.append(Suggestion(label="Show me others", text="show me others"))
    return offers


def _named_item(understanding: Understanding) -> str | None:
    """An item the person asked for by name, without a verdict on it."""
    return next((m.item_id for m in understanding.mentions if m.relation == "mention"), None)


def _said(belief: Belief) -> str:
    return belief.value if belief.facet in {"person", "language", "country"} else _decap(belief.value)


def _decap(text: str) -> str:
    return (
        text[:1].lower() + text[1:]
        if text[1:2].islower() and text.split(" ")[0].istitle() and not _proper(text)
        else text
    )


def _proper(text: str) -> bool:
    words = text.split()
    return len(words) > 1 and all(word[:1].isupper() for word in words[:2])


def _label_numbers(belief: Belief) -> list[float]:
    found = [number for number in (belief.low, belief.high) if number is not None]
    return found + [number + 1 for number in found]
