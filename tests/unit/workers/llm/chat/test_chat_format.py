"""One model's chat side: its template decides how it is asked, held to a form, and read."""

import json
from typing import Any

import pytest

from rbee_keeper.contract.ids import TaskId
from rbee_keeper.contract.inference.chat import (
    ChatMessage,
    FunctionCall,
    Gbnf,
    JsonObject,
    JsonSchema,
    NamedFunction,
    NamedSchema,
    NamedTool,
    Regex,
    ToolCall,
)
from rbee_keeper.contract.tasks import Execute
from rbee_keeper.errors import InvalidInput
from rbee_keeper.workers.llm.chat.chat_format import RenderedChat
from rbee_keeper.workers.llm.chat.formats import reasoning_tags, tool_format
from rbee_keeper.workers.llm.chat.template_traits import traits_of

from ..grammar.native import accepts, random_text
from . import families
from .families import TOOLS
from .reading import Answer, read
from .rendering import chat_format, chat_template

SOURCES = {
    "hermes": families.HERMES,
    "qwen_xml": families.QWEN_XML,
    "llama": families.LLAMA,
    "mistral": families.MISTRAL,
    "mistral_named": families.MISTRAL_NAMED,
    "functionary": families.FUNCTIONARY,
    "generic": families.UNKNOWN,
    "hermes_as_text": families.WITHOUT_TOOLS,
}
CALL_OF_CLOCK = NamedTool(function=NamedFunction(name="clock"))
USER = [ChatMessage(role="user", content="hi")]


def rendered(source: str, **fields: Any) -> RenderedChat:
    """Return what a model with this template gets for a chat with tools."""
    asked: dict[str, Any] = {"messages": USER, "tools": TOOLS} | fields
    return chat_format(source).render(Execute(job_id=TaskId("j"), **asked))


@pytest.mark.parametrize("family", SOURCES)
def test_the_way_of_writing_calls_is_told_by_the_template(family: str) -> None:
    """Nothing else in a model file says so."""
    source = SOURCES[family]
    traits = traits_of(chat_template(source))
    assert tool_format(source, knows_tools=traits.knows_tools).name == family.removesuffix("_as_text")
    assert traits.knows_tools == (family != "hermes_as_text")
    assert traits.knows_calls == (family not in ("hermes_as_text", "generic"))


