"""Model files: which reference names which file, and which files nobody may name."""

import os
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


def test_a_short_name_follows_a_link_out_of_the_folder_for_the_owner_only(files: ModelFiles, tmp_path: Path) -> None:
    """Models are large, and people link them into the folder; others get what lies in it, or is linked inside."""
    (tmp_path / "models" / "link.gguf").symlink_to(tmp_path / "outside" / "secret.gguf")
    (tmp_path / "models" / "again.gguf").symlink_to(tmp_path / "more" / "two.gguf")
    found = files.resolve(ModelRef("link"), is_owner=True)
    assert found.path == (tmp_path / "outside" / "secret.gguf").resolve()
    assert not found.is_in_model_folders
    with pytest.raises(Forbidden):
        files.resolve(ModelRef("link"), is_owner=False)
    assert files.resolve(ModelRef("again"), is_owner=False).is_in_model_folders


def test_every_name_of_a_file_is_the_same_path(files: ModelFiles, tmp_path: Path) -> None:
    """Each name was once a model of its own, with a worker of its own."""
    (tmp_path / "models" / "alias.gguf").symlink_to("one.gguf")
    names = ["one", "one.gguf", "./one", "././one.gguf", "alias", f"file:{tmp_path}/models/one.gguf"]
    assert {files.resolve(ModelRef(name), is_owner=False).path for name in names} == {tmp_path / "models" / "one.gguf"}


@pytest.mark.parametrize("name", ["model(1).gguf", "modèl.gguf", "Téléchargements/the model [q4] & co.gguf", "八.gguf"])
def test_whatever_a_person_calls_a_file_it_can_be_named(files: ModelFiles, tmp_path: Path, name: str) -> None:
    """A browser writes `(1)`, and folders have the names of their language."""
    path = tmp_path / "models" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"GGUF")
    assert files.resolve(ModelRef(name.removesuffix(".gguf")), is_owner=False).path == path
    assert files.resolve(ModelRef(f"file:{path}"), is_owner=False).path == path


@pytest.mark.parametrize("is_owner", [True, False])
def test_names_that_no_file_can_have_are_not_found(files: ModelFiles, tmp_path: Path, is_owner: bool) -> None:
    """They were internal errors."""
    for reference in ("x" * 300, f"file:{tmp_path}/models/{'x' * 300}.gguf", f"{'x/' * 2000}x"):
        with pytest.raises(ModelNotFound):
            files.resolve(ModelRef(reference), is_owner=is_owner)


def test_what_this_process_may_not_look_at_is_forbidden_or_not_there(files: ModelFiles, tmp_path: Path) -> None:
    """`/proc/1/root` of another user was an internal error; here a loop of links stands for it, for root sees all."""
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for reference in (f"file:{tmp_path}/loop/x.gguf", "file:/proc/1/root/x.gguf"):
        with pytest.raises(ModelNotFound):
            files.resolve(ModelRef(reference), is_owner=True)
        with pytest.raises(Forbidden):
            files.resolve(ModelRef(reference), is_owner=False)


def test_a_file_name_that_is_no_text_hides_no_other(files: ModelFiles, tmp_path: Path) -> None:
    """One such file made every unknown model an internal error."""
    Path(os.fsdecode(os.fsencode(tmp_path / "models") + b"/bad\xff.gguf")).write_bytes(b"GGUF")
    with pytest.raises(ModelNotFound) as caught:
        files.resolve(ModelRef("nothing"), is_owner=True)
    assert "bad\ufffd" in caught.value.details["models"]
    caught.value.message.encode()


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
