"""The commands that measure: eval and bench. What they measure with is imported when they run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from retrieval.errors import RapportError
from ui.options import Catalog, Domain, Home, Json, Limit, Model, Seed, console, errors

evals = typer.Typer(no_args_is_help=True, help="Measure the quality of conversations, offline.")


def _measure(run: Callable[[Any, Any], Any], options: Any, show: Callable[[Any], None]) -> None:
    """Run a measurement with progress, print its report and exit with 1 when a target is missed."""
    from evals.options import write_json
    from ui.progress import Bars

    with Bars(errors) as bars:
        report = run(options, bars)
    write_json(report, options.json_file)
    show(report)
    if not report.ok:
        raise typer.Exit(1)


@evals.command("replay")
def eval_replay(
    dialogues: Annotated[Path, typer.Option(help="Recorded dialogues, JSON lines.")],
    catalog: Annotated[Path, typer.Option(help="The catalogue that their items belong to.")],
    condition: Annotated[str, typer.Option(help="rep-out or rep-in.")] = "rep-out",
    train: Annotated[Path | None, typer.Option(help="Dialogues for the baselines that count.")] = None,
    ablate: Annotated[bool, typer.Option("--ablate", help="Also rank with each branch switched off.")] = False,
    model: Model = None,
    domain: Domain = None,
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Rank the items that people recommended in recorded dialogues, beside naive baselines."""
    from evals.options import ReplayOptions
    from evals.replay import print_report, run_replay

    options = _options(
        ReplayOptions, dialogues=dialogues, catalog=catalog, condition=condition, train=train, ablate=ablate,
        model=model, domain=domain, home=home, limit=limit, seed=seed, json_file=json_file,
    )  # fmt: skip
    _measure(run_replay, options, lambda report: print_report(report, console))


