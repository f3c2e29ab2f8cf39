"""The bench: verdicts, what is said, and the timing of processes that are easy to know."""

import json
import os
import socket
import subprocess
import sys
import time

import pytest
from rich.console import Console

from evals.bench import UTTERANCES, BenchReport, _mixed_up, print_report, utterances
from evals.bench_model import model_figures
from evals.figures import Figure, percentile
from evals.options import BenchOptions
from evals.processes import free_port, import_seconds, output, resident_bytes
from evals.scripts import read_scripts
from tests.bot.model_server import copied, serving


@pytest.mark.parametrize(
    ("value", "budget", "at_least", "ok"),
    [
        (24.9, 25, False, True),
        (25.1, 25, False, False),
        (0.9995, 0.999, True, True),
        (0.9, 0.999, True, False),
        (None, 25, False, False),
        (None, None, False, True),
        (1e9, None, False, True),
        (0, 0, False, True),
    ],
)
def test_a_figure_knows_its_verdict(value, budget, at_least, ok):
    figure = Figure(name="x", value=value, unit="ms", budget=budget, at_least=at_least)
    assert figure.ok is ok
    assert json.loads(figure.model_dump_json())["ok"] is ok


def test_sixty_utterances_all_different():
    said = utterances(read_scripts(UTTERANCES))
    assert len(said) == 60
    assert len(set(said)) >= 57, "a cache must not answer for the encoder"


def test_percentile_is_in_milliseconds():
    assert percentile([0.001, 0.002, 0.003], 50) == pytest.approx(2.0)


def test_the_report_prints_every_figure_and_the_load():
    figures = [
        Figure(name="quick thing", value=12.34, unit="ms", budget=25),
        Figure(name="slow thing", value=None, unit="s", budget=3, note="it never came"),
    ]
    report = BenchReport(catalog="starter", items=100, cores=2, load=(0.5, 1.25), figures=figures, ok=False)
    console = Console(record=True, width=160)
    print_report(report, console)
    text = console.export_text()
    for expected in ("12.3 ms", "<= 25 ms", "not measured", "FAILED", "it never came", "0.50", "1.25"):
        assert expected in text


def test_another_persons_words_are_found():
    said = ["I loved Alien", "no horror"]
    assert _mixed_up(1, ["loved alien", "no horror"], said) is None
    assert "Labyrinth" in (_mixed_up(1, ["I loved Labyrinth"], said) or "")
    assert "no beliefs" in (_mixed_up(1, [], said) or "")


def test_import_seconds_measures_the_statement():
    assert 0.3 <= import_seconds("time.sleep(0.3)") < 10


def test_resident_memory_of_this_process_is_plausible():
    assert 10e6 < resident_bytes(os.getpid()) < 20e9


def test_free_port_can_be_listened_on():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", free_port()))
        listener.listen()


def test_output_of_a_process_arrives_as_it_is_written():
    code = "import time; print('a', flush=True); time.sleep(1); print('b', flush=True)"
    started = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        times = [time.perf_counter() - started for _ in output(process, started + 30)]
    # A line may arrive in pieces, but the second cannot come with the first.
    assert len(times) >= 2
    assert times[-1] - times[0] > 0.7


def test_the_figures_of_a_model_come_from_real_replies(tmp_path):
    def slowly(message, number):
        yield 0.1
        yield from copied(message, number)

    scripts = read_scripts(UTTERANCES)[:2]
    with serving(slowly) as (address, _):
        options = BenchOptions(model=f"openai:test@{address}", home=tmp_path / "home")
        figures = {figure.name: figure for figure in model_figures(options, scripts)}
    first = figures["first checked sentence, p50"]
    assert 0.1 < first.value < 2.5
    assert figures["reply with 3 picks, p50"].value > 0.3
    assert figures["sentences that fell back"].value == 0
    assert figures["tokens written a second, p50"].value > 1


def test_a_model_that_cannot_be_had_is_not_measured(tmp_path):
    (tmp_path / "empty").mkdir()
    options = BenchOptions(model=f"hf:{tmp_path / 'empty'}", home=tmp_path / "home")
    (figure,) = model_figures(options, [])
    assert figure.value is None
    assert not figure.ok
