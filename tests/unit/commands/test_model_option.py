"""The model as typed: names, references and files in any folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbee_keeper.commands.model_option import model_ref_of
from rbee_keeper.errors import InvalidInput, ModelNotFound


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Work in a folder with one model file."""
    (tmp_path / "some.gguf").write_bytes(b"GGUF")
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)


@pytest.mark.parametrize(
    "typed", ["bee-tiny", "hf:org/repo", "hf:org/repo:Q4_K_M", "file:/abs/x.gguf", "script.fake.json"]
)
def test_names_and_references_stay_as_typed(typed: str) -> None:
    """The queen resolves them."""
    assert model_ref_of(typed) == typed


@pytest.mark.parametrize("typed", ["some.gguf", "./some.gguf", "sub/../some.gguf", "{}/some.gguf"])
def test_a_path_becomes_absolute(folder: Path, typed: str) -> None:
    """The hive works in another folder than the person."""
    (folder / "sub").mkdir()
    assert model_ref_of(typed.format(folder)) == f"file:{folder}/some.gguf"


@pytest.mark.parametrize("typed", ["./none.gguf", "none.gguf", "/none/at/all", "../x/y"])
def test_a_path_without_a_file_is_named_in_the_error(folder: Path, typed: str) -> None:
    """The command line may show what its own user typed (contract 2, 28)."""
    with pytest.raises(ModelNotFound) as caught:
        model_ref_of(typed)
    assert Path(typed).name in caught.value.message


@pytest.mark.parametrize("typed", ["", " ", "a\x1b]0;x", "name\n", "a\u202eb", "\udcff", "hf:../x"])
def test_what_is_no_reference_is_refused_with_the_forms_that_are(typed: str) -> None:
    """It shows the forms and an example (10.6)."""
    with pytest.raises(InvalidInput) as caught:
        model_ref_of(typed)
    for form in ("hf:", "file:", "bee-tiny"):
        assert form in caught.value.hint
