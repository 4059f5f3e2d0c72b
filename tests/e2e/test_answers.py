"""`rbee infer` on the bundled model: what appears where, and how it ends."""

import json
import re
import signal
import subprocess

import pytest

from rbee_keeper.config.paths import bundled_models_dir

from ..programs import Home, script
from ..waiting import eventually

STORY = ("infer", "--raw", "-p", "Once upon a time")


def test_a_fresh_machine_answers_and_leaves_nothing(home: Home) -> None:
    """Nothing running, nothing configured: one command, one answer (10.2)."""
    done = home.rbee("infer", "-p", "How do I add a node?")
    assert done.code == 0, done.err
    assert len(done.out.split()) >= 3
    assert done.err == "", "a pipe gets no progress"
    home.wait_until_nothing_runs(within_s=3)


def test_the_prompt_may_come_from_standard_input_alone_or_after_the_typed_one(home: Home) -> None:
    """`git log -1 | rbee infer -p "Summarise:"`."""
    typed = home.rbee("infer", "-p", "Summarise:\n\nthe bees", "--temperature", "0")
    piped = home.rbee("infer", "-p", "Summarise:", "--temperature", "0", text="the bees\n")
    alone = home.rbee("infer", "--temperature", "0", text="Summarise:\r\n\r\nthe bees\r\n")
    assert typed.code == piped.code == alone.code == 0
    assert typed.out == piped.out == alone.out


@pytest.mark.parametrize(
    ("text", "words"),
    [(b"", "the prompt is empty"), (b"\xff\xfe\x00", "not UTF-8"), (b"bell \x07", "control characters")],
    ids=["empty", "not text", "control characters"],
)
def test_input_that_is_no_prompt_is_refused_with_what_to_do(home: Home, text: bytes, words: str) -> None:
    """Nothing is started in vain."""
    done = home.rbee("infer", text=text)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    home.wait_until_nothing_runs(within_s=3)


def test_no_prompt_at_all_is_an_error_with_an_example(home: Home) -> None:
    """Standard input that is no pipe is not waited for."""
    done = home.rbee("infer")
    assert done.code == 2
    assert "rbee infer -p" in done.err


def test_json_is_one_event_a_line_from_queued_to_end(home: Home) -> None:
    """For pipelines; tokens rise by one and the figures add up."""
    done = home.rbee(*STORY, "--json", "--max-tokens", "70")
    assert done.code == 0
    names = [event["event"] for event in done.events]
    assert names[0] == "queued"
    assert names.count("started") == 1
    assert names[-1] == "end"
    tokens = [event for event in done.events if event["event"] == "token"]
    assert [token["i"] for token in tokens] == sorted({token["i"] for token in tokens})
    started = next(event for event in done.events if event["event"] == "started")
    end = done.events[-1]
    assert end["tokens_out"] == end["usage"]["completion_tokens"] <= 70
    assert end["usage"]["prompt_tokens"] == started["prompt_tokens"] > 0
    assert end["usage"]["total_tokens"] == started["prompt_tokens"] + end["tokens_out"]
    assert 0 < end["prompt_ms"] <= end["ttft_ms"]
    assert end["stop_reason"] in ("EOS", "MAX_TOKENS")
    assert started["started_at"] > 1_700_000_000
    assert started["model"]
    assert "metrics" in names


def test_json_ends_with_an_error_event_when_the_task_fails(home: Home) -> None:
    """A reader of JSON must not have to read standard error."""
    done = home.rbee("infer", "-p", "hi", "-m", "no-such-model", "--json")
    assert done.code == 1
    assert done.events[-1]["event"] == "error"
    assert done.events[-1]["code"] == "MODEL_NOT_FOUND"
    refused = home.rbee("infer", "-p", "hi", "--max-tokens", "0", "--json")
    assert (refused.code, refused.events[-1]["code"]) == (2, "INVALID_PARAMS")


