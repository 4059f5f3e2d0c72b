"""On a real terminal: a spinner that goes away, colours only where welcome, Ctrl-C, a closed window."""

import pytest

from ..programs import Home
from ..terminal import Terminal


def test_a_person_sees_what_is_going_on_until_the_answer_comes(home: Home) -> None:
    """The spinner names the step and the percent, and is wiped before the first token."""
    model = home.fake_model(tokens=["the answer"], ends=True, load_s=2.0)
    terminal = Terminal(home, "rbee", "infer", "-m", model, "-p", "hi")
    assert terminal.finish(30) == 0
    assert "loading the model" in terminal.text
    assert "%" in terminal.text
    before, _, after = terminal.text.rpartition("\x1b[K")
    assert "loading the model" in before
    assert after == "the answer\r\n", "the cursor is at the start of a fresh line"


def test_progress_stays_off_standard_output(home: Home) -> None:
    """The answer goes to a file while the person watches the spinner."""
    model = home.fake_model(tokens=["the answer"], ends=True, load_s=1.0)
    out = home.folder / "out.txt"
    terminal = Terminal(home, "rbee", "infer", "-m", model, "-p", "hi", out=out)
    assert terminal.finish(30) == 0
    assert out.read_text() == "the answer"
    assert "loading the model" in terminal.text


@pytest.mark.parametrize("options", [["--quiet"], ["--json"]])
def test_quiet_and_json_show_no_spinner(home: Home, options: list[str]) -> None:
    """Both are for programs, wherever they run."""
    model = home.fake_model(tokens=["the answer"], ends=True, load_s=1.0)
    terminal = Terminal(home, "rbee", "infer", "-m", model, "-p", "hi", *options)
    assert terminal.finish(30) == 0
    assert "\x1b" not in terminal.text
    assert "\r" not in terminal.text.replace("\r\n", "")


@pytest.mark.parametrize(
    ("environment", "is_red"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)], ids=str
)
def test_an_error_is_red_where_colours_are_welcome(home: Home, environment: dict[str, str], is_red: bool) -> None:
    """https://no-color.org, and terminals that cannot."""
    terminal = Terminal(home, "rbee", "infer", "-m", "./none.gguf", "-p", "hi", extra=environment)
    assert terminal.finish(30) == 1
    assert ("\x1b[31m" in terminal.text) is is_red
    assert "there is no file" in terminal.text


def test_an_error_in_a_pipe_has_no_colours(home: Home) -> None:
    """Log files are read without a terminal."""
    assert "\x1b" not in home.rbee("infer", "-m", "./none.gguf", "-p", "hi").err


def test_ctrl_c_typed_on_the_keyboard_ends_the_run_with_130(home: Home) -> None:
    """The kernel sends it to the foreground group; the daemons are not in it."""
    model = home.fake_model(delay_s=0.03)
    terminal = Terminal(home, "rbee", "infer", "-m", model, "-p", "hi", "--max-tokens", "2000")
    terminal.wait_for("fake token ")
    terminal.type("\x03")
    assert terminal.finish(10) == 130
    assert "Traceback" not in terminal.text
    home.wait_until_nothing_runs(within_s=5)


def test_ctrl_c_while_the_model_loads_takes_the_spinner_away(home: Home) -> None:
    """The shell's prompt must not stand behind half a spinner."""
    model = home.fake_model(load_s=30)
    terminal = Terminal(home, "rbee", "infer", "-m", model, "-p", "hi")
    terminal.wait_for("loading the model")
    terminal.type("\x03")
    assert terminal.finish(10) == 130
    assert terminal.text.replace("^C", "").endswith("\r\x1b[K")
    home.wait_until_nothing_runs(within_s=5)


def test_a_closed_window_ends_everything(home: Home) -> None:
    """SIGHUP comes from the kernel when the last one who holds the terminal lets go."""
    model = home.fake_model(delay_s=0.03)
    terminal = Terminal(home, "rbee", "infer", "-m", model, "-p", "hi", "--max-tokens", "2000")
    terminal.wait_for("fake token ")
    terminal.close()
    assert terminal.process.wait(10) in (129, 141)
    home.wait_until_nothing_runs(within_s=5)


def test_an_answer_cut_by_max_tokens_says_so_to_a_person(home: Home) -> None:
    """Otherwise a cut answer looks like a bad one."""
    model = home.fake_model()
    terminal = Terminal(home, "rbee", "infer", "-m", model, "-p", "hi", "--max-tokens", "3")
    assert terminal.finish(30) == 0
    assert "(stopped after 3 tokens; --max-tokens allows more)" in terminal.text


def test_escapes_of_a_model_are_shown_on_a_terminal_and_not_executed(home: Home) -> None:
    """OSC 52 writes to the clipboard, and cursor movements rewrite what the person has read."""
    model = home.fake_model(tokens=["a\x1b]52;c;eA==\x07b\x9b2J\u202ec\r"], ends=True)
    terminal = Terminal(home, "rbee", "infer", "-m", model, "-p", "hi", "--quiet")
    assert terminal.finish(30) == 0
    assert "\x1b" not in terminal.text
    assert "a\u241b]52;c;eA==\u2407b<9B>2J<U+202E>c\u240d" in terminal.text


def test_help_has_panels_and_colours_on_a_terminal(home: Home) -> None:
    """As people know it from other programs; no sentence is cut."""
    terminal = Terminal(home, "rbee", "--help", extra={"COLUMNS": "80"})
    assert terminal.finish(30) == 0
    assert "╭" in terminal.text
    assert "\x1b[" in terminal.text
    assert "…" not in terminal.text
    for heading in ("Run", "Look", "Daemons", "Tools"):
        assert f" {heading} " in terminal.text


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_help_is_plain_where_colours_are_not_welcome(home: Home, environment: dict[str, str]) -> None:
    """A screen reader reads every corner of a box aloud."""
    terminal = Terminal(home, "rbee", "--help", extra=environment)
    assert terminal.finish(30) == 0
    assert "Daemons:" in terminal.text
    assert "╭" not in terminal.text
    assert "\x1b" not in terminal.text
