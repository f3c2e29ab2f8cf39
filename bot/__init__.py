"""Rapport's conversation: `from bot import Bot`. Importing it loads no model and no server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.records import (
    PERSON_ACTS,
    Belief,
    Entity,
    Evidence,
    Item,
    Preference,
    Profile,
    Reason,
    Recommendation,
    Reply,
    Suggestion,
    TasteReport,
    TurnEvent,
    Understanding,
)  # fmt: skip

if TYPE_CHECKING:
    from bot.api import Bot

__all__ = [
    "PERSON_ACTS", "Belief", "Bot", "Entity", "Evidence", "Item", "Preference", "Profile", "Reason", "Recommendation",
    "Reply",
    "Suggestion", "TasteReport", "TurnEvent", "Understanding",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "Bot":
        from bot.api import Bot

        return Bot
    raise AttributeError(f"module 'bot' has no attribute {name!r}")
