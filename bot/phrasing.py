"""Parts of sentences in one language: phrases, lists, quotes, taps, all from prompts/<language>/."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache, reduce

from bot.lexicon import languages as lexicons
from bot.lexicon import load_lexicon
from bot.records import Suggestion
from prompts.loader import languages, load_taps, load_templates

# Marks that open and close a quotation, whatever the language.
QUOTED = re.compile("“([^“”]*)”|„([^„“”]*)[“”]|«([^«»]*)»|「([^「」]*)」")


def reply_language(language: str) -> str:
    """The language itself if replies can be in it, else English."""
    return language if language in languages() else "en"


def say(language: str, name: str, variant: int = 0, **slots: str) -> str:
    """A wording of phrases.yaml with its slots filled; `variant` picks one of several."""
    wordings = load_templates(reply_language(language), "phrases").templates[name]
    return contracted(wordings[variant % len(wordings)].format_map(slots), language)


def filled(wording: str, language: str, **slots: str) -> str:
    """A phrase of the domain with its slots filled."""
    return contracted(wording.format_map(slots), language)


def can_say(language: str, name: str) -> bool:
    """Whether phrases.yaml of a language has an optional key."""
    return name in load_templates(reply_language(language), "phrases").templates


def listed(language: str, name: str) -> tuple[str, ...]:
    """The words under an optional key of phrases.yaml; none where the language has no such key."""
    return tuple(load_templates(reply_language(language), "phrases").templates.get(name, ()))


def joined(words: Sequence[str], language: str, last: str = "and") -> str:
    """ "a", "a and b", "a, b and c"; `last` is the key of the phrase that joins the last two."""
    if len(words) < 2:
        return "".join(words)
    first = reduce(lambda before, word: say(language, "comma", first=before, last=word), words[:-1])
    return say(language, last, first=first, last=words[-1])


def told(facts: Sequence[str], language: str) -> str:
    """Predicates of one item, joined: "feels tense and runs 97 minutes"."""
    if not can_say(language, "clauses"):
        return joined(facts, language)
    return reduce(lambda before, fact: say(language, "clauses", first=before, last=fact), facts) if facts else ""


def quoted(words: Sequence[str], language: str) -> str:
    """The words in quotation marks, joined."""
    return joined([say(language, "quoted", text=word) for word in words], language)


def tap(language: str, name: str, **slots: str) -> Suggestion:
    """A tap of suggestions.yaml."""
    label, text = load_taps(reply_language(language)).taps[name]
    slots |= {slot[:1].upper() + slot[1:]: capitalised(value) for slot, value in slots.items()}
    return Suggestion(label=label.format_map(slots), text=text.format_map(slots))


def capitalised(text: str) -> str:
    """The text with a capital first letter; the others as they are."""
    return text[:1].upper() + text[1:]


def is_spaced(language: str) -> bool:
    """Whether words and sentences stand apart in a language."""
    return language not in lexicons() or load_lexicon(language).spaced


def contracted(text: str, language: str) -> str:
    """A text with the contractions of its language ("de el" -> "del"), but inside quotation marks."""
    rules = _contractions(reply_language(language))
    if not rules:
        return text
    parts: list[str] = []
    end = 0
    for match in QUOTED.finditer(text):
        parts += [text[end : match.start()], match.group()]
        end = match.end()
    parts.append(text[end:])
    for pattern, replacement in rules:
        parts[::2] = [pattern.sub(replacement, part) for part in parts[::2]]
    return "".join(parts)


@lru_cache(maxsize=16)
def _contractions(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    rules = load_templates(language, "phrases").contractions
    return tuple((re.compile(pattern), replacement) for pattern, replacement in rules.items())
