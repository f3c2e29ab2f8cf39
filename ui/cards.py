"""Cards and the profile panel as plain data: what the page shows of a recommendation and of a belief.

Nothing here is HTML. The templates in ui/static escape every string.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote, urlsplit

from bot.records import Belief, Evidence, Item, Profile, Reason, Recommendation, is_imported
from retrieval.catalogue import Catalogue
from retrieval.domain import DomainConfig, Noun
from ui.art import data_uri, placeholder

FACT_ROLES = ("length", "genre", "person", "mood")
"""Roles that a card shows, in this order, as far as the domain and the record have them."""
MAX_VALUES = 2
MAX_REASONS = 3
MAX_BLURB = 180
TAPPED = "tapped “"
"""How the evidence of a tap begins, as against words that the person said."""
IMAGE_SUFFIXES = frozenset({".avif", ".gif", ".jpeg", ".jpg", ".png", ".webp"})

COMPARED = {
    "similar": "like {title}",
    "liked": "close to {title}, which you liked",
    "disliked": "unlike {title}, which you did not like",
    "looked": "close to {title}, which you looked at",
    "passed": "unlike {title}, which you passed over",
    "chosen": "close to {title}, which you chose",
    "together": "often named beside {title}",
    "also_liked": "people who liked {title} liked it",
}
"""Reasons that compare with another item, by kind."""

STRENGTHS = ((0.75, "strong"), (0.45, "clear"), (0.0, "slight"))
"""Lowest strength and its word, strongest first."""


class ReasonView(TypedDict):
    """`quote` is the person's own words, "" when the reason does not rest on any."""

    label: str
    quote: str
    turn: int


class CardView(TypedDict):
    """One pick. `more` and `why` are what the person says when they tap the button of that name."""

    id: str
    title: str
    year: str
    image: str
    link: str
    facts: list[str]
    blurb: str
    reasons: list[ReasonView]
    liked: bool
    disliked: bool
    seen: bool
    marked: bool
    note: str
    more: str
    why: str


class BeliefView(TypedDict):
    """One belief. `percent` is its strength in 0..100, `strength` the word for it; `tapped`: from a card, not words;
    `imported`: what an import says, "" when it is from elsewhere; `before`: what said the opposite before, or ""."""

    id: str
    label: str
    hard: bool
    kept: bool
    percent: int
    strength: str
    quote: str
    turn: int
    tapped: bool
    imported: str
    before: str


class GroupView(TypedDict):
    """A part of the profile. `more` says how much of it is not among `beliefs`, "" when nothing is missing."""

    name: str
    title: str
    beliefs: list[BeliefView]
    more: str


# ---------------------------------------------------------------- cards


def name_of(item: Item) -> str:
    """How an item is named so that it cannot be taken for its namesake: "Heat (1995)"."""
    return f"{item.title} ({item.year})" if item.year is not None else item.title


