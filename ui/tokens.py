"""Who may do what over HTTP: tokens of sessions, the operator's key, and tokens that the operator signs for people."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

from retrieval.errors import RapportError
from ui.api_problems import ForbiddenError, UnauthorizedError

SECRET_FILE = "token_secret"
SIGNING_KEY_LENGTH = 32
"""Characters that the operator's key must have before anything signed with it is believed (RFC 7518, 3.2)."""
LONGEST_TOKEN = 4096


def read_secret(home: Path) -> bytes:
    """The secret of a home, made at the first call and readable by its owner only.

    Raises RapportError when it cannot be read or made.
    """
    path = home / SECRET_FILE
    try:
        home.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            kept = path.read_bytes().strip()
        else:
            kept = secrets.token_hex(32).encode()
            with os.fdopen(descriptor, "wb") as file:
                file.write(kept)
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        raise RapportError(
            f"The token secret {path} cannot be used: {error}. Make it readable, or remove it."
        ) from error
    if len(kept) < SIGNING_KEY_LENGTH:
        raise RapportError(f"The token secret {path} is damaged. Remove it; open sessions then begin anew.")
    return kept


class Tokens:
    """Makes and checks the tokens of sessions. A token opens one session and names nobody."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def issue(self, session_id: str) -> str:
        mac = hmac.new(self._secret, b"session:" + session_id.encode(), hashlib.sha256)
        return "rs_" + _encoded(mac.digest())

    def check(self, session_id: str, token: str | None) -> None:
        """Raises UnauthorizedError unless the token is the session's."""
        if token is None:
            raise UnauthorizedError("Send the token of the session: Authorization: Bearer TOKEN.")
        if not hmac.compare_digest(self.issue(session_id).encode(), token.encode()):
            raise UnauthorizedError("This token does not open this session.")


def person_for(wanted: str | None, credential: str | None, operator_key: str | None) -> str | None:
    """The person that a new session is for; None when it is for nobody known.

    `wanted` is the person asked for, `credential` the bearer token of the request: the operator's key, or a token
    that the operator signed for one person. Raises UnauthorizedError or ForbiddenError.
    """
    if credential is None:
        if wanted is not None:
            raise UnauthorizedError("A session for a person needs the operator's key or a token signed with it.")
        return None
    if not operator_key:
        raise ForbiddenError("This server opens no sessions for people: it has no RAPPORT_OPERATOR_KEY.")
    if hmac.compare_digest(operator_key.encode(), credential.encode()):
        return wanted
    person = signed_person(credential, operator_key, time.time())
    if wanted is not None and wanted != person:
        raise ForbiddenError("The token was signed for another person than the one asked for.")
    return person


def signed_person(token: str, operator_key: str, now: float) -> str:
    """The person (`sub`) of a JWT signed with HS256 and the operator's key. `now` in seconds since 1970.

    Raises UnauthorizedError unless it is whole, names a person and an `exp` that lies ahead.
    """
    parts = token.split(".")
    if len(parts) != 3 or len(token) > LONGEST_TOKEN:
        raise UnauthorizedError("This is neither the operator's key nor a token signed with it.")
    if len(operator_key) < SIGNING_KEY_LENGTH:
        raise ForbiddenError(
            f"Signed tokens need a RAPPORT_OPERATOR_KEY of at least {SIGNING_KEY_LENGTH} characters; "
            "a shorter one could be guessed from them."
        )
    expected = hmac.new(operator_key.encode(), f"{parts[0]}.{parts[1]}".encode(), hashlib.sha256).digest()
    header, claims = _decoded(parts[0]), _decoded(parts[1])
    if header.get("alg") != "HS256" or not hmac.compare_digest(_encoded(expected).encode(), parts[2].encode()):
        raise UnauthorizedError("The signature of the token does not hold. Sign it with HS256 and the operator's key.")
    ends, begins = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(ends, int | float) or not isinstance(begins, int | float) or not begins <= now < ends:
        raise UnauthorizedError("The token has expired, or has no exp. Sign a new one.")
    person = claims.get("sub")
    if not isinstance(person, str) or not person:
        raise UnauthorizedError("The token names no person. Put one into sub.")
    return person


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(part: str) -> dict[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise UnauthorizedError("The token is not a JWT: a part of it is not JSON.")
    return value
