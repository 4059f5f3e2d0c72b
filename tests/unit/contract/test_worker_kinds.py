"""Kinds of workers: the name of a file decides, and scripts count only where they are allowed."""

import pytest

from rbee_keeper.contract.workers import kind_of_file


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("bee-tiny.gguf", "llm"),
        ("steady.fake.json", "fake"),
        ("a.b.echo-image.json", "echo-image"),
        ("settings.json", "llm"),
        (".fake.json", "fake"),
        ("fake.json.gguf", "llm"),
    ],
)
def test_a_script_names_its_kind_before_its_ending(name: str, kind: str) -> None:
    assert kind_of_file(name, accept_scripted=True) == kind


def test_without_scripted_models_every_file_is_a_model_for_llama_cpp() -> None:
    """A person's `x.fake.json` is not a model, and is refused as such."""
    assert kind_of_file("steady.fake.json", accept_scripted=False) == "llm"
