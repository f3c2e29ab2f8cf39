"""The HTTP API over the real bot: sessions, streams, retries, people, profiles, limits and what errors look like."""

import base64
import hashlib
import hmac
import json
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.records import Profile, Reply, TasteReport
from bot.settings import Settings
from retrieval.errors import RapportError
from ui.api_limits import Limit
from ui.api_problems import PROBLEMS, ForbiddenError, TooManyError, UnauthorizedError
from ui.server import create_app
from ui.tokens import Tokens, person_for, read_secret, signed_person

KEY = "an-operator-key-of-more-than-32-characters"
SHOP = "https://shop.example"
TASTE = Path(__file__).parents[1] / "data" / "taste"
KINDS = ["understood", "items", "token", "done"]


class Borrowed:
    """A bot that outlives the server: everything but close."""

    def __init__(self, bot):
        self._bot = bot

    def __getattr__(self, name):
        return getattr(self._bot, name)

    def close(self):
        pass


class Gated(Borrowed):
    """A bot whose turns stop after their first event until the gate is opened; and one that closes for good."""

    def __init__(self, bot):
        super().__init__(bot)
        self.gate, self.reached = threading.Event(), threading.Event()

    def stream(self, *given, **named):
        for number, event in enumerate(self._bot.stream(*given, **named)):
            if number == 1:
                self.reached.set()
                assert self.gate.wait(60)
            yield event

    def close(self):
        self._bot.close()


@contextmanager
def connected(bot, made_with):
    with TestClient(create_app(lambda: Borrowed(bot), made_with), raise_server_exceptions=False) as client:
        deadline = time.monotonic() + 60
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield client


@pytest.fixture(scope="module")
def options(bot, tmp_path_factory):
    home = tmp_path_factory.mktemp("http")
    return Settings(home=home, model="none", operator_key=KEY, widget_origins=SHOP, sessions_per_minute=0)


@pytest.fixture(scope="module")
def client(bot, options):
    with connected(bot, options) as client:
        yield client


