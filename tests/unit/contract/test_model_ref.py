"""References to models: every form, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbee_keeper.contract.model_ref import (
    FileReference,
    HubReference,
    ModelReference,
    ShortName,
    UrlReference,
    is_model_ref,
    parse,
)
from rbee_keeper.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("bee-tiny", ShortName("bee-tiny")),
        ("qwen2.5:0.5b", ShortName("qwen2.5:0.5b")),
        ("file:/abs/x.gguf", FileReference("/abs/x.gguf")),
        ("file:///abs/x.gguf", FileReference("/abs/x.gguf")),
        ("/abs/x.gguf", FileReference("/abs/x.gguf")),
        ("hf:org/repo", HubReference(repository="org/repo")),
        ("hf:org/repo@refs/pr/1", HubReference(repository="org/repo", revision="refs/pr/1")),
        ("hf:org/repo:Q4_K_M", HubReference(repository="org/repo", quantization="Q4_K_M")),
        ("hf:o/r@main:Q8_0", HubReference(repository="o/r", revision="main", quantization="Q8_0")),
        ("hf:o/r::file=sub/m.gguf", HubReference(repository="o/r", file="sub/m.gguf")),
        ("https://host:8/a/b.gguf?x=1", UrlReference("https://host:8/a/b.gguf?x=1")),
    ],
)
def test_a_reference_is_read_once_and_written_in_one_way(text: str, reference: ModelReference) -> None:
    """Whoever has the parts need not take texts apart."""
    assert parse(text) == reference
    assert parse(str(reference)) == reference


@pytest.mark.parametrize(
    "text",
    [
        *("hf:", "hf:repo", "hf:a/b/c", "hf:org/repo::file=", "hf:org/repo@", "hf:org/repo:"),
        *("file:", "file:x.gguf", "file://host/x.gguf"),
        *("https://host", "https://user:word@host/x", "http:///x"),
    ],
)
def test_a_form_that_is_half_written_is_refused_with_the_forms_that_are(text: str) -> None:
    """The person sees at once what is missing."""
    with pytest.raises(InvalidInput) as caught:
        parse(text)
    assert "hf:org/repo" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "bee-tiny",
        "hf:org/repo",
        "hf:org/repo@main",
        "hf:org/repo::file=sub/model.gguf",
        "hf:org/repo:Q4_K_M",
        "file:/abs/model.gguf",
        "file:///abs/my model.gguf",
        "m" * 4096,
        "file:/home/zoë/Téléchargements/modèl(1).gguf",
        "model [q4], 'the good one' & more; $5 <new> #2.gguf",
        "file:/模型/八.gguf",
        "file:/C:\\models/x.gguf",
    ],
)
def test_every_form_of_model_reference_is_known(text: str) -> None:
    """These are the forms that the manual promises."""
    assert is_model_ref(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\u00a0",
        "m" * 4097,
        "é" * 2049,
        "a\nb",
        "a\x00b",
        "a\x1b]0;b",
        "a\x9bb",
        "a\u202eb",
        "a\u2066b",
        "a\u2028b",
        "\udcff",
        "../m",
        "a/../b",
        "file:/a/..",
        "file:../a",
        "hf:../a",
    ],
)
def test_texts_that_could_do_harm_are_no_model_reference(text: str) -> None:
    """References end up in paths, logs and on terminals, and in no shell."""
    assert not is_model_ref(text)


@given(st.text())
def test_no_text_with_a_parent_folder_is_a_model_reference(text: str) -> None:
    """Leaving the model folders is the one thing a reference must never do."""
    assert not is_model_ref(f"{text}/../x")
