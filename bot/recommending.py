"""Planning a reply that recommends: find items, say what was heard and why these, relax when nothing fits."""

from __future__ import annotations

from bot.acknowledging import counted, heard, lead_in
from bot.events import Pick, Shown
from bot.picking import pick_lines
from bot.plan import Line, ReplyPlan
from bot.querying import build_query, droppable
from bot.questions import next_steps
from bot.records import Belief, Suggestion, Understanding
from bot.state import SessionState
from bot.text import join_words
from retrieval.recommend import Recommender
from retrieval.records import Recommendation


def plan_recommendation(
    understanding: Understanding, state: SessionState, fresh: list[Belief], dropped: list[Belief],
    recommender: Recommender, picks: int,
) -> ReplyPlan:  # fmt: skip
    """Items for the state as it is now. `fresh` beliefs come from this utterance, `dropped` ones it took back."""
    catalogue = recommender.catalogue
    wanted = understanding.quantity or picks
    named = next((m.item_id for m in understanding.mentions if m.relation == "mention"), None)
    query = build_query(state, catalogue).model_copy(update={"title": named})
    items = recommender.recommend(query, wanted)
    lines = heard(understanding, state, fresh, catalogue)
    if dropped:
        labels = [belief.label for belief in dropped]
        lines.append(Line(template="ack_dropped", slots={"labels": join_words(labels)}, quotes=labels))
    if not items:
        return _without_new(understanding, state, lines, recommender, wanted)
    if len(items) < wanted and (query.terms or query.bounds):
        lines.append(counted("only_some", len(items), catalogue))
    else:
        lines.append(lead_in(understanding, fresh, catalogue, len(items), bool(lines)))
    lines += pick_lines(items, catalogue)
    steps = next_steps(state, items, query, recommender)
    return ReplyPlan(acts={"recommend"}, lines=lines, items=items, suggestions=steps, events=[shown(items)])


def shown(items: list[Recommendation]) -> Shown:
    """The event that puts recommendations on the screen."""
    return Shown(picks=[Pick(item_id=r.item.id, score=r.score, reasons=r.reasons) for r in items])


def _without_new(
    understanding: Understanding, state: SessionState, lines: list[Line], recommender: Recommender, wanted: int
) -> ReplyPlan:
    """Nothing new fits: what was shown already comes again if a new condition picks it out, else one wish is let go."""
    catalogue = recommender.catalogue
    if understanding.acts & {"remove", "critique", "constrain", "disclose"}:
        items = recommender.recommend(build_query(state, catalogue, again=True), wanted)
        if items:
            lines = [*lines, counted("again", len(items), catalogue), *pick_lines(items, catalogue)]
            return ReplyPlan(acts={"recommend"}, lines=lines, items=items, events=[shown(items)])
    return _relax(state, lines, recommender, wanted)


def _relax(state: SessionState, lines: list[Line], recommender: Recommender, wanted: int) -> ReplyPlan:
    """Say that nothing fits, name the one wish to let go, show what is then closest, with an honest count.

    Among the wishes whose loss alone leaves enough items, the least binding goes; where none does, the one
    whose loss leaves most.
    """
    catalogue = recommender.catalogue
    options = droppable(state, catalogue)
    counts = {b.id: recommender.count(build_query(state, catalogue, without=[b.id])) for b in options}
    enough = [belief for belief in options if counts[belief.id] >= wanted]
    dropped: Belief | None = next(iter(enough), None) or max(options, key=lambda b: counts[b.id], default=None)
    if dropped is None or not counts[dropped.id]:
        lines.append(Line(template="relax_none" if options else "nothing_left"))
        offers = [_drop(belief, f"Drop “{belief.label}”") for belief in options[:3]]
        return ReplyPlan(
            acts={"relax"}, lines=lines, suggestions=[*offers, Suggestion(label="Start over", text="start over")]
        )
    items = recommender.recommend(build_query(state, catalogue, without=[dropped.id]), wanted)
    count = counts[dropped.id]
    line = counted("relax_drop", count, catalogue, dropped=dropped.label)
    lines += [line.model_copy(update={"quotes": [dropped.label]}), *pick_lines(items, catalogue)]
    offers = [_drop(belief, f"Drop “{belief.label}” instead") for belief in options if belief.id != dropped.id][:2]
    return ReplyPlan(acts={"relax"}, lines=lines, items=items, suggestions=offers, events=[shown(items)])


def _drop(belief: Belief, label: str) -> Suggestion:
    return Suggestion(label=label, text=f"forget {belief.label}")