class Caller:
    """One session over one client."""

    def __init__(self, client, **begun):
        self.client = client
        answer = client.post("/v1/sessions", **begun)
        assert answer.status_code == 201, answer.text
        opened = answer.json()
        assert set(opened) == {"session_id", "token"}
        self.id, self.headers = opened["session_id"], {"Authorization": f"Bearer {opened['token']}"}

    def ask(self, method, path="", headers=None, **sent):
        address = f"/v1/sessions/{self.id}{path}"
        return self.client.request(method, address, headers=self.headers | (headers or {}), **sent)

    def say(self, text, **headers):
        return self.ask("POST", "/messages", headers=headers, json={"text": text})

    def events(self, text, **headers):
        """(kind, data, id) of every event of a streamed turn."""
        answer = self.say(text, Accept="text/event-stream", **headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/event-stream")
        return parsed(answer.text)


def plain(reply):
    """A reply without what has no order: acts are a set."""
    return Reply.model_validate(reply).model_dump()


def parsed(stream):
    found = []
    for block in stream.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if fields:
            found.append((fields["event"], json.loads(fields["data"]), fields["id"]))
    return found


@pytest.fixture
def caller(client):
    return Caller(client)


def is_problem(answer, status, code):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert set(told) == {"type", "title", "status", "detail", "code"}
    assert (told["status"], told["code"]) == (status, code)
    assert told["type"] == f"/docs#problem-{code}"
    assert told["detail"]
    return told["detail"]


# ---------------------------------------------------------------- messages


def test_a_message_is_answered_with_the_reply_that_is_stored(caller, bot):
    answer = caller.say("a comedy from the 80s")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    reply = Reply.model_validate(answer.json())
    assert reply.turn == 1
    assert len(reply.items) == 3
    assert [(said, plain(stored)) for said, stored in bot.history(caller.id)] == [
        ("a comedy from the 80s", plain(reply))
    ]


def test_a_streamed_turn_tells_the_same_in_steps(caller):
    caller.say("hello")
    events = caller.events("something like Alien")
    assert list(dict.fromkeys(kind for kind, _, _ in events)) == KINDS
    assert {number for _, _, number in events} == {"2"}
    by_kind = {kind: data for kind, data, _ in events}
    reply = by_kind["done"]["reply"]
    assert "".join(data["text"] for kind, data, _ in events if kind == "token") == reply["text"]
    assert by_kind["items"]["items"] == reply["items"]
    assert set(by_kind["understood"]["understanding"]["acts"]) == set(reply["understanding"]["acts"])
    history = caller.ask("GET").json()
    assert [turn["said"] for turn in history["turns"]] == ["hello", "something like Alien"]
    assert plain(history["turns"][1]["reply"]) == plain(reply)
    assert history["running"] is False


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize("text", ["", "  \n", "x" * 2001])
def test_a_message_that_cannot_be_taken_is_a_problem_and_leaves_nothing(caller, text, accept):
    is_problem(caller.say(text, Accept=accept), 422, "input")
    assert caller.ask("GET").json()["turns"] == []
    assert caller.say("hello").json()["turn"] == 1


def test_a_defect_is_a_problem_without_its_insides(bot, options, caplog):
    class Broken(Borrowed):
        def stream(self, *given, **named):
            yield from []
            raise ZeroDivisionError("secret detail")

        def item(self, item_id):
            raise ZeroDivisionError("secret detail")

    with connected(Broken(bot), options) as client:
        caller = Caller(client)
        for answer in (caller.say("hello"), client.get("/v1/items/1")):
            assert "secret" not in is_problem(answer, 500, "internal")
        assert "ZeroDivisionError" in caplog.text
        is_problem(caller.say("hello"), 500, "internal")


# ---------------------------------------------------------------- retries


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_a_retry_gets_the_first_reply(caller, accept):
    first = caller.say("a comedy", **{"Idempotency-Key": "one"})
    caller.say("and a western")
    again = caller.say("a comedy", Accept=accept, **{"Idempotency-Key": "one"})
    if accept == "application/json":
        assert plain(again.json()) == plain(first.json())
    else:
        events = parsed(again.text)
        assert [kind for kind, _, _ in events] == KINDS
        assert plain(events[-1][1]["reply"]) == plain(first.json())
        assert {number for _, _, number in events} == {"1"}
    assert len(caller.ask("GET").json()["turns"]) == 2
    detail = is_problem(caller.say("a western", **{"Idempotency-Key": "one"}), 422, "input")
    assert "'one'" in detail


def test_without_a_key_the_same_words_are_said_twice(caller):
    assert [caller.say("more").json()["turn"] for _ in range(2)] == [1, 2]


def test_a_key_belongs_to_its_session(client):
    one, two = Caller(client), Caller(client)
    for who in (one, two):
        assert who.say("hello", **{"Idempotency-Key": "same"}).json()["turn"] == 1
    assert two.say("a comedy", **{"Idempotency-Key": "other"}).json()["turn"] == 2


def test_forgetting_can_be_retried_too(caller):
    caller.say("I loved Alien")
    first = caller.say("forget everything about me", **{"Idempotency-Key": "f"})
    again = caller.say("forget everything about me", **{"Idempotency-Key": "f"})
    assert plain(first.json()) == plain(again.json())
    assert first.json()["turn"] == 2


def test_retries_and_tokens_outlive_a_restart(home):
    from bot import Bot

    made_with = Settings(home=home, model="none")
    with Bot.create(settings=made_with) as bot, connected(bot, made_with) as client:
        caller = Caller(client)
        first = plain(caller.say("a comedy", **{"Idempotency-Key": "one"}).json())
    with Bot.create(settings=made_with) as bot, connected(bot, made_with) as client:
        caller.client = client
        assert plain(caller.say("a comedy", **{"Idempotency-Key": "one"}).json()) == first
        assert len(caller.ask("GET").json()["turns"]) == 1


def test_a_turn_that_never_ended_is_taken_again(bot, session):
    begun = bot.stream(session, "a comedy", request="one")
    next(begun)
    begun.close()
    assert bot.history(session) == []
    assert bot.reply(session, "hello", request="two").turn == 1
    reply = bot.reply(session, "a comedy", request="one")
    assert reply.turn == 2
    assert bot.reply(session, "a comedy", request="one").model_dump() == reply.model_dump()
    assert [said for said, _ in bot.history(session)] == ["hello", "a comedy"]


@pytest.fixture
def session():
    import uuid

    return uuid.uuid4().hex


# ---------------------------------------------------------------- one turn at a time, and always to its end


@pytest.fixture
def gated(serve, home):
    """A server whose turns stop half-way, the gate, and how to call it."""
    made = []

    def wrap(bot):
        made.append(Gated(bot))
        return made[0]

    with (
        serve(Settings(home=home, model="none"), wrap) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        yield made[0], client
        made[0].gate.set()


def test_a_second_message_is_refused_while_the_first_is_answered(gated):
    bot, client = gated
    caller, other = Caller(client), Caller(client)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(caller.say, "a comedy")
        assert bot.reached.wait(30)
        refused = caller.say("a western")
        is_problem(refused, 409, "busy")
        assert refused.headers["retry-after"] == "1"
        assert caller.ask("GET").json()["running"] is True
        assert caller.ask("GET", "/profile").status_code == 200
        tapped = pool.submit(caller.ask, "POST", "/events", json={"kind": "like", "item_id": first_item(client)})
        elsewhere = pool.submit(other.say, "a western")
        time.sleep(0.2)
        assert not tapped.done()
        bot.gate.set()
        assert first.result().json()["turn"] == 1
        assert tapped.result().status_code == 200
        assert elsewhere.result().json()["turn"] == 1
    assert caller.say("a western").json()["turn"] == 2


def first_item(client):
    answer = client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": "a comedy"}]})
    return answer.json()["choices"][0]["message"]["metadata"]["items"][0]["item"]["id"]


def test_who_hears_the_end_can_speak_at_once(client):
    caller = Caller(client)
    for turn in range(1, 15):
        answer = caller.say("more") if turn % 2 else caller.say("more", Accept="text/event-stream")
        assert answer.status_code == 200, answer.text
    assert len(caller.ask("GET").json()["turns"]) == 14


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_a_turn_whose_client_went_away_is_completed_and_stored(gated, accept):
    bot, client = gated
    caller = Caller(client)
    address = f"/v1/sessions/{caller.id}/messages"
    headers = caller.headers | {"Accept": accept, "Idempotency-Key": "gone"}
    if accept == "text/event-stream":
        with client.stream("POST", address, headers=headers, json={"text": "a comedy"}) as answer:
            assert next(answer.iter_lines()) == "event: understood"
    else:
        with pytest.raises(httpx.ReadTimeout):
            client.post(address, headers=headers, json={"text": "a comedy"}, timeout=0.5)
    assert bot.reached.wait(30)
    assert caller.ask("GET").json() == {"session_id": caller.id, "running": True, "turns": []}
    bot.gate.set()
    deadline = time.monotonic() + 30
    while (view := caller.ask("GET").json())["running"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert [turn["said"] for turn in view["turns"]] == ["a comedy"]
    again = caller.say("a comedy", **{"Idempotency-Key": "gone"}).json()
    assert plain(again) == plain(view["turns"][0]["reply"])


def test_a_server_that_stops_lets_the_turn_end_first(serve, home):
    from bot import Bot

    made = []

    def wrap(bot):
        made.append(Gated(bot))
        return made[0]

    with serve(Settings(home=home, model="none"), wrap) as address, httpx.Client(base_url=address) as client:
        caller = Caller(client)
        with client.stream(
            "POST", f"/v1/sessions/{caller.id}/messages", json={"text": "a comedy"},
            headers=caller.headers | {"Accept": "text/event-stream"},
        ) as answer:  # fmt: skip
            next(answer.iter_lines())
        threading.Timer(0.5, made[0].gate.set).start()
    with Bot.create(home=home, model="none") as bot:
        assert [said for said, _ in bot.history(caller.id)] == ["a comedy"]


def test_many_people_at_once_keep_apart(client):
    wishes = ["a comedy", "a western", "something like Alien", "nothing with horror"]

    def talk(number):
        caller = Caller(client)
        for text in (wishes[number % 4], "more"):
            assert caller.say(text).status_code == 200
        return [turn["said"] for turn in caller.ask("GET").json()["turns"]], caller.ask("GET", "/profile").json()

    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(talk, range(24)))
    for number, (said, profile) in enumerate(found):
        assert said == [wishes[number % 4], "more"]
        assert profile == found[number % 4][1]


# ---------------------------------------------------------------- who may


ROUTES = [
    ("GET", "", None), ("DELETE", "", None), ("POST", "/messages", {"text": "hello"}), ("GET", "/profile", None),
    ("DELETE", "/profile", None), ("PATCH", "/profile", {}), ("POST", "/events", {"kind": "like", "item_id": "1"}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_only_its_own_token_opens_a_session(client, method, path, body):
    mine, theirs = Caller(client), Caller(client)
    for headers in ({}, theirs.headers, {"Authorization": f"Bearer {KEY}"}, {"Authorization": "Bearer "},
                    {"Authorization": mine.headers["Authorization"].replace("Bearer", "Basic")},
                    {"Authorization": mine.headers["Authorization"] + "x"}):  # fmt: skip
        answer = client.request(method, f"/v1/sessions/{mine.id}{path}", headers=headers, json=body)
        is_problem(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert mine.ask("GET").json()["turns"] == []


def jwt(claims, key=KEY, alg="HS256"):
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    signed = f"{part(json.dumps({'alg': alg, 'typ': 'JWT'}).encode())}.{part(json.dumps(claims).encode())}"
    return f"{signed}.{part(hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest())}"


def test_a_person_comes_with_the_operators_key_or_a_token_signed_with_it(client):
    bearer = {"Authorization": f"Bearer {KEY}"}
    ana = Caller(client, json={"person": "ana"}, headers=bearer)
    ana.say("I've seen Alien and I hate horror")
    claims = {"sub": "ana", "exp": time.time() + 60}
    again = Caller(client, headers={"Authorization": f"Bearer {jwt(claims)}"})
    assert [belief["value"] for belief in again.ask("GET", "/profile").json()["seen"]] == ["Alien"]
    again.say("hello")
    ben = Caller(client, json={"person": "ben"}, headers=bearer)
    nobody = Caller(client, headers=bearer)
    for who in (ben, nobody):
        assert who.ask("GET", "/profile").json()["seen"] == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer nonsense"}, 401),
        ({"Authorization": f"Bearer {jwt({'sub': 'ben', 'exp': 4e9})}"}, 403),
        ({"Authorization": f"Bearer {jwt({'sub': 'ana', 'exp': 1})}"}, 401),
        ({"Authorization": f"Bearer {jwt({'sub': 'ana', 'exp': 4e9}, key='x' * 40)}"}, 401),
        ({"Authorization": f"Bearer {jwt({'sub': 'ana', 'exp': 4e9}, alg='none')}"}, 401),
    ],
)
def test_nobody_else_opens_the_profile_of_a_person(client, headers, status):
    answer = client.post("/v1/sessions", json={"person": "ana"}, headers=headers)
    is_problem(answer, status, {401: "unauthorized", 403: "forbidden"}[status])


def test_a_person_cannot_be_named_as_somebody_elses_session(client, caller):
    bearer = {"Authorization": f"Bearer {KEY}"}
    is_problem(client.post("/v1/sessions", json={"person": f"session:{caller.id}"}, headers=bearer), 422, "input")


def test_a_server_without_an_operator_knows_no_people(bot, home):
    with connected(bot, Settings(home=home, model="none")) as client:
        answer = client.post("/v1/sessions", json={"person": "ana"}, headers={"Authorization": f"Bearer {KEY}"})
        assert "RAPPORT_OPERATOR_KEY" in is_problem(answer, 403, "forbidden")


# ---------------------------------------------------------------- profile, events, items


def test_a_profile_is_seen_changed_and_taken_back(caller):
    caller.say("I love comedies")
    profile = caller.ask("GET", "/profile").json()
    assert [belief["value"] for belief in profile["likes"]] == ["Comedy"]
    changed = caller.ask("PATCH", "/profile", json={
        "remove": [profile["likes"][0]["id"]],
        "add": [{"facet": "genre", "value": "horror", "polarity": -1, "hard": True},
                {"facet": "decade", "value": "1980s", "hard": True}],
    }).json()  # fmt: skip
    assert changed["likes"] == []
    labels = {belief["label"]: belief["evidence"] for belief in changed["constraints"]}
    stated = [{"turn": 1, "quote": "", "contrary": False}]
    assert labels == {"no Horror": stated, "from the 1980s": stated}
    picks = caller.say("recommend something").json()["items"]
    assert picks
    assert all(1980 <= pick["item"]["year"] <= 1989 and "Horror" not in pick["item"]["genres"] for pick in picks)
    caller.say("undo")
    caller.say("undo")
    assert caller.ask("GET", "/profile").json()["likes"] == profile["likes"]


@pytest.mark.parametrize(
    ("change", "status", "named"),
    [
        ({"add": [{"facet": "smell", "value": "x"}]}, 422, "smell"),
        ({"add": [{"facet": "genre", "value": "Comedxy"}]}, 422, "Comedxy"),
        ({"add": [{"facet": "year", "value": "1990-1980"}]}, 422, "1990-1980"),
        ({"add": [{"facet": "genre", "value": "Comedy", "polarity": 0}]}, 422, "0"),
        ({"add": [{"facet": "genre", "value": "Comedy", "polarity": 2}]}, 422, "polarity"),
        ({"add": [{"facet": "genre"}]}, 422, "value"),
        ({"added": []}, 422, "added"),
        ({"remove": ["genre:nothing"]}, 404, "genre:nothing"),
    ],
)
def test_a_change_that_cannot_be_made_changes_nothing(caller, change, status, named):
    before = caller.ask("PATCH", "/profile", json={"add": [{"facet": "genre", "value": "Western"}]}).json()
    change.setdefault("add", []).insert(0, {"facet": "genre", "value": "Drama"})
    answer = caller.ask("PATCH", "/profile", json=change)
    assert named in is_problem(answer, status, "input" if status == 422 else "not_found")
    assert caller.ask("GET", "/profile").json() == before


def test_a_tap_changes_the_profile(caller, client):
    pick = caller.say("a comedy").json()["items"][0]["item"]
    profile = caller.ask("POST", "/events", json={"kind": "seen", "item_id": pick["id"]}).json()
    assert [belief["item_id"] for belief in profile["seen"]] == [pick["id"]]
    assert client.get(f"/v1/items/{pick['id']}").json() == pick
    is_problem(caller.ask("POST", "/events", json={"kind": "hug", "item_id": pick["id"]}), 422, "input")
    is_problem(caller.ask("POST", "/events", json={"kind": "like", "item_id": "no-such"}), 404, "not_found")
    is_problem(client.get("/v1/items/no/such"), 404, "not_found")


def test_a_deleted_session_is_gone_from_the_disk_and_others_are_not(home):
    from bot import Bot

    made_with = Settings(home=home, model="none", operator_key=KEY)
    bearer = {"Authorization": f"Bearer {KEY}"}
    with Bot.create(settings=made_with) as bot, connected(bot, made_with) as client:
        one = Caller(client, json={"person": "ana"}, headers=bearer)
        two = Caller(client, json={"person": "ana"}, headers=bearer)
        one.say("zanzibarian comedies please", **{"Idempotency-Key": "zanzibarian-key"})
        two.say("I've seen Alien")
        assert one.ask("DELETE").status_code == 204
        for method, path, body in ROUTES:
            is_problem(one.ask(method, path, json=body), 404, "not_found")
        assert len(two.ask("GET").json()["turns"]) == 1
        assert len(two.ask("GET", "/profile").json()["seen"]) == 1
        assert two.ask("DELETE", "/profile").status_code == 204
        assert two.ask("GET").json()["turns"] == []
        assert two.ask("GET", "/profile").json()["seen"] == []
        two.say("I've seen Heat")
        assert len(Caller(client, json={"person": "ana"}, headers=bearer).ask("GET", "/profile").json()["seen"]) == 1
    kept = b"".join(path.read_bytes() for path in home.glob("rapport.db*"))
    assert b"zanzibarian" not in kept


# ---------------------------------------------------------------- problems and limits


def test_while_the_bot_loads_callers_are_told_to_wait(bot, options):
    release = threading.Event()

    def make():
        release.wait(60)
        return Borrowed(bot)

    with TestClient(create_app(make, options)) as client:
        answer = client.post("/v1/sessions")
        is_problem(answer, 503, "not_ready")
        assert answer.headers["retry-after"] == "1"
        release.set()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1/", 404, "not_found"),
        ("PUT", "/v1/sessions", 405, "method"),
        ("GET", "/v1/chat/completions", 405, "method"),
    ],
)
def test_a_wrong_address_is_a_problem_too(client, method, path, status, code):
    is_problem(client.request(method, path), status, code)


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[" * 30_000])
def test_what_is_not_json_is_said_to_be_malformed(caller, content):
    answer = caller.ask("POST", "/messages", headers={"Content-Type": "application/json"}, content=content)
    is_problem(answer, 400, "malformed")


def test_a_long_body_is_turned_away(caller):
    is_problem(caller.say("x" * 70_000), 413, "too_large")

    def drip():
        yield b'{"text": "'
        for _ in range(80):
            yield b"x" * 1000
        yield b'"}'

    headers = {"Content-Type": "application/json"}
    is_problem(caller.ask("POST", "/messages", headers=headers, content=drip()), 413, "too_large")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
VALUES = ANYTHING | st.sampled_from(["genre", "year", "Comedy", "1980s", "like", "-1", "9" * 400, "<=", "item"])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_body_is_a_defect(caller, data):
    shape = data.draw(st.sampled_from(["messages", "profile", "events", "chat", "sessions"]))
    if shape == "profile":
        addition = st.fixed_dictionaries(
            {"facet": VALUES, "value": VALUES}, optional={"polarity": VALUES, "hard": VALUES}
        )
        body = data.draw(st.fixed_dictionaries({}, optional={"add": st.lists(addition, max_size=2), "remove": VALUES}))
    else:
        names = {"messages": ["text"], "events": ["kind", "item_id"], "chat": ["messages"], "sessions": ["person"]}
        body = {name: data.draw(VALUES) for name in names[shape]}
        if shape == "chat":
            body["messages"] = [
                {"role": data.draw(st.sampled_from(["user", "assistant", "system"])), "content": data.draw(VALUES)}
            ]
    content = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if shape in {"chat", "sessions"}:
        path = "/v1/chat/completions" if shape == "chat" else "/v1/sessions"
        key = {"Authorization": f"Bearer {KEY}"} if shape == "sessions" else {}
        answer = caller.client.post(path, content=content, headers=headers | key)
    else:
        method = "PATCH" if shape == "profile" else "POST"
        answer = caller.ask(method, f"/{shape}", headers=headers, content=content)
    assert answer.status_code < 500, (body, answer.text)
    if answer.status_code >= 400:
        assert answer.json()["code"] in PROBLEMS


def test_who_asks_too_often_is_told_when_to_come_back(bot, home):
    made_with = Settings(home=home, model="none", sessions_per_minute=3, messages_per_minute=2)
    with connected(bot, made_with) as client:
        caller, other = Caller(client), Caller(client)
        assert [caller.say("hello").status_code for _ in range(2)] == [200, 200]
        refused = caller.say("hello")
        is_problem(refused, 429, "too_many")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert other.say("hello").status_code == 200
        Caller(client)
        is_problem(client.post("/v1/sessions"), 429, "too_many")
        body = {"messages": [{"role": "user", "content": "a comedy"}]}
        is_problem(client.post("/v1/chat/completions", json=body), 429, "too_many")


@given(
    most=st.integers(1, 5),
    steps=st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 50)), max_size=60),
)
def test_no_minute_ever_holds_more_than_the_limit(most, steps):
    now = 0.0
    limit = Limit(most, "things", clock=lambda: now)
    taken = {"a": [], "b": []}
    for key, pause in steps:
        now += pause
        recent = [at for at in taken[key] if at > now - 60]
        if len(recent) < most:
            limit.take(key)
            taken[key].append(now)
        else:
            with pytest.raises(TooManyError) as refused:
                limit.take(key)
            assert 0 < refused.value.wait <= 60


