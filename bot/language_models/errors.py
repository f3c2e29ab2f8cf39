"""What can go wrong with a language model."""

from __future__ import annotations

from retrieval.errors import RapportError


class ModelError(RapportError):
    """A language model cannot be found, loaded or run. Rapport goes on with its templates."""

    code = "model"
