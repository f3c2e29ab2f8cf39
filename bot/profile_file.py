"""A profile as a file: what `rapport profile export` wrote, read back and checked against the catalogue it comes to."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from bot.beliefs import slug
from bot.bringing import UNRESOLVED_KEPT, placeless, same
from bot.events import Believed, Event
from bot.records import Belief, Profile, TasteReport, Unresolved
from bot.taste_files import decoded
from bot.text import key
from retrieval.catalogue import Catalogue
from retrieval.errors import InputError

SOURCE = "Rapport"
_GROUPS = ("constraints", "likes", "dislikes", "seen", "unresolved")
_LONGEST = 400
_MOST_QUOTES = 20
_FURTHEST = 1e9
_ITEM_IDS = ("item:", "seen:", "similar:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_ANOTHER = "of another catalogue"


def is_profile(data: bytes) -> bool:
    """Whether a file is JSON, which of all files that can be brought only a profile is."""
    return data[:400].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def read_profile(name: str, data: bytes, most_bytes: int, most_beliefs: int) -> Profile:
    """A profile as `Bot.profile` gives it, in JSON. Raises InputError naming the belief and the field at fault."""
    if len(data) > most_bytes:
        raise InputError(f"{name} has {len(data):,} bytes; at most {most_bytes:,} are accepted (RAPPORT_MAX_IMPORT).")
    try:
        profile = Profile.model_validate(json.loads(decoded(name, data), parse_constant=_refused))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "profile"
        raise InputError(f"{name} is not a profile exported by Rapport: {field}: {first['msg']}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is not JSON that can be read: {error}.") from error
    beliefs = profile.all()
    if len(beliefs) > most_beliefs:
        raise InputError(f"{name} has more than {most_beliefs:,} beliefs (RAPPORT_MAX_IMPORT_ROWS).")
    taken: set[str] = set()
    for group in _GROUPS:
        for place, belief in enumerate(getattr(profile, group)):
            fault = _fault(belief, group, taken)
            if fault:
                raise InputError(f"{name} is not a profile exported by Rapport: {group}.{place}.{fault}.")
            taken.add(belief.id)
    return profile


def restored(
    name: str, profile: Profile, catalogue: Catalogue, known: Mapping[str, Belief]
) -> tuple[list[Event], TasteReport]:  # fmt: skip
    """Events that add the profile in a file to what is known, and the report of it.

    Every belief comes back as it was, with its id and quotes, but the turns of its evidence are 0: they counted in a
    conversation that is not here. What is known under the same id already stays. A belief about an item or a facet that
    this catalogue does not have becomes an unresolved name, at most 24 of them.
    """
    events: list[Event] = []
    strangers: dict[str, Belief] = {}
    kept = matched = liked = disliked = 0
    for belief in profile.all():
        if not _is_here(belief, catalogue):
            strangers.setdefault(f"unresolved:{slug(belief.value)}", belief)
            continue
        about = belief.facet == "item" and belief.group != "unresolved"
        matched += about
        liked += about and belief.group == "likes"
        disliked += about and belief.group == "dislikes"
        if belief.id not in known:
            events.append(Believed(belief=placeless(belief)))
        else:
            kept += not same(known[belief.id], belief)
    for number, (id_, belief) in enumerate(strangers.items()):
        if number < UNRESOLVED_KEPT and id_ not in known:
            events.append(Believed(belief=_unresolved(id_, placeless(belief))))
    return events, TasteReport(
        name=name, source=SOURCE, rows=len(profile.all()), matched=matched, liked=liked, disliked=disliked,
        unrated=matched - liked - disliked, kept=kept, changed=len(events),
        unresolved=[Unresolved(title=belief.label, row=0, why=_ANOTHER) for belief in strangers.values()],
    )  # fmt: skip


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _fault(belief: Belief, group: str, taken: set[str]) -> str:
    """The field of a belief that no profile of ours could hold, and why; "" when all is well."""
    texts = {"id": belief.id, "label": belief.label, "facet": belief.facet, "value": belief.value,
             "item_id": belief.item_id or "", "role": belief.role or "", "relation": belief.relation,
             **{f"evidence.{n}.quote": proof.quote for n, proof in enumerate(belief.evidence)}}  # fmt: skip
    for field, text in texts.items():
        if len(text) > _LONGEST or _CONTROL.search(text):
            return f"{field}: has more than {_LONGEST} characters, or some that cannot be shown"
    bounds = [bound for bound in (belief.low, belief.high) if bound is not None]
    about_item = belief.facet == "item" and belief.group != "unresolved"
    prefix = next((prefix for prefix in _ITEM_IDS if belief.id.startswith(prefix)), "")
    checks = (
        (belief.group == group, f"group: is '{belief.group}'"),
        (bool(belief.id) and belief.id not in taken, "id: is empty or used twice"),
        (-1 <= belief.polarity <= 1, "polarity: is not within -1 to 1"),
        (0 <= belief.strength <= 1, "strength: is not within 0 to 1"),
        (0 <= belief.confidence <= 1, "confidence: is not within 0 to 1"),
        (all(abs(bound) <= _FURTHEST for bound in bounds) and bounds == sorted(bounds), "low, high: are no range"),
        (len(belief.evidence) <= _MOST_QUOTES, f"evidence: has more than {_MOST_QUOTES} quotes"),
        (about_item == bool(prefix) and (not about_item or belief.id == f"{prefix}{belief.item_id}"),
         "id: does not belong to its item_id"),
    )  # fmt: skip
    return next((message for fine, message in checks if not fine), "")


def _is_here(belief: Belief, catalogue: Catalogue) -> bool:
    """Whether a belief can mean here what it meant where it was formed."""
    domain = catalogue.domain
    if belief.item_id is not None:
        row = catalogue.row.get(belief.item_id)
        # Other catalogues use the same ids for other items. A critique is measured from an item, not named after it.
        named = belief.facet != "item" or (row is not None and key(catalogue.items[row].title) == key(belief.value))
        return row is not None and named
    if belief.group == "unresolved" or belief.facet in {"text", "person"}:
        return True
    return belief.facet in domain.facets or belief.facet in domain.numbers


def _unresolved(id_: str, belief: Belief) -> Belief:
    return Belief(
        id=id_, group="unresolved", label=belief.label, facet=belief.facet, value=belief.value, scope=belief.scope,
        relation="unresolved", evidence=belief.evidence,
    )  # fmt: skip