# ---------------------------------------------------------------- other sites


def test_only_named_sites_may_call_from_their_pages(client):
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }
    allowed = client.options("/v1/sessions", headers={"Origin": SHOP} | asked)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == SHOP
    assert "access-control-allow-credentials" not in allowed.headers
    refused = client.options("/v1/sessions", headers={"Origin": "https://evil.example"} | asked)
    assert refused.status_code == 400
    assert "access-control-allow-origin" not in refused.headers
    for origin, expected in ((SHOP, SHOP), ("https://evil.example", None)):
        for answer in (
            client.post("/v1/sessions", headers={"Origin": origin}),
            client.get("/v1/sessions/x", headers={"Origin": origin}),
            client.post("/v1/sessions", headers={"Origin": origin}, content=b"x" * 70_000),
        ):
            assert answer.headers.get("access-control-allow-origin") == expected
            assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("origins", ["*", "shop.example", "https://shop.example/path", "https://a.example,*"])
def test_an_origin_must_be_one(origins):
    with pytest.raises(ValidationError, match="not an origin"):
        Settings(widget_origins=origins)


def test_origins_are_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("RAPPORT_WIDGET_ORIGINS", "https://a.example, http://localhost:8000")
    assert Settings().widget_origins == ("https://a.example", "http://localhost:8000")
    monkeypatch.setenv("RAPPORT_WIDGET_ORIGINS", "")
    assert Settings().widget_origins == ()


