"""The shape of the code: which way imports point, what they load, and that no domain's words are in general code."""

from __future__ import annotations

import ast
import importlib.util
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "retrieval", "prompts", "ui", "evals")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
HEAVY = (
    "torch", "transformers", "sentence_transformers", "chromadb", "gradio", "bm25s", "llama_cpp", "onnxruntime",
    "sklearn",
)  # fmt: skip
DOMAIN_WORDS = {"movie", "movies", "film", "films", "actor", "actors"}
# The default of Settings.domain, which Bot.create and the CLI repeat, and the file of the starter catalogue.
ALLOWED = {
    ("bot/settings.py", "movies"), ("bot/api.py", "movies"), ("ui/cli_eval.py", "movies"),
    ("bot/api.py", "movies.jsonl"), ("ui/reports.py", "movies.jsonl"),
}  # fmt: skip


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_point_one_way() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    "module", ["bot", "bot.api", "retrieval.recommend", "retrieval.index", "retrieval.exporter", "ui.cli", "evals"]
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stdout + result.stderr


def test_the_heavy_names_are_those_of_real_packages() -> None:
    assert importlib.util.find_spec("torch")
    assert importlib.util.find_spec("gradio")
    assert importlib.util.find_spec("chromadb")


def domain_words(source: str) -> list[tuple[int, str]]:
    """(line, token) of the identifiers and strings that speak of one domain; comments may."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        words = set(re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", token.string).lower()))
        if token.type != tokenize.COMMENT and words & DOMAIN_WORDS:
            found.append((token.start[0], token.string))
    return found


# Its columns and files are named for what it is about.
IMPORTERS = {"evals/ratings.py"}
GENERAL = [
    path for path in MODULES
    if "prompts" not in path.parts and "starter" not in path.parts and name_of(path) not in IMPORTERS
]  # fmt: skip


@pytest.mark.parametrize("path", GENERAL, ids=name_of)
def test_general_code_knows_no_domain(path: Path) -> None:
    found = domain_words(path.read_text(encoding="utf-8"))
    assert [one for one in found if (name_of(path), one[1].strip("\"'")) not in ALLOWED] == []


def test_a_domain_word_is_found_where_it_counts() -> None:
    source = "movieTitle = 1\nfactor = actor_name = 2  # a film\nx = f'the {factor} Movie'\nfilming = 3\n"
    assert [line for line, _ in domain_words(source)] == [1, 2, 3]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_and_public_classes_say_what_they_are(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if tree.body:
        assert ast.get_docstring(tree), f"{name_of(path)} has no docstring"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500


def test_the_public_names_of_bot_are_there() -> None:
    import bot

    for name in bot.__all__:
        assert getattr(bot, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        bot.nonsense  # noqa: B018
