"""The widget's module for any site, and a page of a made-up site that has it."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

STATIC = Path(__file__).parent / "static"
SCRIPT, STYLE, PAGE = "text/javascript; charset=utf-8", "text/css; charset=utf-8", "text/html; charset=utf-8"
FILES = {
    "/widget.js": ("widget.js", SCRIPT),
    "/demo": ("demo.html", PAGE),
    "/demo.js": ("demo.js", SCRIPT),
    "/demo.css": ("demo.css", STYLE),
}
"""Path on the server: (file, media type)."""
CACHE_SECONDS = 300
"""A browser asks again after this time, and is told when nothing changed: a release reaches every site soon."""
PUBLIC = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""Any site may load the widget; it holds no data. Which sites may talk to the API is another setting."""
DEMO_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
"""What a careful site allows: no inline script, no inline style, no other server."""


class Served(NamedTuple):
    """A file as it goes out: plain, gzipped, and the tag of its content."""

    plain: bytes
    zipped: bytes
    tag: str


def read(name: str) -> Served:
    """Read a file of ui/static. Raises FileNotFoundError for an unknown name."""
    plain = (STATIC / name).read_bytes()
    return Served(plain, gzip.compress(plain, 9, mtime=0), f'W/"{hashlib.sha256(plain).hexdigest()[:20]}"')


def add_widget(app: FastAPI) -> None:
    """Serve the files of FILES. To be called before anything is mounted at "/"."""
    for path, (name, media_type) in FILES.items():
        _add_file(app, path, name, media_type)


def _add_file(app: FastAPI, path: str, name: str, media_type: str) -> None:
    from starlette.responses import Response

    served = read(name)
    headers = {
        "Cache-Control": f"public, max-age={CACHE_SECONDS}",
        "ETag": served.tag,
        "Vary": "Accept-Encoding",
        **(PUBLIC if name == "widget.js" else {}),
        **({"Content-Security-Policy": DEMO_POLICY} if media_type == PAGE else {}),
    }

    async def answer(request: Request) -> Response:
        if served.tag in _tags(request):
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(served.zipped, media_type=media_type, headers={**headers, "Content-Encoding": "gzip"})
        return Response(served.plain, media_type=media_type, headers=headers)

    app.add_route(path, answer, methods=["GET", "HEAD"], include_in_schema=False)


def _tags(request: Request) -> list[str]:
    """The tags of If-None-Match."""
    return [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
