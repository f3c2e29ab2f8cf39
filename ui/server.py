"""The web server: health, pictures of items and the Gradio page, in one FastAPI application."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.settings import Settings
from retrieval.domain import load_domain
from retrieval.errors import NotFoundError, RapportError
from ui.cards import local_image
from ui.loading import Loader

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from bot import Bot

STATIC = Path(__file__).parent / "static"
PATIENCE = 30.0
"""Seconds that a visitor waits for a bot that is still being loaded, before being told so."""
UPLOAD_LIMIT = "1kb"
"""The page takes no files; Gradio's upload route cannot be switched off, only made useless."""


class SecurityHeaders:
    """Adds headers that keep the page to itself: no framing by others, no requests to other servers."""

    def __init__(self, app: ASGIApp, remote_images: bool = False) -> None:
        self.app = app
        images = "img-src 'self' data: blob:" + (" https: http:" if remote_images else "")
        # Gradio needs inline scripts and builds functions from the text of its templates.
        policy = (
            "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
            f"{images}; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; "
            "form-action 'self'; frame-ancestors 'self'"
        )
        self.headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self.headers]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def create_app(bot_factory: Callable[[], Bot], settings: Settings) -> FastAPI:
    """The application. The bot is made when the server starts, in the background, and closed when it stops.

    Raises DomainError when the domain of the settings cannot be read.
    """
    # Read by Gradio when a page is built: nothing about its use is reported to anybody.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr
    from fastapi import FastAPI, Response
    from fastapi.concurrency import run_in_threadpool
    from fastapi.middleware.cors import CORSMiddleware
    from fastapi.responses import FileResponse, JSONResponse

    from ui.api import HEADERS, METHODS, add_api
    from ui.components import read
    from ui.page import build_page
    from ui.theme import theme
    from ui.visit import picture_folder
    from ui.widget import add_widget

    domain = load_domain(settings.domain)
    loader = Loader(bot_factory)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        loader.start()
        yield
        # Turns that run are stored before the bot goes.
        await run_in_threadpool(api.turns.close)
        await run_in_threadpool(loader.close)

    # FastAPI's own documentation page loads its scripts from another server.
    app = FastAPI(title="Rapport", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.loader = loader
    # Added first, so that the API lies behind the headers and the CORS policy below.
    api = add_api(app, loader, settings)
    app.add_middleware(SecurityHeaders, remote_images=settings.remote_images)
    # Without a CORS policy of ours Gradio would accept every origin.
    app.add_middleware(
        CORSMiddleware, allow_origins=settings.widget_origins, allow_methods=METHODS, allow_headers=HEADERS
    )

    @app.get("/healthz", summary="The server is alive")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", summary="The bot can answer; else 503 and why not")
    async def readyz() -> Any:
        try:
            loader.bot(patience=0)
        except RapportError as error:
            return JSONResponse({"status": error.code, "detail": str(error)}, status_code=503)
        return {"status": "ready"}

    @app.get("/favicon.ico")
    async def favicon() -> Any:
        return FileResponse(STATIC / "favicon.svg", media_type="image/svg+xml")

    @app.get("/images")
    def image(id: str) -> Any:
        try:
            bot = loader.bot(patience=0)
            path = local_image(bot.catalogue.get(id).image, picture_folder(bot))
        except NotFoundError:
            path = None
        except RapportError:
            return Response(status_code=503)
        return FileResponse(path) if path else Response(status_code=404)

    add_widget(app)
    served: FastAPI = gr.mount_gradio_app(
        app,
        build_page(lambda: loader.bot(PATIENCE), domain, settings.variety),
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=UPLOAD_LIMIT,
        theme=theme(),
        css=read("page.css"),
        head='<meta name="color-scheme" content="light dark"><meta name="referrer" content="same-origin">',
        enable_monitoring=False,
    )
    return served
