"""Questions whether something is so of an item: "is the first one a comedy?", "is Tom Hanks in it?"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.lexicon import ITEM_SIGN, VALUE_SIGN, Lexicon, turn_pattern
from bot.linking import Span
from bot.quantities import Quantity
from bot.records import Checked
from bot.references import Context, Pointer

_ROLES = {"decade": "year"}
_QUOTED = re.compile(f'["“”„«»《》「」]+{ITEM_SIGN}["“”„«»《》「」]+')


def question_form(
    folded: str, spans: Sequence[Span], pointers: Sequence[Pointer], quantities: Sequence[Quantity]
) -> str:
    """A part of an utterance with a sign for each item that it names or points at, and one for each value."""
    marks = [(span.start, span.end, VALUE_SIGN) for span in spans if span.kind != "item"]
    marks += [(span.start, _closed(folded, span), ITEM_SIGN) for span in spans if span.kind == "item"]
    marks += [(said.start, said.end, VALUE_SIGN) for said in quantities]
    free = [one for one in pointers if not any(one.start < end and start < one.end for start, end, _ in marks)]
    marks += [(one.start, one.end, ITEM_SIGN) for one in free if one.end > one.start]
    form = folded
    for start, end, sign in sorted(marks, reverse=True):
        form = form[:start] + sign + form[end:]
    return _QUOTED.sub(ITEM_SIGN, form).strip()


def _closed(folded: str, span: Span) -> int:
    """Where a title ends that has a sign of its own behind it ("Mamma Mia!", "Monsters, Inc.")."""
    sign = folded[span.end : span.end + 1]
    return span.end + (sign in {"!", "?", "."} and span.name.value.endswith(sign))


def find_checks(
    form: str, spans: Sequence[Span], quantities: Sequence[Quantity], lexicon: Lexicon, nouns: tuple[str, ...]
) -> list[Checked]:
    """What a part of an utterance asks about an item, if that is all it asks. Where it names and points at none, a
    pronoun of the pattern ("is he in it?") means what is on screen, if anything is."""
    values = [span for span in spans if span.kind != "item" and span.name.value]
    asked = [(span.start, Checked(facet=span.kind, value=span.name.value)) for span in values]
    asked += [(said.start, Checked(facet=_ROLES.get(said.facet, said.facet), value=said.value)) for said in quantities]
    if not asked or not turn_pattern(lexicon.language, "checks", nouns).fullmatch(form):
        return []
    return [check for _, check in sorted(asked, key=lambda one: one[0])]


def asks_worth(form: str, context: Context, lexicon: Lexicon) -> bool:
    """Whether a part of an utterance asks if an item is any good."""
    known = context.slate or context.focus or ITEM_SIGN in form
    return bool(known) and turn_pattern(lexicon.language, "worth_it").search(form) is not None
