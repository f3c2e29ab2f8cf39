"""Whether a sentence that a language model wrote says what its notes say, all of it and nothing else.

A sentence passes when it names the item and its other words are the words of the notes: each note whole and in its
own order, the notes in any order, joined only by words that claim nothing (prompts/<language>/pick.yaml). So no
praise, no other name or number, no genre of the model's own, no negation lost or found, no markdown and no
instruction can pass; and "stars Ann Poole" cannot come out as "is about Ann Poole".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import NamedTuple

from bot.grounding import Checker
from bot.plan import Line
from bot.text import fold, tokens
from prompts.loader import Prompt

_MARKS = frozenset(" ,.;:!?()'\u2019“”\"-\u2013—…&/")
_HERE = "\0"
_LONGER = 1.5
_SPARE = 30
_VERBS_OF_PEOPLE = 2
_ARTICLES = ("a", "an", "another")


class Small(NamedTuple):
    """The words that claim nothing, in lower case: all of them, and among them the nouns and the words for "too"."""

    joining: frozenset[str]
    nouns: frozenset[str]
    adding: frozenset[str]


def small_words(prompt: Prompt) -> Small:
    """The small words that a prompt allows."""
    return Small(*(frozenset(words.split()) for words in (
        prompt.joining_words, prompt.plain_nouns, prompt.adding_words
    )))  # fmt: skip


def named_in_full(sentence: str, line: Line) -> str:
    """The sentence with the year behind the title, where the model left it out."""
    head, title = line.slots.get("head", ""), line.titles[0] if line.titles else ""
    if not title or head in sentence:
        return sentence
    return re.sub(rf"(?<!\w){re.escape(title)}(?!\w)", lambda _: head, sentence, count=1)


def problems(sentence: str, line: Line, template: str, small: Small, checker: Checker) -> list[str]:
    """Why a sentence may not stand in for the template's; empty when it may."""
    head = line.slots.get("head", "")
    found = []
    if sentence.count(head) != 1:
        found.append("title: not named once")
    if len(sentence) > _LONGER * len(template) + _SPARE:
        found.append("too long")
    if not sentence.endswith(".") or sentence.endswith("..") or "\n" in sentence:
        found.append("not one whole sentence")
    rest = sentence.replace(head, _HERE, 1)
    if not sentence[:1].isupper() and not rest.startswith(_HERE):
        found.append("does not begin a sentence")
    strange = {mark for mark in rest if not mark.isalnum() and mark not in _MARKS and mark != _HERE}
    if strange or sum(rest.count(mark) for mark in "(“") != sum(rest.count(mark) for mark in ")”"):
        found.append(f"marks: {''.join(sorted(strange)) or 'brackets'}")
    said = _words(rest)
    found += [f"clumsy: {word} {word}" for word, after in pairwise(said) if word == after]
    found += _clumsy_articles(said, line, small)
    also, noted = sum(word in small.adding for word in said), sum(word in small.adding for word in _notes(line))
    if not min(noted, 1) <= also <= noted:
        found.append("left out: too" if noted > also else "claim: too")
    found += _unsupported(said, line, small.joining)
    return found or checker.problems(sentence, line)


def hopeless(beginning: str, line: Line, small: Small) -> bool:
    """Whether a sentence that begins like this cannot pass, so that writing it may stop. The last word may be cut."""
    whole = beginning[: max(beginning.rfind(" "), 0)]
    known = small.joining | set(_words(" ".join([*line.facts, *line.titles, line.slots.get("head", "")])))
    return any(word not in known for word in _words(whole))


def _unsupported(said: Sequence[str], line: Line, free: frozenset[str]) -> list[str]:
    """Words that the notes do not have there, and notes that are not said."""
    left = [note for fact in line.facts if (note := _note(fact, free))]
    words = [word for word in said if word not in free]
    place = 0
    while place < len(words):
        match = max(
            ((note, form) for note in left for form in _forms(note, line) if words[place : place + len(form)] == form),
            key=lambda pair: len(pair[1]), default=None,
        )  # fmt: skip
        if match is None:
            return [f"claim: {words[place]}"]
        left.remove(match[0])
        place += len(match[1])
    return [f"left out: {' '.join(note)}" for note in left]


def _clumsy_articles(said: Sequence[str], line: Line, small: Small) -> list[str]:
    """Articles of the model's own that lead to no noun ("is a close in spirit"), and "a" before a vowel."""
    notes = f" {' '.join(_notes(line))} "
    found = []
    for place, word in enumerate(said[:-1]):
        after = said[place + 1]
        if word not in _ARTICLES or any(f" {article} {after} " in notes for article in _ARTICLES):
            continue
        ahead = list(takewhile(lambda one: one not in small.joining - small.nouns - {"and"}, said[place + 1 :]))
        if not small.nouns & set(ahead) or (word != "another" and (word == "an") != (after[0] in "aeio")):
            found.append(f"clumsy: {word} {after}")
    return found


def _notes(line: Line) -> list[str]:
    return _words(" ".join(line.facts))


def _note(fact: str, free: frozenset[str]) -> list[str]:
    return [word for word in _words(fact) if word not in free]


def _forms(note: list[str], line: Line) -> list[list[str]]:
    """The orders in which a note may be said. A person may come before the verb: "Ann Poole directed", "stars"."""
    forms = [note]
    for person in line.people:
        name = _words(person)
        if note[-len(name) :] == name and 0 < len(note) - len(name) <= _VERBS_OF_PEOPLE:
            forms.append([*name, note[0]])
    return forms


def _words(text: str) -> list[str]:
    return [token.word for token in tokens(fold(text))]
