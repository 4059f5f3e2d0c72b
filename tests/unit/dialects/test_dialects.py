"""The dialects: the same events, written for different clients."""

import json
from typing import Any

import pytest
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from rbee_keeper.contract.events import (
    ChoiceEnd,
    End,
    Event,
    Failed,
    Logprob,
    Metrics,
    Narration,
    Reasoning,
    Started,
    StopReason,
    Token,
    TokenLogprob,
    ToolCallDelta,
    Usage,
)
from rbee_keeper.contract.ids import TaskId
from rbee_keeper.contract.tasks import Dialect, Execute
from rbee_keeper.contract.wire import encode
from rbee_keeper.dialects.dialect import DialectWriter, writer_for
from rbee_keeper.transport import sse

STARTED = Started(job_id=TaskId("t1"), model="m", started_at=1.5, seed=7, prompt_tokens=4)
METRICS = Metrics(tokens_per_sec=9.0, vram_bytes=1, slots_total=1, slots_busy=1)
NARRATION = Narration(actor="queen", action="route", human="found a worker")
USAGE = {
    "prompt_tokens": 4,
    "completion_tokens": 2,
    "total_tokens": 6,
    "prompt_tokens_details": {"cached_tokens": 3},
}


def end(reason: StopReason = "EOS", choices: list[ChoiceEnd] | None = None) -> End:
    """Return a closing event."""
    return End(
        tokens_out=2,
        stop_reason=reason,
        usage=Usage(prompt_tokens=4, completion_tokens=2, total_tokens=6, cached_tokens=3),
        queue_ms=0.0,
        ttft_ms=1.0,
        prompt_ms=1.0,
        decode_time_ms=1.0,
        tokens_per_s=1.0,
        choices=choices or [],
    )


CALL: list[Event] = [
    ToolCallDelta(index=0, arguments="", id="call_1", name="weather"),
    ToolCallDelta(index=0, arguments='{"city":'),
    ToolCallDelta(index=0, arguments='"Zürich"}'),
    ToolCallDelta(index=1, arguments="", id="call_2", name="time"),
    ToolCallDelta(index=1, arguments="{}"),
]
LOGPROB = TokenLogprob(
    id=5, token="é", bytes=[195, 169], logprob=-0.5, top=[Logprob(id=6, token="e", bytes=[101], logprob=-1.5)]
)
TEXT: list[Event] = [NARRATION, STARTED, Token(t='Say "', i=0), Token(t="hé\u2028\n", i=1), METRICS, end()]


def writer(dialect: Dialect, **fields: Any) -> DialectWriter:
    """Return a writer for a request."""
    return writer_for(Execute(job_id=TaskId("t1"), dialect=dialect, model="bee/tiny", **fields), 1700000000)


def messages(dialect: Dialect, events: list[Event], **fields: Any) -> list[Any]:
    """Return what a client reads, after checking that it does not matter how the events come in batches."""
    data = writer(dialect, **fields).frames(events)
    one_by_one = writer(dialect, **fields)
    assert b"".join(one_by_one.frames([event]) for event in events) == data
    cut = sse.FrameCutter().feed(data)
    assert b"".join(cut) == data
    read = [sse.data_of(message) or "" for message in cut]
    assert read.pop() == "[DONE]"
    return [json.loads(each) for each in read]


def whole(dialect: Dialect, events: list[Event], **fields: Any) -> tuple[int, Any]:
    """Return status and body of an answer in one piece."""
    status, body = writer(dialect, **fields).whole(events)
    return status, json.loads(encode(body))


def chunks(events: list[Event], **fields: Any) -> list[ChatCompletionChunk]:
    """Return chat chunks as OpenAI's own client reads them."""
    return [ChatCompletionChunk.model_validate(each, strict=True) for each in messages("chat", events, **fields)]


def test_a_chat_comes_in_chunks_that_openais_client_reads() -> None:
    """The first has the role, the last the reason for the end, and narration is not for such clients."""
    read = chunks(TEXT)
    assert [(c.choices[0].delta.role, c.choices[0].delta.content, c.choices[0].finish_reason) for c in read] == [
        ("assistant", "", None),
        (None, 'Say "', None),
        (None, "hé\u2028\n", None),
        (None, None, "stop"),
    ]
    assert {(c.id, c.object, c.created, c.model) for c in read} == {
        ("chatcmpl-t1", "chat.completion.chunk", 1700000000, "bee/tiny")
    }
    assert all(c.usage is None for c in read)


