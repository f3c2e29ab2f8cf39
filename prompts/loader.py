"""Reads template files: prompts/<language>/<name>.yaml with a version and, for each key, its wordings."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

FOLDER = Path(__file__).parent


class Templates(BaseModel):
    """Wordings by key; slots in braces."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    templates: dict[str, list[str]]


@lru_cache(maxsize=32)
def load_templates(language: str, name: str) -> Templates:
    """The templates of one file. Raises FileNotFoundError or pydantic.ValidationError for a broken installation."""
    return Templates.model_validate(yaml.safe_load((FOLDER / language / f"{name}.yaml").read_text(encoding="utf-8")))
