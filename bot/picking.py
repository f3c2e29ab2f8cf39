"""Lines about picks: the facts that caused each rank, said once, and a taste of the item."""

from __future__ import annotations

from collections.abc import Sequence

from bot.facts import Phrase, facet_phrase, head, hook, reason_phrases
from bot.lexicon import any_of
from bot.phrasing import can_say, is_spaced, joined, listed, say, told
from bot.plan import Line, supports
from retrieval.catalogue import Catalogue
from retrieval.records import Item, Reason, Recommendation

_TOO_SLIGHT = 0.02


def pick_lines(items: list[Recommendation], catalogue: Catalogue) -> list[Line]:
    """One line a pick; a fact that one line told is told again only where nothing else can be said."""
    lines: list[Line] = []
    used: set[str] = set()
    for variant, recommendation in enumerate(items):
        phrases = because(recommendation, catalogue, used, variant)
        used |= {said for phrase in phrases for said in (phrase.topic, phrase.text)}
        if is_surprise(recommendation.reasons):
            lines.append(Line(template="surprise"))
        lines.append(_pick_line(recommendation.item, phrases, catalogue))
    return lines


def is_surprise(reasons: Sequence[Reason]) -> bool:
    """Whether reasons are those of the surprise of a list."""
    return any(reason.kind == "variety" for reason in reasons)


def because(
    recommendation: Recommendation, catalogue: Catalogue, used: set[str], variant: int = 0, limit: int = 3
) -> list[Phrase]:
    """The facts behind the strongest parts of a score, strongest first, no topic twice.

    `used` holds the topics and texts of earlier lines; those come only when nothing else is left. The year
    is never among them: it stands beside the title.
    """
    year = catalogue.domain.number_of("year")
    fresh: list[Phrase] = []
    told: list[Phrase] = []
    topics = {f"{reason.facet}:{reason.value}" for reason in recommendation.reasons if reason.weight < 0}
    for reason in recommendation.reasons:
        if reason.weight <= _TOO_SLIGHT or (reason.kind == "number" and reason.facet == year):
            continue
        for phrase in reason_phrases(catalogue, recommendation.item, reason, topics, variant, short=True)[:1]:
            if phrase.topic in used:
                told.append(phrase)
                others = reason_phrases(catalogue, recommendation.item, reason, topics | used, variant, short=True)
                fresh += others[:1]
                topics |= {other.topic for other in others[:1]}
            elif phrase.topic not in topics:
                topics.add(phrase.topic)
                fresh.append(phrase)
        if len(fresh) >= limit:
            break
    told, language = told[:2], catalogue.domain.language
    return fresh[:limit] or [*told[:-1], *(_again(p, language) if p.text in used else p for p in told[-1:])]


def _again(phrase: Phrase, language: str) -> Phrase:
    """A fact that the line before told of another item."""
    if _adds(phrase, language) or phrase.numbers:
        return phrase
    return phrase.model_copy(update={"text": say(language, "again", len(phrase.text), fact=phrase.text)})


def _adds(phrase: Phrase, language: str) -> bool:
    """Whether a phrase says "too" already."""
    return any_of(list(listed(language, "adding")), is_spaced(language)).search(phrase.text) is not None


def describe(item: Item, catalogue: Catalogue) -> list[Phrase]:
    """What an item is, in two facts, when no wish explains its rank."""
    domain = catalogue.domain
    names = [name for role in ("mood", "theme") for name in domain.facets_of(role)]
    phrases = [facet_phrase(catalogue, item, name, 2) for name in [*names, *domain.facets_of("person")[:2]]]
    return [phrase for phrase in phrases if phrase is not None][:2]


def merged(phrases: list[Phrase], language: str) -> list[Phrase]:
    """The phrases with neighbours that begin with the same verb drawn together: "feels cosy and funny"."""
    if not can_say(language, "plain_verbs"):
        return phrases
    repeated = listed(language, "plain_verbs")
    found: list[Phrase] = []
    for phrase in phrases:
        verb, _, rest = phrase.text.partition(" ")
        before = found[-1] if found else None
        if before is None or verb in repeated or before.text.split()[0] != verb or _adds(before, language):
            found.append(phrase)
            continue
        found[-1] = before.model_copy(
            update={"text": joined([before.text, rest], language), **supports(before, phrase)}
        )
    return found


def _pick_line(item: Item, phrases: list[Phrase], catalogue: Catalogue) -> Line:
    language = catalogue.domain.language
    phrases = merged(phrases or describe(item, catalogue), language)
    taste = hook(item) if catalogue.in_own_language else ""
    template = ("pick_hook" if taste else "pick") if phrases else ("pick_hook_only" if taste else "pick_plain")
    return Line(
        template=template,
        slots={"head": head(item), "because": told([phrase.text for phrase in phrases], language), "hook": taste},
        claims=[claim for phrase in phrases for claim in phrase.claims],
        titles=[item.title, *(title for phrase in phrases for title in phrase.titles)],
        people=[person for phrase in phrases for person in phrase.people],
        numbers=([float(item.year)] if item.year else []) + [number for phrase in phrases for number in phrase.numbers],
        quotes=[taste, *(quote for phrase in phrases for quote in phrase.quotes)],
        item_id=item.id, plain=f"{head(item)}.",
        # A language model rewords only what is in the language of its prompt.
        facts=[phrase.text for phrase in phrases] if language == "en" else [],
    )  # fmt: skip
