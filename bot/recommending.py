"""Planning a reply that recommends: find items, say what was heard and why these, relax when nothing fits."""

from __future__ import annotations

from bot.acknowledging import counted, heard, lead_in
from bot.events import Event, Pick, Shown, Withdrew
from bot.phrasing import joined, quoted, tap
from bot.picking import pick_lines
from bot.plan import Line, ReplyPlan
from bot.querying import build_query, droppable
from bot.questions import next_steps
from bot.records import Belief, Understanding
from bot.state import SessionState
from retrieval.catalogue import Catalogue
from retrieval.recommend import Recommender
from retrieval.records import Recommendation

_SHOWING_AGAIN = {"remove", "constrain", "disclose", "like", "dislike", "seen", "reject", "request"}
_ENOUGH = 2  # items that a wish is let go for


def plan_recommendation(
    understanding: Understanding, state: SessionState, fresh: list[Belief], dropped: list[Belief],
    recommender: Recommender, catalogue: Catalogue, picks: int,
) -> ReplyPlan:  # fmt: skip
    """Items for the state as it is now. `fresh` beliefs come from this utterance, `dropped` ones it took back.

    `catalogue` is seen in the language of the reply; a query is made from the recommender's own.
    """
    wanted = understanding.quantity or picks
    named = next((m.item_id for m in understanding.mentions if m.relation == "mention"), None)
    once = {"title": named, "surprise": understanding.variety == "surprise"}
    query = build_query(state, recommender.catalogue)
    # Who asks for more by the director of something knows that one.
    known = {mention.item_id for mention in understanding.mentions if mention.relation == "ask"}
    query = query.model_copy(update={**once, "exclude": query.exclude | known})
    items = recommender.recommend(query, wanted)
    lines = heard(understanding, state, fresh, catalogue)
    if state.met in catalogue.row:
        bought = catalogue.get(state.met).title
        lines.append(Line(template="need_met", slots={"title": bought}, titles=[bought]))
    if dropped:
        labels = [belief.label for belief in dropped]
        slots = {"labels": joined(labels, catalogue.domain.language)}
        lines.append(Line(template="ack_dropped", slots=slots, quotes=labels))
    elif "remove" in understanding.acts:
        lines.append(Line(template="drop_nothing"))
    if state.variety is not None and understanding.variety not in {None, "surprise"}:
        lines.append(Line(template=f"dial_{state.variety}"))
    if not items:
        return _without_new(understanding, state, fresh, lines, recommender, catalogue, wanted)
    if len(items) < wanted and (query.terms or query.bounds):
        lines.append(counted("only_some", len(items), catalogue))
    elif any(belief.group == "unresolved" for belief in fresh) and not _guiding(state, []):
        lines.append(Line(template="ack_unknown"))
    else:
        lines.append(lead_in(understanding, fresh, catalogue, len(items), bool(lines)))
    lines += pick_lines(items, catalogue)
    steps = next_steps(state, items, query, recommender, catalogue)
    return ReplyPlan(acts={"recommend"}, lines=lines, items=items, suggestions=steps, events=[shown(items)])


def shown(items: list[Recommendation]) -> Shown:
    """The event that puts recommendations on the screen."""
    return Shown(picks=[Pick(item_id=r.item.id, score=r.score, reasons=r.reasons) for r in items])


def _without_new(
    understanding: Understanding, state: SessionState, fresh: list[Belief], lines: list[Line],
    recommender: Recommender, catalogue: Catalogue, wanted: int,
) -> ReplyPlan:  # fmt: skip
    """Nothing new fits: what was shown comes again unless something else was asked for, else one wish is let go."""
    again = build_query(state, recommender.catalogue, again=True)
    if understanding.acts & _SHOWING_AGAIN and "more" not in understanding.acts and not understanding.open:
        items = recommender.recommend(again, wanted)
        if items:
            lines = [*lines, counted("again", len(items), catalogue), *pick_lines(items, catalogue)]
            return ReplyPlan(acts={"recommend"}, lines=lines, items=items, events=[shown(items)])
    ended = bool(state.shown) and recommender.count(again) > 0
    return _relax(state, fresh, lines, recommender, catalogue, wanted, "relax_ended" if ended else "relax_drop")


def _relax(
    state: SessionState, fresh: list[Belief], lines: list[Line], recommender: Recommender, catalogue: Catalogue,
    wanted: int, template: str,
) -> ReplyPlan:  # fmt: skip
    """Say that nothing fits, name the wish that is let go, show what is then closest, with an honest count.

    Among the wishes whose loss alone leaves enough items, the oldest goes; where none does, the one whose
    loss leaves most; where even that leaves nothing, another follows it. What was just said stays, and so does
    the last wish of all: with nothing to go by, no item is closest. What was let go is withdrawn from the profile,
    since the reply says so; "undo" brings it back.
    """
    language = catalogue.domain.language
    dropped, count = _let_go(state, fresh, recommender, wanted)
    options = [belief for belief in droppable(state, catalogue) if belief not in dropped]
    if not count or not _guiding(state, dropped):
        dropped = dropped if not count else []
        offers = [tap(language, "drop", label=belief.label) for belief in droppable(state, catalogue)[:3]]
        lines.append(Line(template="relax_none" if dropped else "nothing_left"))
        return ReplyPlan(acts={"relax"}, lines=lines, suggestions=[*offers, tap(language, "start_over")])
    labels = [belief.label for belief in dropped]
    gone: list[Event] = [Withdrew(belief_id=belief.id) for belief in dropped]
    query = build_query(state, recommender.catalogue, without=[belief.id for belief in dropped])
    items = recommender.recommend(query, wanted)
    line = counted(template, count, catalogue, dropped=quoted(labels, language))
    lines += [line.model_copy(update={"quotes": labels}), *pick_lines(items, catalogue)]
    offers = [*(tap(language, "drop_too", label=belief.label) for belief in options[:2]), tap(language, "others")]
    return ReplyPlan(acts={"relax"}, lines=lines, items=items, suggestions=offers, events=[*gone, shown(items)])


def _guiding(state: SessionState, dropped: list[Belief]) -> bool:
    """Whether anything is left that says what is wanted."""
    return any(
        belief.group in {"likes", "constraints"} and belief.polarity > 0 and belief.relation != "rule"
        for belief in state.beliefs.values() if belief not in dropped
    )  # fmt: skip


def _let_go(
    state: SessionState, fresh: list[Belief], recommender: Recommender, wanted: int
) -> tuple[list[Belief], int]:
    """The fewest wishes to let go, one after the other, and how many items fit then; one of the newest stays."""
    catalogue = recommender.catalogue
    new = {belief.id for belief in fresh}
    every = droppable(state, catalogue)
    before, now = [b for b in every if b.id not in new], [b for b in every if b.id in new]
    gone: list[Belief] = []
    for options, kept in ((before, 0), (now, 1)):
        while len(options) > kept:
            counts = {
                belief.id: recommender.count(build_query(state, catalogue, without=[b.id for b in (*gone, belief)]))
                for belief in options
            }
            enough = next((belief for belief in options if counts[belief.id] >= min(wanted, _ENOUGH)), None)
            best = enough or max(options, key=lambda belief: counts[belief.id])
            gone.append(best)
            if counts[best.id]:
                return gone, counts[best.id]
            options.remove(best)
    return gone, 0