def test_token_counts_come_last_and_only_when_asked_for() -> None:
    """Clients that did not ask fail at a chunk without choices."""
    read = messages("chat", TEXT, include_usage=True)
    assert read[-1]["choices"] == []
    assert read[-1]["usage"] == USAGE
    assert [each["usage"] for each in read[:-1]] == [None] * 4
    assert ChatCompletionChunk.model_validate(read[-1], strict=True).usage is not None
    assert all("usage" not in each for each in messages("chat", TEXT))


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("EOS", "stop"), ("STOP_SEQUENCE", "stop"), ("MAX_TOKENS", "length"), ("CANCELLED", "stop")],
)
def test_the_end_is_told_in_openais_words(reason: StopReason, finish: str) -> None:
    """A client that does not see `length` takes half an answer for a whole one."""
    events = [STARTED, Token(t="x", i=0), end(reason)]
    assert chunks(events)[-1].choices[0].finish_reason == finish
    assert messages("completion", events)[-1]["choices"][0]["finish_reason"] == finish
    assert whole("chat", events)[1]["choices"][0]["finish_reason"] == finish
    assert whole("completion", events)[1]["choices"][0]["finish_reason"] == finish


def test_tool_calls_come_in_deltas_that_strict_clients_take() -> None:
    """An index always, id and name in the first delta only and never empty, arguments never before the name."""
    read = messages("chat", [STARTED, *CALL, end()])
    deltas = [each["choices"][0]["delta"]["tool_calls"] for each in read[1:-1]]
    assert deltas == [
        [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}],
        [{"index": 0, "function": {"arguments": '{"city":'}}],
        [{"index": 0, "function": {"arguments": '"Zürich"}'}}],
        [{"index": 1, "id": "call_2", "type": "function", "function": {"name": "time", "arguments": ""}}],
        [{"index": 1, "function": {"arguments": "{}"}}],
    ]
    assert read[-1]["choices"][0]["finish_reason"] == "tool_calls"
    assert len(chunks([STARTED, *CALL, end()])) == 7
    assert chunks([STARTED, *CALL, end("MAX_TOKENS")])[-1].choices[0].finish_reason == "length"


def test_a_whole_chat_has_all_of_it() -> None:
    """Text, thoughts, calls and counts in the places where OpenAI's client looks."""
    events = [STARTED, Reasoning(t="hm", i=0), Reasoning(t="m", i=1), Token(t="so", i=2), *CALL, METRICS, end()]
    status, body = whole("chat", events)
    read = ChatCompletion.model_validate(body, strict=True)
    message = read.choices[0].message
    assert status == 200
    assert message.content == "so"
    assert body["choices"][0]["message"]["reasoning_content"] == "hmm"
    assert message.tool_calls is not None
    calls = [
        (call.id, call.function.name, call.function.arguments) for call in message.tool_calls if call.type == "function"
    ]
    assert calls == [("call_1", "weather", '{"city":"Zürich"}'), ("call_2", "time", "{}")]
    assert read.choices[0].finish_reason == "tool_calls"
    assert body["usage"] == USAGE
    assert whole("chat", [STARTED, *CALL, end()])[1]["choices"][0]["message"]["content"] is None


def test_thoughts_stand_apart_in_a_stream() -> None:
    """Clients show them folded."""
    read = messages("chat", [STARTED, Reasoning(t="hm", i=0), Token(t="so", i=1), end()])
    assert [each["choices"][0]["delta"] for each in read[1:3]] == [{"reasoning_content": "hm"}, {"content": "so"}]


def test_several_answers_have_their_own_index_and_end() -> None:
    """`n` answers come mixed."""
    events = [
        STARTED,
        Token(t="a", i=0),
        Token(t="b", i=0, choice=1),
        end(choices=[ChoiceEnd(stop_reason="EOS", tokens_out=1), ChoiceEnd(stop_reason="MAX_TOKENS", tokens_out=1)]),
    ]
    read = [c.choices[0] for c in chunks(events, n=2)]
    assert [(c.index, c.delta.role, c.delta.content, c.finish_reason) for c in read] == [
        (0, "assistant", "", None),
        (1, "assistant", "", None),
        (0, None, "a", None),
        (1, None, "b", None),
        (0, None, None, "stop"),
        (1, None, None, "length"),
    ]
    for dialect in ("chat", "completion"):
        _, body = whole(dialect, events, n=2)
        assert [each["finish_reason"] for each in body["choices"]] == ["stop", "length"]
    _, body = whole("task", events, n=2)
    assert body["text"] == "a"
    assert [each["text"] for each in body["choices"]] == ["a", "b"]


