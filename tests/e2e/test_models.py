"""Model files that are damaged, foreign, forbidden or absent: an error in words, never a crash."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from rbee_keeper.config.paths import bundled_models_dir

from ..programs import Home

BUNDLED = bundled_models_dir() / "bee-tiny.gguf"
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


def end_of_metadata(data: bytes) -> int:
    """Return where the key-value part of a GGUF file ends."""
    (pairs,) = struct.unpack_from("<Q", data, 16)
    at = 24

    def text(at: int) -> int:
        return at + 8 + int(struct.unpack_from("<Q", data, at)[0])

    def value(kind: int, at: int) -> int:
        if kind == 8:
            return text(at)
        if kind == 9:
            inner, count = struct.unpack_from("<IQ", data, at)
            at += 12
            if inner != 8:
                return at + int(count) * _SIZES[inner]
            for _ in range(count):
                at = text(at)
            return at
        return at + _SIZES[kind]

    for _ in range(pairs):
        at = text(at)
        (kind,) = struct.unpack_from("<I", data, at)
        at = value(kind, at + 4)
    return at


def vocabulary_only(data: bytes) -> bytes:
    """Return the file with its metadata and no tensors."""
    end = end_of_metadata(data)
    return data[:8] + struct.pack("<Q", 0) + data[16:end] + b"\x00" * (32 - end % 32)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "text": lambda data: b"this is not a model\n" * 100,
    "magic alone": lambda data: b"GGUF",
    "half a header": lambda data: data[:20],
    "version of the future": lambda data: data[:4] + struct.pack("<I", 99) + data[8:],
    "truncated in the metadata": lambda data: data[:3000],
    "truncated in the weights": lambda data: data[: len(data) * 2 // 3],
    "vocabulary only": vocabulary_only,
    "zeros after the magic": lambda data: b"GGUF" + b"\x00" * 4096,
    "huge counts": lambda data: data[:8] + b"\xff" * 16 + data[24:],
}


@pytest.mark.parametrize("damage", sorted(DAMAGES))
def test_a_damaged_file_is_an_error_in_words_and_never_a_crash(home: Home, damage: str) -> None:
    """Downloads break off; the message says that the file is at fault."""
    path = home.folder / "broken.gguf"
    path.write_bytes(DAMAGES[damage](BUNDLED.read_bytes()))
    done = home.rbee("infer", "-m", "./broken.gguf", "-p", "hi")
    assert (done.code, done.out) == (1, "")
    assert "MODEL_INCOMPATIBLE" in done.err, done.err
    assert "try: " in done.err
    assert "Traceback" not in done.err
    home.wait_until_nothing_runs(within_s=3)


def test_a_good_file_works_right_after_a_bad_one(home: Home) -> None:
    """The queen is none the worse."""
    (home.folder / "broken.gguf").write_bytes(b"GGUF")
    home.queen()
    assert home.rbee("infer", "-m", "./broken.gguf", "-p", "hi").code == 1
    assert home.rbee("infer", "-p", "hi", "--max-tokens", "3").code == 0


@pytest.mark.parametrize("name", ["tinyllama", "bee-tinyy", "BEE-TINY", "gpt-4"])
def test_an_unknown_name_is_an_error_that_lists_what_is_there(home: Home, name: str) -> None:
    """Unknown names once became another model (contract 3)."""
    done = home.rbee("infer", "-m", name, "-p", "hi")
    assert (done.code, done.out) == (1, "")
    assert "MODEL_NOT_FOUND" in done.err
    assert "bee-tiny" in done.err


def test_a_path_without_a_file_is_refused_before_anything_starts(home: Home) -> None:
    """With the path that was typed, and the forms that exist."""
    done = home.rbee("infer", "-m", "./none.gguf", "-p", "hi")
    assert done.code == 1
    assert f"{home.folder}/none.gguf" in done.err
    assert "hf:" in done.err


def test_a_folder_is_not_a_model(home: Home) -> None:
    """Nor is a device."""
    for path in (str(home.folder), "/dev/null"):
        done = home.rbee("infer", "-m", path, "-p", "hi")
        assert done.code == 1
        assert "MODEL_NOT_FOUND" in done.err


def test_references_that_need_a_download_say_that_there_is_none_yet(home: Home) -> None:
    """What to do instead stands beside it."""
    done = home.rbee("infer", "-m", "hf:org/repo", "-p", "hi")
    assert done.code == 2
    assert "download the file yourself" in done.err


def test_a_model_in_the_models_folder_has_its_name(home: Home) -> None:
    """And wins over the bundled one of the same name."""
    home.models_dir.mkdir(parents=True)
    (home.models_dir / "mine.gguf").write_bytes(BUNDLED.read_bytes())
    assert home.rbee("infer", "-m", "mine", "-p", "hi", "--max-tokens", "2").code == 0
    (home.models_dir / "bee-tiny.gguf").write_bytes(b"GGUF")
    assert "MODEL_INCOMPATIBLE" in home.rbee("infer", "-p", "hi").err


def test_the_bundled_model_is_small_and_has_what_it_needs() -> None:
    """Package data of at most 8 MB, with its own chat template."""
    data = BUNDLED.read_bytes()
    assert len(data) <= 8_000_000
    assert data[:4] == b"GGUF"
    assert b"tokenizer.chat_template" in data[: end_of_metadata(data)]
    assert Path(BUNDLED).parent.name == "models"
