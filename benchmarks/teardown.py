"""How long until the prompt is back and no process is left, for every way a run can be ended.

Each case starts `rbee infer` in a fresh state folder, waits for the moment named, and ends the run in the way named.
Every process of the run carries that folder in its environment, so "left" is counted over /proc, not by name;
zombies, which hold nothing, do not count. Workers are scripted (`*.fake.json`), so that a load can last and an
answer never ends; everything else is the real program. The peer is the plainest parent there is: `sh` ending one
`sleep` that it started, which is what a kill and a wait cost on this machine.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from measure import PROMPT, RBEE, private_environment

_POLL_S = 0.002
_GIVE_UP_S = 20.0


@dataclass(frozen=True)
class Case:
    """One way to end a run, and what is promised for it in seconds."""

    name: str
    moment: str
    end: str
    left_s: float
    prompt_s: float | None = None
    script: dict[str, object] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)


STREAM = {"tokens": ["token "], "delay_s": 0.02}
LOAD = {"load_s": 60.0}
CASES = (
    Case("Ctrl-C at start-up", "0.05", "INT keeper", 1.0, 0.5, STREAM),
    Case("Ctrl-C while the daemons start", "0.2", "INT keeper", 1.0, 0.5, STREAM),
    Case("Ctrl-C while loading", "loading", "INT keeper", 1.0, 0.5, LOAD),
    Case("Ctrl-C while streaming", "streaming", "INT keeper", 1.0, 0.5, STREAM),
    Case("SIGHUP while streaming", "streaming", "HUP keeper", 1.0, 0.5, STREAM),
    Case("SIGKILL of the keeper", "streaming", "KILL keeper", 0.5, None, STREAM),
    Case("SIGKILL of the queen", "streaming", "KILL queen", 0.5, None, STREAM),
    Case("SIGKILL of the hive", "streaming", "KILL hive", 0.5, None, STREAM),
    Case("SIGSTOP of the queen, lease 1 s", "streaming", "STOP queen", 2.0, None, STREAM, {"RBEE_LEASE_S": "1"}),
    Case(
        "worker deaf to SIGTERM, grace 0.3 s", "streaming", "INT keeper", 2.0, None, STREAM | {"ignores_signals": True}
    ),
    Case(
        "worker in a native call, hive killed",
        "streaming",
        "KILL hive",
        0.5,
        None,
        STREAM | {"fault": "native_call", "fault_at": 7},
    ),
    Case(
        "worker holding the interpreter, hive killed",
        "streaming",
        "KILL hive",
        0.5,
        None,
        STREAM | {"fault": "hold_interpreter", "fault_at": 7},
    ),
)


def processes_of(marker: str) -> dict[int, str]:
    """Return pid and command line of the living processes whose environment holds the marker."""
    found: dict[int, str] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            if marker.encode() not in (folder / "environ").read_bytes():
                continue
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            if state not in "ZX":
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def role_of(command: str) -> str:
    """Return the role of a process of ours by its command line; used to choose whom to hurt, never to count."""
    for role, marks in (("queen", ("queen",)), ("hive", ("hive",)), ("worker", ("worker",))):
        if any(mark in command for mark in marks):
            return role
    return "keeper"


def run_case(case: Case) -> tuple[float | None, float]:
    """Return the seconds until the prompt was back and until nothing was left."""
    with private_environment() as environment:
        environment |= {"RBEE_FAKE_WORKERS": "1", **case.settings}
        marker = environment["XDG_STATE_HOME"]
        script = Path(marker).with_name("model.fake.json")
        script.write_text(json.dumps(case.script))
        command = [*RBEE, "infer", "-m", f"file:{script}", "-p", PROMPT, "--max-tokens", "2000", "--json"]
        with subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as keeper:
            wait_for(case.moment, keeper)
            ended_at = end_run(case.end, keeper, marker)
            prompt_s, left_s = observe(keeper, marker, ended_at, is_stopped=case.end.startswith("STOP"))
    return prompt_s, left_s


def wait_for(moment: str, keeper: subprocess.Popen[bytes]) -> None:
    """Return at the moment that the case names: after a time, or when the event appears in the stream."""
    if moment[0].isdecimal():
        time.sleep(float(moment))
        return
    assert keeper.stdout is not None
    wanted = b'"action":"load"' if moment == "loading" else b'"event":"token"'
    seen = 0
    for line in keeper.stdout:
        seen += wanted in line
        if seen == (1 if moment == "loading" else 5):
            break
    else:
        sys.exit(f"the run ended before it was {moment}")
    if moment == "streaming":
        time.sleep(0.1)


def end_run(end: str, keeper: subprocess.Popen[bytes], marker: str) -> float:
    """Send the signal to the process that the case names; return the moment."""
    name, victim = end.split()
    pid = keeper.pid
    if victim != "keeper":
        pid = next(pid for pid, command in processes_of(marker).items() if role_of(command) == victim)
    moment = time.perf_counter()
    os.kill(pid, signal.Signals[f"SIG{name}"])
    return moment


def observe(
    keeper: subprocess.Popen[bytes], marker: str, ended_at: float, *, is_stopped: bool
) -> tuple[float | None, float]:
    """Watch until nothing of the run is left; a stopped queen itself cannot go and does not count."""
    prompt_s: float | None = None
    while True:
        now = time.perf_counter()
        if prompt_s is None and keeper.poll() is not None:
            prompt_s = now - ended_at
        left = processes_of(marker)
        if is_stopped:
            left = {pid: command for pid, command in left.items() if role_of(command) in ("hive", "worker")}
        if not left:
            break
        if now - ended_at > _GIVE_UP_S:
            sys.exit(f"left after {_GIVE_UP_S:g} s: {left}")
        time.sleep(_POLL_S)
    left_s = time.perf_counter() - ended_at
    if prompt_s is None and not is_stopped:
        keeper.wait()
        prompt_s = time.perf_counter() - ended_at
    if is_stopped:
        for pid in processes_of(marker):
            os.kill(pid, signal.SIGKILL)
    return prompt_s, left_s


def peer_s() -> float:
    """Return what it costs a shell to end one child and wait for it."""
    started = time.perf_counter()
    subprocess.run(["sh", "-c", "sleep 60 & kill $!; wait $!"], check=False, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """Measure and print; exit code 1 when a promised figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--runs", type=int, default=20)
    parser.add_argument("-k", "--only", default="", help="cases whose name holds this text")
    options = parser.parse_args()
    peer = statistics.median(peer_s() for _ in range(options.runs))
    print(f"sh ends one child: median {peer * 1000:.0f} ms; {options.runs} runs a case, in seconds")
    print(f"{'case':<46}{'prompt back: median':>20}{'worst':>8}{'nothing left: median':>22}{'worst':>8}   promise")
    all_kept = True
    for case in CASES:
        if options.only not in case.name:
            continue
        results = [run_case(case) for _ in range(options.runs)]
        all_kept &= print_row(case, results)
    sys.exit(0 if all_kept else 1)


def print_row(case: Case, results: list[tuple[float | None, float]]) -> bool:
    """Print one case and return whether its promise was kept."""
    prompts = [prompt for prompt, _ in results if prompt is not None]
    left = [seconds for _, seconds in results]
    is_kept = max(left) <= case.left_s and (case.prompt_s is None or max(prompts, default=0.0) <= case.prompt_s)
    form: Callable[[float], str] = "{:.3f}".format
    prompt_cells = (form(statistics.median(prompts)), form(max(prompts))) if prompts else ("-", "-")
    promise = f"left <= {case.left_s:g}" + (f", prompt <= {case.prompt_s:g}" if case.prompt_s else "")
    print(
        f"{case.name:<46}{prompt_cells[0]:>20}{prompt_cells[1]:>8}{form(statistics.median(left)):>22}"
        f"{form(max(left)):>8}   {promise} {'kept' if is_kept else 'MISSED'}",
        flush=True,
    )
    return is_kept


if __name__ == "__main__":
    main()