def test_probabilities_of_a_chat_are_openais() -> None:
    """Each token with its bytes and the likely ones in its place."""
    events = [STARTED, Token(t="é", i=0, logprobs=[LOGPROB]), Token(t="x", i=1), end()]
    expected = {
        "token": "é",
        "logprob": -0.5,
        "bytes": [195, 169],
        "top_logprobs": [{"token": "e", "logprob": -1.5, "bytes": [101]}],
    }
    read = messages("chat", events)
    assert [each["choices"][0]["logprobs"] for each in read] == [None, {"content": [expected]}, None, None]
    assert chunks(events)[1].choices[0].delta.content == "é"
    assert whole("chat", events)[1]["choices"][0]["logprobs"] == {"content": [expected]}
    ChatCompletion.model_validate({**whole("chat", events)[1], "choices": [{**whole("chat", events)[1]["choices"][0]}]})


def test_probabilities_of_a_completion_are_the_older_ones() -> None:
    """Tools that measure models read these."""
    events = [STARTED, Token(t="é", i=0, logprobs=[LOGPROB]), Token(t="é", i=1, logprobs=[LOGPROB]), end()]
    expected = {
        "tokens": ["é", "é"],
        "token_logprobs": [-0.5, -0.5],
        "top_logprobs": [{"e": -1.5}, {"e": -1.5}],
        "text_offset": [0, 1],
    }
    assert whole("completion", events)[1]["choices"][0]["logprobs"] == expected
    read = messages("completion", events)
    assert [each["choices"][0]["logprobs"]["text_offset"] for each in read[:2]] == [[0], [1]]


def test_a_completion_comes_in_chunks_that_openais_client_reads() -> None:
    """Such a client has no other type for chunks than for the whole."""
    read = messages("completion", TEXT, include_usage=True)
    assert [(each["choices"][0]["text"], each["choices"][0]["finish_reason"]) for each in read[:-1]] == [
        ('Say "', None),
        ("hé\u2028\n", None),
        ("", "stop"),
    ]
    assert {(each["id"], each["object"]) for each in read} == {("cmpl-t1", "text_completion")}
    assert read[-1]["choices"] == []
    assert read[-1]["usage"] == USAGE
    status, body = whole("completion", TEXT)
    assert status == 200
    assert Completion.model_validate(body, strict=True).choices[0].text == 'Say "hé\u2028\n'


FAILED = Failed(
    code="CONTEXT_LENGTH_EXCEEDED",
    message="too long",
    details={"fields": [{"field": "messages"}]},
)


@pytest.mark.parametrize("dialect", ["chat", "completion"])
def test_an_error_is_openais_error(dialect: Dialect) -> None:
    """Clients raise what they find under `error`, in the middle of a stream as well."""
    expected = {
        "error": {
            "message": "too long",
            "type": "invalid_request_error",
            "param": "messages",
            "code": "context_length_exceeded",
        }
    }
    assert messages(dialect, [STARTED, Token(t="x", i=0), FAILED])[-1] == expected
    assert whole(dialect, [FAILED]) == (400, expected)
    crashed = Failed(code="WORKER_CRASHED", message="gone")
    status, body = whole(dialect, [crashed])
    assert status == 500
    assert body["error"]["type"] == "server_error"
    assert body["error"]["param"] is None


def test_rbees_own_dialect_is_every_event_as_it_is() -> None:
    """The queen and the keeper read these."""
    written = writer("task").frames(TEXT)
    cut = sse.FrameCutter().feed(written)
    names = [dict(sse.fields(message)).get("event") for message in cut]
    assert names == ["narration", "started", "token", "token", "metrics", "end", None]
    assert cut[-1] == b"data: [DONE]\n\n"
    assert writer("task").frames([]) == b""


def test_a_whole_answer_in_rbees_dialect_says_no_more_than_there_is() -> None:
    """The plain case stays what it was: a text and an end."""
    status, body = whole("task", TEXT)
    assert status == 200
    assert body.keys() == {"text", "end"}
    assert body["text"] == 'Say "hé\u2028\n'
    assert body["end"]["stop_reason"] == "EOS"
    events = [Reasoning(t="hm", i=0), *CALL, Token(t="é", i=1, logprobs=[LOGPROB]), end()]
    _, body = whole("task", events)
    assert body["reasoning"] == "hm"
    assert body["tool_calls"][0] == {"id": "call_1", "name": "weather", "arguments": '{"city":"Zürich"}'}
    assert body["logprobs"][0]["token"] == "é"
    assert whole("task", [FAILED])[0] == 500
    assert whole("task", [FAILED])[1]["end"]["code"] == "CONTEXT_LENGTH_EXCEEDED"
