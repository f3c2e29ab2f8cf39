"""The store: what was acknowledged survives a kill, what was erased leaves no trace, nobody takes another's session."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.events import Asked, Believed, Worded
from bot.records import Belief, Evidence, Reply, Understanding
from bot.store import Store
from retrieval.errors import InputError

ROOT = Path(__file__).parents[2]
SECRET = "marzipan-zeppelin"


def reply(turn: int, text: str = "Here.") -> Reply:
    return Reply(turn=turn, text=text, act="recommend", understanding=Understanding(text=text))


def belief(quote: str) -> Believed:
    quoted = [Evidence(turn=1, quote=quote)]
    return Believed(
        belief=Belief(id="genre:horror", group="likes", label="Horror", facet="genre", value="Horror", evidence=quoted)
    )


def written(store: Store, session: str, turns: int, text: str = "said") -> None:
    owner = store.person_of(session, None)
    for turn in range(1, turns + 1):
        events = [belief(f"{text} {turn}"), Worded(templates=[f"pick/{turn}"])]
        store.append(session, owner, turn, turn, events, f"{text} {turn}", reply(turn, f"heard {text} {turn}"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.in_home(tmp_path)


def test_what_is_written_is_read_back_in_order(store: Store, tmp_path: Path) -> None:
    written(store, "s", 3)
    store.close()
    again = Store.in_home(tmp_path)
    assert again.turns("s") == 3
    assert [said for said, _ in again.history("s")] == ["said 1", "said 2", "said 3"]
    assert [Reply.model_validate_json(json).turn for _, json in again.history("s")] == [1, 2, 3]
    log = again.log(again.person_of("s", None))
    assert [(entry.turn, entry.event.kind) for entry in log] == [
        (turn, kind) for turn in (1, 2, 3) for kind in ("believed", "worded")
    ]
    assert again.said("s", 2) == "said 2"


def test_a_log_that_was_read_before_grows_and_goes_like_a_fresh_one(store: Store, tmp_path: Path) -> None:
    other = Store.in_home(tmp_path)
    store.person_of("a", "ida")
    store.person_of("b", "ida")
    store.person_of("c", "bo")
    for step in range(1, 4):
        for session in ("a", "b", "c"):
            owner = store.person_of(session, None)
            store.append(session, owner, step, step, [belief(f"{session} {step}")])
            assert store.log(owner) == Store.in_home(tmp_path).log(owner)
    store.log("ida").clear()
    assert len(store.log("ida")) == 6
    store.drop("b")
    assert {entry.session_id for entry in store.log("ida")} == {"a"}
    store.erase("ida")
    assert store.log("ida") == []
    assert len(store.log("bo")) == 3
    store.person_of("a", "ida")
    store.append("a", "ida", 1, 1, [belief("anew")])
    assert store.log("ida") == other.log("ida")
    assert len(store.log("ida")) == 1


def test_logs_read_while_their_person_is_erased_are_not_remembered(store: Store) -> None:
    """Erasing between the reading of a log and its remembering: what was read must not come back."""
    written(store, "s", 3)
    owner = store.person_of("s", None)
    for _ in range(20):
        with ThreadPoolExecutor(4) as pool:
            reads = [pool.submit(store.log, owner) for _ in range(6)]
            store.erase(owner)
            for read in reads:
                read.result()
        assert store.log(owner) == []
        written(store, "s", 3)


def test_only_so_much_is_remembered(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store._REMEMBERED", 10)
    for person in "abcde":
        written(store, person, 2)
        assert len(store.log(store.person_of(person, None))) == 4
    assert sum(len(events) for _, events in store._read.values()) <= 10
    assert [len(store.log(store.person_of(person, None))) for person in "abcde"] == [4] * 5


def test_nothing_is_known_of_a_session_that_never_was(store: Store) -> None:
    assert store.turns("never") == 0
    assert store.history("never") == []
    assert store.log("nobody") == []
    assert store.said("never", 1) == ""


def test_any_text_comes_back_as_it_was(store: Store) -> None:
    odd = "é\u202e \U0001f600 \x00 ' \" ; DROP TABLE turns; --\n\t" + "x" * 5000
    owner = store.person_of(odd[:100], None)
    store.append(odd[:100], owner, 1, 1, [belief(odd)], odd, reply(1, odd))
    [(said, stored)] = store.history(odd[:100])
    assert said == odd
    assert Reply.model_validate_json(stored).text == odd
    [entry] = store.log(owner)
    assert entry.event == belief(odd)


def test_a_session_belongs_to_one_person(store: Store) -> None:
    assert store.person_of("s", "ann") == "ann"
    assert store.person_of("s", None) == "ann"
    assert store.person_of("s", "ann") == "ann"
    with pytest.raises(InputError, match="another person"):
        store.person_of("s", "bob")
    assert store.person_of("s", None) == "ann"


def test_sessions_without_a_person_are_strangers(store: Store) -> None:
    assert store.person_of("one", None) != store.person_of("two", None)


def test_a_step_is_written_whole_or_not_at_all(store: Store) -> None:
    written(store, "s", 1)
    owner = store.person_of("s", None)
    with pytest.raises(Exception, match="UNIQUE"):  # the turn exists, so its events must not be kept either
        store.append("s", owner, 1, 2, [Asked(facet="mood")], "again", reply(1))
    assert [entry.event.kind for entry in store.log(owner)] == ["believed", "worded"]


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
sys.path.insert(0, {root!r} + "/tests/bot")
from test_store import reply, belief
from bot.store import Store
store = Store.in_home(Path({home!r}))
owner = store.person_of("s", None)
turn = store.turns("s")
while True:
    turn += 1
    store.append("s", owner, turn, turn, [belief(str(turn))] * 5, f"said {{turn}}", reply(turn))
    print(turn, flush=True)
"""


