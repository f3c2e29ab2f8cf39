"""The HTTP API: sessions, messages, profiles, events and items, over one bot. docs/http.md describes it for callers."""

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import StringConstraints
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.records import Item, Preference, Profile, Reply, TasteReport
from bot.settings import Settings
from retrieval.errors import NotFoundError
from ui.api_chat import chat_router
from ui.api_docs import docs_page
from ui.api_import import BODY, PATH_END, ROOM, file_of
from ui.api_limits import Limit
from ui.api_metrics import CONTENT_TYPE, Measured, Metrics
from ui.api_models import Edit, NewSession, OpenSession, Said, SessionView, Tap, Turn, event_schemas
from ui.api_problems import TOO_LARGE, Problem, documented, handle_errors, problem
from ui.api_turns import Numbered, Turns, accepted, as_stream, encoded, finished
from ui.loading import Loader
from ui.tokens import Tokens, person_for, read_secret
from ui.visit import new_session

if TYPE_CHECKING:
    from bot import Bot

METHODS = ("GET", "POST", "PATCH", "DELETE")
HEADERS = ("Accept", "Authorization", "Content-Type", "Idempotency-Key")
"""What pages of other sites may use; the origins are in Settings.widget_origins."""
HEALTH = ("/healthz", "/readyz")
OWN_PATHS = ("/docs", "/openapi.json", "/metrics")

ABOUT = """Converse with Rapport over HTTP. Begin with POST /v1/sessions; send its token as Authorization: Bearer TOKEN.

A message is answered as one JSON document or, with Accept: text/event-stream, as server-sent events: understood, items,
token (joined, they are the text), then done or error. A turn goes on, and is stored, when its client goes away."""

_bearer = HTTPBearer(auto_error=False, scheme_name="token", description="The token of the session.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
Key = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=200)] | None,
    Header(alias="Idempotency-Key", description="Names the attempt: sent again, it gets the first reply again."),
]


FileName = Annotated[str, StringConstraints(max_length=200)]


class Api:
    """The application behind the API's paths, and what it shares between requests."""

    def __init__(self, loader: Loader, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.turns = Turns(settings.turns_at_once, self.metrics)
        self.by_address = Limit(settings.sessions_per_minute, "requests of this kind from one address")
        self.by_session = Limit(settings.messages_per_minute, "messages to one session")
        self._loader = loader
        self._tokens: Tokens | None = None
        self._guard = threading.Lock()
        self.app = _application(self)

    async def ready(self) -> "Bot":
        """The bot. Raises NotReadyError while it loads, or the error that kept it from loading."""
        return self.bot()

    def bot(self) -> "Bot":
        return self._loader.bot(patience=0)

    def tokens(self) -> Tokens:
        """Raises RapportError when the secret behind them cannot be had."""
        with self._guard:
            if self._tokens is None:
                given = self.settings.token_secret
                secret = given.get_secret_value().encode() if given else read_secret(self.settings.home)
                self._tokens = Tokens(secret)
            return self._tokens

    def owned(self, session_id: str, credentials: Credentials, response: Response) -> str:
        """The id of a session that the request's token opens. Raises UnauthorizedError or NotFoundError."""
        self.tokens().check(session_id, credentials.credentials if credentials else None)
        if not self.bot().knows(session_id):
            raise NotFoundError("This session was deleted. Begin another with POST /v1/sessions.")
        response.headers["Cache-Control"] = "no-store"
        return session_id

    def document(self, others: Sequence[BaseRoute] = ()) -> dict[str, Any]:
        """The OpenAPI document of the API's routes and `others`."""
        found = get_openapi(
            title="Rapport HTTP API", version="1", description=ABOUT, routes=[*self.app.routes, *others]
        )
        found["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        return found


class Doors:
    """Sends requests for the API's paths to the API, all others to the rest of the server."""

    def __init__(self, app: ASGIApp, api: Api) -> None:
        self.app, self.api = app, api.app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        inside = scope["type"] == "http" and (path.startswith("/v1/") or path in OWN_PATHS)
        await (self.api if inside else self.app)(scope, receive, send)


class Sized:
    """Turns away a body that is too long: at once when it says so, else as soon as it is. A file may be longer."""

    def __init__(self, app: ASGIApp, most: int, most_of_a_file: int) -> None:
        self.app, self.most, self.most_of_a_file = app, most, most_of_a_file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self.most_of_a_file if scope.get("path", "").endswith(PATH_END) else self.most
        length = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        if length.isdecimal() and int(length) > most:
            await problem("too_large", TOO_LARGE)(scope, receive, send)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > most:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)


def add_api(app: FastAPI, loader: Loader, settings: Settings) -> Api:
    """Put the API before an application, whose health routes its documentation lists as well."""
    api = Api(loader, settings)
    app.add_middleware(Doors, api=api)

    def health() -> list[BaseRoute]:
        return [route for route in app.routes if isinstance(route, APIRoute) and route.path in HEALTH]

    @api.app.get("/openapi.json", include_in_schema=False)
    def openapi() -> Any:
        return api.document(health())

    @api.app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(api.document(health())))

    return api