# ---------------------------------------------------------------- tokens


def test_the_secret_is_made_once_and_is_its_owners(tmp_path):
    made = read_secret(tmp_path / "new")
    assert read_secret(tmp_path / "new") == made
    assert stat.S_IMODE((tmp_path / "new" / "token_secret").stat().st_mode) == 0o600
    (tmp_path / "new" / "token_secret").write_text("short")
    with pytest.raises(RapportError, match="damaged"):
        read_secret(tmp_path / "new")
    assert read_secret(tmp_path / "other") != made


@given(st.text(max_size=40), st.text(max_size=40), st.binary(min_size=32, max_size=40))
def test_a_token_holds_for_its_session_only(one, other, secret):
    tokens = Tokens(secret)
    tokens.check(one, tokens.issue(one))
    if one != other:
        with pytest.raises(UnauthorizedError):
            tokens.check(other, tokens.issue(one))


@pytest.mark.parametrize(
    "token", ["", "a.b", "a.b.c", "e30.e30.", "W10.W10.x", "." * 2, "a" * 5000, jwt({"sub": "", "exp": 4e9}),
              jwt({"exp": 4e9}), jwt({"sub": "ana"}), jwt({"sub": "ana", "exp": "never"}),
              jwt({"sub": "ana", "exp": 4e9, "nbf": 3e9}), jwt({"sub": "ana", "exp": 4e9})[:-1], "ä.ö.ü"]
)  # fmt: skip
def test_a_signed_token_that_is_not_whole_names_nobody(token):
    with pytest.raises(UnauthorizedError):
        signed_person(token, KEY, time.time())


