"""`rbee infer` over a connection that is cut: the text is whole, and Ctrl-C still ends the task at once."""

import signal

from ..cutting_proxy import cutting
from ..programs import Home
from ..waiting import eventually


def test_a_command_whose_connection_is_cut_prints_the_whole_text(home: Home) -> None:
    """A laptop that changes its network for a moment loses nothing."""
    model = home.fake_model(delay_s=0.01, tokens=[f"word{number} " for number in range(20)], ends=True)
    _, queen = home.queen()
    asked = ("rbee", "infer", "-m", model, "-p", "hi", "--queen-url")
    whole = home.start(*asked, queen.url).finish()
    # the first connection is the question for the queen's health
    with cutting(queen.port, lambda number: (None, 9, 5, None)[min(number, 3)]) as proxy:
        cut = home.start(*asked, f"http://127.0.0.1:{proxy.port}").finish()
    assert (cut.code, cut.out) == (0, whole.out), cut.err
    assert proxy.cuts == 2


def test_ctrl_c_ends_the_task_before_its_time_to_wait_is_over(home: Home) -> None:
    """It would hold a slot for nobody."""
    model = home.fake_model(delay_s=0.05)
    _, queen = home.queen()
    program = home.start("rbee", "infer", "-m", model, "-p", "hi", "--max-tokens", "2000", "--queen-url", queen.url)
    program.wait_for_output("fake")
    program.send(signal.SIGINT)
    assert program.finish().code == 130
    eventually(lambda: queen.call("GET", "/v2/status").json()["tasks_running"] == 0, "nothing runs", within_s=3)
