"""The chat template: a request becomes the text that the model sees."""

from typing import Any

import pytest

from rbee_keeper.contract.ids import TaskId
from rbee_keeper.contract.inference.chat import ChatMessage, FunctionCall, ToolCall
from rbee_keeper.contract.tasks import Execute
from rbee_keeper.errors import InvalidInput, ModelIncompatible
from rbee_keeper.workers.llm.chat.chat_format import RenderedChat

from .rendering import chat_format

CHATML = (
    "{{ bos_token }}{% for message in messages %}<|{{ message.role }}|>{{ message.content }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
PARTS = (
    "{% for m in messages %}<{{ m.role }}>{% for part in m.content %}{% if part.type == 'text' %}{{ part.text }}"
    "{% endif %}{% endfor %}{% endfor %}"
)


def request(prompt: str = "hi", **fields: Any) -> Execute:
    """Return an execution."""
    return Execute(job_id=TaskId("j"), prompt=prompt, **fields)


def rendered(asked: Execute, source: str | None = CHATML) -> RenderedChat:
    """Return what a model with this template and visible begin and end tokens gets."""
    return chat_format(source).render(asked)


def said(role: Any, text: str, **fields: Any) -> ChatMessage:
    """Return a message."""
    return ChatMessage(role=role, content=text, **fields)


def test_the_prompt_stands_in_the_models_own_words() -> None:
    """A chat model that gets a bare prompt rambles."""
    chat = rendered(request())
    assert chat.prompt == "<s><|user|>hi</s><|assistant|>"
    assert chat.parse_special
    assert chat.new_reader is None
    assert chat.grammar == ""


def test_the_system_text_stands_before_the_prompt() -> None:
    """As `--system` promises."""
    chat = rendered(request(system="be brief"))
    assert chat.prompt == "<s><|system|>be brief</s><|user|>hi</s><|assistant|>"


def test_raw_leaves_the_template_out() -> None:
    """For completing text instead of answering it."""
    assert rendered(request(raw=True)).prompt == "hi"
    assert rendered(request(raw=True, system="s")).prompt == "s\n\nhi"
    assert not rendered(request(raw=True)).parse_special


def test_a_model_without_a_template_gets_plain_text() -> None:
    """Base models have none."""
    assert rendered(request(), None).prompt == "hi"
    assert rendered(request("", messages=[said("user", "hi")]), None).prompt == "hi"


def test_a_conversation_without_a_template_is_written_line_by_line() -> None:
    """The model then goes on with the user's next line by itself, which is where it has to stop."""
    messages = [said("system", "be brief"), said("user", "hi"), said("assistant", "hello"), said("user", "bye")]
    chat = rendered(request("", messages=messages, stop=["x"]), None)
    assert chat.prompt == "system: be brief\nuser: hi\nassistant: hello\nuser: bye\nassistant:"
    assert chat.stop == ("x", "\nuser:")


def test_a_template_that_cannot_be_read_makes_the_model_incompatible() -> None:
    """The file is at fault, not the request."""
    with pytest.raises(ModelIncompatible, match="chat template"):
        rendered(request(), "{% for %}")


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
    """Templates have conditions of their own, and defects."""
    with pytest.raises(InvalidInput) as caught:
        rendered(request(), source)
    assert "--raw" in caught.value.hint


def test_templates_may_use_what_real_models_use() -> None:
    """Loop controls and the date appear in the templates of well-known models."""
    source = "{% for m in messages %}{% if loop.first %}{% break %}{% endif %}{% endfor %}{{ strftime_now('%Y') }}"
    assert rendered(request(), source).prompt.startswith("20")


def test_a_prompt_that_looks_like_a_template_is_just_text() -> None:
    """Otherwise a prompt could run code in the worker."""
    chat = rendered(request("{{ 7 * 7 }}{% raw %}"))
    assert chat.prompt == "<s><|user|>{{ 7 * 7 }}{% raw %}</s><|assistant|>"


@pytest.mark.parametrize(
    "refusal",
    ["{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}", ""],
    ids=["refused", "dropped"],
)
def test_a_system_text_goes_into_the_users_message_where_the_template_knows_none(refusal: str) -> None:
    """Chat programs always send one; a model that never sees it, or an error, helps nobody."""
    source = (
        refusal
        + "{% for m in messages %}{% if m.role != 'system' %}<{{ m.role }}>{{ m.content }}{% endif %}{% endfor %}"
    )
    assert rendered(request(system="be brief"), source).prompt == "<user>be brief\n\nhi"


def test_a_developer_is_the_system_unless_the_template_knows_developers() -> None:
    """Some clients send that role for models with certain names."""
    messages = [said("developer", "be brief"), said("user", "hi")]
    assert rendered(request("", messages=messages)).prompt.startswith("<s><|system|>be brief")
    knowing = "{# system or developer #}" + CHATML
    assert rendered(request("", messages=messages), knowing).prompt.startswith("<s><|developer|>be brief")


def test_content_becomes_parts_where_the_template_wants_parts() -> None:
    """Templates of models that also see pictures take nothing else."""
    assert rendered(request(system="s"), PARTS).prompt == "<system>s<user>hi"


def test_an_answer_that_was_begun_is_continued() -> None:
    """The model goes on behind the client's words instead of answering them."""
    messages = [said("user", "a poem"), said("assistant", "Roses are")]
    assert rendered(request("", messages=messages)).prompt == "<s><|user|>a poem</s><|assistant|>Roses are"


def test_variables_of_the_client_reach_the_template_but_do_not_replace_the_conversation() -> None:
    """`enable_thinking` is how some models are told not to think."""
    source = "{{ enable_thinking }}{{ bos_token }}{{ messages|length }}"
    given = {"enable_thinking": False, "messages": [], "bos_token": "x"}
    assert rendered(request(chat_template_kwargs=given), source).prompt == "False<s>1"


def test_reasoning_of_earlier_answers_reaches_the_template() -> None:
    """Models that call tools while they think need it."""
    source = "{% for m in messages %}<{{ m.role }}>{{ m.reasoning_content }}{{ m.content }}{% endfor %}"
    messages = [said("user", "q"), said("assistant", "a", reasoning_content="because "), said("user", "r")]
    assert rendered(request("", messages=messages), source).prompt == "<user>q<assistant>because a<user>r"


CALLS = (
    "{% for m in messages %}<{{ m.role }}{{ m.name }}>{{ m.content }}{% for c in m.tool_calls %}[{{ c.id }} "
    "{{ c.function.name }} WRITTEN]{% endfor %}{% endfor %}{{ tools|tojson if tools }}"
)
ARGUMENTS = '{"city":"Zürich"}'


def conversation(call_id: str = "call_1") -> list[ChatMessage]:
    """Return a conversation with a call and its answer."""
    call = ToolCall(id=call_id, function=FunctionCall(name="weather", arguments=ARGUMENTS))
    return [
        said("user", "q"),
        ChatMessage(role="assistant", tool_calls=[call]),
        said("tool", "sunny", tool_call_id=call_id),
    ]


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        ("{{ c.function.arguments }}", '{"city":"Zürich"}'),
        ("{{ c.function.arguments|tojson }}", '{"city": "Zürich"}'),
        ("{{ c.function.arguments if c.function.arguments is string else c.function.arguments|tojson }}", ARGUMENTS),
        ("{% for k, v in c.function.arguments|items %}{{ k }}={{ v }}{% endfor %}", "city=Zürich"),
    ],
)
def test_arguments_of_earlier_calls_come_in_the_shape_that_the_template_wants(expression: str, written: str) -> None:
    """JSON that is written as JSON once more teaches the model to write nonsense."""
    source = CALLS.replace("WRITTEN", expression)
    prompt = rendered(request("", messages=conversation()), source).prompt
    assert prompt == f"<user>q<assistant>[call_1 weather {written}]<toolweather>sunny"


