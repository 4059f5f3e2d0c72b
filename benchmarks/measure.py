"""Shared by the benchmarks: a private state folder, runs, medians."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

RBEE = [sys.executable, "-m", "rbee_keeper"]
BUNDLED_MODEL = Path(__file__).parent.parent / "rbee_keeper" / "models" / "bee-tiny.gguf"
PROMPT = "How do I add a node?"


@contextmanager
def private_environment() -> Iterator[dict[str, str]]:
    """Give an environment whose state, settings and ports are nobody else's."""
    with tempfile.TemporaryDirectory(prefix="rbee-bench-") as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RBEE_")}
        for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
            environment[variable] = str(Path(folder) / variable.lower())
        environment |= {"RBEE_QUEEN_PORT": "18080", "RBEE_HIVE_PORT": "19200", "RBEE_WORKER_FIRST_PORT": "18001"}
        yield environment


def first_output_s(command: Sequence[str], environment: dict[str, str]) -> tuple[float, float]:
    """Run a command to its end; return the seconds to its first byte on standard output and to its end."""
    started = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = os.read(process.stdout.fileno(), 1)
        first_at = time.perf_counter() - started
        process.stdout.read()
        errors = process.stderr.read()
    if process.returncode != 0 or not first:
        sys.exit(f"{' '.join(command)} failed with {process.returncode}: {errors.decode()}")
    return first_at, time.perf_counter() - started


def narration(environment: dict[str, str]) -> list[dict[str, object]]:
    """Return what all daemons narrated, in order of time."""
    folder = Path(environment["XDG_STATE_HOME"]) / "rbee" / "logs"
    lines = [line for path in folder.rglob("*.log") for line in path.read_text().splitlines() if line.startswith("{")]
    return sorted(map(json.loads, lines), key=lambda line: float(line["time"]))


def summary(values: Sequence[float]) -> str:
    """Return minimum, median and maximum in seconds."""
    return f"min {min(values):.3f}  median {statistics.median(values):.3f}  max {max(values):.3f} s"
