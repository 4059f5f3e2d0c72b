"""Server-sent events: frames survive any cut of the bytes."""

from hypothesis import given
from hypothesis import strategies as st

from rbee_keeper.contract import events
from rbee_keeper.transport import sse

FRAMES = st.lists(
    st.binary(min_size=1, max_size=30).map(lambda data: sse.frame("token", data.replace(b"\n", b"_"))), max_size=8
)


@given(FRAMES, st.lists(st.integers(min_value=1, max_value=40), max_size=30))
def test_frames_come_out_whole_however_the_network_cuts_them(frames: list[bytes], sizes: list[int]) -> None:
    """TCP knows no messages: a frame may arrive in pieces, or ten of them in one read."""
    data = b"".join(frames)
    cutter = sse.FrameCutter()
    found: list[bytes] = []
    for size in sizes:
        found += cutter.feed(data[:size])
        data = data[size:]
    found += cutter.feed(data)
    assert found == frames


def test_half_a_frame_is_not_handed_on() -> None:
    """A reader that takes half a frame for a whole one shows broken JSON."""
    cutter = sse.FrameCutter()
    assert cutter.feed(b"event: token\ndata: 1\n") == []
    assert cutter.feed(b"\n") == [b"event: token\ndata: 1\n\n"]


def test_a_frame_can_be_read_back() -> None:
    """Writer and reader of the same format."""
    message = sse.with_id(7, sse.frame("token", b'{"t":"a: b"}'))
    assert list(sse.fields(message)) == [("id", "7"), ("event", "token"), ("data", '{"t":"a: b"}')]
    assert sse.data_of(message) == '{"t":"a: b"}'


def test_comments_and_frames_without_data_are_no_data() -> None:
    """Proxies send comments to keep connections open."""
    assert sse.data_of(b": keep-alive\n\n") is None
    assert sse.data_of(b"event: token\n\n") is None


def test_several_data_lines_are_joined_as_the_standard_says() -> None:
    """Other senders may split a value over lines."""
    assert sse.data_of(b"data: a\ndata: b\n\n") == "a\nb"


@given(st.text())
def test_text_of_any_language_stays_on_its_line(text: str) -> None:
    """JSON text may hold characters that Python counts as line ends, such as U+2028 or U+0085."""
    import json

    data = json.dumps({"t": text}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    try:
        data.decode()
    except UnicodeDecodeError:
        return
    found = sse.data_of(sse.frame("token", data))
    assert found is not None
    assert json.loads(found) == {"t": text}


def test_comments_are_left_out_of_the_messages() -> None:
    """A stream that has nothing to say sends comments; nobody may take one for an event, or pass it on."""
    cutter = sse.FrameCutter()
    frame = sse.frame("token", b"1")
    assert cutter.feed(sse.COMMENT + frame + sse.COMMENT[:4]) == [frame]
    assert cutter.feed(sse.COMMENT[4:] + b": a\ndata: 1\n\n") == [b": a\ndata: 1\n\n"]


def test_frames_are_told_apart_by_the_names_that_the_event_types_have() -> None:
    """A relay that looks for a name nobody writes any more would wait for ever for the end."""
    assert sse.first_lines(events.Closing) == (b"event: end\n", b"event: error\n")
    assert sse.first_lines(events.Output) == (b"event: token\n", b"event: reasoning\n", b"event: tool_call\n")
    assert sse.message_frame(events.Token(t="a", i=0)).startswith(sse.first_lines(events.Token))
    assert len(sse.first_lines(events.Event)) == len(set(sse.first_lines(events.Event))) == 9


def test_the_message_that_ends_a_stream_has_the_data_that_readers_wait_for() -> None:
    """Writers send the message, readers compare its data; both are one word."""
    assert sse.DONE == b"data: [DONE]\n\n"
    assert sse.data_of(sse.DONE) == events.END_OF_STREAM