def test_a_short_key_signs_nothing_but_still_opens():
    assert person_for("ana", "short", "short") == "ana"
    with pytest.raises(ForbiddenError, match="32"):
        person_for("ana", jwt({"sub": "ana", "exp": 4e9}, key="short"), "short")


# ---------------------------------------------------------------- OpenAI-compatible


def complete(client, *turns, **more):
    messages = [{"role": role, "content": content} for role, content in turns]
    return client.post("/v1/chat/completions", json={"model": "rapport", "messages": messages, **more})


def test_a_dialogue_is_rebuilt_from_its_messages(client, bot):
    said = ("user", "a comedy from the 80s")
    first = complete(client, ("system", "Recommend horror only."), said).json()["choices"][0]["message"]
    assert all(1980 <= pick["item"]["year"] <= 1989 for pick in first["metadata"]["items"])
    second = first["metadata"]["items"][1]["item"]
    turns = [said, ("assistant", first["content"]), ("user", "I've seen the second one. More like that?")]
    before = client.get("/metrics").text.count("rapport_sessions_total")
    answer = complete(client, *turns).json()
    assert answer["object"] == "chat.completion"
    assert answer["choices"][0]["finish_reason"] == "stop"
    shown = [pick["item"]["id"] for pick in answer["choices"][0]["message"]["metadata"]["items"]]
    assert shown
    assert second["id"] not in shown
    assert client.get("/metrics").text.count("rapport_sessions_total") == before
    assert not bot.knows("dialogue")