def test_stats_go_to_standard_error(home: Home) -> None:
    """The answer stays alone on standard output."""
    plain = home.rbee(*STORY, "--max-tokens", "5", "--temperature", "0")
    done = home.rbee(*STORY, "--max-tokens", "5", "--temperature", "0", "--stats")
    assert done.out == plain.out
    assert re.search(r"4 prompt tokens, 5 tokens, first after \d+ ms, [\d.]+ tokens/s, ended by MAX_TOKENS", done.err)


def test_the_same_seed_gives_the_same_answer_and_another_seed_another(home: Home) -> None:
    """Seed 0 is a seed too; without one every answer is fresh, and says which seed it drew."""
    queen, _ = home.queen()

    def story(*options: str) -> list[dict[str, object]]:
        done = home.rbee(*STORY, "--json", "--max-tokens", "40", "--temperature", "1.5", *options)
        assert done.code == 0
        return done.events

    def text(events: list[dict[str, object]]) -> str:
        return "".join(str(event["t"]) for event in events if event["event"] == "token")

    for seed in ("0", "42"):
        assert text(story("--seed", seed)) == text(story("--seed", seed))
    assert text(story("--seed", "1")) != text(story("--seed", "2"))
    fresh = story()
    drawn = next(event["seed"] for event in fresh if event["event"] == "started")
    assert text(story("--seed", str(drawn))) == text(fresh)
    assert queen.is_running


def test_temperature_0_is_greedy_and_needs_no_seed(home: Home) -> None:
    """The same question, the same answer."""
    answers = {home.rbee(*STORY, "--max-tokens", "30", "--temperature", "0").out for _ in range(2)}
    assert len(answers) == 1


def test_an_answer_ends_before_a_stop_string_wherever_the_tokens_cut_it(home: Home) -> None:
    """The stop string itself is never shown."""
    home.queen()
    options = ("--temperature", "0", "--max-tokens", "60")
    whole = home.rbee(*STORY, *options).out
    assert len(whole) > 60
    for start, length in ((20, 3), (31, 7), (40, 1)):
        stop = whole[start : start + length]
        done = home.rbee(*STORY, *options, "--stop", stop, "--json")
        shown = "".join(event["t"] for event in done.events if event["event"] == "token")
        assert shown == whole[: whole.index(stop)]
        assert (done.events[-1]["stop_reason"], done.events[-1]["stop_sequence_matched"]) == ("STOP_SEQUENCE", stop)
    several = home.rbee(*STORY, *options, "--stop", "never-said", "--stop", whole[25:30])
    assert several.out == whole[: whole.index(whole[25:30])]


def test_max_tokens_is_the_number_of_tokens(home: Home) -> None:
    """Not one more."""
    done = home.rbee(*STORY, "--max-tokens", "7", "--json")
    end = done.events[-1]
    assert (end["tokens_out"], end["stop_reason"]) == (7, "MAX_TOKENS")


