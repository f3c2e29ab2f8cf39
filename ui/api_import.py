"""The file of a request that brings ratings or a profile: a part of a form, or the body as it is."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from retrieval.errors import InputError

PATH_END = "/profile/import"
ROOM = 4_096
"""Bytes that a form may have around its file."""

_BINARY = {"schema": {"type": "string", "format": "binary"}}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, or a form with it as its part `file`.",
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["file"], "properties": {"file": _BINARY["schema"]}}
            },
            "text/csv": _BINARY,
            "application/zip": _BINARY,
            "application/json": _BINARY,
        },
    }
}
"""What the OpenAPI document says of the body."""


async def file_of(request: Request, name: str) -> tuple[str, bytes]:
    """(name, content) of the file in a request; `name` goes before what a form calls it.

    Raises InputError for a form without a part `file`, HTTPException (400) for one that cannot be read.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return name, await request.body()
    async with request.form(max_files=1, max_fields=1) as form:
        part = form.get("file")
        if not isinstance(part, UploadFile):
            raise InputError("file: the form has no file of this name. Send the file as its part `file`.")
        return name or part.filename or "", await part.read()
