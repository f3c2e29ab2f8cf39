"""Counts and times of the HTTP API, for Prometheus. No label holds what a person said or who they are."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_TYPE = CONTENT_TYPE_LATEST
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 8, 13, 30)


class Metrics:
    """The metrics of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "rapport_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "rapport_request_seconds", "Time until an answer was complete.", ["method", "route"],
            buckets=_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.turns = Counter("rapport_turns", "Turns taken, by the act of the reply.", ["act"], registry=self.registry)
        self.turn_seconds = Histogram(
            "rapport_turn_seconds", "Time of a whole turn.", buckets=_BUCKETS, registry=self.registry
        )
        self.cards_seconds = Histogram(
            "rapport_cards_seconds", "Time until the items of a turn were known.",
            buckets=_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.first_token = Histogram(
            "rapport_first_token_seconds", "Time until the language model's first word.",
            buckets=_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.running = Gauge("rapport_turns_running", "Turns running or waiting.", registry=self.registry)
        self.sessions = Counter("rapport_sessions", "Sessions begun.", registry=self.registry)
        self.taps = Counter("rapport_events", "Taps on items.", ["kind"], registry=self.registry)

    def text(self) -> bytes:
        return generate_latest(self.registry)


class Measured:
    """Counts and times every request of an application by the route it took."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            # An address that is no route could be anything, and would make a new series of each.
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if route != "none" else "any"
            self.metrics.requests.labels(method, route, str(status)).inc()
            self.metrics.seconds.labels(method, route).observe(time.perf_counter() - began)