@pytest.mark.parametrize("family", SOURCES)
@pytest.mark.parametrize("many", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_what_the_grammar_lets_a_model_write_is_read_as_calls(family: str, many: bool, seed: int) -> None:
    """`required` is a promise; the text is any that llama.cpp itself allows, drawn at random."""
    chat = rendered(SOURCES[family], tool_choice="required", parallel_tool_calls=many)
    text = any_text(chat.grammar, seed)
    answer = read_whole(chat, text)
    assert (answer.text, answer.reasoning) == ("", "")
    assert len(answer.calls) == 1 or (many and answer.calls)
    for name, arguments in answer.calls:
        parsed = json.loads(arguments)
        assert name in ("weather", "clock")
        if name == "weather":
            assert parsed.keys() == {"city", "days"}
            assert isinstance(parsed["city"], str)
            assert isinstance(parsed["days"], int)


def any_text(grammar: str, seed: int) -> str:
    """Return a random text of a grammar; free text inside of tags rarely finds its end by chance."""
    texts = (random_text(grammar, 1000 * seed + attempt, patience=20, max_tokens=200) for attempt in range(100))
    return next(text for text in texts if text is not None)


def read_whole(chat: RenderedChat, text: str) -> Answer:
    """Return the answer that the chat's reader finds, token after token of a few letters."""
    assert chat.new_reader is not None
    return read(chat.new_reader(), [text[at : at + 3] for at in range(0, len(text), 3)])


@pytest.mark.parametrize(
    ("family", "text"),
    [
        ("hermes", '<tool_call>\n{"name": "weather", "arguments": {"city": "<b>", "days": 2}}\n</tool_call>'),
        (
            "qwen_xml",
            (
                "<tool_call>\n<function=weather>\n<parameter=city>\n<b>\n</parameter>\n"
                "<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>"
            ),
        ),
        ("llama", '<|python_tag|>{"name": "weather", "parameters": {"city": "<b>", "days": 2}}'),
        ("llama", '{"name": "weather", "parameters": {"city": "<b>", "days": 2}}'),
        ("mistral", '[TOOL_CALLS][{"name": "weather", "arguments": {"city": "<b>", "days": 2}}]'),
        ("mistral_named", '[TOOL_CALLS]weather[ARGS]{"city": "<b>", "days": 2}'),
        ("functionary", '<function=weather>{"city": "<b>", "days": 2}</function>'),
        ("generic", '{"tool_calls": [{"name": "weather", "arguments": {"city": "<b>", "days": 2}}]}'),
    ],
)
def test_what_models_were_trained_to_write_fits_the_grammar(family: str, text: str) -> None:
    """A grammar that fights the model's habits makes worse answers than none."""
    chat = rendered(SOURCES[family], tool_choice="required")
    assert accepts(chat.grammar, text)
    [(name, arguments)] = read_whole(chat, text).calls
    assert (name, json.loads(arguments)) == ("weather", {"city": "<b>", "days": 2})


@pytest.mark.parametrize("family", SOURCES)
def test_a_named_tool_is_the_only_one_that_can_be_called(family: str) -> None:
    """All tools stay in the prompt, so that the choice does not change what is cached of it."""
    chat = rendered(SOURCES[family], tool_choice=CALL_OF_CLOCK)
    for seed in range(4):
        text = any_text(chat.grammar, seed)
        assert [name for name, _ in read_whole(chat, text).calls] == ["clock"]
    assert "weather" in chat.prompt
    assert chat.prompt == rendered(SOURCES[family], tool_choice="auto").prompt


@pytest.mark.parametrize("family", [family for family in SOURCES if family != "generic"])
def test_an_earlier_call_stands_in_the_prompt_as_the_model_would_write_it(family: str) -> None:
    """What the reader reads out of an answer goes back into the next prompt."""
    arguments = '{"city": "Bern", "days": 2}'
    call = ToolCall(id="abcdefghi", function=FunctionCall(name="weather", arguments=arguments))
    history = [
        *USER,
        ChatMessage(role="assistant", tool_calls=[call]),
        ChatMessage(role="tool", tool_call_id="abcdefghi", content="sunny"),
    ]
    chat = rendered(SOURCES[family], messages=history)
    assert "sunny" in chat.prompt
    markers = {"llama": "<|python_tag|>", "mistral": "[TOOL_CALLS]", "mistral_named": "[TOOL_CALLS]"}
    marker = markers.get(family, "<function=" if family == "functionary" else "<tool_call>")
    written = chat.prompt[chat.prompt.rindex(marker) :]
    found = read_whole(chat, written).calls
    assert [name for name, _ in found] == ["weather"]
    assert json.loads(found[0][1]) == json.loads(arguments)


def test_tools_stand_in_the_system_text_where_the_template_knows_none() -> None:
    """Every model can then be asked to call tools."""
    prompt = rendered(families.WITHOUT_TOOLS).prompt
    assert prompt.startswith("<system>You may call functions")
    assert '"name":"weather"' in prompt
    with_system = [ChatMessage(role="system", content="Be brief."), *USER]
    assert rendered(families.WITHOUT_TOOLS, messages=with_system).prompt.startswith("<system>Be brief.\n\nYou may")


def test_without_tools_and_thoughts_there_is_nothing_to_read() -> None:
    """Plain answers must not pay for what they cannot hold."""
    for source in (families.HERMES, families.WITHOUT_TOOLS):
        chat = rendered(source, tools=[])
        assert (chat.new_reader, chat.grammar, chat.shown_special) == (None, "", ())


def test_a_choice_of_none_hides_the_tools() -> None:
    """A model that does not see them does not call them."""
    chat = rendered(families.HERMES, tool_choice="none")
    assert chat == rendered(families.HERMES, tools=[])


@pytest.mark.parametrize("choice", ["required", NamedTool(function=NamedFunction(name="unheard"))])
def test_a_choice_without_its_tool_is_refused(choice: Any) -> None:
    """No answer could satisfy it."""
    tools = [] if choice == "required" else TOOLS
    with pytest.raises(InvalidInput) as caught:
        rendered(families.HERMES, tools=tools, tool_choice=choice)
    assert caught.value.details["fields"][0]["field"] == "tool_choice"


def test_the_reader_gets_the_text_of_the_control_tokens_that_it_looks_for() -> None:
    """Engines hide control tokens otherwise."""
    assert rendered(families.MISTRAL_NAMED).shown_special == ("[TOOL_CALLS]", "[ARGS]", "[CALL_ID]")
    assert rendered(families.LLAMA).shown_special == ("<|python_tag|>",)
    thinking = ("<think>", "</think>")
    assert rendered(families.QWEN_THINKING, tools=[]).shown_special == thinking
    assert rendered(families.QWEN_THINKING).shown_special == (*thinking, "<tool_call>", "</tool_call>")


def test_tags_of_thoughts_are_told_by_the_template() -> None:
    """Families differ."""
    assert reasoning_tags(families.QWEN_THINKING) == ("<think>", "</think>")
    assert reasoning_tags("... [/THINK] ...") == ("[THINK]", "[/THINK]")
    assert reasoning_tags(families.HERMES) is None


@pytest.mark.parametrize(
    ("source", "text", "kwargs", "expected"),
    [
        (families.QWEN_THINKING, "<think>\nhm\n</think>\n\nSo.", {}, Answer("So.", "hm")),
        (families.QWEN_THINKING, "So.", {"enable_thinking": False}, Answer("So.")),
        (families.ALWAYS_THINKING, "hm\n</think>\n\nSo.", {}, Answer("So.", "hm")),
    ],
)
def test_thoughts_are_read_as_the_prompt_leaves_them(
    source: str, text: str, kwargs: dict[str, Any], expected: Answer
) -> None:
    """The opening tag may stand in the prompt already."""
    for tools in ([], TOOLS):
        chat = rendered(source, tools=tools, chat_template_kwargs=kwargs)
        assert read_whole(chat, text) == expected


def test_a_begun_answer_ends_the_thoughts_that_the_template_begins() -> None:
    """The client's words are the answer, and what comes next is the rest of it."""
    begun = [*USER, ChatMessage(role="assistant", content="So", reasoning_content="hm")]
    chat = rendered(families.ALWAYS_THINKING, messages=begun, tools=[])
    assert chat.prompt.endswith("<think>\nhm\n</think>\n\nSo")
    assert read_whole(chat, " be it.") == Answer(" be it.")
    thinking = [*USER, ChatMessage(role="assistant", content="", reasoning_content="hm")]
    chat = rendered(families.ALWAYS_THINKING, messages=thinking, tools=[])
    assert chat.prompt.endswith("<think>\nhm")
    assert read_whole(chat, "m</think>So") == Answer("So", "m")


@pytest.mark.parametrize(
    ("source", "text", "is_right"),
    [
        (families.HERMES, '{"a": 1}', True),
        (families.HERMES, "a", False),
        (families.ALWAYS_THINKING, 'so < many\n</think>\n\n{"a": 1}', True),
        (families.ALWAYS_THINKING, '{"a": 1}', False),
        (families.QWEN_THINKING, '{"a": 1}', True),
        (families.QWEN_THINKING, '<think>\nhm\n</think>\n\n{"a": 1}', True),
        (families.QWEN_THINKING, "<think>\nhm\n</think>\n\nSo.", False),
    ],
)
def test_a_form_holds_behind_the_thoughts(source: str, text: str, is_right: bool) -> None:
    """A model that has to write JSON from the first letter on cannot think."""
    chat = rendered(source, tools=[], response_format=JsonObject())
    assert accepts(chat.grammar, text) == is_right


def test_every_form_has_its_grammar_and_a_call_is_always_possible_beside_it() -> None:
    """Clients that ask for both mean: call tools as you need, then answer in this form."""
    schema = JsonSchema(json_schema=NamedSchema(schema={"type": "integer"}))
    call = '<tool_call>\n{"name": "clock", "arguments": {}}\n</tool_call>'
    for form, text in ((schema, "12"), (Regex(pattern="a+"), "aaa"), (JsonObject(), "{}")):
        chat = rendered(families.HERMES, response_format=form)
        assert accepts(chat.grammar, text)
        assert accepts(chat.grammar, call)
        assert not accepts(chat.grammar, "b")
        assert not accepts(rendered(families.HERMES, response_format=form, tools=[]).grammar, call)
        assert not accepts(rendered(families.HERMES, response_format=form, tool_choice="required").grammar, text)
    assert accepts(rendered(families.HERMES, response_format=schema, raw=True).grammar, "12")


def test_a_grammar_of_the_client_is_the_whole_grammar() -> None:
    """It has rules of its own, down to the first letter; so there are no thoughts to be read either."""
    own = Gbnf(grammar='root ::= "yes" | "no"\n')
    chat = rendered(families.ALWAYS_THINKING, response_format=own, tools=[])
    assert accepts(chat.grammar, "yes")
    assert chat.new_reader is None


def test_thoughts_come_before_a_required_call() -> None:
    """Where the prompt leaves the model thinking, the grammar has to let it finish."""
    call = '<tool_call>\n{"name": "clock", "arguments": {}}\n</tool_call>'
    chat = rendered(families.ALWAYS_THINKING, tool_choice="required")
    assert accepts(chat.grammar, f"hm</think>\n\n{call}")
    assert not accepts(chat.grammar, call)
    assert read_whole(chat, f"hm</think>\n\n{call}") == Answer("", "hm", [("clock", "{}")])
