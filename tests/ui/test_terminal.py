"""Writing to a terminal: what is shown, and what must not reach it."""

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ui.terminal import Wrapped, printable


@given(st.text())
def test_printable_text_cannot_steer_a_terminal(text):
    shown = printable(text)
    assert not any(mark < " " and mark != "\n" for mark in shown)
    assert not set("\x7f\x9b\u202e") & set(shown)
    assert printable(shown) == shown


@given(st.lists(st.text("ab \n", max_size=12), max_size=12), st.integers(12, 40))
def test_wrapping_breaks_between_words_and_changes_nothing_else(chunks, width):
    output = io.StringIO()
    writer = Wrapped(Console(file=output, width=width), 4)
    for chunk in chunks:
        for word in chunk.split(" "):
            writer.write(f"{word} ")
    written = output.getvalue()
    assert written.split() == [word for chunk in chunks for word in chunk.split()]
    first, *rest = written.split("\n")
    assert len(first.rstrip()) <= width - 4
    assert all(len(line.rstrip()) <= width for line in rest)