def test_parts_of_messages_are_joined_and_pictures_are_passed_over(client):
    content = [{"type": "text", "text": "a comedy"}, {"type": "image_url", "image_url": {"url": "http://x/"}}]
    answer = client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": content}]})
    items = answer.json()["choices"][0]["message"]["metadata"]["items"]
    assert all("Comedy" in pick["item"]["genres"] for pick in items)


def test_a_streamed_completion_comes_in_chunks(client):
    answer = complete(client, ("user", "a comedy"), stream=True, stream_options={"include_usage": True})
    blocks = answer.text.strip().split("\n\n")
    assert blocks[-1] == "data: [DONE]"
    chunks = [json.loads(block.removeprefix("data: ")) for block in blocks[:-1]]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] > 0
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks[:-1]]
    assert deltas[0]["role"] == "assistant"
    items = next(delta["metadata"]["items"] for delta in deltas if "metadata" in delta)
    assert items[0]["item"]["title"] in "".join(delta.get("content", "") for delta in deltas)
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]][-1] == "stop"


@pytest.mark.parametrize(
    "turns", [[("assistant", "hello")], [("system", "x")], [("user", "")], [("user", "a"), ("assistant", "b")]]
)
@pytest.mark.parametrize("stream", [True, False])
def test_a_dialogue_that_does_not_end_with_words_of_the_user_has_no_reply(client, turns, stream):
    is_problem(complete(client, *turns, stream=stream), 422, "input")


