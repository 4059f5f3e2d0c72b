"""Model files: which reference names which file, and which files nobody may name."""

from pathlib import Path

import pytest

from rbee_keeper.contract.ids import ModelRef
from rbee_keeper.errors import Forbidden, InvalidInput, ModelNotFound
from rbee_keeper.hive.model_files import ModelFiles


@pytest.fixture
def files(tmp_path: Path) -> ModelFiles:
    """Two folders with models, and one file outside of them."""
    for name in ("models", "more", "bundled", "outside"):
        (tmp_path / name).mkdir()
    (tmp_path / "models" / "one.gguf").write_bytes(b"GGUF")
    (tmp_path / "models" / "script.fake.json").write_text("{}")
    (tmp_path / "models" / "notes.txt").write_text("no model")
    (tmp_path / "more" / "one.gguf").write_bytes(b"GGUF other")
    (tmp_path / "more" / "two.gguf").write_bytes(b"GGUF")
    (tmp_path / "bundled" / "bee-tiny.gguf").write_bytes(b"GGUF")
    (tmp_path / "outside" / "secret.gguf").write_bytes(b"GGUF")
    return ModelFiles(roots=(tmp_path / "models", tmp_path / "more"), bundled=tmp_path / "bundled", accept_fake=True)


def test_a_short_name_finds_the_first_folder_that_has_it(files: ModelFiles, tmp_path: Path) -> None:
    """A person's own file wins over the bundled one of the same name."""
    assert files.resolve(ModelRef("one"), is_owner=False).path == tmp_path / "models" / "one.gguf"
    assert files.resolve(ModelRef("two"), is_owner=False).path == tmp_path / "more" / "two.gguf"
    assert files.resolve(ModelRef("bee-tiny"), is_owner=False).path == tmp_path / "bundled" / "bee-tiny.gguf"
    assert files.resolve(ModelRef("two.gguf"), is_owner=False).size_bytes == 4


@pytest.mark.parametrize("form", ["file:{}", "file://{}", "{}"])
def test_a_path_inside_a_model_folder_may_be_named_by_anybody(files: ModelFiles, tmp_path: Path, form: str) -> None:
    """Every spelling of a file reference."""
    path = tmp_path / "models" / "one.gguf"
    assert files.resolve(ModelRef(form.format(path)), is_owner=False).path == path


def test_only_the_owner_may_name_a_file_outside(files: ModelFiles, tmp_path: Path) -> None:
    """Otherwise any web page could have the queen read any file of this machine (11.2)."""
    reference = ModelRef(f"file:{tmp_path}/outside/secret.gguf")
    assert files.resolve(reference, is_owner=True).path == tmp_path / "outside" / "secret.gguf"
    with pytest.raises(Forbidden):
        files.resolve(reference, is_owner=False)


def test_whether_a_file_outside_exists_is_not_told(files: ModelFiles, tmp_path: Path) -> None:
    """The same answer for a file that is there and one that is not."""
    with pytest.raises(Forbidden):
        files.resolve(ModelRef(f"file:{tmp_path}/outside/missing.gguf"), is_owner=False)


def test_a_path_through_a_link_is_judged_where_it_ends(files: ModelFiles, tmp_path: Path) -> None:
    """A path that a client makes up must not lead out of the model folders (11.2)."""
    (tmp_path / "models" / "link.gguf").symlink_to(tmp_path / "outside" / "secret.gguf")
    with pytest.raises(Forbidden):
        files.resolve(ModelRef(f"file:{tmp_path}/models/link.gguf"), is_owner=False)


def test_a_short_name_follows_the_link_that_the_person_made(files: ModelFiles, tmp_path: Path) -> None:
    """Models are large, and people link them into the folder instead of copying."""
    (tmp_path / "models" / "link.gguf").symlink_to(tmp_path / "outside" / "secret.gguf")
    found = files.resolve(ModelRef("link"), is_owner=False)
    assert found.path == (tmp_path / "outside" / "secret.gguf").resolve()


@pytest.mark.parametrize("name", ["nothing", "notes.txt", "notes", "tinyllama", "sub/one"])
def test_an_unknown_name_is_an_error_that_lists_what_is_there(files: ModelFiles, name: str) -> None:
    """Unknown names once became another model in silence."""
    with pytest.raises(ModelNotFound) as caught:
        files.resolve(ModelRef(name), is_owner=True)
    assert caught.value.details["models"] == ["bee-tiny", "one", "two"]
    assert caught.value.hint
    assert name not in caught.value.message.replace("no such model", "")


@pytest.mark.parametrize("reference", ["file:models/one.gguf", "file://one.gguf", "hf:org/repo"])
def test_forms_that_this_version_cannot_use_are_refused_with_what_to_do(files: ModelFiles, reference: str) -> None:
    """A hive has no working directory of the person's, and downloads nothing yet."""
    with pytest.raises(InvalidInput) as caught:
        files.resolve(ModelRef(reference), is_owner=True)
    assert caught.value.hint


def test_scripts_are_models_only_where_fake_workers_are_switched_on(files: ModelFiles, tmp_path: Path) -> None:
    """A test double must not be reachable in a person's installation."""
    assert files.resolve(ModelRef("script.fake.json"), is_owner=False).kind == "fake"
    strict = ModelFiles(roots=files.roots, bundled=files.bundled, accept_fake=False)
    assert strict.resolve(ModelRef("script.fake.json"), is_owner=False).kind == "llm"


def test_folders_that_do_not_exist_are_no_error(tmp_path: Path) -> None:
    """Nothing is created before somebody writes."""
    empty = ModelFiles(roots=(tmp_path / "none",), bundled=tmp_path / "neither", accept_fake=False)
    assert empty.names() == []
    with pytest.raises(ModelNotFound):
        empty.resolve(ModelRef("one"), is_owner=True)