def test_arguments_that_are_no_json_are_shown_as_they_are() -> None:
    """A model may have written them, and the client sends them back."""
    source = CALLS.replace("WRITTEN", "{{ c.function.arguments|tojson }}")
    messages = conversation()
    broken = ToolCall(id="c", function=FunctionCall(name="weather", arguments='{"city"'))
    messages[1] = ChatMessage(role="assistant", tool_calls=[broken])
    assert '"{\\"city\\""' in rendered(request("", messages=messages), source).prompt


def test_ids_of_calls_become_short_for_templates_that_insist() -> None:
    """The call and its answer must still have the same one."""
    check = "{% for c in m.tool_calls %}{% if c.id|length != 9 %}{{ raise_exception('ids!') }}{% endif %}{% endfor %}"
    source = "{# [TOOL_CALLS] #}" + CALLS.replace("WRITTEN", "{{ c.function.arguments|tojson }}").replace(
        "{% for c in m.tool_calls %}", check + "{{ m.tool_call_id }}{% for c in m.tool_calls %}", 1
    )
    prompt = rendered(request("", messages=conversation("call_0123456789abcdef")), source).prompt
    assert prompt.count(prompt[prompt.index("[") + 1 :][:9]) == 2
    kept = rendered(request("", messages=conversation("abc123XYZ")), source).prompt
    assert kept.count("abc123XYZ") == 2


def test_a_template_without_calls_gets_them_as_text() -> None:
    """The conversation would otherwise lose what was called and what came of it."""
    prompt = rendered(request("", messages=conversation())).prompt
    call = '<tool_call>\n{"name": "weather", "arguments": {"city":"Zürich"}}\n</tool_call>'
    answer = "<tool_response>\nsunny\n</tool_response>"
    assert prompt == f"<s><|user|>q</s><|assistant|>{call}</s><|user|>{answer}</s><|assistant|>"