def test_the_openai_client_talks_to_it(site):
    import openai

    client = openai.OpenAI(base_url=f"{site}/v1", api_key="none", max_retries=0)
    assert [model.id for model in client.models.list()] == ["rapport"]
    assert client.models.retrieve("rapport").owned_by == "rapport"
    messages = [{"role": "user", "content": "a comedy from the 80s"}]
    completion = client.chat.completions.create(model="rapport", messages=messages, temperature=0.2)
    message = completion.choices[0].message
    picks = message.metadata["items"]
    assert len(picks) == 3
    assert picks[0]["item"]["title"] in message.content
    pieces = client.chat.completions.create(model="rapport", messages=messages, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in pieces) == message.content
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        client.chat.completions.create(model="rapport", messages=[{"role": "assistant", "content": "x"}])
    assert refused.value.body["code"] == "input"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-9")


# ---------------------------------------------------------------- what it says of itself


def test_the_openapi_document_is_whole(client):
    document = client.get("/openapi.json").json()
    for path in ("/v1/sessions", "/v1/sessions/{session_id}/messages", "/v1/chat/completions", "/healthz", "/readyz"):
        assert path in document["paths"]
    assert not any(path.startswith(("/gradio_api", "/images")) for path in document["paths"])
    schemas = document["components"]["schemas"]
    missing = (references(document["paths"]) | references(schemas)) - set(schemas)
    assert missing == set()


def references(value):
    if isinstance(value, dict):
        own = {value["$ref"].rsplit("/", 1)[-1]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(references(inner) for inner in value))
    return set()


# ---------------------------------------------------------------- bringing ratings


RATINGS = TASTE / "letterboxd" / "ratings.csv"


def test_a_file_is_brought_as_a_body_or_as_a_form(client):
    bodies = [
        {"content": RATINGS.read_bytes(), "headers": {"Content-Type": "text/csv"}},
        {"content": RATINGS.read_bytes(), "params": {"name": "mine.csv"}},
        {"files": {"file": ("ratings.csv", RATINGS.read_bytes(), "text/csv")}},
    ]
    for body, name in zip(bodies, ("The file", "mine.csv", "ratings.csv"), strict=True):
        caller = Caller(client)
        answer = caller.ask("POST", "/profile/import", **body)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        report = TasteReport.model_validate(answer.json())
        assert (report.name, report.matched, report.liked, len(report.unresolved)) == (name, 9, 5, 2)
        assert "Heat" in [belief["label"] for belief in caller.ask("GET", "/profile").json()["likes"]]
        assert caller.ask("POST", "/profile/import", **body).json()["changed"] == 0


