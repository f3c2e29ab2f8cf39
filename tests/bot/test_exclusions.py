"""Whatever is said: nothing that was seen, shown, judged or ruled out is picked."""

from __future__ import annotations

import uuid

from hypothesis import given, settings
from hypothesis import strategies as st

from bot import Bot

WISHES = [
    "a comedy",
    "something scary",
    "a drama",
    "more",
    "others",
    "from the 90s",
    "less sad",
    "older",
    "with robots",
]
RULES = {"no horror": "Horror", "I hate musicals": "Musical", "no war films": "War", "nothing animated": "Animation"}
VERDICTS = {
    "I've seen the first one": 0,
    "not the second one": 1,
    "I loved the first one": 0,
    "I hated the last one": -1,
}


def judged_by(said: str, slate: list[str]) -> set[str]:
    """Items on screen that an utterance passes judgement on."""
    if said == "none of these":
        return set(slate)
    place = VERDICTS.get(said)
    return {slate[place]} if place is not None and -1 <= place < len(slate) and slate else set()


@given(said=st.lists(st.sampled_from([*WISHES, *RULES, *VERDICTS, "none of these"]), min_size=2, max_size=8))
@settings(max_examples=40)
def test_what_was_ruled_out_stays_out(said: list[str], bot: Bot) -> None:
    session = uuid.uuid4().hex
    ruled: set[str] = set()
    judged: set[str] = set()
    shown: set[str] = set()
    slate: list[str] = []
    for text in said:
        judged |= judged_by(text, slate)
        ruled |= {RULES[text]} if text in RULES else set()
        reply = bot.reply(session, text)
        picked = {pick.item.id for pick in reply.items}
        assert not judged & picked, (said, text)
        assert not [pick.item.title for pick in reply.items if ruled & set(pick.item.genres)], (said, text)
        # What was merely shown may come back once nothing else is left, and then the reply says so.
        assert not shown & picked or "round again" in reply.text, (said, text)
        shown |= picked
        slate = [pick.item.id for pick in reply.items] or slate
    assert {belief.value for belief in bot.profile(session).all() if belief.polarity < 0} >= ruled


@given(said=st.lists(st.sampled_from(WISHES), min_size=1, max_size=4), rule=st.sampled_from(sorted(RULES)))
@settings(max_examples=20)
def test_what_somebody_hates_stays_out_of_their_next_session(said: list[str], rule: str, bot: Bot) -> None:
    person = uuid.uuid4().hex
    kind = RULES[rule].lower()
    bot.reply(uuid.uuid4().hex, f"I hate {kind} and I have seen Heat", person=person)
    later = uuid.uuid4().hex
    for text in said:
        for pick in bot.reply(later, text, person=person).items:
            assert RULES[rule] not in pick.item.genres
            assert pick.item.title != "Heat"