def _application(api: Api) -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(Sized, most=api.settings.max_body, most_of_a_file=api.settings.max_import + ROOM)
    app.add_middleware(Measured, metrics=api.metrics)
    handle_errors(app)

    @app.get("/metrics", tags=["Server"], summary="Counts and times, for Prometheus", response_class=Response)
    def metrics() -> Response:
        return Response(api.metrics.text(), media_type=CONTENT_TYPE)

    app.include_router(_sessions(api))
    app.include_router(_profiles(api))
    app.include_router(chat_router(api.ready, api.turns, api.by_address))
    return app


def _sessions(api: Api) -> APIRouter:
    router = APIRouter(prefix="/v1/sessions", tags=["Sessions"])
    Owned = Annotated[str, Depends(api.owned)]  # noqa: N806 - a type
    TheBot = Annotated[Any, Depends(api.ready)]  # noqa: N806 - a type
    kept = documented("unauthorized", "not_found", "not_ready")

    @router.post(
        "", status_code=201, summary="Begin a session",
        responses=documented("unauthorized", "forbidden", "input", "too_many", "not_ready"),
    )  # fmt: skip
    async def begin(
        request: Request, bot: TheBot, credentials: Credentials, response: Response, body: NewSession | None = None
    ) -> OpenSession:
        """For nobody known, or for a `person`, whose profile it then shares with their other sessions.

        A person needs the operator's key as bearer token, or a JWT signed with it (HS256; sub: the person; exp).
        """
        api.by_address.take(request.client.host if request.client else "")
        key = api.settings.operator_key
        person = person_for(
            body.person if body else None, credentials.credentials if credentials else None,
            key.get_secret_value() if key else None,
        )  # fmt: skip
        session_id = new_session()
        token = (await run_in_threadpool(api.tokens)).issue(session_id)
        await run_in_threadpool(bot.open, session_id, person)
        api.metrics.sessions.inc()
        response.headers["Cache-Control"] = "no-store"
        return OpenSession(session_id=session_id, token=token)

    @router.post(
        "/{session_id}/messages", summary="Say something", response_model=Reply,
        responses={
            200: {"description": "The reply, or its events",
                  "content": {"text/event-stream": {"x-events": event_schemas(), "schema": {"type": "string"}}}},
            **kept, **documented("busy", "too_large", "input", "too_many"),
        },
    )  # fmt: skip
    async def say(
        session_id: Owned, body: Said, bot: TheBot, accept: Annotated[str, Header()] = "", key: Key = None
    ) -> Any:
        """One turn. With Accept: text/event-stream, its events as they come; the id of each is the turn's number."""
        api.by_session.take(session_id)

        def work() -> Iterator[Numbered]:
            number = bot.turn_of(session_id, key)
            return ((number, event) for event in bot.stream(session_id, body.text, request=key))

        events = await accepted(api.turns.start(session_id, work))
        if "text/event-stream" in accept.lower():
            return as_stream(encoded(events))
        reply: Reply = (await finished(events)).data["reply"]
        return Response(reply.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"})

    @router.get("/{session_id}", summary="What was said so far", responses=kept)
    def history(session_id: Owned, bot: TheBot) -> SessionView:
        turns = [Turn(said=said, reply=reply) for said, reply in bot.history(session_id)]
        return SessionView(session_id=session_id, running=api.turns.running(session_id), turns=turns)

    @router.delete("/{session_id}", status_code=204, summary="Delete the session", responses=kept)
    async def delete(session_id: Owned, bot: TheBot) -> None:
        """The conversation and all that was learnt in it, from the disk. Other sessions of its person stay."""
        await api.turns.idle(session_id)
        await run_in_threadpool(bot.delete, session_id)

    return router


def _profiles(api: Api) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["Profile and items"])
    Owned = Annotated[str, Depends(api.owned)]  # noqa: N806 - a type
    TheBot = Annotated[Any, Depends(api.ready)]  # noqa: N806 - a type
    kept = documented("unauthorized", "not_found", "not_ready")

    @router.get("/sessions/{session_id}/profile", summary="What is believed of the person", responses=kept)
    def profile(session_id: Owned, bot: TheBot) -> Profile:
        found: Profile = bot.profile(session_id)
        return found

    @router.patch(
        "/sessions/{session_id}/profile", summary="Change it", responses={**kept, **documented("input", "too_large")}
    )
    async def edit(session_id: Owned, body: Edit, bot: TheBot) -> Profile:
        """Beliefs to remove, by id, and preferences to add; all of it or nothing. "Undo" takes it back."""
        added = [Preference(facet=a.facet, value=a.value, polarity=a.polarity, hard=a.hard) for a in body.add]
        await api.turns.idle(session_id)
        changed: Profile = await run_in_threadpool(bot.edit, session_id, body.remove, added)
        return changed

    @router.delete("/sessions/{session_id}/profile", status_code=204, summary="Forget the person", responses=kept)
    async def forget(session_id: Owned, bot: TheBot) -> None:
        """All that is known of the session's person, in all their sessions, from the disk. This session stays open."""
        await api.turns.idle(session_id)
        await run_in_threadpool(bot.forget, session_id)

    @router.post(
        "/sessions/{session_id}/profile/import", summary="Bring ratings or a profile", openapi_extra=BODY,
        responses={**kept, **documented("malformed", "input", "too_large", "too_many")},
    )  # fmt: skip
    async def bring(
        session_id: Owned, request: Request, bot: TheBot, name: FileName = "", user: FileName | None = None
    ) -> TasteReport:
        """What Letterboxd, IMDb, Goodreads and others export (.csv or .zip), or a profile in JSON.

        `name`: what the file was called; watched.csv and watchlist.csv are told apart by it. `user`: whose rows to
        take from a file of several people. The same file again changes nothing; "undo" takes it back.
        """
        api.by_session.take(session_id)
        called, content = await file_of(request, name)
        await api.turns.idle(session_id)
        report: TasteReport = await run_in_threadpool(bot.bring, session_id, content, None, called, user)
        return report

    @router.post(
        "/sessions/{session_id}/events", summary="Tell what was done with an item",
        responses={**kept, **documented("input", "too_large")},
    )  # fmt: skip
    async def tap(session_id: Owned, body: Tap, bot: TheBot) -> Profile:
        """Kinds: like, dislike, seen, click, dwell, save, purchase, skip, view. The answer is the changed profile."""
        await api.turns.idle(session_id)
        changed: Profile = await run_in_threadpool(bot.event, session_id, body.kind, body.item_id)
        api.metrics.taps.labels(body.kind).inc()
        return changed

    @router.get("/items/{item_id:path}", summary="One item", responses=documented("not_found", "not_ready"))
    def item(item_id: str, bot: TheBot) -> Item:
        found: Item = bot.item(item_id)
        return found

    return router
