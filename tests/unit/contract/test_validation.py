"""Validation: every rule, at both of its ends, and never an echo of what was sent."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbee_keeper.contract import validation
from rbee_keeper.contract.ids import TaskId
from rbee_keeper.contract.inference.chat import ChatMessage, Function, Tool
from rbee_keeper.contract.tasks import Execute, Generation, Infer, execution_of
from rbee_keeper.contract.validation import generation_problems, placement_problems, require, shape_error
from rbee_keeper.contract.wire import decode
from rbee_keeper.errors import InvalidInput


def problem_fields(**fields: Any) -> list[str]:
    """Return the fields that a task with these values breaks a rule in."""
    spec = Infer(**{"prompt": "hi", **fields})
    return [problem["field"] for problem in generation_problems(spec) + placement_problems(spec)]


def problem_fields_of_tools(*names: str) -> list[str]:
    """Return the fields that tools of these names break a rule in."""
    tools = [Tool(function=Function(name=name)) for name in names]
    spec = Infer(messages=[ChatMessage(role="user", content="x")], tools=tools)
    return [problem["field"] for problem in generation_problems(spec)]


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": "x"},
        {"prompt": "x" * 32_768},
        {"prompt": "tab\tline\nreturn\r ümläut 🐝 \u2028"},
        {"max_tokens": 1},
        {"max_tokens": 2048},
        {"temperature": 0.0},
        {"temperature": 2.0},
        {"top_k": 0},
        {"top_p": 0.0},
        {"top_p": 1.0},
        {"min_p": 0.0},
        {"min_p": 1.0},
        {"repetition_penalty": 0.0},
        {"repetition_penalty": 2.0},
        {"seed": 0},
        {"seed": 2**32 - 2},
        {"stop": ["a", "b", "c", "d"]},
        {"stop": ["x" * 100]},
        {"model": ""},
        {"model": "hf:org/repo:Q4_K_M"},
        {"node": "mac-mini.lan"},
        {"backend": "cpu"},
        {"backend": "cuda"},
        {"backend": "metal"},
        {"device": 0},
        {"system": "be brief"},
    ],
    ids=str,
)
def test_a_value_at_the_edge_of_a_rule_is_accepted(fields: dict[str, Any]) -> None:
    """The documented limits are inclusive."""
    assert problem_fields(**fields) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", ""),
        ("prompt", "x" * 32_769),
        ("prompt", "nul\x00"),
        ("prompt", "escape\x1b[31m"),
        ("prompt", "del\x7f"),
        ("prompt", "c1\x9b"),
        ("prompt", "override\u202e"),
        ("prompt", "isolate\u2066"),
        ("prompt", "half a character\udcff"),
        ("system", "bell\x07"),
        ("system", "x" * 32_769),
        ("max_tokens", 0),
        ("max_tokens", -1),
        ("max_tokens", 2049),
        ("temperature", -0.1),
        ("temperature", 2.1),
        ("temperature", float("nan")),
        ("top_k", -1),
        ("top_p", 1.1),
        ("top_p", -0.1),
        ("min_p", 1.1),
        ("repetition_penalty", 2.1),
        ("repetition_penalty", -0.1),
        ("seed", -1),
        ("seed", 2**32),
        ("stop", ["a", "b", "c", "d", "e"]),
        ("stop", [""]),
        ("stop", ["x" * 101]),
        ("stop", ["half a character\udcff"]),
        ("model", "a/../c"),
        ("model", "../up"),
        ("node", "a_b"),
        ("backend", "rocm"),
        ("backend", "CPU"),
        ("device", -1),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_value_beyond_a_rule_is_refused_by_its_field_name(field: str, value: Any) -> None:
    """A person corrects one field; the answer must say which."""
    assert problem_fields(**{field: value}) == [field]


@pytest.mark.parametrize("name", ["", "a b", "a.b", "é", "a" * 65, 'x"', "<tool_call>"])
def test_a_tool_whose_name_cannot_be_one_is_refused_by_its_place(name: str) -> None:
    """Names stand in prompts and grammars, and clients look calls up by them: OpenAI's rule holds."""
    assert problem_fields_of_tools("get-weather_2", name) == ["tools[1].function.name"]


