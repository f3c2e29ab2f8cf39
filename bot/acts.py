"""Dialogue acts of an utterance: what the rules saw, and what a trained model makes of its words and of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bot.act_model import ActModel, Signs
from bot.reading import Known, Reading
from bot.records import PERSON_ACTS
from bot.references import Context
from bot.span_relations import Likely, Said
from retrieval.records import Record

CONTENT = frozenset({"disclose", "constrain", "critique", "like", "dislike", "seen", "similar"})
"""Acts that need something said: a facet, an item, a quality. They are read off what was found in the words."""

ASIDES = frozenset({
    "chitchat", "off_topic", "help", "ask_catalogue", "show_profile", "forget", "undo", "reset", "why", "why_not",
    "compare", "ask_item", "unclear", "farewell", "greet", "thank", "remove",
})  # fmt: skip
"""Acts that say nothing of what is wanted."""
_COMMANDS = frozenset({"undo", "reset", "forget", "remove"})
# A cue says them plainly.
_OUTRIGHT = _COMMANDS | {"request", "greet", "thank", "farewell", "show_profile", "off_topic", "correct"}
_CERTAIN, _SURE, _NEVER = 0.97, 0.8, 2.0
_OVERRULES = 0.7  # from which the model's word on a name counts more than that of the rules
_TURNS = 0.9  # the same where they read a verdict, or where what they read as wanted would be unwanted
_LIKELY = 0.5
_TURNING = ("constrain", "dislike", "critique", "reject", "remove")
_HINTED = 0.35
_TELLING = {"request", "disclose", "constrain", "critique", "answer", "correct", "more", "like", "dislike", "seen"}
_OTHERS = (ASIDES - {"remove", "unclear"}) | {"like", "dislike", "seen", "accept", "reject", "similar"}
_WISHES = ("request", "disclose", "constrain", "ask_catalogue")
_INKLING = 0.15  # an act of content that was read stands if the model gives it this much
_WORTH = 0.35  # a part whose content acts are all below this says nothing about what is wanted


class Heeded(NamedTuple):
    """A piece of text that the model is to judge, and what the rules saw in it."""

    text: str
    signs: Signs


class HeardActs(Record):
    """The acts that the model hears in a part of an utterance, and how likely each act is."""

    acts: set[str]
    likely: dict[str, float]

    @property
    def tells(self) -> bool:
        """Whether the part says what is wanted or what was thought of an item, and nothing sounds like an aside."""
        return bool(self.acts & _TELLING) and not self.acts & ASIDES

    @property
    def aside(self) -> bool:
        """Whether the part says nothing of what is wanted: a greeting, a question, a command, talk."""
        wanting = max(p for act, p in self.likely.items() if act not in ASIDES)
        return wanting < _WORTH and bool(self.acts & ASIDES)


def content_acts(reading: Reading) -> set[str]:
    """The acts of content that what was read amounts to."""
    acts: set[str] = {*(mention.relation for mention in reading.mentions)}
    acts &= {"like", "dislike", "seen", "similar"}
    acts |= {"critique"} if reading.critiques else set()
    acts |= {"constrain"} if reading.constraints else set()
    return acts | ({"disclose"} if reading.preferences or reading.allowed else set())


def rule_acts(
    cues: set[str], reading: Reading, asking: bool, context: Context, unresolved: bool, pointed: bool
) -> set[str]:
    """The dialogue acts that cues and what was read show. `pointed`: something was pointed at by its place."""
    acts = cues & {"greet", "thank", "farewell", "compare", "ask_catalogue", "chitchat", "correct"}
    relations = {mention.relation for mention in reading.mentions}
    acts |= content_acts(reading) | (relations & {"accept", "reject"})
    if cues & {"why", "why_not"}:
        acts = {"why_not"} if "why_not" in cues else {"why"}
    elif asking and not acts & {"compare", "ask_catalogue"}:
        acts.add("ask_item")
    informative = bool(acts & {"similar", "critique", "constrain", "disclose", "like", "dislike", "seen", "ask_item"})
    if "more" in cues and not acts & {"similar", "critique", "ask_item"}:
        acts.add("more")
    agreed = "accept" in cues or (pointed and bool(cues & {"agree", "thank"}))
    if agreed and not acts & {"critique", "constrain", "disclose", "similar", "more", "ask_item", "seen"}:
        acts.add("accept")
    if "reject" in cues and context.pending is None and context.slate and not acts & {"accept"}:
        acts.add("reject")
    if "surprise" in cues:
        acts |= {"request", "answer"} if context.pending is not None else {"request"}
    asks = acts & {"ask_item", "why", "why_not", "accept", "ask_catalogue", "compare"}
    if (reading.wished or reading.quantity or "request" in cues) and not asks:
        acts.add("request")
    if context.pending is not None and (informative or cues & {"agree", "reject", "surprise"}):
        acts.add("answer")
    if acts & {"request", "disclose", "constrain", "critique", "more", "similar", "ask_item", "accept"}:
        acts -= {"chitchat"}
    if reading.mentions and relations <= {"mention", "unseen"} and not acts:
        acts.add("request")
    if not acts and unresolved:
        acts.add("disclose")
    if "ask_catalogue" in acts and "request" not in cues:
        acts -= {"disclose", "constrain", "request"}
    return acts or {"unclear"}


def hear(model: ActModel | None, whole: Heeded, parts: Sequence[Heeded]) -> list[HeardActs] | list[None]:
    """What the model hears in each part of an utterance; Nones without a model.

    An act is as likely in the whole utterance as the mean of what the whole says of it and of what the likeliest part
    says; the parts are scaled to it. What only the whole shows counts for the part where it is least unlikely.
    """
    if model is None:
        return [None] * len(parts)
    heeded = [*parts, whole] if len(parts) > 1 else parts
    rows = model.probabilities([one.text for one in heeded], [one.signs for one in heeded])
    if len(heeded) > len(parts):
        most = np.maximum(rows[:-1].max(axis=0), 1e-6)
        rows = np.clip(rows[:-1] * ((most + rows[-1]) / 2 / most), 0.0, 1.0)
    heard = []
    for row in rows:
        likely = {act: float(p) for act, p in zip(PERSON_ACTS, row, strict=True)}
        acts = {act for act, least in zip(PERSON_ACTS, model.thresholds, strict=True)
                if likely[act] >= float(least)}  # fmt: skip
        heard.append(HeardActs(acts=acts, likely=likely))
    return heard


def overruled(said: Said, likely: Likely, heard: HeardActs | None, turning: bool) -> Known | None:
    """The reader's relation for a span that the model surely takes for something else than the rules did; or None.

    What is not wanted is excluded where a condition is heard, else disliked. `turning`: whether any word is a cue for
    turning something down; without one the model has to be nearly certain.
    """
    relation, sure = max(likely.items(), key=lambda one: one[1])
    verdict = said.rule not in {"want", "none"}
    if relation == said.rule or sure < (_TURNS if verdict or relation == "avoid" else _OVERRULES):
        return None
    if said.rule == "avoid":
        return None  # one exclusion too many is better than a broken one
    if said.rule == "seen" and relation == "like":
        return None  # "I saw Life Is Beautiful": who liked it as well says so
    if said.kind == "number" and relation != "none":
        return None  # which side of a bound is meant is the reader's to say: "nothing older than 1990"
    acts = heard.likely if heard is not None else {}
    if verdict and heard is not None and (acts.get(relation, 1.0) < _HINTED or not heard.acts):
        return None  # a verdict is not turned into one that the sentence does not sound like
    if verdict and acts.get(said.rule, 0.0) >= max(_HINTED, acts.get(relation, 0.0)):
        return None  # nor taken back where the sentence sounds more like it
    if verdict and relation == "none" and heard is not None and heard.acts == {"chitchat"}:
        return None  # "Life Is Beautiful bored me" is no mere talk
    if relation == "similar" and acts.get("ask_item", 0.0) >= acts.get("similar", 1.0):
        return None
    meant = "" if relation == "want" else relation
    if relation == "avoid":
        if heard is not None and max(acts[act] for act in _TURNING) < _HINTED:
            return None  # nothing in the sentence sounds like turning anything down
        if not turning and sure < _CERTAIN:
            return None
        meant = "exclude" if acts.get("constrain", 0.0) >= _LIKELY else "dislike"
    elif relation == "none":
        # What is counted is no wish, but it has to be known; and whoever is heard to wish wishes for something, as does
        # whoever is heard to do nothing else.
        wishing = max((acts.get(act, 0.0) for act in _WISHES), default=0.0)
        other = heard is None or bool(heard.acts & _OTHERS)
        if said.kind == "value" and (wishing >= _LIKELY or not other):
            return None
        meant = "unneeded"
    return Known(meant, round(sure, 3))


def settled(rules: set[str], cues: set[str], heard: HeardActs | None, read: set[str], context: Context) -> set[str]:
    """The acts of a part of an utterance; `read`: the acts of content for which something was read in it.

    The model says what the rules cannot, but what throws away words or items wants more: without a cue of its own, an
    act that takes something back needs to be nearly certain and stand alone, and an aside beside something read nearly
    certain.
    Without a model the rules stand.
    """
    if heard is None:
        return rules
    acts = {act for act in heard.acts if heard.likely[act] >= _needed(act, rules | cues, read)}
    acts |= {act for act in read if act == "constrain" or heard.likely[act] >= _INKLING}
    acts |= {act for act in cues & _OUTRIGHT if heard.likely[act] >= _INKLING}
    if context.pending is None:
        acts -= {"answer"}
    elif "answer" in rules and not acts & (ASIDES - {"chitchat"}):
        # Whoever was asked and tells something answers, unless they only ask something themselves.
        acts |= {"answer"} if acts or "ask_item" not in rules else {"ask_item"}
    if "remove" in acts:
        acts -= {"reject"}
    if "ask_catalogue" in acts and "ask_catalogue" in cues:
        acts -= {"request", "disclose", "constrain"}
    if acts - {"unclear"}:
        return acts - {"unclear"}
    return acts or (rules if not rules & CONTENT else {"request"} if "request" in rules else {"unclear"})


def _needed(act: str, ruled: set[str], read: set[str]) -> float:
    """How likely an act must be, where the rules see `ruled` and something was `read`."""
    if act in CONTENT or act in ruled:
        return 0.0
    if act in _COMMANDS:
        return _CERTAIN if not read else _NEVER
    if act in {"why", "why_not", "compare"} and "constrain" in read:
        return _CERTAIN
    if act == "reject" and read & {"constrain", "critique"}:
        return _NEVER  # "no westerns" and "not so gory" turn down no item
    if act in {"show_profile", "help"}:
        return _NEVER if read or "request" in ruled else _SURE
    if act == "reject" and read & {"disclose", "like"}:
        return _CERTAIN  # "no wait, an anime" neither
    return _SURE if read and (act in ASIDES or act in {"reject", "accept"}) else 0.0
