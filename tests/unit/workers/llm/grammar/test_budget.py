"""What making a grammar may cost, and that it can be given up."""

import threading
import time
from typing import Any

import pytest

from rbee_keeper.contract.ids import TaskId
from rbee_keeper.contract.inference.chat import ChatMessage, Function, Tool
from rbee_keeper.contract.tasks import Execute
from rbee_keeper.errors import InvalidInput, RequestCanceled
from rbee_keeper.workers.llm.chat.answer_grammar import answer_grammar
from rbee_keeper.workers.llm.chat.formats import HERMES, TOOL_FORMATS, ToolFormat
from rbee_keeper.workers.llm.grammar.budget import Budget

from .asked import grammar_of_schema
from .test_hostile_schemas import all_to_all

_SLOWER_MACHINE = 4


def of_tools(tools: list[Tool], tool_format: ToolFormat = HERMES, budget: Budget | None = None) -> str:
    """Return the grammar of a call of one of the tools."""
    messages = [ChatMessage(role="user", content="x")]
    request = Execute(job_id=TaskId("t"), messages=messages, tools=tools, tool_choice="required")
    return answer_grammar(request, tools, tool_format, budget=budget)


def tool(number: int, parameters: dict[str, Any]) -> Tool:
    return Tool(function=Function(name=f"tool-{number}", parameters=parameters))


def test_a_client_that_leaves_ends_the_work_for_its_grammar() -> None:
    """Otherwise a thread works for seconds for nobody, and those who wait have one less."""
    gone = threading.Event()
    threading.Timer(0.1, gone.set).start()
    began = time.perf_counter()
    with pytest.raises(RequestCanceled):
        grammar_of_schema(all_to_all(150), Budget(steps=10**9, seconds=60, is_cancelled=gone.is_set))
    assert time.perf_counter() - began < 2 * _SLOWER_MACHINE


def test_all_tools_of_a_request_share_one_budget() -> None:
    """Each tool by itself is small: 60 of them, each 50 ms, would still take three seconds."""
    schemas = [
        {"type": "object", "properties": {"a": {"type": "number", "minimum": -1.7 * n, "maximum": 123456.78 * n}}}
        for n in range(1, 400)
    ]
    began = time.process_time()
    with pytest.raises(InvalidInput):
        of_tools([tool(number, schema) for number, schema in enumerate(schemas)])
    assert time.process_time() - began < 2.5 * _SLOWER_MACHINE


def test_the_clock_ends_what_the_steps_do_not() -> None:
    """A slow or busy machine needs longer for a step."""
    with pytest.raises(InvalidInput, match="too complex") as caught:
        grammar_of_schema(all_to_all(150), Budget(steps=10**9, seconds=0.01))
    assert "fewer" in caught.value.hint


def test_six_thousand_tools_are_no_trouble() -> None:
    """Their schemas are one and the same, which is worked out once for each name only."""
    began = time.process_time()
    try:
        of_tools([tool(number, {"type": "object"}) for number in range(6000)])
    except InvalidInput as error:
        assert "too" in error.message
    assert time.process_time() - began < 2.5 * _SLOWER_MACHINE


@pytest.mark.parametrize("tool_format", TOOL_FORMATS, ids=lambda each: each.name)
@pytest.mark.parametrize(
    "parameters", [{"properties": []}, {"properties": {"a": 1}}, {"required": 1, "properties": {"a": {}}}]
)
def test_a_tool_with_a_mistake_in_its_schema_is_refused(tool_format: ToolFormat, parameters: dict[str, Any]) -> None:
    """In whatever way the model writes calls: a mistake of the client is never a defect of ours."""
    with pytest.raises(InvalidInput):
        of_tools([tool(1, parameters)], tool_format)


def test_the_same_form_is_worked_out_once() -> None:
    """Clients ask with one schema again and again, and each time would cost what the first one did."""
    schema = {"type": "array", "items": {"type": "number", "minimum": -12345.678, "maximum": 98765.4321}}
    first = grammar_of_schema(schema)
    assert grammar_of_schema(schema, Budget(steps=0)) == first


def test_what_was_worked_out_does_not_answer_another_question() -> None:
    """Everything that shapes a grammar is part of what it is known by."""
    one, other = tool(1, {"type": "object", "properties": {"a": {"type": "null"}}}), tool(2, {})
    grammars = {of_tools([one], each) for each in TOOL_FORMATS} | {of_tools([other]), of_tools([one, other])}
    assert len(grammars) == len(TOOL_FORMATS) + 2
