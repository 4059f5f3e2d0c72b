"""Whether streams are live and daemons answer while the engine works.

First `rbee infer` with 200 tokens, ten times: the share of its time after which the first token was there. Then four
streams at a time through one queen, without pause, while `/health` of queen, hive and worker is asked every 10 ms.
The peer of the second part is the same question to the same daemons at rest.
"""

import json
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping

from measure import RBEE, private_environment

STORY = ["infer", "-m", "bee-tiny", "-p", "Tell me a long story about a bee.", "--max-tokens"]
STREAMS = 4
SECONDS = 8.0
_INTERVAL_S = 0.01


def first_token_share(environment: Mapping[str, str]) -> tuple[float, int]:
    """Return the share of the time from the request to the end that had passed at the first token, and the tokens."""
    command = [*RBEE, *STORY, "200", "--json", "--temperature", "0"]
    moments: list[float] = []
    with subprocess.Popen(command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        started = 0.0
        for line in process.stdout:
            event = json.loads(line)["event"]
            now = time.perf_counter()
            if event == "queued":
                started = now
            elif event == "token":
                moments.append(now)
    return (moments[0] - started) / (moments[-1] - started), len(moments)


def ask(url: str) -> float:
    """Return the seconds that one question for health takes, on a connection of its own."""
    started = time.perf_counter()
    with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
        answer.read()
    return time.perf_counter() - started


def health_times(urls: Mapping[str, str], seconds: float) -> dict[str, list[float]]:
    """Ask every daemon in turns for that long."""
    times: dict[str, list[float]] = {name: [] for name in urls}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name, url in urls.items():
            times[name].append(ask(url))
        time.sleep(_INTERVAL_S)
    return times


def stream_until(stop: threading.Event, environment: Mapping[str, str]) -> None:
    """Keep one stream open without pause."""
    while not stop.is_set():
        command = [*RBEE, *STORY, "900", "-q", "--raw"]
        subprocess.run(command, env=dict(environment), check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def daemons(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the addresses of the queen, its hive and its worker."""
    done = subprocess.run([*RBEE, "queen", "status", "--json"], env=dict(environment), check=True, capture_output=True)
    status = json.loads(done.stdout)
    return {"queen": status["url"], "hive": status["hives"][0]["url"], "worker": status["workers"][0]["url"]}


def p99(values: list[float]) -> float:
    """Return the value below which 99 % lie."""
    return sorted(values)[int(0.99 * (len(values) - 1))]


def main() -> None:
    """Measure and print; exit code 1 when a promised figure is missed."""
    with private_environment() as environment:
        subprocess.run([*RBEE, "queen", "start"], env=environment, check=True, stdout=subprocess.DEVNULL)
        try:
            first_token_share(environment)
            shares = [first_token_share(environment) for _ in range(10)]
            worst = max(share for share, _ in shares)
            print(
                f"first token after {statistics.median(s for s, _ in shares):.1%} of a stream, worst {worst:.1%}, "
                f"of {shares[0][1]} tokens"
            )
            urls = daemons(environment)
            rest = health_times(urls, 2.0)
            stop = threading.Event()
            streams = [threading.Thread(target=stream_until, args=(stop, environment)) for _ in range(STREAMS)]
            for stream in streams:
                stream.start()
            busy = health_times(urls, SECONDS)
            stop.set()
            for stream in streams:
                stream.join()
        finally:
            subprocess.run([*RBEE, "queen", "stop"], env=environment, check=True, stdout=subprocess.DEVNULL)
    is_kept = worst < 0.1
    for name in urls:
        slowest, usual = p99(busy[name]), p99(rest[name])
        is_kept &= slowest <= 0.05
        print(
            f"/health of the {name:<7} p99 {slowest * 1000:5.1f} ms  max {max(busy[name]) * 1000:5.1f} ms under "
            f"{STREAMS} streams, {usual * 1000:.1f} ms at rest; ratio {slowest / usual:.1f}; {len(busy[name])} asked"
        )
    print("kept" if is_kept else "MISSED", "first token before 10 %, /health p99 <= 50 ms")
    sys.exit(0 if is_kept else 1)


if __name__ == "__main__":
    main()