def test_the_name_tells_what_is_only_wanted(caller):
    content = (TASTE / "letterboxd" / "watchlist.csv").read_bytes()
    told = is_problem(caller.ask("POST", "/profile/import", content=content), 422, "input")
    assert "watched.csv" in told
    answer = caller.ask("POST", "/profile/import", content=content, params={"name": "watchlist.csv"})
    assert (answer.json()["wanted"], answer.json()["changed"]) == (2, 0)
    several = (TASTE / "movielens" / "ratings.csv").read_bytes()
    is_problem(caller.ask("POST", "/profile/import", content=several), 422, "input")
    answer = caller.ask("POST", "/profile/import", content=several, params={"user": "7"})
    assert [one["title"] for one in answer.json()["unresolved"]] == [f"movielens_id {n}" for n in (1, 2, 3)]


def test_a_profile_is_taken_from_one_session_to_another(client, caller):
    caller.say("I loved Heat, and no horror please")
    kept = caller.ask("GET", "/profile").json()
    other = Caller(client)
    answer = other.ask("POST", "/profile/import", json=kept)
    assert answer.json()["source"] == "Rapport"
    labels = [[belief["label"] for belief in group] for group in kept.values()]
    assert [[one["label"] for one in group] for group in other.ask("GET", "/profile").json().values()] == labels


def test_a_file_that_cannot_be_taken_is_a_problem(client, caller, bot, options):
    ask = partial(caller.ask, "POST", "/profile/import")
    assert "is empty" in is_problem(ask(content=b""), 422, "input")
    assert "a,b" in is_problem(ask(content=b"a,b\n1,2\n"), 422, "input").replace(", ", ",")
    assert "file" in is_problem(ask(files={"other": ("a.csv", b"x")}), 422, "input")
    is_problem(ask(content=b"--x\r\nnonsense", headers={"Content-Type": "multipart/form-data"}), 400, "malformed")
    assert "likes.0.id" in is_problem(ask(json={"likes": [{}]}), 422, "input")
    is_problem(ask(content=RATINGS.read_bytes(), headers={"Authorization": "Bearer x"}), 401, "unauthorized")
    assert caller.ask("GET", "/profile").json() == Profile().model_dump()
    with connected(bot, options.model_copy(update={"max_import": 100_000})) as small:
        larger = Caller(small)
        is_problem(larger.ask("POST", "/profile/import", content=b"x" * 110_000), 413, "too_large")
        form = {"file": ("a.csv", b"x" * 110_000)}
        is_problem(larger.ask("POST", "/profile/import", files=form), 413, "too_large")
        # Other bodies are as short as ever.
        is_problem(larger.say("x" * 90_000), 413, "too_large")


def test_an_import_waits_for_the_turn_that_runs_and_counts_as_a_message(bot, options):
    gated = Gated(bot)
    with connected(gated, options.model_copy(update={"messages_per_minute": 2})) as client:
        caller = Caller(client)
        with ThreadPoolExecutor(2) as pool:
            said = pool.submit(caller.say, "a comedy")
            assert gated.reached.wait(60)
            brought = pool.submit(caller.ask, "POST", "/profile/import", content=RATINGS.read_bytes())
            time.sleep(0.2)
            assert not brought.done()
            gated.gate.set()
            assert said.result().status_code == 200
            assert brought.result().json()["matched"] == 9
        is_problem(caller.ask("POST", "/profile/import", content=RATINGS.read_bytes()), 429, "too_many")


def test_the_docs_page_lists_every_route_and_needs_nothing_else(client):
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method in operations:
            assert f"<code>{method.upper()} {path}</code>" in page.text
    for code in PROBLEMS:
        assert f"id='problem-{code}'" in page.text
    assert "<script" not in page.text
    assert "http" not in page.text.replace("HTTP", "").replace("Http", "").replace("https:", "").split("<style>")[0]


def test_metrics_count_without_naming_anybody(client):
    caller = Caller(client)
    caller.say("zanzibarian comedies")
    client.get("/v1/nothing/at/all")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'route="/v1/sessions/{session_id}/messages",status="200"' in answer.text
    assert 'method="any",route="none",status="404"' in answer.text
    assert 'rapport_turns_total{act="' in answer.text
    assert "rapport_turns_running 0.0" in answer.text
    for private in (caller.id, "zanzibarian", "nothing/at"):
        assert private not in answer.text


def test_variety_is_set_read_and_undone(caller):
    assert caller.ask("GET", "/variety").json() == {"variety": "balanced"}
    answer = caller.ask("PUT", "/variety", json={"variety": "varied"})
    assert (answer.status_code, answer.json()) == (200, {"variety": "varied"})
    picks = caller.say("a comedy").json()["items"]
    assert [reason["kind"] for pick in picks for reason in pick["reasons"]].count("variety") == 1
    caller.say("undo")
    caller.say("undo")
    assert caller.ask("GET", "/variety").json() == {"variety": "balanced"}
    is_problem(caller.ask("PUT", "/variety", json={"variety": "wild"}), 422, "input")
    assert caller.client.get(f"/v1/sessions/{caller.id}/variety").status_code == 401
