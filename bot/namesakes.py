"""Titles that several items bear: which one is meant, what to ask or say where that is open, what an answer settles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bot.events import Wondered
from bot.facts import head
from bot.lexicon import elided
from bot.phrasing import joined, tap
from bot.plan import Line, ReplyPlan
from bot.records import Critique, Entity, Preference, Understanding
from bot.references import Context, find_pointers
from bot.state import SessionState
from bot.text import fold, tokens
from bot.understand import Understander
from retrieval.catalogue import Catalogue
from retrieval.domain import DomainConfig
from retrieval.records import Item

# Popularity is on a log scale: with counts up to a hundred thousand, .1 is a factor of three and .4 one of a hundred.
_CLOSE, _FAR = 0.1, 0.4
_WORTH_ASKING = {"like", "dislike", "similar", "ask"}
_WORTH_SAYING = _WORTH_ASKING | {"seen"}
_JUDGING = {"like", "dislike", "similar", "ask_item", "seen"}
_NO_ANSWER = {"undo", "reset", "forget", "show_profile", "help", "more", "why", "why_not", "compare", "farewell"}
_YEARS = {"year", "decade"}
_BRIEF, _FEW = 8, 4  # words
_OFFERED = 4
_NUMBER = re.compile(r"\d+")


class Doubt(NamedTuple):
    """A title that may mean several items, `options` best known first; `asks`: none of them is much better known."""

    title: str
    options: list[str]
    asks: bool


class Heard(NamedTuple):
    """An utterance in its session. `said`: as the reply reports it. `meant`: what to act on, which an answer to "which
    one?" takes from the earlier turn in which it was said, `turn`. `gone`: ids of beliefs that it proves wrong."""

    said: Understanding
    meant: Understanding
    turn: int
    doubt: Doubt | None = None
    gone: tuple[str, ...] = ()

    @property
    def certain(self) -> Understanding:
        """What may be believed now: all but what is said of an item that has to be asked about."""
        return _without(self.meant, self.doubt.options[0]) if self.doubt and self.doubt.asks else self.meant

    @property
    def events(self) -> list[Wondered]:
        """What has to be remembered for the next turn."""
        if self.doubt is None:
            return []
        taken = None if self.doubt.asks else self.doubt.options[0]
        return [Wondered(
            title=self.doubt.title, options=self.doubt.options, taken=taken, turn=self.turn, understanding=self.meant
        )]  # fmt: skip


def hear(text: str, state: SessionState, turn: int, understander: Understander) -> Heard:
    """An utterance understood, in a session: with its titles told apart by what else was said and shown, or settling
    which item an earlier one meant."""
    said = understander.understand(text, state.context())
    catalogue = understander.catalogue
    open_, item_id = state.doubt, None
    if open_ is not None and not said.acts & _NO_ANSWER and len(tokens(fold(text))) <= _BRIEF:
        item_id = _answered(open_, text, said, understander)
    if open_ is None or item_id is None:
        meant, doubt = _told_apart(said, state, catalogue)
        return Heard(meant, meant, turn, doubt)
    meant = _about(open_.understanding, open_.options[0], catalogue.get(item_id))
    if any(char.isalpha() for char in text):
        meant = meant.model_copy(update={"language": said.language})
    reported = meant.model_copy(update={"text": said.text, "acts": meant.acts | {"answer"}, "entities": said.entities})
    gone = [belief.id for belief in state.beliefs.values() if open_.taken and belief.item_id == open_.taken]
    return Heard(reported, meant, open_.turn, gone=tuple(gone))


def plan_question(doubt: Doubt, lines: Sequence[Line], catalogue: Catalogue) -> ReplyPlan:
    """Which of several items is meant? `lines`: what else was heard."""
    items = [catalogue.get(item_id) for item_id in doubt.options]
    language = catalogue.domain.language
    asked = Line(
        template="which_of", slots={"heads": joined([head(item) for item in items], language, "or")},
        titles=[item.title for item in items], numbers=_years(items),
    )  # fmt: skip
    return ReplyPlan(acts={"clarify"}, lines=[*lines, asked], suggestions=[
        tap(language, "namesake", head=head(item)) for item in items
    ])  # fmt: skip


def with_choice(plan: ReplyPlan, doubt: Doubt, catalogue: Catalogue) -> ReplyPlan:
    """The plan, saying first which item a title was taken for; the others can be tapped."""
    items = [catalogue.get(item_id) for item_id in doubt.options]
    language = catalogue.domain.language
    others = joined([str(item.year) for item in items[1:]], language, "or")
    line = Line(
        template="namesake", slots={"head": head(items[0]), "years": others}, titles=[item.title for item in items],
        numbers=_years(items),
    )  # fmt: skip
    taps = [tap(language, "namesake", head=head(item)) for item in items[1:]]
    return plan.model_copy(update={"lines": [line, *plan.lines], "suggestions": [*taps, *plan.suggestions]})


