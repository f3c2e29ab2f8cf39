"""Preferences stated outright, as in a form: a facet or number, a value, a polarity. Checked against the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from rapidfuzz import fuzz, process

from bot.beliefs import NUMBER_ROLES, preference_belief, together
from bot.gazetteer import Gazetteer
from bot.quantities import parse_range
from bot.records import Belief, Group, Preference
from bot.text import key
from retrieval.catalogue import Catalogue
from retrieval.errors import InputError

_LONGEST = 200
_NEAR = 70
_FURTHEST = 1e9
_WHOLE_NAMES = {"full", "value", "synonym"}


def stated_belief(
    said: Preference, catalogue: Catalogue, gazetteer: Gazetteer, turn: int, known: Mapping[str, Belief]
) -> Belief:
    """The belief behind `facet`, `value`, `polarity` and `hard` of a stated preference; its evidence has no quote.

    `known`: the beliefs so far, by id. One that says the opposite is kept as evidence against the new one.

    `facet` is a facet or number of the domain, or a role of either ("person", "decade"). A number takes a range
    in canonical text ("1980s", "<1990", ">=120", "1980-1989"). Tastes and exclusions last; what must be holds
    for the session.

    Raises InputError naming an unknown facet, an unknown value or a polarity of 0.
    """
    if not -1 <= said.polarity <= 1 or said.polarity == 0:
        raise InputError(f"A polarity of {said.polarity:g} says nothing. Use 1 for wanted, -1 for unwanted.")
    if len(said.value) > _LONGEST:
        raise InputError(f"A value has at most {_LONGEST} characters; this one has {len(said.value):,}.")
    number = _number(said.facet, catalogue)
    resolved = _range(said, number, catalogue) if number else _value(said, catalogue, gazetteer)
    unwanted = said.polarity < 0
    resolved = resolved.model_copy(update={
        "strength": 1.0 if said.hard else 0.8, "excludes": resolved.excludes or (unwanted and said.hard),
        "scope": "session" if said.hard and not unwanted else "person", "quote": "",
    })  # fmt: skip
    group: Group = "constraints" if said.hard else "dislikes" if unwanted else "likes"
    belief = preference_belief(resolved, group, catalogue, turn)
    earlier = known.get(belief.id)
    opposed = earlier is not None and earlier.polarity * belief.polarity < 0
    return together(earlier, belief, catalogue) if earlier and opposed else belief


def _number(facet: str, catalogue: Catalogue) -> str | None:
    domain = catalogue.domain
    return facet if facet in domain.numbers else domain.number_of(NUMBER_ROLES.get(facet, ""))


def _range(said: Preference, number: str, catalogue: Catalogue) -> Preference:
    low, high = parse_range(said.value) or (None, None)
    bounds = [bound for bound in (low, high) if bound is not None]
    if not bounds or any(abs(bound) > _FURTHEST for bound in bounds) or bounds != sorted(bounds):
        raise InputError(
            f"'{said.value}' is not a range of {said.facet}. Write it as 1994, 1980s, 1980-1989, <1990 or >=120."
        )
    value = said.value.replace(" ", "")
    age = catalogue.domain.numbers[number].role == "age"
    return said.model_copy(update={"facet": number, "value": value, "low": low, "high": high, "excludes": age})


def _value(said: Preference, catalogue: Catalogue, gazetteer: Gazetteer) -> Preference:
    domain = catalogue.domain
    people = domain.facets_of("person")
    if said.facet == "item":
        raise InputError("An item is not a value to add. Send an event for it instead: like, dislike or seen.")
    if said.facet not in domain.facets and not (said.facet == "person" and people):
        known = [*domain.facets, *(["person"] if people else []), *domain.numbers]
        raise InputError(f"Unknown facet '{said.facet}'. Known: {', '.join(known)}.")
    person = said.facet == "person" or said.facet in people
    value = _known_value(said.facet, said.value.strip(), "person" if person else said.facet, catalogue, gazetteer)
    role = said.facet if said.facet in people else None
    return said.model_copy(update={"facet": "person" if person else said.facet, "role": role, "value": value})


def _known_value(facet: str, value: str, kind: str, catalogue: Catalogue, gazetteer: Gazetteer) -> str:
    present = catalogue.postings(facet)
    if value in present:
        return value
    for name in gazetteer.named(key(value)):
        whole = name.kind == kind and name.form in _WHOLE_NAMES and name.direction == 0
        if whole and (kind != "person" or name.value in present):
            return name.value
    folded = value.casefold()
    written = next((known for known in present if known.casefold() == folded), None)
    if written is not None:
        return written
    near = process.extract(value, list(present), scorer=fuzz.WRatio, limit=3, score_cutoff=_NEAR)
    hint = f" Close to it: {', '.join(match[0] for match in near)}." if near else ""
    raise InputError(f"No item has the {facet} '{value}'.{hint}")
