"""An audit of what was shown, independent of the product's own checker: rules broken, from catalogue facts.

It looks at the profile as the person can see it after the turn, and at nothing else of the product.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.records import Belief, Item, Profile, Reply
from retrieval.catalogue import Catalogue
from retrieval.records import Record

SHOWING_ACTS = ("recommend", "relax")
"""Acts that offer items. Other acts may show again what is on screen or what the person asks about."""
_AGAINST = ("dislike", "reject", "seen")
_YEAR_WORDS = ("decade", "era")


class Violation(Record):
    """An item that should not have been shown, and the belief it goes against. kind: constraint or exclusion."""

    kind: str
    title: str
    belief: str


def violations(
    reply: Reply, profile: Profile, on_screen: Iterable[str], catalogue: Catalogue
) -> tuple[list[Violation], list[Violation]]:
    """What a reply shows against the profile after it: (violations, admitted).

    Exclusion: an item that was seen, disliked or rejected, or that meets a hard wish against it. Constraint:
    an item outside a hard bound or without a required value. Admitted are constraints (never exclusions)
    broken by a reply whose act is relax: it says that nothing fits and shows what is closest. An item whose
    number is unknown breaks no bound, and a value that no item has cannot be checked.
    """
    named = {entity.item_id for entity in reply.understanding.entities} | set(on_screen)
    found: list[Violation] = []
    for item in (recommendation.item for recommendation in reply.items):
        if reply.act in SHOWING_ACTS or item.id not in named:
            found += _of_item(item, profile, catalogue)
    admitted = [one for one in found if one.kind == "constraint" and reply.act == "relax"]
    return [one for one in found if one not in admitted], admitted


def _of_item(item: Item, profile: Profile, catalogue: Catalogue) -> list[Violation]:
    found = []
    for belief in profile.all():
        if belief.item_id is not None:
            against = belief in profile.seen or belief in profile.dislikes or belief.relation in _AGAINST
            broken = "exclusion" if item.id == belief.item_id and (against or belief.polarity < 0) else None
        else:
            broken = _broken(item, belief, catalogue) if belief.hard else None
        if broken:
            found.append(Violation(kind=broken, title=item.title, belief=belief.label))
    return found


def _broken(item: Item, belief: Belief, catalogue: Catalogue) -> str | None:
    met = _met(item, belief, catalogue)
    if met is None:
        return None
    if belief.polarity < 0:
        return "exclusion" if met else None
    return None if met else "constraint"


def _met(item: Item, belief: Belief, catalogue: Catalogue) -> bool | None:
    """Whether an item is what a belief speaks of; None when the catalogue cannot say."""
    if belief.low is not None or belief.high is not None:
        value = _number(item, belief.facet, catalogue)
        if value is None:
            return None
        return (belief.low is None or value >= belief.low) and (belief.high is None or value <= belief.high)
    wanted = _catalogue_strings(belief, catalogue)
    if not wanted & _all_values(belief, catalogue):
        return None
    return bool(wanted & {value.casefold() for value in _values(item, belief, catalogue)})


def _number(item: Item, facet: str, catalogue: Catalogue) -> float | None:
    domain = catalogue.domain
    by_role = domain.number_of("year" if facet in _YEAR_WORDS else facet)
    name = facet if facet in domain.numbers else by_role
    return catalogue.number(item, name) if name else item.numbers.get(facet)


def _values(item: Item, belief: Belief, catalogue: Catalogue) -> list[str]:
    """The values that a belief can mean: of its role when that is a facet ("director"), else of its facet."""
    return catalogue.values(item, _facet(belief, catalogue))


def _facet(belief: Belief, catalogue: Catalogue) -> str:
    return belief.role if belief.role in catalogue.domain.facets else belief.facet


def _all_values(belief: Belief, catalogue: Catalogue) -> set[str]:
    return {value.casefold() for value in catalogue.postings(_facet(belief, catalogue))}


def _catalogue_strings(belief: Belief, catalogue: Catalogue) -> set[str]:
    """The belief's value and the catalogue strings that it is a synonym of, in lower case."""
    value = belief.value.casefold()
    config = catalogue.domain.facets.get(belief.facet)
    known = config.synonyms.items() if config else ()
    return {value} | {name.casefold() for name, words in known if value in {word.casefold() for word in words}}