def test_a_turn_that_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    acknowledged = 0
    for rounds in (3, 17, 40):
        code = KILLED.format(root=str(ROOT), home=str(tmp_path))
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(rounds):
                acknowledged = int(process.stdout.readline())
            os.kill(process.pid, signal.SIGKILL)
            for line in process.stdout:
                acknowledged = int(line) if line.endswith("\n") else acknowledged
        store = Store.in_home(tmp_path)
        history = [said for said, _ in store.history("s")]
        assert len(history) in {acknowledged, acknowledged + 1}
        assert history == [f"said {turn}" for turn in range(1, len(history) + 1)]
        assert len(store.log(store.person_of("s", None))) == 5 * len(history)
        store.close()


def bytes_under(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_erasing_leaves_no_byte_of_a_quote_on_the_disk(store: Store, tmp_path: Path) -> None:
    written(store, "mine", 40, text=SECRET)
    written(store, "theirs", 3, text="lighthouse-otter")
    store.erase(store.person_of("mine", None))
    assert store.history("mine") == []
    store.close()
    left = bytes_under(tmp_path)
    assert SECRET.encode() not in left
    assert b"lighthouse-otter" in left


def test_erasing_a_person_erases_all_their_sessions_and_nobody_else(store: Store) -> None:
    for session, person in (("a1", "ann"), ("a2", "ann"), ("b1", "bob")):
        store.person_of(session, person)
        written(store, session, 2)
    store.erase("ann")
    assert [store.turns(session) for session in ("a1", "a2", "b1")] == [0, 0, 2]
    assert store.log("ann") == []
    assert len(store.log("bob")) == 4
    assert store.person_of("a1", "carol") == "carol"


def test_threads_write_without_losing_anything(store: Store) -> None:
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda n: written(store, f"s{n}", 5), range(12)))
    assert [store.turns(f"s{n}") for n in range(12)] == [5] * 12
    assert all(len(store.log(store.person_of(f"s{n}", None))) == 10 for n in range(12))


def test_a_turn_that_ends_after_its_person_was_erased_can_be_erased_again(tmp_path: Path) -> None:
    store = Store.in_home(tmp_path)
    owner = store.person_of("desk", "ann")
    store.person_of("phone", "ann")
    store.erase("ann")
    store.append("desk", owner, 1, 1, [belief(SECRET)], SECRET, reply(1))
    assert store.owner("desk") == "ann"
    store.erase("ann")
    assert store.history("desk") == []
    assert store.log("ann") == []