def test_two_tools_of_one_name_are_refused() -> None:
    """Nobody could tell which of them a call means."""
    assert problem_fields_of_tools("a", "b", "a") == ["tools[2].function.name"]


def test_all_problems_are_reported_at_once() -> None:
    """Correcting one error only to meet the next is tiresome."""
    spec = Infer(prompt="", max_tokens=0, temperature=9)
    with pytest.raises(InvalidInput) as caught:
        require(generation_problems(spec))
    assert [problem["field"] for problem in caught.value.details["fields"]] == ["prompt", "max_tokens", "temperature"]
    for problem in caught.value.details["fields"]:
        assert set(problem) == {"field", "constraint", "message"}
        assert problem["message"] in caught.value.message


def test_no_problem_raises_nothing() -> None:
    """The common case."""
    require([])


@given(st.text(min_size=20, max_size=60))
def test_a_refusal_never_repeats_what_was_sent(secret: str) -> None:
    """Input that comes back in an error ends up in a log, where it can forge lines or leak."""
    spec = Infer(prompt="\x00" + secret, model=f";{secret}", node=f"_{secret}", backend=f"!{secret}")
    text = str(generation_problems(spec) + placement_problems(spec))
    assert secret not in text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=200))
def test_ordinary_text_in_any_language_is_a_prompt(prompt: str) -> None:
    """Only control characters, direction overrides and broken Unicode are refused."""
    assert validation._DIRECTION_OVERRIDES.search(prompt) or problem_fields(prompt=prompt) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"not json", "body"),
        (b"", "body"),
        (b"\xff", "body"),
        (b"[]", "body"),
        (b"[]", "body"),
        (b'{"prompt": 3}', "prompt"),
        (b'{"prompt": "x", "max_tokens": "many"}', "max_tokens"),
        (b'{"prompt": "x", "stop": [1]}', "stop[0]"),
        (b'{"prompt": "x", "colour": 1}', "colour"),
        (b'{"prompt": "x", "response_format": {"type": "text", "colour": 1}}', "response_format.colour"),
    ],
    ids=str,
)
def test_a_body_of_the_wrong_shape_is_refused_naming_the_field_and_not_the_value(body: bytes, field: str) -> None:
    """The caller wrote the name of the field and knows it; a value may be a prompt."""
    with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)) as caught:
        decode(body, Infer)
    error = shape_error(caught.value)
    assert error.details["fields"][0]["field"] == field
    assert field == "body" or field.rpartition(".")[2] in error.message
    assert "many" not in error.message


def test_an_execution_carries_everything_that_shapes_the_answer() -> None:
    """A sampling option that is dropped between two hops changes the answer in silence."""
    spec = Infer(
        prompt="p",
        system="s",
        raw=True,
        max_tokens=3,
        temperature=0.1,
        top_k=5,
        top_p=0.2,
        min_p=0.3,
        repetition_penalty=1.4,
        seed=6,
        stop=["x"],
    )
    execution = execution_of(TaskId("t"), spec)
    shared = Generation.__struct_fields__
    assert set(shared) <= set(Execute.__struct_fields__)
    assert {name: getattr(execution, name) for name in shared} == {name: getattr(spec, name) for name in shared}


def test_a_device_of_the_cpu_other_than_the_first_is_refused_at_the_first_door() -> None:
    """Each number was a worker of its own, all of them on the same cores."""
    fields = [problem["field"] for problem in placement_problems(Infer(prompt="hi", backend="cpu", device=5))]
    assert fields == ["device"]
    assert placement_problems(Infer(prompt="hi", backend="cpu", device=0)) == []
    assert placement_problems(Infer(prompt="hi", backend="cuda", device=5)) == []


def test_a_limit_is_written_with_all_of_its_digits() -> None:
    """4.29497e+09 names no seed."""
    (found,) = generation_problems(Infer(prompt="hi", seed=2**40))
    assert found["message"] == "seed must be between 0 and 4294967294"