def _told_apart(said: Understanding, state: SessionState, catalogue: Catalogue) -> tuple[Understanding, Doubt | None]:
    doubts: list[Doubt] = []
    for entity in said.entities:
        options = _namesakes(entity, catalogue)
        if len(options) < 2 or options[0].id != entity.item_id or _dated(entity):
            continue
        meant = _by_context(options, said, state, catalogue)
        if meant is not None:
            said = _about(said, entity.item_id, meant)
        elif doubt := _doubt(options, said, state):
            doubts.append(doubt)
    # One question at a time, and no reply full of footnotes.
    return said, max(doubts, key=lambda doubt: doubt.asks, default=None)


def _namesakes(entity: Entity, catalogue: Catalogue) -> list[Item]:
    """The items that an entity may mean and that their years tell apart, best known first."""
    ids = [entity.item_id, *entity.alternatives] if entity.kind == "item" and entity.item_id else []
    items = sorted((catalogue.get(item_id) for item_id in ids), key=lambda item: -item.popularity)
    by_year: dict[int, Item] = {}
    for item in items:
        if item.year is not None:
            by_year.setdefault(item.year, item)
    return list(by_year.values())


def _dated(entity: Entity) -> bool:
    """Whether more than its title was said of an item: its year."""
    return not set(_NUMBER.findall(entity.surface)) <= set(_NUMBER.findall(entity.value or ""))


def _by_context(options: Sequence[Item], said: Understanding, state: SessionState, catalogue: Catalogue) -> Item | None:
    """The one that somebody named, a time named, or what was shown or spoken of before picks out.

    "Something from the 80s like X" is about what is wanted, not about X.
    """
    example = any(mention.relation == "similar" for mention in said.mentions)
    years = set(_NUMBER.findall(said.text))
    known = {belief.item_id for belief in state.beliefs.values() if belief.facet == "item"}
    slate = [pick.item_id for pick in state.slate]
    # "Why not X?" is about one that is not there.
    grounds = () if "why_not" in said.acts else ([state.focus], slate, state.spoken, known, state.shown)
    found = [
        [item for item in options if str(item.year) in years],
        _having_people(options, said, catalogue), [] if example else _of_time(options, said, catalogue.domain, []),
        *([item for item in options if item.id in ids] for ids in grounds),
    ]  # fmt: skip
    return next((items[0] for items in found if len(items) == 1), None)


def _having_people(options: Sequence[Item], said: Understanding, catalogue: Catalogue) -> list[Item]:
    people = {entity.value for entity in said.entities if entity.kind == "person"}
    return [item for item in options if people & set(catalogue.values(item, "person"))]


def _of_time(
    options: Sequence[Item], said: Understanding, domain: DomainConfig, critiques: Sequence[Critique]
) -> list[Item]:
    """Those of the time that was said: a range of years, "old" or "new"; of `critiques`, "older" or "newer"."""
    number = domain.number_of("year")
    wishes = [wish for wish in (*said.preferences, *said.constraints) if wish.facet in {*_YEARS, number}]
    moves = [critique.direction for critique in critiques if critique.number == number]
    if poles := [*(wish.pole for wish in wishes if wish.pole), *moves]:
        by_year = sorted(options, key=lambda item: item.year or 0)
        return by_year[-1:] if poles[0] > 0 else by_year[:1]
    return [item for item in options if wishes and all(_within(item, wish) for wish in wishes)]


def _within(item: Item, wish: Preference) -> bool:
    year = item.year or 0
    inside = (wish.low is None or year >= wish.low) and (wish.high is None or year <= wish.high)
    return inside == (wish.polarity > 0)


def _doubt(options: Sequence[Item], said: Understanding, state: SessionState) -> Doubt | None:
    """What is open about a title: asked once, and said once."""
    best = options[0]
    relations = {mention.relation for mention in said.mentions if mention.item_id == best.id}
    if said.question is not None and said.question.item_id == best.id:
        relations.add("ask")
    earlier = [wondered for wondered in state.doubted if wondered.title == best.title]
    known = [item for item in options if best.popularity - item.popularity < _FAR][:_OFFERED]
    heeded = said.acts & _JUDGING and relations & _WORTH_SAYING and not said.acts & _NO_ANSWER
    if len(known) < 2 or not heeded or any(wondered.taken for wondered in earlier):
        return None
    close = best.popularity - known[1].popularity < _CLOSE
    asks = close and bool(relations & _WORTH_ASKING) and not earlier
    return Doubt(best.title, [item.id for item in known], asks)


