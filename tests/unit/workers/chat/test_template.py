"""The chat template: the model's own, in a sandbox."""

from typing import Any

import pytest
from rbee_keeper.workers.llm.chat_template import ChatTemplate

from rbee_keeper.contract.ids import TaskId
from rbee_keeper.contract.tasks import Execute
from rbee_keeper.errors import InvalidInput, ModelIncompatible

CHATML = (
    "{{ bos_token }}{% for message in messages %}<|{{ message.role }}|>{{ message.content }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def request(prompt: str = "hi", **fields: Any) -> Execute:
    """Return an execution."""
    return Execute(job_id=TaskId("j"), prompt=prompt, **fields)


def template(source: str | None = CHATML) -> ChatTemplate:
    """Return a template with visible begin and end tokens."""
    return ChatTemplate(source, begin_text="<s>", end_text="</s>")


def test_the_prompt_stands_in_the_models_own_words() -> None:
    """A chat model that gets a bare prompt rambles."""
    assert template().render(request()) == "<s><|user|>hi</s><|assistant|>"


def test_the_system_text_stands_before_the_prompt() -> None:
    """As `--system` promises."""
    assert template().render(request(system="be brief")) == "<s><|system|>be brief</s><|user|>hi</s><|assistant|>"


def test_raw_leaves_the_template_out() -> None:
    """For completing text instead of answering it."""
    assert template().render(request(raw=True)) == "hi"
    assert template().render(request(raw=True, system="s")) == "s\n\nhi"


def test_a_model_without_a_template_gets_plain_text() -> None:
    """Base models have none."""
    assert template(None).render(request()) == "hi"


def test_a_template_that_cannot_be_read_makes_the_model_incompatible() -> None:
    """The file is at fault, not the request."""
    with pytest.raises(ModelIncompatible, match="chat template"):
        template("{% for %}")


@pytest.mark.parametrize(
    "source",
    [
        "{{ raise_exception('System role not supported') }}",
        "{{ 1 / 0 }}",
        "{{ messages[9].content.x }}",
        "{{ messages + 1 }}",
    ],
)
def test_a_template_that_refuses_the_request_says_so_to_its_user(source: str) -> None:
    """Many models refuse a system text in their template, and templates have defects."""
    with pytest.raises(InvalidInput) as caught:
        template(source).render(request())
    assert "--raw" in caught.value.hint


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.__class__.__init__.__globals__ }}",
        "{% set x = messages.append(1) %}",
    ],
)
def test_a_template_cannot_reach_outside_of_its_sandbox(source: str) -> None:
    """Model files come from strangers."""
    with pytest.raises(InvalidInput):
        template(source).render(request())


def test_templates_may_use_what_real_models_use() -> None:
    """Loop controls and the date appear in the templates of well-known models."""
    source = "{% for m in messages %}{% if loop.first %}{% break %}{% endif %}{% endfor %}{{ strftime_now('%Y') }}"
    assert template(source).render(request()).startswith("20")


def test_a_prompt_that_looks_like_a_template_is_just_text() -> None:
    """Otherwise a prompt could run code in the worker."""
    assert template().render(request("{{ 7 * 7 }}{% raw %}")) == "<s><|user|>{{ 7 * 7 }}{% raw %}</s><|assistant|>"