@evals.command("interactions")
def eval_interactions(
    data: Annotated[Path, typer.Option(help="The folder of benchmark data: interactions, catalogs.")],
    back: Annotated[int, typer.Option(min=0, help="Drop so many last likes first; 1 is for tuning.")] = 0,
    ablate: Annotated[bool, typer.Option("--ablate", help="Also rank without each part of the score.")] = False,
    model: Model = None,
    domain: Domain = None,
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Foretell what people liked next from what they had rated, beside popularity, item-kNN and EASE."""
    from evals.interactions import print_report, run_interactions
    from evals.options import InteractionOptions

    options = _options(
        InteractionOptions, data=data, back=back, ablate=ablate, model=model, domain=domain, home=home, limit=limit,
        seed=seed, json_file=json_file,
    )  # fmt: skip
    _measure(run_interactions, options, lambda report: print_report(report, console))


@evals.command("linking")
def eval_linking(
    dialogues: Annotated[Path, typer.Option(help="Recorded dialogues, JSON lines.")],
    catalog: Annotated[Path, typer.Option(help="The catalogue that their items belong to.")],
    train: Annotated[Path | None, typer.Option(help="Dialogues that say how well known an item is.")] = None,
    judged: Annotated[Path | None, typer.Option(help="Links that were read: YAML; the default is for ReDial.")] = None,
    sample: Annotated[Path | None, typer.Option(help="Write 200 links beyond the marked items, to be read.")] = None,
    model: Model = None,
    domain: Domain = None,
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Find the items that people named in recorded dialogues, in lower case and without years."""
    from evals.linking import print_report, run_linking
    from evals.options import LinkingOptions

    options = _options(
        LinkingOptions, dialogues=dialogues, catalog=catalog, train=train, judged=judged, sample=sample, model=model,
        domain=domain, home=home, limit=limit, seed=seed, json_file=json_file,
    )  # fmt: skip
    _measure(run_linking, options, lambda report: print_report(report, console))


@evals.command("understanding")
def eval_understanding(
    files: Annotated[list[Path] | None, typer.Argument(help="YAML files; without any, the test half.")] = None,
    show: Annotated[bool, typer.Option("--show", help="Print every difference.")] = False,
    model: Model = None,
    catalog: Catalog = None,
    domain: Domain = None,
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Understand labelled utterances: acts, preferences and links, in every language."""
    from evals.options import UnderstandingOptions
    from evals.understanding import print_report, run_understanding

    options = _options(
        UnderstandingOptions, files=tuple(files) if files else None, show=show, model=model, catalog=catalog,
        domain=domain, home=home, limit=limit, seed=seed, json_file=json_file,
    )  # fmt: skip
    _measure(run_understanding, options, lambda report: print_report(report, console, show))


@evals.command("dialogues")
def eval_dialogues(
    files: Annotated[list[Path] | None, typer.Argument(help="YAML files; without any, those for the starter.")] = None,
    thirty: Annotated[bool, typer.Option("--thirty", help="Only the thirty that are kept for slow models.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Print every turn.")] = False,
    model: Model = None,
    catalog: Catalog = None,
    domain: Domain = None,
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Hold scripted dialogues and check every reply."""
    from evals.dialogues import print_report, run_dialogues
    from evals.options import DialogueOptions

    options = _options(
        DialogueOptions, files=tuple(files or ()), thirty=thirty, show=show, model=model, catalog=catalog,
        domain=domain, home=home, limit=limit, seed=seed, json_file=json_file,
    )  # fmt: skip
    _measure(run_dialogues, options, lambda report: print_report(report, console, show))


@evals.command("grounding")
def eval_grounding(
    turns: Annotated[int, typer.Option(min=1, help="Turns of generated talk.")] = 200,
    show: Annotated[bool, typer.Option("--show", help="Print every turn.")] = False,
    model: Model = None,
    catalog: Catalog = None,
    domain: Domain = None,
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Talk for many turns and look for titles, people, numbers and claims that nothing supports."""
    from evals.grounding import print_report, run_grounding
    from evals.options import GroundingOptions

    options = _options(
        GroundingOptions, turns=turns, show=show, model=model, catalog=catalog, domain=domain,
        home=home, limit=limit, seed=seed, json_file=json_file,
    )  # fmt: skip
    _measure(run_grounding, options, lambda report: print_report(report, console, show))


@evals.command("reasons")
def eval_reasons(
    picks: Annotated[int, typer.Option(min=1, help="Picks to sample.")] = 200,
    show: Annotated[bool, typer.Option("--show", help="Print the picks that did not fall.")] = False,
    model: Model = None,
    catalog: Catalog = None,
    domain: Domain = None,
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Check that parts sum to scores, and that a pick falls without the preference behind its top reason."""
    from evals.options import ReasonOptions
    from evals.reasons import print_report, run_reasons

    options = _options(
        ReasonOptions, picks=picks, show=show, model=model, catalog=catalog, domain=domain, home=home, limit=limit,
        seed=seed, json_file=json_file,
    )  # fmt: skip
    _measure(run_reasons, options, lambda report: print_report(report, console, show))


@evals.command("needs")
def eval_needs(
    show: Annotated[bool, typer.Option("--show", help="Print every need with what came first.")] = False,
    model: Model = None,
    catalog: Catalog = None,
    domain: Domain = None,
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Ask for what metadata cannot answer, and count the picks that two judges found fitting."""
    from evals.needs import print_report, run_needs
    from evals.options import NeedsOptions

    options = _options(
        NeedsOptions, show=show, model=model, catalog=catalog, domain=domain, home=home, limit=limit, seed=seed,
        json_file=json_file,
    )  # fmt: skip
    _measure(run_needs, options, lambda report: print_report(report, console, show))


@evals.command("descriptions")
def eval_descriptions(
    model: Model = None,
    catalog: Catalog = None,
    domain: Domain = None,
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Describe items in words that the catalogue does not have, and see how early each comes."""
    from evals.descriptions import print_report, run_descriptions
    from evals.options import DescriptionOptions

    options = _options(
        DescriptionOptions, model=model, catalog=catalog, domain=domain, home=home, limit=limit, seed=seed,
        json_file=json_file,
    )  # fmt: skip
    _measure(run_descriptions, options, lambda report: print_report(report, console))


@evals.command("answers")
def eval_answers(
    model: Model = None,
    catalog: Catalog = None,
    domain: Domain = None,
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Say needs, and count the picks that a reader of the whole catalogue named for each."""
    from evals.answers import print_report, run_answers
    from evals.options import AnswerOptions

    options = _options(
        AnswerOptions, model=model, catalog=catalog, domain=domain, home=home, limit=limit, seed=seed,
        json_file=json_file,
    )  # fmt: skip
    _measure(run_answers, options, lambda report: print_report(report, console))


@evals.command("variety")
def eval_variety(
    sessions: Annotated[int, typer.Option(min=1, help="Sessions to hold at each step.")] = 60,
    model: Model = None,
    catalog: Catalog = None,
    domain: Domain = None,
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Hold the same sessions at each step of the dial of variety, and compare what their lists show."""
    from evals.options import VarietyOptions
    from evals.variety import print_report, run_variety

    options = _options(
        VarietyOptions, sessions=sessions, model=model, catalog=catalog, domain=domain, home=home, limit=limit,
        seed=seed, json_file=json_file,
    )  # fmt: skip
    _measure(run_variety, options, lambda report: print_report(report, console))


@evals.command("properties")
def eval_properties(
    dialogues: Annotated[int, typer.Option(min=1, help="Random dialogues to play.")] = 1000,
    processes: Annotated[int, typer.Option(min=1, help="How many processes play them.")] = 1,
    script: Annotated[Path | None, typer.Option(help="Play the moves of this YAML file instead.")] = None,
    model: Model = None,
    catalog: Catalog = None,
    domain: Domain = None,
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Play random dialogues and check that what was said holds, that undo undoes, and that nothing is lost."""
    from evals.options import PropertyOptions
    from evals.properties import print_report, run_properties

    options = _options(
        PropertyOptions, dialogues=dialogues, processes=processes, script=script, model=model, catalog=catalog,
        domain=domain, home=home, limit=limit, seed=seed, json_file=json_file,
    )  # fmt: skip
    _measure(run_properties, options, lambda report: print_report(report, console))


@evals.command("enrichment")
def eval_enrichment(
    annotated: Annotated[Path | None, typer.Option("--from", help="The annotated catalogue; else the starter.")] = None,
    catalog: Annotated[Path | None, typer.Option(help="A catalogue that shares items with it, to be read.")] = None,
    model: Model = None,
    domain: Domain = None,
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Infer moods, themes, tone and the like of items held out, beside genres alone and the commonest values."""
    from evals.enrichment import print_report, run_enrichment
    from evals.options import EnrichmentOptions
    from ui.reports import starter

    options = _options(
        EnrichmentOptions, annotated=annotated or starter(), catalog=catalog, model=model, domain=domain, home=home,
        limit=limit, seed=seed, json_file=json_file,
    )  # fmt: skip
    _measure(run_enrichment, options, lambda report: print_report(report, console))


def bench(
    people: Annotated[int, typer.Option(min=1, help="People who talk at once.")] = 50,
    processes: Annotated[bool, typer.Option(help="Also time rapport chat and rapport serve from their start.")] = True,
    model: Model = None,
    catalog: Catalog = None,
    domain: Domain = None,
    home: Home = None,
    limit: Limit = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Measure time and memory against the budgets."""
    from evals.bench import print_report, run_bench
    from evals.options import BenchOptions

    options = _options(
        BenchOptions, people=people, processes=processes, model=model, catalog=catalog, domain=domain,
        home=home, limit=limit, seed=seed, json_file=json_file,
    )  # fmt: skip
    _measure(run_bench, options, lambda report: print_report(report, console))


def _options(kind: Callable[..., Any], **given: Any) -> Any:
    """An option record. Raises RapportError naming the option that cannot be used."""
    from pydantic import ValidationError

    try:
        return kind(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = "-".join(str(part) for part in first["loc"]).replace("_", "-")
        raise RapportError(f"Option --{name} cannot be {first['input']!r}: {first['msg']}.") from error
