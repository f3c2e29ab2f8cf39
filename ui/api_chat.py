"""The OpenAI-compatible door: a whole dialogue in, one reply out, nothing kept."""

import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.sse import format_sse_event
from pydantic_core import to_json

from bot.records import Reply, TurnEvent
from retrieval.errors import NotFoundError
from ui.api_limits import Limit
from ui.api_models import (
    Answer,
    ChatRequest,
    Choice,
    Completion,
    Metadata,
    Model,
    Models,
    Usage,
)  # fmt: skip
from ui.api_problems import documented
from ui.api_turns import Numbered, Turns, accepted, as_stream, finished

if TYPE_CHECKING:
    from bot import Bot

MODEL = "rapport"
_ROLES = {"user", "assistant"}


def chat_router(ready: Callable[[], Awaitable["Bot"]], turns: Turns, limit: Limit) -> APIRouter:
    """Its routes. `ready` gives the bot or raises; `limit` counts replies by address."""
    router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])
    started = int(time.time())

    @router.get("/models", summary="The one model there is")
    async def models() -> Models:
        return Models(data=[Model(id=MODEL, created=started)])

    @router.get("/models/{model}", summary="The one model there is", responses=documented("not_found"))
    async def model(model: str) -> Model:
        if model != MODEL:
            raise NotFoundError(f"No model '{model}'. The one there is: {MODEL}.")
        return Model(id=MODEL, created=started)

    @router.post(
        "/chat/completions",
        summary="Reply to a written dialogue",
        response_model=Completion,
        responses={
            200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
            **documented("input", "too_large", "too_many", "not_ready"),
        },
    )
    async def complete(body: ChatRequest, request: Request, bot: Annotated[Any, Depends(ready)]) -> Any:
        """The dialogue is understood from its messages, and the last one, which must be the user's, gets a reply.

        Nothing is stored. The items are in `choices[0].message.metadata`; in a stream, in `delta.metadata`.
        """
        limit.take(request.client.host if request.client else "")
        dialogue = [(message.role, message.text()) for message in body.messages if message.role in _ROLES]
        asked = sum(len(text.split()) for _, text in dialogue)

        def work() -> Iterator[Numbered]:
            return ((0, event) for event in bot.respond(dialogue))

        events = await accepted(turns.start(None, work))
        frame = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": MODEL}
        if body.stream:
            usage = body.stream_options is not None and body.stream_options.include_usage
            return as_stream(_chunks(events, frame, asked if usage else None))
        reply: Reply = (await finished(events)).data["reply"]
        metadata = Metadata(act=reply.act, items=reply.items, suggestions=reply.suggestions)
        answer = Answer(content=reply.text, metadata=metadata)
        completion = Completion(**frame, choices=[Choice(message=answer)], usage=_usage(asked, len(reply.text.split())))
        return Response(completion.model_dump_json(), media_type="application/json")

    return router


def _usage(asked: int, said: int) -> Usage:
    return Usage(prompt_tokens=asked, completion_tokens=said, total_tokens=asked + said)


async def _chunks(events: AsyncIterator[Numbered], frame: dict[str, Any], asked: int | None) -> AsyncIterator[bytes]:
    """Turn events as chunks of a completion. `asked`: words of the dialogue when the usage is wanted."""

    def chunk(delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> bytes:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
        data = {**frame, "object": "chat.completion.chunk", "choices": choices, **more}
        return format_sse_event(data_str=to_json(data).decode())

    async for _, event in events:
        for delta, finish in _deltas(event):
            yield chunk(delta, finish)
        if event.kind == "error":
            error = {"message": event.data["message"], "type": "server_error", "code": event.data["code"]}
            yield format_sse_event(data_str=to_json({"error": error}).decode())
            return
        if event.kind == "done" and asked is not None:
            yield chunk(None, usage=_usage(asked, len(event.data["reply"].text.split())).model_dump())
    yield format_sse_event(data_str="[DONE]")


def _deltas(event: TurnEvent) -> list[tuple[dict[str, Any], str | None]]:
    if event.kind == "understood":
        return [({"role": "assistant", "content": ""}, None)]
    if event.kind == "items":
        return [({"metadata": {"items": event.data["items"]}}, None)]
    if event.kind == "token":
        return [({"content": event.data["text"]}, None)]
    if event.kind == "done":
        reply: Reply = event.data["reply"]
        return [({"metadata": {"act": reply.act, "suggestions": reply.suggestions}}, "stop")]
    return []
