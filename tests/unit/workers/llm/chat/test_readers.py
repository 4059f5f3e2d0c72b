"""Answers of models: thoughts, calls and text are told apart wherever the pieces are cut."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbee_keeper.contract.events import Logprob, Token, TokenLogprob, ToolCallDelta
from rbee_keeper.workers.llm.chat import formats
from rbee_keeper.workers.llm.chat.answer_reader import ChainedReader
from rbee_keeper.workers.llm.chat.formats import TOOL_FORMATS, ToolFormat
from rbee_keeper.workers.llm.reading.reasoning_reader import ReasoningReader
from rbee_keeper.workers.llm.tool_calls.grammar import schemas_of
from rbee_keeper.workers.llm.tool_calls.reader import ToolCallReader
from rbee_keeper.workers.llm.tool_calls.scanner import JsonScanner

from .families import TOOLS
from .reading import Answer, read

BERN = '{"city": "Bern", "days": 2}'


def reader(tool_format: ToolFormat) -> ToolCallReader:
    """Return a reader for the two tools."""
    return ToolCallReader(tool_format.syntax, schemas_of(TOOLS))


def one(arguments: str = BERN, name: str = "weather") -> Answer:
    """Return an answer that is one call."""
    return Answer(calls=[(name, arguments)])


H, Q, L, M, N, F, G = TOOL_FORMATS
CALLS = [
    (H, '<tool_call>\n{"name": "weather", "arguments": ' + BERN + "}\n</tool_call>", one()),
    (H, '<tool_call>{"arguments": ' + BERN + ', "name": "weather"}</tool_call>', one()),
    (H, '<tool_call>{"name": "weather", "arguments": ' + BERN + "}", one()),
    (H, '<tool_call>{"name":"weather","arguments":' + json.dumps(BERN) + "}</tool_call>", one()),
    (H, '<tool_call>{"name": "clock"}</tool_call>', one("{}", "clock")),
    (H, '<tool_call>{"name": "clock", "arguments": null}</tool_call>', one("{}", "clock")),
    (H, '<tool_call>{"function": {"name": "weather", "arguments": ' + BERN + "}}</tool_call>", one()),
    (
        H,
        '<tool_call>{"name": "unheard", "arguments": {"a": "</tool_call>"}}</tool_call>',
        one('{"a": "</tool_call>"}', "unheard"),
    ),
    (
        H,
        'Let me see.\n\n<tool_call>{"name": "weather", "arguments": '
        + BERN
        + '}</tool_call>\n<tool_call>{"name": "clock", "arguments": {}}</tool_call>\n',
        Answer("Let me see.", calls=[("weather", BERN), ("clock", "{}")]),
    ),
    (H, '<tool_call>{"name": "clock", "arguments": {}}</tool_call> Done.', Answer(" Done.", calls=[("clock", "{}")])),
    (
        Q,
        (
            "<tool_call>\n<function=weather>\n<parameter=city>\nBern\n</parameter>\n"
            "<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>"
        ),
        one('{"city": "Bern","days": 2}'),
    ),
    (
        Q,
        "<function=weather>\n<parameter=city>\n2\n</parameter>\n</function>\n</tool_call>",
        Answer("\n</tool_call>", calls=[("weather", '{"city": "2"}')]),
    ),
    (Q, "<function=weather><parameter=days>many</parameter></function>", one('{"days": "many"}')),
    (Q, "<tool_call>\n<function=clock>\n</function>\n</tool_call>", one("{}", "clock")),
    (Q, '<tool_call>{"name": "weather", "arguments": ' + BERN + "}</tool_call>", one()),
    (L, '{"name": "weather", "parameters": ' + BERN + "}", one()),
    (L, '<|python_tag|>{"name": "weather", "parameters": ' + BERN + "}", one()),
    (L, '\n{"type": "function", "name": "weather", "parameters": ' + BERN + "}", one()),
    (L, '{"function": "weather", "parameters": ' + BERN + "}", one()),
    (
        L,
        '{"name": "weather", "parameters": ' + BERN + '}; {"name": "clock", "parameters": {}}',
        Answer(calls=[("weather", BERN), ("clock", "{}")]),
    ),
    (M, '[TOOL_CALLS][{"name": "weather", "arguments": ' + BERN + ', "id": "abcdefghi"}]', one()),
    (
        M,
        '[TOOL_CALLS] [{"name": "weather", "arguments": ' + BERN + '}, {"name": "clock", "arguments": {}}]',
        Answer(calls=[("weather", BERN), ("clock", "{}")]),
    ),
    (M, '[TOOL_CALLS]{"name": "weather", "arguments": ' + BERN + "}", one()),
    (N, "[TOOL_CALLS]weather[ARGS]" + BERN, one()),
    (
        N,
        "I see.[TOOL_CALLS]weather[CALL_ID]123456789[ARGS]" + BERN + "[TOOL_CALLS]clock[ARGS]{}",
        Answer("I see.", calls=[("weather", BERN), ("clock", "{}")]),
    ),
    (F, "<function=weather>" + BERN + "</function>", one()),
    (
        F,
        "<function=weather>" + BERN + "</function>\n<function=clock>{}</function>",
        Answer(calls=[("weather", BERN), ("clock", "{}")]),
    ),
    (G, '{"name": "weather", "arguments": ' + BERN + "}", one()),
    (
        G,
        '{"tool_calls": [{"name": "weather", "arguments": ' + BERN + '}, {"name": "clock"}]}',
        Answer(calls=[("weather", BERN), ("clock", "{}")]),
    ),
    (
        G,
        '{"tool_calls": [{"id": "x", "function": {"name": "weather", "arguments": ' + json.dumps(BERN) + "}}]}",
        one(),
    ),
]  # fmt: skip

NO_CALLS = [
    (H, "<tool_call>weather in Bern</tool_call>"),
    (H, '<tool_call>{"name": "weather", "arguments": [1]}</tool_call>'),
    (H, '<tool_call>{"name": "", "arguments": {}}</tool_call>'),
    (H, '<tool_call>{"name": 5, "arguments": {}}</tool_call>'),
    (H, '<tool_call>{"arguments": {}}</tool_call>'),
    (H, '<tool_call>{"city": "Bern"}</tool_call>'),
    (H, '<tool_call>{"name": "\\ud800", "arguments": {}}</tool_call>'),
    (H, '<tool_call>{"arguments": {"a": tru}, "name": "weather"}</tool_call>'),
    (H, '{"name": "weather", "arguments": {}}'),
    (H, "a < b, <tool>, <tool_cal"),
    (H, "  spaces  \n in \t odd places \n"),
    (H, "\n\n"),
    (Q, "<function=>x</function>"),
    (Q, "<tool_call><function=weather>Bern"),
    (Q, "<function=weather is nice>"),
    (L, '{"name": "Bern", "parameters": {}}'),
    (L, '{"answer": 42}'),
    (L, '{"name": "weather", "temperature": 5}'),
    (L, '<|python_tag|>weather.call(city="Bern")'),
    (L, 'It is {"name": "weather", "parameters": {}}'),
    (L, "{}"),
    (L, "{ not json"),
    (M, "[TOOL_CALLS][]"),
    (M, "[TOOL_CALL] [1]"),
    (N, "[TOOL_CALLS]weather[ARGS]Bern"),
    (F, "<function=weather>Bern</function>"),
    (F, "<function weather>{}</function>"),
    (G, '{"tool_calls": []}'),
    (G, '{"tool_calls": [{"name": "Bern", "arguments": {}}]}'),
    (G, '{"tool_calls": "none"}'),
    (G, '[{"name": "weather", "arguments": {}}]'),
]


CUT_OFF = [
    (H, 'Well.\n<tool_call>\n{"name": "weather", "argum', Answer("Well.")),
    (H, 'Well.\n<tool_call>\n{"na', Answer("Well.")),
    (H, "Well.\n<tool_call>", Answer("Well.")),
    (H, '<tool_call>{"name": "weather", "arguments": {"ci', one('{"ci')),
    (H, '<tool_call>{"name": "clock"}</tool_call>\n<tool_call>{"name": "we', one("{}", "clock")),
    (Q, "<tool_call>\n<function=weather>\n<parameter=city>\nBe", one("")),
    (Q, "<tool_call>\n<function=weath", Answer()),
    (L, '{"name": "weather", "param', Answer()),
    (L, '{"na', Answer('{"na')),
    (M, "[TOOL_CALLS]weath", Answer()),
    (M, '[TOOL_CALLS][{"name": "clock", "arguments": {}}, {"name": "wea', one("{}", "clock")),
    (N, "I see.[TOOL_CALLS]weather[AR", Answer("I see.")),
    (F, "<function=weather>", Answer()),
    (G, '{"tool_calls": [{"name": "weather", "argum', Answer()),
    (G, '{"answer": "sun', Answer('{"answer": "sun')),
]


def cut(text: str, places: list[int]) -> list[str]:
    """Return the text in pieces."""
    ends = sorted({place % (len(text) + 1) for place in places} | {len(text)})
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False) if start < end]


@pytest.mark.parametrize(("tool_format", "text", "answer"), CALLS, ids=range(len(CALLS)))
def test_calls_are_read_in_every_way_of_writing_them(tool_format: ToolFormat, text: str, answer: Answer) -> None:
    """At once and letter by letter, as tokens may come."""
    assert read(reader(tool_format), [text]) == answer
    assert read(reader(tool_format), list(text)) == answer
    for _, arguments in answer.calls:
        json.loads(arguments)


@pytest.mark.parametrize(("tool_format", "text"), NO_CALLS, ids=range(len(NO_CALLS)))
def test_what_is_no_call_comes_out_as_it_was_written(tool_format: ToolFormat, text: str) -> None:
    """A person then sees what the model wrote, which is better than nothing."""
    assert read(reader(tool_format), [text]) == Answer(text)
    assert read(reader(tool_format), list(text)) == Answer(text)


@pytest.mark.parametrize(("tool_format", "text", "answer"), CUT_OFF, ids=range(len(CUT_OFF)))
def test_a_call_that_the_end_of_the_answer_cuts_off_is_no_content(
    tool_format: ToolFormat, text: str, answer: Answer
) -> None:
    """A client shows content to a person, who has no use for half of a call; `finish_reason` says that it was cut."""
    assert read(reader(tool_format), [text]) == answer
    assert read(reader(tool_format), list(text)) == answer


@given(st.sampled_from(CALLS), st.lists(st.integers(0, 300), max_size=12))
def test_it_does_not_matter_where_calls_are_cut(case: tuple[ToolFormat, str, Answer], places: list[int]) -> None:
    """Tokens know nothing of tags."""
    tool_format, text, answer = case
    assert read(reader(tool_format), cut(text, places)) == answer


_FRAGMENTS = st.sampled_from(
    [
        *("<tool_call>", "</tool_call>", "[TOOL_CALLS]", "[ARGS]", "<|python_tag|>", "<function=", "</function>", ">"),
        *('{"name": "weather"', ', "arguments": ', ', "parameters": ', BERN, "{}", "}", "{", "[", "]", ",", "; "),
        *("weather", " ", "\n", "<", "<parameter=city>", "</parameter>", "text", '"', "\\", "null", "1"),
        *('{"tool_calls":', "<think>", "</think>"),
    ]
)  # fmt: skip


@settings(max_examples=500)
@given(
    st.sampled_from(TOOL_FORMATS),
    st.lists(_FRAGMENTS, max_size=14).map("".join),
    st.lists(st.integers(0, 300), max_size=12),
    st.booleans(),
)
def test_any_text_is_read_the_same_however_it_is_cut(
    tool_format: ToolFormat, text: str, places: list[int], is_open: bool
) -> None:
    """Models write nonsense; a reader must neither fail nor depend on the tokens, nor lose text without a call."""

    def new_reader() -> ChainedReader:
        return ChainedReader(ReasoningReader(("<think>", "</think>"), is_open=is_open), reader(tool_format))

    answer = read(new_reader(), [text])
    assert read(new_reader(), cut(text, places)) == answer
    is_cut = any(mark in text for mark in (*tool_format.syntax.openers, '"weather"', '"tool_calls"'))
    if not answer.calls and not is_cut:
        found = "".join((answer.reasoning + answer.text).split())
        missing = len("".join(text.split())) - len(found)
        assert missing in (0, len("<think>"), len("</think>"), len("<think></think>"))


def test_arguments_come_while_they_are_written() -> None:
    """A file that a model writes into a call takes minutes; its reader wants to see it grow."""
    pieces = ["<tool_call>", '{"name": "weather",', ' "arguments": {"ci', 'ty": "B', 'ern"}', "}</tool_call>"]
    tool_reader = reader(formats.HERMES)
    pushed = [tool_reader.push(Token(t=text, i=0)) for text in pieces]
    deltas = [[(e.name, e.arguments) for e in events if isinstance(e, ToolCallDelta)] for events in pushed]
    assert deltas == [[], [], [("weather", ""), ("", '{"ci')], [("", 'ty": "B')], [("", 'ern"}')], []]


def test_what_goes_wrong_behind_the_start_of_a_call_is_not_lost() -> None:
    """The call is with the client already and cannot be taken back."""
    text = '<tool_call>{"name": "weather", "arguments": {"city": Bern}}</tool_call>'
    assert read(reader(formats.HERMES), list(text)) == Answer("Bern}}</tool_call>", calls=[("weather", '{"city": ')])


def test_plain_text_goes_through_untouched() -> None:
    """It is most of what models write, and must cost next to nothing."""
    tool_reader = reader(formats.HERMES)
    token = Token(t=" word", i=3)
    assert tool_reader.push(token)[0] is token


def test_probabilities_stay_with_the_text_they_belong_to() -> None:
    """Those of tags and calls belong to no text."""

    def token(text: str, number: int) -> Token:
        logprob = TokenLogprob(
            id=number, token=text, bytes=[], logprob=-1.0, top=[Logprob(id=1, token="x", bytes=[], logprob=-2.0)]
        )
        return Token(t=text, i=number, logprobs=[logprob])

    tool_reader = reader(formats.HERMES)
    pieces = ["a <", "b", "<tool_call>", '{"name": "clock"}', "</tool_call>", "c"]
    events = [event for number, piece in enumerate(pieces) for event in tool_reader.push(token(piece, number))]
    events += tool_reader.finish()
    shown = [(event.t, [each.id for each in event.logprobs]) for event in events if isinstance(event, Token)]
    assert shown == [("a", [0]), (" <b", [1]), ("c", [5])]


@pytest.mark.parametrize(
    ("is_open", "text", "reasoning", "content"),
    [
        (False, "<think>\nhm m\n</think>\n\nSo.", "hm m", "So."),
        (True, "\nhm\n</think>\n\nSo.", "hm", "So."),
        (True, "never done", "never done", ""),
        (True, "a </thin b</think>c", "a </thin b", "c"),
        (False, "\n<think></think>So.", "", "So."),
        (False, "No <think>thought</think>", "", "No <think>thought</think>"),
        (False, "<thin", "", "<thin"),
        (False, " \n", "", " \n"),
        (False, "<thinking>", "", "<thinking>"),
        (True, "a\n\nb </think> x", "a\n\nb", "x"),
    ],
)
def test_thoughts_are_told_from_the_answer(is_open: bool, text: str, reasoning: str, content: str) -> None:
    """A prompt may end with the opening tag, so that the model writes only the closing one."""
    for pieces in ([text], list(text)):
        found = read(ReasoningReader(("<think>", "</think>"), is_open=is_open), pieces)
        assert found == Answer(content, reasoning)


def test_calls_behind_thoughts_are_calls_and_calls_in_thoughts_are_not() -> None:
    """Models plan their calls before they make them."""
    call = '<tool_call>{"name": "clock", "arguments": {}}</tool_call>'
    chained = ChainedReader(ReasoningReader(("<think>", "</think>"), is_open=True), reader(formats.HERMES))
    answer = read(chained, list(f"maybe {call}</think>\n\nYes.{call}"))
    assert answer == Answer("Yes.", f"maybe {call}", [("clock", "{}")])


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(_JSON, st.booleans(), st.sampled_from([None, 1]), st.lists(st.integers(0, 300), max_size=5))
def test_the_scanner_finds_the_end_of_any_json(
    value: object, ascii_only: bool, indent: int | None, places: list[int]
) -> None:
    """Where it ends too early, arguments are cut; too late, text is lost."""
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    scanner = JsonScanner()
    pieces = cut(text + "}", places)
    taken = 0
    for piece in pieces:
        if scanner.state == "open":
            taken += scanner.push(piece, 0)
    assert (scanner.state, taken) == ("done", len(text))


@given(st.text(alphabet='{}[]":,\\ \n0123456789-+.eEtruefalsn\x00u', max_size=12))
def test_the_scanner_agrees_with_python_on_what_is_json(text: str) -> None:
    """Strict, so that arguments can be read by every client."""
    scanner = JsonScanner()
    taken = scanner.push(text, 0)
    scanner.finish()
    try:
        json.loads(text)
        is_json = not text[:1].isspace()
    except ValueError:
        is_json = False
    assert (scanner.state == "done" and not text[taken:].strip(" \n")) == is_json


def test_long_answers_are_read_in_time_that_grows_with_their_length() -> None:
    """A reader that looks at all of the text again with each token stops a worker."""
    texts = [
        '<tool_call>{"name": "weather", "arguments": {"city": "' + "x" * 100_000 + '"}}</tool_call>',
        "<" * 100_000,
        "<tool_call>" * 10_000,
        " " * 20_000,
        "<tool_call><function=weather><parameter=city>" + "x>" * 50_000 + "</parameter></function></tool_call>",
    ]
    for text in texts:
        began = time.perf_counter()
        read(reader(formats.QWEN_XML), [text[at : at + 4] for at in range(0, len(text), 4)])
        assert time.perf_counter() - began < 5
