"""Does a reply meet a check? Pure: a reply, the profile after it and the catalogue in; failures in words out."""

from __future__ import annotations

from collections.abc import Iterable

from bot.records import Belief, Item, Profile, Reply
from evals.scripts import Check, Condition, Script, parse_span
from retrieval.catalogue import Catalogue
from retrieval.errors import InputError


def number_name(catalogue: Catalogue, name: str) -> str:
    """The number that a name or a role ("length", "decade") stands for; the name itself when it is neither."""
    role = "year" if name == "decade" else name
    return name if name in catalogue.domain.numbers else catalogue.domain.number_of(role) or name


def is_number(catalogue: Catalogue, name: str) -> bool:
    """Whether a name is a number of the domain or a numeric field of the catalogue."""
    if number_name(catalogue, name) in catalogue.domain.numbers:
        return True
    return not _is_facet(catalogue, name) and any(name in item.numbers for item in catalogue.items)


def meets(catalogue: Catalogue, item: Item, name: str, condition: Condition) -> bool:
    """Whether an item has a facet value (any of a list) or a number in a range. Unknown is no."""
    if is_number(catalogue, name):
        value = catalogue.number(item, number_name(catalogue, name))
        return value is not None and parse_span(condition).holds(value)
    wanted = condition if isinstance(condition, list) else [condition]
    have = {value.casefold() for value in catalogue.values(item, name)}
    return any(str(one).casefold() in have for one in wanted)


def validate(script: Script, catalogue: Catalogue, source: str) -> None:
    """Raises InputError when a condition of a script cannot be put to this catalogue."""
    for number, turn in enumerate(script.turns, start=1):
        for key in ("all", "none"):
            for name, condition in getattr(turn.check, key).items():
                place = f"Dialogues {source}, dialogue '{script.id}', turn {number}, check.{key}.{name}"
                if is_number(catalogue, name):
                    try:
                        parse_span(condition)
                    except ValueError as error:
                        raise InputError(f"{place}: {error}.") from error
                elif not _is_facet(catalogue, name):
                    known = ", ".join([*catalogue.domain.facets, *catalogue.domain.numbers])
                    raise InputError(f"{place}: no such facet or number. The domain has {known}.")
                elif isinstance(condition, dict):
                    raise InputError(f"{place}: {{min, max}} is for numbers; a facet takes a value or a list.")


def failures(check: Check, reply: Reply, profile: Profile, shown_before: set[str], catalogue: Catalogue) -> list[str]:
    """Every part of a check that does not hold, in words; empty when all hold."""
    items = [recommendation.item for recommendation in reply.items]
    return [
        *_act_and_count(check, reply, items),
        *_conditions(check, items, catalogue),
        *_titles(check, items),
        *_words(check, reply.text),
        *_profile(check, profile),
        *_repeats(check, items, shown_before),
    ]


def mentions(beliefs: Iterable[Belief], wanted: Iterable[str]) -> bool:
    """Whether any of the words occurs in the label or value of any of the beliefs."""
    texts = [f"{belief.label}\n{belief.value}".casefold() for belief in beliefs]
    return any(word.casefold() in text for word in wanted for text in texts)


def _act_and_count(check: Check, reply: Reply, items: list[Item]) -> list[str]:
    found = []
    if check.act_in and reply.act not in check.act_in:
        found.append(f"act is {reply.act}, expected {' or '.join(check.act_in)}")
    if check.min_items is not None and len(items) < check.min_items:
        found.append(f"shows {len(items)} items, expected at least {check.min_items}")
    if check.max_items is not None and len(items) > check.max_items:
        found.append(f"shows {len(items)} items, expected at most {check.max_items}")
    return found


def _conditions(check: Check, items: list[Item], catalogue: Catalogue) -> list[str]:
    found = []
    for item in items:
        for name, condition in check.all.items():
            if not meets(catalogue, item, name, condition):
                found.append(f"{item.title} has {name} {_has(catalogue, item, name)}, expected {condition}")
        for name, condition in check.none.items():
            if meets(catalogue, item, name, condition):
                found.append(f"{item.title} has {name} {_has(catalogue, item, name)}, expected none of {condition}")
    return found


def _has(catalogue: Catalogue, item: Item, name: str) -> str:
    if is_number(catalogue, name):
        value = catalogue.number(item, number_name(catalogue, name))
        return "unknown" if value is None else f"{value:g}"
    return ", ".join(catalogue.values(item, name)) or "unknown"


def _titles(check: Check, items: list[Item]) -> list[str]:
    titles = {item.title.casefold() for item in items}
    found = []
    if check.shows_any and not titles & {title.casefold() for title in check.shows_any}:
        found.append(f"shows none of {', '.join(check.shows_any)}")
    found += [f"shows {title}" for title in check.shows_none if title.casefold() in titles]
    return found


def _words(check: Check, text: str) -> list[str]:
    low = text.casefold()
    found = []
    if check.text_any and not any(word.casefold() in low for word in check.text_any):
        found.append(f"says none of {', '.join(check.text_any)}")
    found += [f"says {word!r}" for word in check.text_none if word.casefold() in low]
    return found


def _profile(check: Check, profile: Profile) -> list[str]:
    excluded = [belief for belief in profile.constraints if belief.polarity < 0]
    parts = [
        ("likes", check.likes_any, profile.likes),
        ("dislikes or exclusions", check.dislikes_any, [*profile.dislikes, *excluded]),
        ("seen", check.seen_any, profile.seen),
        ("constraints", check.constraints_any, profile.constraints),
    ]
    found = [
        f"profile {name}: none of {', '.join(wanted)} in [{'; '.join(belief.label for belief in beliefs)}]"
        for name, wanted, beliefs in parts
        if wanted and not mentions(beliefs, wanted)
    ]
    found += [f"profile likes {word!r}" for word in check.likes_none if mentions(profile.likes, [word])]
    found += [f"profile still has {word!r}" for word in check.profile_none if mentions(profile.all(), [word])]
    return found


def _repeats(check: Check, items: list[Item], shown_before: set[str]) -> list[str]:
    if not check.not_shown_before:
        return []
    return [f"{item.title} was shown before" for item in items if item.id in shown_before]


def _is_facet(catalogue: Catalogue, name: str) -> bool:
    known = name in catalogue.domain.facets or bool(catalogue.domain.facets_of(name))
    return known or any(name in item.facets for item in catalogue.items)