def amount(value: float, unit: Noun | None) -> str:
    """A number in words a person reads: 169 minutes are "2 h 49 min", 12.0 is "12"."""
    number = f"{value:g}"
    if unit is None:
        return number
    if unit.one == "minute" and value >= 60:
        hours, minutes = divmod(round(value), 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{number} {unit.one if value == 1 else unit.many}"


def facts(item: Item, catalogue: Catalogue) -> list[str]:
    """Short facts of an item, at most one for each of FACT_ROLES."""
    found = (_fact(item, catalogue, role) for role in FACT_ROLES)
    return [fact for fact in found if fact]


def _fact(item: Item, catalogue: Catalogue, role: str) -> str:
    number = catalogue.domain.number_of(role)
    if number is not None:
        return number_fact(item, number, catalogue)
    for name in catalogue.domain.facets_of(role):
        values = catalogue.recorded(item, name)[:MAX_VALUES]
        template = catalogue.domain.facets[name].phrases.tag
        if values and template:
            return template.replace("{value}", ", ".join(values))
    return ""


def number_fact(item: Item, number: str, catalogue: Catalogue) -> str:
    """A number of an item as its tag says it ("2 h 49 min"); "" when it has no tag or no such number."""
    config = catalogue.domain.numbers.get(number)
    value = catalogue.number(item, number)
    if config is None or value is None or not config.phrases.tag:
        return ""
    spelt_out = config.unit is not None and config.unit.many in config.phrases.tag
    return config.phrases.tag.replace("{value}", amount(value, None if spelt_out else config.unit))


def strongest(pick: Recommendation, catalogue: Catalogue) -> list[ReasonView]:
    """The reasons that speak for a pick, strongest first; each quote is shown once.

    Being well known speaks for many items, so it is named only where little else does. A surprise says so
    first.
    """
    chosen = [reason for reason in pick.reasons if reason.weight > 0 or reason.kind == "variety"]
    chosen.sort(key=lambda reason: -reason.weight)
    telling = [reason for reason in chosen if reason.kind != "popularity"]
    chosen = telling if len(telling) > 1 else chosen
    chosen.sort(key=lambda reason: reason.kind != "variety")
    quotes: set[str] = set()
    views: list[ReasonView] = []
    for reason in chosen[:MAX_REASONS]:
        evidence = next((proof for proof in spoken(reason.evidence) if proof.quote not in quotes), None)
        if evidence:
            quotes.add(evidence.quote)
        views.append(
            ReasonView(
                label=reason_label(reason, catalogue),
                quote=evidence.quote if evidence else "",
                turn=evidence.turn if evidence else 0,
            )
        )
    return views


def spoken(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence that quotes the person, but for what says the opposite."""
    return [
        proof for proof in evidence
        if proof.quote and not proof.contrary and not proof.quote.startswith(TAPPED) and not is_imported([proof])
    ]  # fmt: skip


def reason_label(reason: Reason, catalogue: Catalogue) -> str:
    """A reason in words that stand alone: "like Arrival", "by Michael Mann", "at most 2 h"."""
    if reason.kind in COMPARED:
        return COMPARED[reason.kind].replace("{title}", reason.label)
    config = catalogue.domain.facets.get(reason.facet or "")
    if config and config.phrases.tag and reason.value:
        return config.phrases.tag.replace("{value}", reason.value)
    return reason.label


def blurb(text: str) -> str:
    """The start of an item's text, cut at the end of a word."""
    if len(text) <= MAX_BLURB:
        return text
    return text[:MAX_BLURB].rsplit(" ", 1)[0].rstrip(",;:. ") + "…"


def local_image(image: str | None, folder: Path) -> Path | None:
    """The picture of an item when it is an existing image file inside `folder`, else None."""
    if not image or "\0" in image or urlsplit(image).scheme not in {"", "file"}:
        return None
    path = (folder / image.removeprefix("file://")).resolve()
    inside = path.is_relative_to(folder.resolve())
    return path if inside and path.suffix.lower() in IMAGE_SUFFIXES and path.is_file() else None


def image_source(item: Item, folder: Path, remote: bool) -> str:
    """What an <img> loads for an item: its own picture where that is allowed, else placeholder art."""
    if local_image(item.image, folder):
        return f"/images?id={quote(item.id, safe='')}"
    if remote and item.image and _is_web(item.image):
        return item.image
    return data_uri(placeholder(item.id, item.title, item.genres))


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def card(pick: Recommendation, profile: Profile, catalogue: Catalogue, folder: Path, remote: bool = False) -> CardView:
    """One recommendation as the page shows it; `folder` is where local pictures may lie."""
    item = pick.item
    view = CardView(
        id=item.id,
        title=item.title,
        year="" if item.year is None else str(item.year),
        image=image_source(item, folder, remote),
        link=item.url if item.url and _is_web(item.url) else "",
        facts=facts(item, catalogue),
        blurb=blurb(item.text),
        reasons=strongest(pick, catalogue),
        liked=False,
        disliked=False,
        seen=False,
        marked=False,
        note="",
        more=f"more like {name_of(item)}",
        why=f"why {name_of(item)}?",
    )
    return marked(view, profile)


def marked(view: CardView, profile: Profile) -> CardView:
    """The same card with the marks that the profile now has for its item."""
    liked, disliked, seen = (
        any(belief.item_id == view["id"] and belief.relation != "view" for belief in beliefs)
        for beliefs in (profile.likes, profile.dislikes, profile.seen)
    )
    note = "Noted: not for you. It will not be shown again." if disliked else ""
    if not note and seen:
        note = "Noted: seen. It will not be shown again."
    if not note and liked:
        note = "Noted: you like this one."
    return {
        **view,
        "liked": liked,
        "disliked": disliked,
        "seen": seen,
        "marked": disliked or seen,
        "note": note,
    }


# ---------------------------------------------------------------- the profile panel


def strength_word(strength: float) -> str:
    return next(word for lowest, word in STRENGTHS if strength >= lowest)


def belief_view(belief: Belief) -> BeliefView:
    """One belief with the latest words that it rests on."""
    said = spoken(belief.evidence)
    evidence = said[-1] if said else None
    imported = is_imported(belief.evidence)
    strength = max(0.0, min(1.0, belief.strength))
    return BeliefView(
        id=belief.id,
        label=belief.label,
        hard=belief.hard,
        kept=belief.scope == "person",
        percent=round(100 * strength),
        strength=strength_word(strength),
        quote=evidence.quote if evidence else "",
        turn=evidence.turn if evidence else 0,
        tapped=bool(belief.evidence) and not said and not imported,
        imported=belief.evidence[-1].quote if imported else "",
        before=next((proof.quote for proof in reversed(belief.evidence) if proof.contrary and proof.quote), ""),
    )


def groups(profile: Profile, domain: DomainConfig, most: int | None = None) -> list[GroupView]:
    """The groups of a profile that hold anything, limits first; of each the latest `most` beliefs, None for all."""
    named: Sequence[tuple[str, str, list[Belief]]] = (
        ("constraints", "Limits", profile.constraints),
        ("likes", "Drawn to", profile.likes),
        ("dislikes", "Not for you", profile.dislikes),
        ("seen", f"Already {domain.verb.past}", profile.seen),
        ("unresolved", "Not sure what you meant", profile.unresolved),
    )
    return [
        GroupView(
            name=name, title=title, beliefs=[belief_view(belief) for belief in (beliefs[-most:] if most else beliefs)],
            more=f"These are the latest {most:,} of {len(beliefs):,}." if most and len(beliefs) > most else "",
        )
        for name, title, beliefs in named
        if beliefs
    ]  # fmt: skip
