"""`rbee rhai` as people run it: real processes, exit codes, both streams."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def rhai(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rbee_keeper", "rhai", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, input=stdin, timeout=60)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    assert rhai("init", str(tmp_path)).returncode == 0
    return tmp_path / "scheduler.rhai"


def test_init_writes_a_script_that_passes_check_and_test(sample: Path) -> None:
    """The first minute with rbee's scripts works."""
    checked = rhai("check", str(sample))
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "route_task/2" in checked.stdout
    tested = rhai("test", str(sample))
    assert (tested.returncode, tested.stderr) == (0, "")
    assert tested.stdout.endswith("6 passed, 0 failed\n")


def test_init_replaces_nothing_unasked(sample: Path) -> None:
    """Nobody loses a script."""
    sample.write_text("mine")
    refused = rhai("init", str(sample.parent))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert sample.read_text() == "mine"
    assert rhai("init", str(sample.parent), "--force").returncode == 0
    assert sample.read_text() != "mine"


def test_check_shows_every_finding_with_a_caret(tmp_path: Path) -> None:
    """All at once, on stderr, exit code 1."""
    script = tmp_path / "bad.rhai"
    script.write_text("fn route_task(task, workers) {\n    workers.filter(|w| w.gpu > 1).least_load()\n}\n")
    done = rhai("check", str(script))
    assert (done.returncode, done.stdout) == (1, "")
    assert "  --> bad.rhai:2:26\n" in done.stderr
    assert "^^^ did you mean `gpus`?" in done.stderr
    assert "did you mean `least_loaded`?" in done.stderr


def test_check_as_json(tmp_path: Path) -> None:
    """For editors and continuous integration."""
    script = tmp_path / "bad.rhai"
    script.write_text("let x = ;")
    done = rhai("check", str(script), "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["ok"] is False
    assert found["findings"][0]["kind"] == "BadInput"
    assert (found["findings"][0]["line"], found["findings"][0]["col"]) == (1, 9)


@pytest.mark.parametrize("command", ["check", "test", "bench"])
def test_a_missing_file_is_a_usage_error(command: str, tmp_path: Path) -> None:
    """Exit code 2 means: look at what you typed."""
    done = rhai(command, str(tmp_path / "none.rhai"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot read" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_failing_case_says_what_was_expected(sample: Path, tmp_path: Path) -> None:
    """A red test explains itself."""
    fixtures = tmp_path / "f.json"
    case = {"name": "wrong", "task": {"id": "t"}, "workers": [{"id": "a"}], "expect": "b"}
    fixtures.write_text(json.dumps({"cases": [case]}))
    done = rhai("test", str(sample), "--fixtures", str(fixtures))
    assert done.returncode == 1
    assert "FAIL  wrong" in done.stdout
    assert "expected b, got a" in done.stderr
    as_json = json.loads(rhai("test", str(sample), "--fixtures", str(fixtures), "--json").stdout)
    assert (as_json["passed"], as_json["failed"]) == (1, 1)


@pytest.mark.parametrize("content", ["{", "[]", '{"cases": 5}', '{"cases": [{"workers": [{"idd": 1}]}]}'])
def test_a_broken_fixture_file_is_a_usage_error(content: str, sample: Path, tmp_path: Path) -> None:
    """Not a pass, not a traceback."""
    fixtures = tmp_path / "f.json"
    fixtures.write_text(content)
    done = rhai("test", str(sample), "--fixtures", str(fixtures))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_test_functions_fail_by_false_or_by_an_error(tmp_path: Path) -> None:
    """Either way the script's own tests count."""
    script = tmp_path / "s.rhai"
    script.write_text("fn test_a() { false } fn test_b() { 1 / 0 } fn test_c() { } fn test_d() { loop {} }")
    done = rhai("test", str(script), "--json")
    assert done.returncode == 1
    results = {test["name"]: test["passed"] for test in json.loads(done.stdout)["tests"]}
    assert results == {"test_a": False, "test_b": False, "test_c": True, "test_d": False}


def test_eval_shows_output_then_the_value() -> None:
    """A calculator for scripts."""
    done = rhai("eval", 'print("hi"); [1, "a", 2.0]')
    assert (done.returncode, done.stdout, done.stderr) == (0, 'hi\n[1, "a", 2.0]\n', "")
    assert rhai("eval", "-", stdin="6 * 7").stdout == "42\n"
    assert json.loads(rhai("eval", "--json", "1 + 1").stdout)["value"] == "2"
    failed = rhai("eval", "1 +")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "Script is incomplete" in failed.stderr


def test_bench_reports_times(sample: Path) -> None:
    """Median and p99 per entry point."""
    done = rhai("bench", str(sample), "--workers", "10", "--runs", "30", "--json")
    assert done.returncode == 0
    measured = json.loads(done.stdout)
    assert measured["entry_points"]["route_task"]["median_us"] > 0
    assert measured["entry_points"]["route_task"]["failures"] == 0
