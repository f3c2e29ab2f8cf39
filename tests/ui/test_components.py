"""Data that passes through a template of Gradio and back."""

import json
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from ui.components import from_template, to_template

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab$\\{}`<&", max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_data_comes_back_as_it_went(value):
    assert from_template(to_template(value)) == value


@given(st.text("ab$\\{}", max_size=20))
def test_no_dollar_is_left_without_a_backslash_of_its_own(text):
    encoded = to_template(text)
    position = 0
    while position < len(encoded):
        if encoded[position] == "\\":
            assert encoded[position + 1] in "\\$"
            position += 2
        else:
            assert encoded[position] != "$"
            position += 1


def test_the_command_line_does_not_import_what_takes_seconds():
    code = (
        "import sys, json, ui.cli, ui.terminal, ui.server, ui.visit, ui.reports, ui.doctor;"
        "print(json.dumps([name for name in ('gradio', 'torch', 'chromadb', 'fastapi', 'sentence_transformers') "
        "if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
