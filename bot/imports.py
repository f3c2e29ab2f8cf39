"""A file that somebody brings along, ratings or a profile: read, and turned into what it changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from bot.bringing import brought
from bot.events import Brought, Event
from bot.profile_file import is_profile, read_profile, restored
from bot.records import Belief, Profile, TasteReport
from bot.settings import Settings
from bot.taste import Beside, Taste, read_taste
from bot.taste_matching import TitleIndex
from retrieval.catalogue import Catalogue
from retrieval.errors import InputError

_UNNAMED = "The file"
_LONGEST_NAME = 120
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Import(NamedTuple):
    """A file, read: what it is called, and what it holds."""

    name: str
    content: Taste | Profile


def read_import(file: str | Path | bytes, name: str, user: str | None, settings: Settings) -> Import:
    """Ratings of another service, or a profile as exported. `name`: of bytes, for messages and where names tell.

    Raises InputError for a file that cannot be read or used.
    """
    beside: Beside | None = None
    if isinstance(file, bytes):
        data, name = file, name or _UNNAMED
    else:
        path = Path(file)
        data, name, beside = _content(path, settings.max_import), name or path.name, _neighbours(path, settings)
    name = " ".join(_CONTROL.sub(" ", name).split())[-_LONGEST_NAME:]
    if is_profile(data):
        return Import(name, read_profile(name, data, settings.max_import, settings.max_import_rows))
    return Import(name, read_taste(name, data, settings.max_import, settings.max_import_rows, user, beside))


def take_in(
    read: Import, titles: Callable[[], TitleIndex], catalogue: Catalogue, known: Mapping[str, Belief], turn: int
) -> tuple[list[Event], TasteReport]:
    """What an import changes, given the beliefs known so far by id; and its report."""
    if isinstance(read.content, Profile):
        events, report = restored(read.name, read.content, catalogue, known)
    else:
        events, report = brought(read.content, titles(), catalogue, known, turn)
    return ([Brought(name=read.name), *events] if events else []), report


def _content(path: Path, most: int) -> bytes:
    """The bytes of a file, one more than is accepted at most, so that its reader refuses it."""
    if path.is_dir():
        raise InputError(f"{path} is a folder. Give the path of a .csv, a .zip or a profile in .json.")
    try:
        with path.open("rb") as stream:
            return stream.read(most + 1)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist. Check the path.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def _neighbours(path: Path, settings: Settings) -> Beside:
    def beside(file: str) -> bytes | None:
        other = path.with_name(file)
        return _content(other, settings.max_import) if other.is_file() else None

    return beside