def _about(said: Understanding, old: str | None, item: Item) -> Understanding:
    """The same said of another item of the same title."""
    if old is None or old == item.id:
        return said
    moved: dict[str, object] = {"targets": [item.id if target == old else target for target in said.targets]}
    for name in ("mentions", "preferences", "critiques"):
        found = getattr(said, name)
        moved[name] = [one.model_copy(update={"item_id": item.id}) if one.item_id == old else one for one in found]
    moved["entities"] = [
        entity.model_copy(update={
            "item_id": item.id, "alternatives": [old, *(other for other in entity.alternatives if other != item.id)]
        }) if entity.item_id == old else entity
        for entity in said.entities
    ]  # fmt: skip
    if said.question is not None and said.question.item_id == old:
        moved["question"] = said.question.model_copy(update={"item_id": item.id})
    return said.model_copy(update=moved)


def _without(said: Understanding, item_id: str) -> Understanding:
    """What was said but for one item, and for what was said in comparison to it."""
    mentions = [mention for mention in said.mentions if mention.item_id != item_id]
    compared = any(mention.item_id == item_id and mention.relation == "similar" for mention in said.mentions)
    return said.model_copy(update={
        "mentions": mentions, "preferences": [wish for wish in said.preferences if wish.item_id != item_id],
        "critiques": [] if compared else said.critiques, "search": "" if compared else said.search,
    })  # fmt: skip


def _answered(open_: Wondered, text: str, said: Understanding, understander: Understander) -> str | None:
    """The item that an answer picks out. What was taken for granted is only corrected by name or by year."""
    options = [understander.catalogue.get(item_id) for item_id in open_.options]
    others = [item for item in options if item.id != open_.taken]
    strange = any(entity.kind not in {"item", "person", *_YEARS} for entity in said.entities)
    named = [entity for entity in said.entities if entity.kind == "item"]
    judged = any(mention.relation in _WORTH_SAYING for mention in said.mentions)
    new = judged or (not named and len(tokens(fold(text))) > _FEW and "request" in said.acts)
    if strange or (open_.taken is not None and new and "correct" not in said.acts):
        return None
    if named and not (len(named) == 1 and _dated(named[0])):
        return None
    years = {int(number) for number in _NUMBER.findall(fold(text))}
    found = [item for item in others if item.year in years]
    if open_.taken is not None:
        number = understander.domain.number_of("year")
        bounds = [wish for wish in (*said.preferences, *said.constraints) if wish.facet in {*_YEARS, number}]
        # "After 1960" is about what is wanted, and "not the 1960 one" keeps the other.
        found = [] if _refuses(text, said, understander) else found
        found = [item for item in found if all(_within(item, wish) for wish in bounds)]
    else:
        ways = _ways_to_pick(others, found, text, said, understander)
        found = next((items for items in ways if len(items) == 1), [])
    return found[0].id if len(found) == 1 else None


def _refuses(text: str, said: Understanding, understander: Understander) -> bool:
    drafter = understander.listener(said.language).drafter
    cues = drafter.cues.relations(elided(fold(text), drafter.lexicon))
    return any(cue.name == "exclude" for cue in cues)


def _ways_to_pick(
    options: Sequence[Item], dated: list[Item], text: str, said: Understanding, understander: Understander
) -> Iterator[list[Item]]:
    """Those of a year or not of it, with somebody in them, of a time, or by place: "the first", "the newer one"."""
    drafter = understander.listener(said.language).drafter
    folded = elided(fold(text), drafter.lexicon)
    relations = drafter.cues.relations(folded)
    refused = dated and _refuses(text, said, understander)
    yield [item for item in options if item not in dated] if refused else dated
    yield _having_people(options, said, understander.catalogue)
    yield _of_time(options, said, understander.domain, said.critiques)
    spans = drafter.linker.link(text, folded, tokens(folded), relations, [])
    context = Context(slate=[item.id for item in options])
    pointers = find_pointers(folded, context, spans, drafter.lexicon, drafter.catalogue)
    ids = {item_id for pointer in pointers if pointer.exact for item_id in pointer.item_ids}
    yield [item for item in options if item.id in ids]


def _years(items: Sequence[Item]) -> list[float]:
    return [float(item.year) for item in items if item.year is not None]
