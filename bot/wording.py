"""From a plan to text: each line worded from a template that was not used lately, checked before it is kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from bot.grounding import Checker
from bot.phrasing import capitalised, contracted, is_spaced, reply_language
from bot.plan import Line, ReplyPlan
from prompts.loader import load_templates
from retrieval.domain import DomainConfig

_DOUBLED = re.compile(r"(?<!\.)([.?!。？！])[.。](?!\.)")  # noqa: RUF001
_MEMORY = 24
_STARTS_PARAGRAPH = ("pick", "profile_")


class Spoken(NamedTuple):
    """A line in words; `gap` is what separates it from the line before."""

    line: Line
    text: str
    gap: str


class Worded(NamedTuple):
    """A reply in words, the templates used ("key/number") and the lines that failed their check."""

    lines: list[Spoken]
    templates: list[str]
    rejected: list[str]

    @property
    def text(self) -> str:
        return "".join(spoken.gap + spoken.text for spoken in self.lines)


def word(plan: ReplyPlan, domain: DomainConfig, checker: Checker, used: Sequence[str], turn: int) -> Worded:
    """The reply in sentences of the domain's language.

    A line whose text states what its facts do not support is replaced by its plain form, or left out.
    Lines are joined into paragraphs: picks stand alone, what leads into them stays together.
    """
    language = reply_language(domain.language)
    templates = load_templates(language, "replies").templates
    own = {"noun": domain.noun.one, "nouns": domain.noun.many, "verb": domain.verb.base, "gerund": domain.verb.gerund}
    gap = " " if is_spaced(language) else ""
    recent = list(used[-_MEMORY:])
    lines: list[Spoken] = []
    taken: list[str] = []
    rejected: list[str] = []
    previous = ""
    for line in plan.lines:
        number = _choose(line.template, len(templates[line.template]), recent + taken, turn)
        slots = own | line.slots
        slots |= {capitalised(key): capitalised(value) for key, value in slots.items()}
        text = _tidy(contracted(templates[line.template][number].format_map(slots), language))
        problems = checker.problems(text, line)
        if problems:
            rejected.append(f"{text} [{'; '.join(problems)}]")
            text = line.plain
            if not text:
                continue
        taken.append(f"{line.template}/{number}")
        alone = line.template.startswith(_STARTS_PARAGRAPH) or previous.startswith(_STARTS_PARAGRAPH)
        lines.append(Spoken(line, text, "" if not lines else "\n\n" if alone else gap))
        previous = line.template
    return Worded(lines, taken, rejected)


def _choose(key: str, count: int, recent: Sequence[str], turn: int) -> int:
    """The wording of a key that was used longest ago; among unused ones, one that varies with the turn."""
    order = [(number + turn) % count for number in range(count)]
    last = {
        number: max((place for place, name in enumerate(recent) if name == f"{key}/{number}"), default=-1)
        for number in order
    }
    return min(order, key=lambda number: last[number])


def _tidy(text: str) -> str:
    text = _DOUBLED.sub(r"\1", text)
    return capitalised(text) if text[:1].isascii() else text
