"""Events: what a task says while it is worked on, one union for every hop.

A stream is `queued? narration* started (output | metrics)* (end | error)`, then `[DONE]`, where output is a token,
reasoning or a tool call. Each event is one SSE message whose `event:` line repeats the tag, so that a reader may use
either.
"""

from typing import Any, Literal, get_args

from .ids import TaskId
from .wire import Message

StopReason = Literal["EOS", "MAX_TOKENS", "STOP_SEQUENCE", "CANCELLED", "ERROR"]
END_OF_STREAM = "[DONE]"
"""The data of the message after the closing event: nothing follows."""


class Queued(Message, frozen=True, kw_only=True, tag_field="event", tag="queued"):
    """The queen has taken the task."""

    task_id: TaskId
    queue_position: int


class Narration(Message, frozen=True, kw_only=True, tag_field="event", tag="narration", omit_defaults=True):
    """What is happening now, for a person; `percent` when the step can be measured."""

    actor: str
    action: str
    human: str
    target: str = ""
    percent: float | None = None


class Started(Message, frozen=True, kw_only=True, tag_field="event", tag="started"):
    """The worker has given the execution a slot; `started_at` is Unix time in seconds."""

    job_id: TaskId
    model: str
    started_at: float
    seed: int
    prompt_tokens: int


class Logprob(Message, frozen=True, kw_only=True):
    """One token with the natural logarithm of its probability; `token` replaces bytes that are no whole character."""

    id: int
    token: str
    bytes: list[int]
    logprob: float


class TokenLogprob(Logprob, frozen=True, kw_only=True):
    """The drawn token, with the most likely ones at its place."""

    top: list[Logprob] = []


class Token(Message, frozen=True, kw_only=True, tag_field="event", tag="token", omit_defaults=True):
    """The next piece of text, whole UTF-8, with its rising index; `choice` tells the answers of one prompt apart."""

    t: str
    i: int
    choice: int = 0
    logprobs: list[TokenLogprob] = []


class Reasoning(Message, frozen=True, kw_only=True, tag_field="event", tag="reasoning", omit_defaults=True):
    """The next piece of what the model thinks before it answers."""

    t: str
    i: int
    choice: int = 0


class ToolCallDelta(Message, frozen=True, kw_only=True, tag_field="event", tag="tool_call", omit_defaults=True):
    """A piece of a tool call; the first one of each `index` has id and name, all have a piece of the JSON arguments."""

    index: int
    arguments: str
    id: str = ""
    name: str = ""
    choice: int = 0


class Metrics(Message, frozen=True, kw_only=True, tag_field="event", tag="metrics"):
    """Figures taken while the execution runs."""

    tokens_per_sec: float
    vram_bytes: int
    slots_total: int
    slots_busy: int


class Usage(Message, frozen=True, kw_only=True):
    """Token counts in OpenAI's words; `cached_tokens` of the prompt were computed for an earlier request."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cached_tokens: int = 0


class ChoiceEnd(Message, frozen=True, kw_only=True, omit_defaults=True):
    """How one of several answers ended."""

    stop_reason: StopReason
    tokens_out: int
    stop_sequence_matched: str | None = None


class End(Message, frozen=True, kw_only=True, tag_field="event", tag="end", omit_defaults=True):
    """The execution ended well; nothing but `[DONE]` follows.

    `queue_ms` is the wait for a slot, `ttft_ms` the time from the request to the first token, `prompt_ms`
    the time spent on the prompt and `decode_time_ms` the time from the first token to the last. `choices` tells how
    each answer ended when there are several.
    """

    tokens_out: int
    stop_reason: StopReason
    usage: Usage
    queue_ms: float
    ttft_ms: float
    prompt_ms: float
    decode_time_ms: float
    tokens_per_s: float
    stop_sequence_matched: str | None = None
    choices: list[ChoiceEnd] = []


class Failed(Message, frozen=True, kw_only=True, tag_field="event", tag="error", omit_defaults=True):
    """The task ended with an error; nothing but `[DONE]` follows."""

    code: str
    message: str
    hint: str = ""
    details: dict[str, Any] = {}
    retriable: bool = False
    correlation_id: str = ""
    src: str = ""


Output = Token | Reasoning | ToolCallDelta
Closing = End | Failed
Event = Queued | Narration | Started | Output | Metrics | Closing


def names_of(events: Any) -> tuple[str, ...]:
    """Return the names that one event type, or each of a union, has on the wire."""
    return tuple(str(each.__struct_config__.tag) for each in get_args(events) or (events,))
