"""Homes and sessions: shared by threads, owned by one process, and whole after a kill."""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot import Bot, Profile, Reply
from retrieval.errors import CatalogueError, DomainError, HomeInUseError, InputError

ROOT = Path(__file__).parents[2]


def new() -> str:
    return uuid.uuid4().hex


def labels(profile: Profile) -> set[str]:
    return {belief.label for belief in profile.all()}


def plain(reply: Reply) -> dict[str, object]:
    """A reply as data, without the source records of its items, which are not kept with it."""
    return reply.model_dump()


class TestSharing:
    def test_two_sessions_share_nothing(self, bot: Bot) -> None:
        one, other = new(), new()
        bot.reply(one, "I love musicals, no horror")
        assert bot.profile(other) == Profile()
        assert labels(bot.profile(one)) == {"Musical", "no Horror"}
        assert bot.reply(other, "why the first?").act == "clarify"

    def test_twenty_people_at_once_hear_only_of_themselves(self, bot: Bot) -> None:
        wishes = {"a comedy": "Comedy", "a thriller": "Thriller", "a drama": "Drama", "horror please": "Horror"}

        def talk(number: int) -> tuple[str, list[Reply], Profile]:
            session = new()
            wish = list(wishes)[number % len(wishes)]
            replies = [bot.reply(session, text) for text in (wish, "more", "why the first?")]
            return wishes[wish], replies, bot.profile(session)

        with ThreadPoolExecutor(20) as pool:
            for genre, replies, profile in pool.map(talk, range(20)):
                assert [reply.turn for reply in replies] == [1, 2, 3]
                assert {belief.value for belief in profile.all()} == {genre}
                assert replies[0].items
                assert all(genre in pick.item.genres for pick in replies[0].items)

    def test_twenty_messages_to_one_session_are_taken_one_by_one(self, bot: Bot, session: str) -> None:
        with ThreadPoolExecutor(20) as pool:
            replies = list(pool.map(lambda number: bot.reply(session, f"more like Heat {number}"), range(20)))
        assert sorted(reply.turn for reply in replies) == list(range(1, 21))
        assert [reply.turn for _, reply in bot.history(session)] == list(range(1, 21))

    def test_a_stream_may_be_read_by_one_thread_after_another(self, bot: Bot, session: str) -> None:
        events = bot.stream(session, "a comedy")
        kinds = [next(events).kind]
        for _ in range(2):
            with ThreadPoolExecutor(1) as pool:
                kinds.append(pool.submit(next, events).result().kind)
        with ThreadPoolExecutor(1) as pool:
            kinds += pool.submit(lambda: [event.kind for event in events]).result()
            assert kinds[-1] == "done"
            assert pool.submit(bot.reply, session, "more").result(timeout=20).turn == 2


class TestHome:
    def test_a_second_owner_is_told_who_is_the_first(self, bot: Bot) -> None:
        with pytest.raises(HomeInUseError, match=r"pid \d+"):
            Bot.create(home=bot.settings.home, model="none")
        assert bot.reply(new(), "hi").act == "greet"

    def test_a_home_goes_on_where_it_was_closed(self, home: Path) -> None:
        with Bot.create(home=home, model="none") as first:
            first.reply("s", "no horror", person="ann")
            shown = first.reply("s", "something scary", person="ann")
        with Bot.create(home=home, model="none") as second:
            assert [said for said, _ in second.history("s")] == ["no horror", "something scary"]
            assert plain(second.history("s")[1][1]) == plain(shown)
            again = second.reply("s", "why the first?", person="ann")
            assert again.turn == 3
            assert shown.items[0].item.title in again.text

    def test_a_failed_start_leaves_the_home_free(self, home: Path, tmp_path: Path) -> None:
        (tmp_path / "bad.jsonl").write_text("{")
        with pytest.raises(CatalogueError):
            Bot.create(home=home, catalog=tmp_path / "bad.jsonl", model="none")
        with pytest.raises(DomainError, match="nonsense"):
            Bot.create(home=home, domain="nonsense", model="none")
        with pytest.raises(InputError, match="psychic"):
            Bot.create(home=home, model="psychic")
        with Bot.create(home=home, model="none") as made:
            assert made.reply("s", "hi").act == "greet"

    def test_a_home_that_cannot_be_made_is_said_so(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(InputError, match="RAPPORT_HOME"):
            Bot.create(home=tmp_path / "file" / "home", model="none")


TALKING = """
import sys
from bot import Bot
with Bot.create(home=sys.argv[1], model="none") as bot:
    while True:
        reply = bot.reply("s", "more like Heat, no horror", person="ann")
        print(reply.turn, flush=True)
"""


class TestKilled:
    @pytest.fixture
    def talking(self, home: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
        started: list[subprocess.Popen[str]] = []

        def start() -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-c", TALKING, str(home)], cwd=ROOT, stdout=subprocess.PIPE, text=True
            )
            started.append(process)
            return process

        yield start
        for process in started:
            process.kill()
            process.wait()

    def test_no_acknowledged_turn_is_lost_and_the_next_start_goes_on(
        self, home: Path, talking: Callable[[], subprocess.Popen[str]]
    ) -> None:
        last = 0
        for turns in (1, 7):
            process = talking()
            assert process.stdout is not None
            for place in range(turns):
                heard = int(process.stdout.readline())
                assert heard in {last + 1, last + 2} if place == 0 else heard == last + 1
                last = heard
            process.kill()
            last = max([last, *(int(line) for line in process.stdout.read().splitlines(keepends=True) if "\n" in line)])
            process.wait()
        with Bot.create(home=home, model="none") as bot:
            history = bot.history("s")
            assert len(history) in {last, last + 1}
            assert [reply.turn for _, reply in history] == list(range(1, len(history) + 1))
            assert "Horror" in {belief.value for belief in bot.profile("s").all()}
            assert bot.reply("s", "undo", person="ann").act == "undo"


def test_a_home_can_be_moved(home: Path, tmp_path: Path) -> None:
    with Bot.create(home=home, model="none") as bot:
        bot.reply("s", "no horror")
    moved = Path(shutil.move(home, tmp_path / "elsewhere"))
    with Bot.create(home=moved, model="none") as bot:
        assert labels(bot.profile("s")) == {"no Horror"}
