"""The examples of docs/http.md are run as they stand, in order, against a real server."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import Settings
from ui.api_problems import PROBLEMS

PAGE = (Path(__file__).parents[2] / "docs" / "http.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(bash|python)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
KEY = "an-operator-key-of-more-than-32-characters"
STRICT = 'set -euo pipefail\ncurl() { command curl --fail-with-body "$@"; }\n'


@pytest.fixture(scope="module")
def address(serve, built_home, tmp_path_factory):
    home = Path(shutil.copytree(built_home, tmp_path_factory.mktemp("examples") / "home"))
    with serve(Settings(home=home, model="none", operator_key=KEY)) as address:
        yield address


@pytest.fixture(scope="module")
def printed(address, tmp_path_factory):
    """What every example printed. Those in bash share one shell, as they would for a reader."""
    if missing := [tool for tool in ("bash", "curl", "jq") if shutil.which(tool) is None]:
        pytest.skip(f"{', '.join(missing)} not installed")
    folder = tmp_path_factory.mktemp("run")
    environment = os.environ | {"SERVER": address, "RAPPORT_OPERATOR_KEY": KEY}
    marks = [f"{block}\necho; echo '<<<end>>>'\n" for language, block in BLOCKS if language == "bash"]
    shell = run(["bash", "-c", STRICT + "".join(marks)], folder, environment)
    shown = iter(shell.split("<<<end>>>"))
    return [
        next(shown) if language == "bash" else run([sys.executable, "-c", block], folder, environment)
        for language, block in BLOCKS
    ]


def run(command, folder, environment):
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def of(printed, words):
    """What the one example that has these words printed."""
    found = [text for (_, block), text in zip(BLOCKS, printed, strict=True) if words in block]
    assert len(found) == 1
    return found[0]


def test_every_example_prints_something(printed):
    assert len(printed) == len(BLOCKS) >= 9
    assert all(text.strip() for text in printed)


def test_the_examples_show_what_the_page_says_of_them(printed):
    first = json.loads(of(printed, "a comedy from the 80s"))
    assert len(first["picks"]) == 3
    assert all(title in first["text"] for title in first["picks"])
    stream = of(printed, "show me others")
    assert re.findall(r"^id: (\d+)$", stream, re.MULTILINE)[0] == "2"
    kinds = list(dict.fromkeys(re.findall(r"^event: (\w+)$", stream, re.MULTILINE)))
    assert kinds == ["understood", "items", "token", "done"]
    said = of(printed, "answered: .reply.text")
    assert '"a comedy from the 80s"' in said
    assert '"show me others"' in said
    labels = json.loads("[" + of(printed, '"remove"').rsplit("\n[", 1)[1])
    assert "no Horror" in labels
    assert "at most 120 minutes" in labels
    assert "funny" in labels
    assert "Comedy" not in labels
    assert of(printed, '\\"kind\\"').strip().endswith("]")
    assert "true" in of(printed, "customer-4711\"}'")


def test_the_page_lists_every_problem_and_setting():
    for code, (status, _) in PROBLEMS.items():
        assert re.search(rf"`{code}` \| {status} \|", PAGE), code
    for name in ("widget_origins", "operator_key", "token_secret", "max_body", "max_text", "sessions_per_minute",
                 "messages_per_minute", "turns_at_once"):  # fmt: skip
        default = Settings.model_fields[name].default
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `RAPPORT_{name.upper()}`"))
        assert not isinstance(default, int) or str(default) in row