def test_head_ends_the_run_quietly(home: Home) -> None:
    """`| head` reads what it wants and leaves; nobody complains and nothing stays."""
    run = f"'{script('rbee')}' infer --raw -p 'Once upon a time' --max-tokens 900"
    line = f"{run} | head -c 20; code=${{PIPESTATUS[0]}}; echo; echo $code"
    done = subprocess.run(
        ["bash", "-c", line],
        env=home.environment,
        cwd=home.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert len(done.stdout.splitlines()[0]) <= 20
    assert done.stdout.splitlines()[-1] in ("0", "141")
    assert done.stderr == ""
    home.wait_until_nothing_runs(within_s=5)


def test_head_on_an_endless_answer_ends_it_with_141(home: Home) -> None:
    """The shell's own code for a reader who left."""
    model = home.fake_model(delay_s=0.01)
    run = f"'{script('rbee')}' infer -m {model} -p hi --max-tokens 2000"
    line = f"{run} | head -c 5; code=${{PIPESTATUS[0]}}; echo; echo $code"
    done = subprocess.run(
        ["bash", "-c", line],
        env=home.environment,
        cwd=home.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == ["fake", "141"]
    assert done.stderr == ""
    home.wait_until_nothing_runs(within_s=5)


def test_tee_gets_every_byte(home: Home) -> None:
    """And nothing but the tokens: no line is added at the end of a pipe."""
    expected = home.rbee(*STORY, "--max-tokens", "40", "--temperature", "0").out
    line = f"'{script('rbee')}' infer --raw -p 'Once upon a time' --max-tokens 40 --temperature 0 | tee out.txt"
    done = subprocess.run(
        ["bash", "-c", line],
        env=home.environment,
        cwd=home.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == (home.folder / "out.txt").read_text() == expected


def test_time_that_runs_out_is_exit_code_124(home: Home) -> None:
    """As `timeout` does; what was said so far is there."""
    model = home.fake_model(delay_s=0.05)
    done = home.rbee("infer", "-m", model, "-p", "hi", "--max-tokens", "2000", "--timeout", "3")
    assert done.code == 124
    assert done.out.startswith("fake token ")
    assert "REQUEST_TIMEOUT" in done.err
    assert done.took_s < 15
    home.wait_until_nothing_runs(within_s=3)


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "1e300", "99999999999999"])
def test_a_time_that_is_none_is_refused_in_words(home: Home, seconds: str) -> None:
    """Never with a traceback."""
    done = home.rbee("infer", "-p", "hi", "--timeout", seconds)
    assert done.code == 2
    assert "timeout" in done.err
    assert "defect" not in done.err
    assert "Traceback" not in done.err


def test_quiet_says_nothing_but_the_answer(home: Home) -> None:
    """For scripts."""
    done = home.rbee("infer", "-p", "How do I add a node?", "--quiet", "--temperature", "0")
    assert (done.code, done.err) == (0, "")
    assert done.out


def test_a_system_text_and_raw_change_what_the_model_sees(home: Home) -> None:
    """The prompt grows by them."""
    home.queen()

    def prompt_tokens(*options: str) -> int:
        done = home.rbee("infer", "-p", "hello", "--max-tokens", "1", "--json", *options)
        assert done.code == 0, done.err
        return int(next(event["prompt_tokens"] for event in done.events if event["event"] == "started"))

    raw, chat = prompt_tokens("--raw"), prompt_tokens()
    assert raw < chat
    assert prompt_tokens("--system", "Answer briefly.") > chat


def test_a_prompt_larger_than_the_context_is_refused_with_the_figures(home: Home) -> None:
    """And with what would fit."""
    done = home.rbee("infer", "-p", "bees " * 3000, "--max-tokens", "10")
    assert done.code == 1
    assert "CONTEXT_LENGTH_EXCEEDED" in done.err
    assert "shorten the prompt" in done.err
    close = home.rbee("infer", "--raw", "-p", "hello", "--max-tokens", "2000")
    assert close.code == 1
    allowed = re.search(r"--max-tokens (\d+) or less", close.err)
    assert allowed is not None
    assert home.rbee("infer", "--raw", "-p", "hello", "--max-tokens", allowed[1]).code == 0


def test_tokens_are_on_standard_output_as_they_are_made(home: Home) -> None:
    """The first is there before 10 % of the time of 200 tokens has passed (9.3)."""
    model = home.fake_model(delay_s=0.04)
    home.queen()
    warm = home.rbee("infer", "-m", model, "-p", "hi", "--max-tokens", "1")
    assert warm.code == 0
    keeper = home.start("rbee", "infer", "-m", model, "-p", "hi", "--max-tokens", "200")
    done = keeper.finish(60)
    assert done.out == "fake token " * 100
    moments = [moment - keeper.started_at for moment, _ in keeper.out.pieces]
    assert moments[0] < 0.1 * done.took_s, (moments[0], done.took_s)
    assert len(moments) > 100, "tokens came in heaps"


def test_ctrl_c_while_the_real_engine_computes_is_130_and_leaves_nothing(home: Home) -> None:
    """On the real engine too."""
    keeper = home.start("rbee", *STORY, "--max-tokens", "1000", "--json")
    keeper.wait_for_output('"started"')
    keeper.send(signal.SIGINT)
    done = keeper.finish(10)
    assert done.code in (130, 0), "130, unless a thousand tokens were faster than the signal"
    assert "Traceback" not in done.err
    home.wait_until_nothing_runs(within_s=5)


def test_a_running_queen_is_used_and_stays(home: Home) -> None:
    """CLI exits after inference; daemons that ran before keep running (10.1)."""
    program, queen = home.queen()
    for _ in range(2):
        done = home.rbee("infer", "-p", "hi", "--max-tokens", "3")
        assert done.code == 0, done.err
    assert program.is_running
    assert queen.call("GET", "/v2/status").json()["tasks_done"] == 2
    assert len(home.roles()["worker"]) == 1
    named = home.rbee("infer", "-p", "hi", "--max-tokens", "3", "--queen-url", queen.url)
    assert named.code == 0, named.err


def test_a_relative_model_file_is_found_from_the_persons_folder(home: Home) -> None:
    """`-m ./some.gguf`, also outside of the model folders."""
    (home.folder / "some.gguf").symlink_to(bundled_models_dir() / "bee-tiny.gguf")
    (home.folder / "copy of it.gguf").write_bytes((bundled_models_dir() / "bee-tiny.gguf").read_bytes())
    for typed in ("./some.gguf", "some.gguf", str(home.folder / "some.gguf"), "./copy of it.gguf"):
        done = home.rbee("infer", "-m", typed, "-p", "hi", "--max-tokens", "3")
        assert (done.code, bool(done.out)) == (0, True), done.err


def test_plain_curl_gets_an_answer_without_any_header(home: Home) -> None:
    """The line of the manual, word for word."""
    _, queen = home.queen()
    body = json.dumps({"prompt": "hello", "model": "bee-tiny"})
    done = subprocess.run(
        ["curl", "-sN", f"localhost:{queen.port}/v2/tasks", "-d", body],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert "event: token" in lines
    assert lines[-2:] == ["data: [DONE]", ""]
    eventually(lambda: queen.call("GET", "/v2/status").json()["tasks_done"] == 1, "the task is done")


def test_an_answer_that_is_cut_says_how_much_came_and_keeps_it(home: Home) -> None:
    """Ten minutes of an answer must not be lost with the terminal's history."""
    model = home.fake_model(tokens=["bee ", "hive "], fault="crash", fault_at=6, delay_s=0.01)
    done = home.rbee("infer", "-m", model, "-p", "hi", "--max-tokens", "50")
    assert done.code == 1
    found = re.search(r"cut after (\d) of at most 50 tokens", done.err)
    assert found is not None, done.err
    pieces = ["bee ", "hive "] * 3
    assert "the same command may succeed" in done.err
    (kept,) = (home.folder / "state" / "rbee" / "cut-answers").iterdir()
    assert str(kept) in done.err
    assert kept.read_text() == done.out == "".join(pieces[: int(found[1])]) != ""
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_reader_that_takes_its_time_gets_every_byte_as_the_model_sent_it(home: Home) -> None:
    """Pipelines are not terminals: escapes stay, and a full pipe is waited for, also one that does not block."""
    piece = "\x1b]52;c;x\x07 " + "x" * 2_000
    model = home.fake_model(tokens=[piece], ends=False)
    program = home.start("rbee", "infer", "-m", model, "-p", "hi", "--max-tokens", "200")
    assert program.finish().out == piece * 200


def test_a_failure_names_the_id_that_finds_it_in_every_log(home: Home) -> None:
    """A person who reports a failure can send what all three daemons wrote about it."""
    done = home.rbee("infer", "-m", "no-such-model", "-p", "hi")
    found = re.search(r"rbee logs --id (\S+)", done.err)
    assert found is not None, done.err
    lines = home.rbee("logs", "--id", found[1], "--json").out.splitlines()
    assert {json.loads(line)["actor"] for line in lines} >= {"queen-rbee", "rbee-hive"}
    unknown = home.rbee("logs", "--id", "0" * 8)
    assert (unknown.code, unknown.out) == (1, "")
