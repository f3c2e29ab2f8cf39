"""The public contract (DESIGN, section 7): what tools outside this repository rely on."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import Bot, Profile, Recommendation, Reply, TurnEvent, Understanding
from bot.records import PERSON_ACTS, REPLY_ACTS
from retrieval.errors import InputError, NotFoundError

ROOT = Path(__file__).parents[2]
ORDER = ["understood", "items", "token", "done"]
TITLES = ["Pulp Fiction", "Toy Story", "The Matrix", "Blade Runner 2049", "Spirited Away"]
SAYINGS = [
    "hi", "a comedy from the 80s", "something like Arrival but less sad", "no horror", "more", "why the first?", "undo",
    "I've seen it", "who directed Alien?", "what do you know about me?", "thanks", "asdf", "start over", "surprise me",
]  # fmt: skip


def new() -> str:
    return uuid.uuid4().hex


def plain(reply: Reply) -> dict[str, Any]:
    """A reply as data, without the source records of its items, which are not kept with it."""
    return reply.model_dump()


def labels(profile: Profile) -> set[str]:
    return {belief.label for belief in profile.all()}


class TestReplyAndStream:
    def test_a_reply_has_what_the_contract_says(self, bot: Bot, session: str) -> None:
        reply = bot.reply(session, "something like Arrival, but less sad and under two hours")
        assert isinstance(reply, Reply)
        assert reply.turn == 1
        assert reply.act == "recommend"
        assert reply.text
        assert isinstance(reply.understanding, Understanding)
        assert reply.understanding.text == "something like Arrival, but less sad and under two hours"
        assert 1 <= len(reply.items) <= bot.settings.picks
        assert all(suggestion.label and suggestion.text for suggestion in reply.suggestions)
        for pick in reply.items:
            assert isinstance(pick, Recommendation)
            assert pick.item == bot.item(pick.item.id)
            assert pick.item.title in reply.text
            assert sum(reason.weight for reason in pick.reasons) == pytest.approx(pick.score, abs=1e-6)
            for reason in pick.reasons:
                assert {"kind", "label", "weight", "belief_id", "evidence"} <= set(reason.model_dump())

    def test_reasons_point_at_beliefs_that_are_there(self, bot: Bot, session: str) -> None:
        reply = bot.reply(session, "a funny thriller with Bruce Willis, not too long")
        ids = {belief.id for belief in bot.profile(session).all()}
        cited = {reason.belief_id for pick in reply.items for reason in pick.reasons if reason.belief_id}
        assert cited
        assert cited <= ids

    @pytest.mark.parametrize("text", SAYINGS)
    def test_stream_tells_the_turn_in_order_and_joins_to_the_reply(self, text: str, bot: Bot, session: str) -> None:
        bot.reply(session, "a drama")
        events = list(bot.stream(session, text))
        assert all(isinstance(event, TurnEvent) for event in events)
        kinds = [event.kind for event in events]
        assert kinds == sorted(kinds, key=ORDER.index)
        assert [kinds.count(kind) for kind in ("understood", "items", "done")] == [1, 1, 1]
        reply = events[-1].data["reply"]
        assert "".join(event.data["text"] for event in events if event.kind == "token") == reply.text
        assert events[0].data["understanding"] == reply.understanding
        assert events[1].data["items"] == reply.items
        assert reply.turn == 2
        assert plain(bot.history(session)[-1][1]) == plain(reply)

    @given(said=st.lists(st.sampled_from(SAYINGS), min_size=1, max_size=5))
    @settings(max_examples=20)
    def test_reply_and_stream_agree_whatever_came_before(self, said: list[str], bot: Bot) -> None:
        one, other = new(), new()
        for text in said:
            reply = bot.reply(one, text)
            *_, done = bot.stream(other, text)
            assert done.data["reply"] == reply
            assert reply.act in REPLY_ACTS
            assert reply.understanding.acts <= set(PERSON_ACTS)

    def test_the_turn_is_kept_before_it_is_called_done(self, bot: Bot, session: str) -> None:
        for event in bot.stream(session, "a comedy"):
            if event.kind == "done":
                assert [reply.turn for _, reply in bot.history(session)] == [1]

    def test_everything_is_plain_data(self, bot: Bot, session: str) -> None:
        for event in bot.stream(session, "a comedy"):
            assert TurnEvent.model_validate_json(event.model_dump_json()).kind == event.kind
        dumped = bot.history(session)[0][1].model_dump()
        assert Reply.model_validate(dumped) == bot.history(session)[0][1]
        assert isinstance(dumped["understanding"]["acts"], set)

    def test_turns_count_up_and_history_keeps_them(self, bot: Bot, session: str) -> None:
        turns = [bot.reply(session, text).turn for text in ("hi", "a comedy", "more")]
        assert turns == [1, 2, 3]
        assert [said for said, _ in bot.history(session)] == ["hi", "a comedy", "more"]


class TestBadInput:
    @pytest.mark.parametrize("text", ["", "   ", "\n\t", "x" * 2_000_000, "comedy " * 1000])
    def test_it_is_refused_and_nothing_is_stored(self, text: str, bot: Bot, session: str) -> None:
        with pytest.raises(InputError):
            bot.reply(session, text)
        [event] = bot.stream(session, text)
        assert event.kind == "error"
        assert event.data["code"] == "input"
        assert event.data["message"]
        assert bot.history(session) == []
        assert bot.profile(session) == Profile()

    def test_the_longest_text_is_accepted(self, bot: Bot, session: str) -> None:
        assert bot.reply(session, "a comedy " + "x" * (bot.settings.max_text - 9)).turn == 1

    @pytest.mark.parametrize("session_id", ["", "x" * 121])
    def test_a_session_needs_a_sensible_name(self, session_id: str, bot: Bot) -> None:
        with pytest.raises(InputError, match="session id"):
            bot.reply(session_id, "hi")
        with pytest.raises(InputError, match="session id"):
            bot.profile(session_id)

    def test_what_is_not_there_is_said_so(self, bot: Bot, session: str) -> None:
        with pytest.raises(NotFoundError, match="nonsense"):
            bot.item("nonsense")
        with pytest.raises(NotFoundError, match="nonsense"):
            bot.event(session, "like", "nonsense")
        with pytest.raises(NotFoundError, match="nonsense"):
            bot.remove(session, "nonsense")
        with pytest.raises(InputError, match="nonsense"):
            bot.event(session, "nonsense", "heat-1995")
        assert bot.profile(session) == Profile()

    @given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
    @settings(max_examples=60)
    def test_any_text_is_answered_or_refused(self, text: str, bot: Bot) -> None:
        session_id = new()
        try:
            reply = bot.reply(session_id, text)
        except InputError:
            assert not text.strip()
        else:
            assert reply.text
            assert plain(bot.history(session_id)[0][1]) == plain(reply)

    @pytest.mark.parametrize(
        "text", ["<script>alert(1)</script> a comedy", "{noun} {0.__class__} comedy", "%s %d comedy"]
    )
    def test_text_is_never_a_program(self, text: str, bot: Bot, session: str) -> None:
        reply = bot.reply(session, text)
        assert reply.act == "recommend"
        assert "film film" not in reply.text


class TestProfileAndEvents:
    def test_beliefs_have_what_the_contract_says(self, bot: Bot, session: str) -> None:
        bot.reply(session, "I loved Heat, no horror, and a comedy under two hours")
        profile = bot.profile(session)
        assert isinstance(profile, Profile)
        fields = ["id", "label", "facet", "value", "item_id", "polarity", "strength", "hard", "scope", "evidence"]
        for belief in profile.all():
            dumped = belief.model_dump()
            assert set(fields) <= set(dumped)
            assert dumped["scope"] in {"session", "person"}
            assert dumped["evidence"][0]["turn"] == 1
            assert dumped["evidence"][0]["quote"]
        assert [belief.item_id for belief in profile.likes if belief.item_id] == ["heat-1995"]

    @pytest.mark.parametrize(
        ("kind", "group"),
        [
            ("like", "likes"),
            ("dislike", "dislikes"),
            ("seen", "seen"),
            ("save", "likes"),
            ("purchase", "likes"),
            ("skip", "dislikes"),
        ],
    )
    def test_a_tap_moves_the_profile_at_once(self, kind: str, group: str, bot: Bot, session: str) -> None:
        profile = bot.event(session, kind, "heat-1995")
        assert [belief.item_id for belief in getattr(profile, group)] == ["heat-1995"]
        assert profile == bot.profile(session)
        assert "heat-1995" not in [pick.item.id for pick in bot.reply(session, "a crime thriller").items]

    def test_a_tap_counts_in_the_very_next_picks(self, bot: Bot) -> None:
        cold, warm = new(), new()
        for item_id in ("toy-story-1995", "finding-nemo-2003"):
            bot.event(warm, "like", item_id)
        plain = bot.reply(cold, "surprise me").items
        moved = bot.reply(warm, "surprise me").items
        assert [pick.item.id for pick in moved] != [pick.item.id for pick in plain]
        assert any("Family" in pick.item.genres for pick in moved)

    def test_a_belief_can_be_removed_and_what_it_ruled_out_returns(self, bot: Bot, session: str) -> None:
        bot.reply(session, "scary, but no horror")
        [belief] = [belief for belief in bot.profile(session).all() if belief.value == "Horror"]
        assert belief.id not in [left.id for left in bot.remove(session, belief.id).all()]
        assert any("Horror" in pick.item.genres for pick in bot.reply(session, "a horror film").items)

    def test_a_person_is_known_again_and_nobody_else_is(self, bot: Bot) -> None:
        ann, bob = new(), new()
        first, second, third = new(), new(), new()
        bot.reply(first, "I hate horror, I've seen Heat and I want a comedy tonight", person=ann)
        bot.reply(second, "hello", person=ann)
        bot.reply(third, "hello", person=bob)
        assert {belief.value for belief in bot.profile(second).all()} == {"Horror", "Heat"}
        assert bot.profile(third) == Profile()
        picks = bot.reply(second, "something scary", person=ann).items
        assert all("Horror" not in pick.item.genres for pick in picks)

    def test_a_session_of_somebody_else_is_refused(self, bot: Bot, session: str) -> None:
        bot.reply(session, "I hate horror", person="ann")
        with pytest.raises(InputError, match="another person"):
            bot.reply(session, "what do you know about me?", person="bob")
        assert len(bot.history(session)) == 1

    def test_erasing_forgets_all_of_it(self, bot: Bot) -> None:
        ann, first, second = new(), new(), new()
        bot.reply(first, "I hate horror", person=ann)
        bot.reply(second, "hello", person=ann)
        bot.erase(second)
        assert bot.history(first) == bot.history(second) == []
        assert bot.profile(new()) == Profile()
        bot.reply(new(), "hello", person=ann)
        assert bot.reply(second, "what do you know about me?", person=ann).act == "show_profile"
        assert bot.profile(second) == Profile()

    def test_asking_to_be_forgotten_is_being_forgotten(self, home: Path) -> None:
        secret = "marzipan-zeppelin"
        with Bot.create(home=home, model="none") as bot:
            bot.reply("s", f"I hate horror, says {secret}")
            assert bot.reply("s", "forget everything you know about me").act == "reset"
            assert bot.profile("s") == Profile()
            assert secret not in str(bot.history("s"))
        files = [path for path in home.rglob("*") if path.is_file()]
        assert [path.name for path in files if secret.encode() in path.read_bytes()] == []


class TestRank:
    def test_it_gives_k_ids_and_stores_nothing(self, bot: Bot, home: Path) -> None:
        before = [path.stat().st_size for path in bot.settings.home.glob("rapport.db*")]
        turns = [("user", "I loved Heat"), ("assistant", "Have you seen Collateral?"), ("user", "yes. something funny")]
        ranked = bot.rank(turns, 20)
        assert len(ranked) == len(set(ranked)) == 20
        assert all(bot.item(item_id) for item_id in ranked)
        assert [path.stat().st_size for path in bot.settings.home.glob("rapport.db*")] == before
        assert bot.rank(turns, 20) == ranked

    @pytest.mark.parametrize("k", [0, 1, 50, 1000, 5000])
    def test_k_ids_as_far_as_the_catalogue_goes(self, k: int, bot: Bot) -> None:
        assert len(bot.rank([("user", "a french western about robots under 50 minutes")], k)) == min(
            k, len(bot.catalogue)
        )

    def test_nothing_said_gives_the_prior(self, bot: Bot) -> None:
        best = max(bot.catalogue.items, key=lambda item: item.popularity)
        assert bot.rank([], 5)[0] == best.id
        assert len(bot.rank([])) == 50

    @given(
        titles=st.lists(st.sampled_from(TITLES), unique=True),
        data=st.data(),
    )
    @settings(max_examples=25)
    def test_items_that_were_named_never_return(self, titles: list[str], data: st.DataObject, bot: Bot) -> None:
        frames = ["I loved {}", "something like {}", "have you seen {}?", "I hated {}", "{} is great", "not {} again"]
        turns = [
            (data.draw(st.sampled_from(["user", "assistant"])), data.draw(st.sampled_from(frames)).format(title))
            for title in titles
        ]
        named = {item.id for item in bot.catalogue.items if item.title in titles}
        ranked = bot.rank(turns, len(bot.catalogue))
        assert not named & set(ranked)
        assert len(ranked) == len(bot.catalogue) - len(named)

    def test_what_breaks_a_condition_comes_after_all_that_keep_it(self, bot: Bot) -> None:
        ranked = bot.rank([("user", "only comedies, no horror")], 100)
        keeps = ["Comedy" in bot.item(i).genres and "Horror" not in bot.item(i).genres for i in ranked]
        assert keeps == sorted(keeps, reverse=True)
        assert any(keeps)

    def test_the_assistants_words_are_mentions_and_not_wishes(self, bot: Bot) -> None:
        assert bot.rank([("assistant", "I hate comedies and love war films")], 30) == bot.rank([], 30)

    def test_later_words_count_more_than_a_dead_end(self, bot: Bot) -> None:
        ranked = bot.rank([("user", "a horror film"), ("user", "actually, a musical")], 3)
        assert all("Musical" in bot.item(item_id).genres for item_id in ranked)

    def test_another_role_is_refused(self, bot: Bot) -> None:
        with pytest.raises(InputError, match="system"):
            bot.rank([("system", "hi")])


class TestUnderstand:
    def test_it_gives_what_the_contract_says(self, bot: Bot) -> None:
        text = "I loved Heat but no horror, something by Steven Spielberg from the 80s"
        found = bot.understand(text)
        assert {"like", "disclose", "constrain"} <= found.acts
        assert ("genre", "Horror", True) in [(c.facet, c.value, c.hard) for c in found.constraints]
        entities = {entity.kind: entity for entity in found.entities}
        assert entities["item"].item_id == "heat-1995"
        assert entities["person"].value == "Steven Spielberg"
        assert entities["genre"].value == "Horror"
        assert all(text[entity.start : entity.end] == entity.surface for entity in found.entities)

    def test_an_unknown_name_has_neither_value_nor_item(self, bot: Bot) -> None:
        [entity] = bot.understand("anything with Gortrude Plimsworth in it").entities
        assert (entity.surface, entity.value, entity.item_id) == ("Gortrude Plimsworth", None, None)

    def test_a_person_carries_a_role_when_it_is_known(self, bot: Bot) -> None:
        [entity] = bot.understand("something by Hayao Miyazaki").entities
        assert entity.kind == "person"
        roles = {
            facet for facet in ("director", "writer", "actor") if "Hayao Miyazaki" in bot.catalogue.postings(facet)
        }
        assert entity.role is None or entity.role in roles
        [single] = bot.understand("with Sigourney Weaver").entities
        assert single.role == "actor"

    def test_what_the_assistant_named_is_on_screen(self, bot: Bot) -> None:
        context = [("user", "a thriller"), ("assistant", "You could try Collateral (2004) or Fargo (1996).")]
        found = bot.understand("I've seen the second one", context)
        assert [(mention.item_id, mention.relation) for mention in found.mentions] == [("fargo-1996", "seen")]
        alone = bot.understand("I've seen it", [("assistant", "How about Casablanca (1942)?")])
        assert [(mention.item_id, mention.relation) for mention in alone.mentions] == [("casablanca-1942", "seen")]

    def test_it_stores_nothing(self, bot: Bot) -> None:
        before = [path.stat().st_size for path in bot.settings.home.glob("rapport.db*")]
        bot.understand("I hate horror")
        assert [path.stat().st_size for path in bot.settings.home.glob("rapport.db*")] == before
