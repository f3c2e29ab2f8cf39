"""Needs that were judged: the agreement of the judges, and a report that fails where too few fit or were judged."""

import pytest
import yaml
from rich.console import Console

from evals.needs import Five, print_report, run_needs
from evals.needs import _kappa as kappa
from evals.options import NEEDS, NeedsOptions
from retrieval.errors import InputError


def test_agreement_beyond_chance():
    assert kappa([]) == 0.0
    assert kappa([(1, 1), (0, 0)] * 5) == 1.0
    assert kappa([(1, 0), (0, 1)] * 5) == -1.0
    assert kappa([(1, 1), (1, 0), (0, 1), (0, 0)]) == 0.0
    assert kappa([(1, 1)] * 20 + [(0, 0)] * 15 + [(1, 0)] * 5 + [(0, 1)] * 10) == pytest.approx(0.4)


def test_sixty_needs_are_kept():
    needs = yaml.safe_load(NEEDS.read_text(encoding="utf-8"))
    assert len({need["id"] for need in needs}) == 60
    assert all(need["say"] and need["fits"] for need in needs)


def test_a_five_is_good_where_both_judges_find_three_fitting(indexed, tmp_path):
    options = NeedsOptions(home=indexed, limit=2)
    unjudged = tmp_path / "none.yaml"
    unjudged.write_text("{}", encoding="utf-8")
    before = run_needs(options.model_copy(update={"judged": unjudged}))
    assert not before.ok
    assert before.unjudged
    assert all(isinstance(five, Five) and len(five.titles) == 5 for five in before.naive.fives)

    judged = tmp_path / "judged.yaml"
    verdicts = {}
    for need, item in before.unjudged:
        verdicts.setdefault(need, {})[item] = [1, 1 if need == "n01" else 0]
    judged.write_text(yaml.safe_dump(verdicts), encoding="utf-8")
    after = run_needs(options.model_copy(update={"judged": judged}))
    assert after.unjudged == []
    assert (after.ours.good.mean, after.naive.good.mean) == (0.5, 0.5)
    assert not after.ok
    console = Console(record=True, width=120)
    print_report(after, console, show=True)
    assert "MISSED" in console.export_text()


def test_a_broken_file_of_judgements_is_named(tmp_path):
    file = tmp_path / "judged.yaml"
    file.write_text("n01: {some-item: [yes]}", encoding="utf-8")
    with pytest.raises(InputError, match=r"judged\.yaml"):
        run_needs(NeedsOptions(judged=file))
