"""Bodies of requests and answers of the HTTP API that are not records of the bot already."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from bot.records import Profile, Recommendation, Reply, Suggestion, Understanding

__all__ = ["Profile", "Reply"]


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("half of a character (a lone surrogate) cannot be stored") from error
    return text


Text = Annotated[str, AfterValidator(_whole)]
Id = Annotated[Text, StringConstraints(min_length=1, max_length=400)]


class Body(BaseModel):
    """A request body: a field that is not known is a mistake, and is named."""

    model_config = ConfigDict(extra="forbid")


class NewSession(Body):
    """`person`: whose profile the session shares; needs the operator's key or a token signed with it."""

    person: Annotated[Text, StringConstraints(min_length=1, max_length=120)] | None = None


class OpenSession(BaseModel):
    """A new session. `token` opens it, and nothing else does: keep it where only its person gets at it."""

    session_id: str
    token: str


class Said(Body):
    """What the person says. The longest text accepted is RAPPORT_MAX_TEXT characters."""

    text: Text = Field(examples=["something funny from the 80s under two hours"])


class Turn(BaseModel):
    """One utterance and the reply to it."""

    said: str
    reply: Reply


class SessionView(BaseModel):
    """A session as stored, oldest turn first. `running`: a turn is being answered at this moment."""

    session_id: str
    running: bool
    turns: list[Turn]


class Addition(Body):
    """A preference stated outright.

    `facet` is a facet or number of the catalogue's domain; `value` one of its values or, for a number, a range:
    1994, 1980s, 1980-1989, <1990, >=120. `polarity` above 0: wanted; below: unwanted. `hard`: a condition.
    """

    facet: Annotated[Text, StringConstraints(min_length=1, max_length=80)] = Field(examples=["genre"])
    value: Annotated[Text, StringConstraints(min_length=1, max_length=200)] = Field(examples=["Comedy"])
    polarity: float = Field(1.0, ge=-1, le=1, allow_inf_nan=False)
    hard: bool = False


class Edit(Body):
    """Changes to a profile; all of them are made, or none."""

    remove: list[Id] = Field(default=[], max_length=50)
    add: list[Addition] = Field(default=[], max_length=50)


class Tap(Body):
    """Something that the person did with an item: like, dislike, seen, click, dwell, save, purchase, skip or view."""

    kind: Annotated[Text, StringConstraints(max_length=40)] = Field(examples=["like"])
    item_id: Id


class UnderstoodEvent(BaseModel):
    """First: what the words were understood to mean."""

    understanding: Understanding


class ItemsEvent(BaseModel):
    """Second: the picks, possibly none, before any word of the reply."""

    items: list[Recommendation]


class TokenEvent(BaseModel):
    """A piece of the reply's text; all pieces joined are the text."""

    text: str


class DoneEvent(BaseModel):
    """Last: the whole reply, which is stored, and what the language model did for it (not told again at a retry)."""

    reply: Reply
    model: str | None = None
    tokens: int | None = None
    first_token_seconds: float | None = None
    fell_back: float | None = None


class ErrorEvent(BaseModel):
    """Last, instead of done: nothing of the turn was kept."""

    code: str
    message: str


# ---------------------------------------------------------------- OpenAI-compatible


class Part(BaseModel):
    """A piece of a message; only text is read."""

    type: str
    text: Text = ""


class ChatMessage(BaseModel):
    """A message of a dialogue. Only those of user and assistant are read."""

    role: str
    content: Text | list[Part] | None = None

    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class StreamOptions(BaseModel):
    include_usage: bool = False


class ChatRequest(BaseModel):
    """A request for a completion. Every other field of OpenAI's is accepted and has no effect."""

    model: str = "rapport"
    messages: list[ChatMessage] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None


class Metadata(BaseModel):
    """What a reply has beside its words."""

    act: str
    items: list[Recommendation]
    suggestions: list[Suggestion]


class Answer(BaseModel):
    role: Literal["assistant"] = "assistant"
    content: str
    metadata: Metadata


class Choice(BaseModel):
    index: int = 0
    message: Answer
    finish_reason: Literal["stop"] = "stop"


class Usage(BaseModel):
    """Counted in words, since not every reply comes from a model with tokens."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Completion(BaseModel):
    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage


class Model(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "rapport"


class Models(BaseModel):
    object: Literal["list"] = "list"
    data: list[Model]


def event_schemas() -> dict[str, Any]:
    """JSON schemas of the data of every stream event, by its name."""
    kinds: dict[str, type[BaseModel]] = {
        "understood": UnderstoodEvent, "items": ItemsEvent, "token": TokenEvent, "done": DoneEvent, "error": ErrorEvent,
    }  # fmt: skip
    return {kind: model.model_json_schema(ref_template="#/components/schemas/{model}") for kind, model in kinds.items()}
