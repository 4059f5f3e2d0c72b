"""Random signals to random processes at random moments under load: what is left, and does the next command work.

Each round has a state folder of its own and runs one of two ways: commands that bring their own queen, or clients of
a queen that stands. At a random moment a random process gets a random signal; some rounds have a full disk under the
state folder, some a closed standard error. Then everything must end: nothing is left two seconds later, and the next
command answers. Rounds are drawn from the seed, so `--first N --rounds 1` plays one of them again.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from leftovers import Leftovers
from measure import PROMPT, RBEE, private_environment
from teardown import role_of

_LEASE_S = 1.0
_LEFT_S = 2.0
_COMMAND_S = 60.0
_SIGNALS = ("TERM", "KILL", "INT", "HUP", "STOP short", "STOP past the lease")
_STOPPED_S = {"STOP short": 0.4, "STOP past the lease": 3 * _LEASE_S}
_ROLES = ("keeper", "queen", "hive", "worker")
_FAULTS = ("none",) * 8 + ("full disk", "closed stderr")
_WAYS = ("one command", "standing queen")
_DISK_BYTES = 4_000_000
_SWEEP_S = 10.0
_SCRIPT = {"tokens": ["token "], "delay_s": 0.02, "load_s": 0.2}
_SHORT_SCRIPT = {"tokens": ["one ", "two "], "ends": True}
_SETTINGS = {"RBEE_FAKE_WORKERS": "1", "RBEE_LEASE_S": str(_LEASE_S), "RBEE_STOP_GRACE_S": "1"}
_QUEEN = [sys.executable, "-m", "rbee_keeper.queen", "daemon"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What is done in one round."""

    number: int
    way: str
    signal: str
    role: str
    fault: str
    after_s: float

    @classmethod
    def drawn(cls, seed: int, number: int) -> "Round":
        """Draw the round of that number; the way, the signal and the role go round, so that none is left out."""
        dice = random.Random(f"{seed}-{number}")
        return cls(
            number=number,
            way=_WAYS[number % len(_WAYS)],
            signal=_SIGNALS[number // len(_WAYS) % len(_SIGNALS)],
            role=_ROLES[number // (len(_WAYS) * len(_SIGNALS)) % len(_ROLES)],
            fault=dice.choice(_FAULTS),
            after_s=dice.uniform(0.0, 2.0),
        )


@dataclass(slots=True)
class Result:
    """How a round went."""

    round: Round
    left_s: float = 0.0
    faults: list[str] = field(default_factory=list)
    skipped: str = ""


@dataclass(slots=True)
class World:
    """The processes of one round, all of which are ended with it."""

    environment: dict[str, str]
    leftovers: Leftovers
    model: str
    short_model: str
    is_deaf: bool
    programs: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a program; with a closed standard error it is one whose reader has left."""
        program = subprocess.Popen(
            command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if self.is_deaf else subprocess.DEVNULL,
            start_new_session=True,
        )
        if program.stderr is not None:
            program.stderr.close()
        self.programs.append(program)
        return program

    def infer(self, model: str, tokens: int) -> list[str]:
        """Return the command of one client."""
        return [*RBEE, "infer", "-m", model, "-p", PROMPT, "--max-tokens", str(tokens)]

    def end(self) -> None:
        """End whatever is there."""
        for pid in self.leftovers.look():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for program in self.programs:
            program.kill()
            program.wait()


@contextmanager
def full_disk(folder: Path, *, wanted: bool) -> Iterator[Path | None]:
    """Put a small disk under the state folder, and give the file that fills it; None where that is not wanted."""
    folder.mkdir(parents=True, exist_ok=True)
    if not wanted:
        yield None
        return
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", str(folder)], check=True)
    try:
        yield folder / "filler"
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def play(each: Round) -> Result:
    """Play one round and return what it left."""
    result = Result(round=each)
    if each.fault == "full disk" and os.geteuid() != 0:
        result.skipped = "a disk can be made by root only"
        return result
    with private_environment() as environment:
        environment |= _SETTINGS
        state = Path(environment["XDG_STATE_HOME"])
        models = [state.with_name(f"{name}.fake.json") for name in ("long", "short")]
        for path, script in zip(models, (_SCRIPT, _SHORT_SCRIPT), strict=True):
            path.write_text(json.dumps(script))
        with full_disk(state, wanted=each.fault == "full disk") as filler:
            world = World(
                environment, Leftovers(str(state)), *(f"file:{path}" for path in models), each.fault == "closed stderr"
            )
            try:
                _play_in(world, each, filler, result)
            finally:
                world.end()
    return result


def _play_in(world: World, each: Round, filler: Path | None, result: Result) -> None:
    queen = world.start(_QUEEN) if each.way == "standing queen" else None
    if queen is not None:
        time.sleep(0.3)
    clients = [world.start(world.infer(world.model, 100)) for _ in range(2)]
    time.sleep(each.after_s)
    if filler is not None:
        fill(filler)
    hurt(world, each, queen)
    wait_for_all(clients, result)
    if filler is not None:
        filler.unlink(missing_ok=True)
    if queen is None or queen.poll() is not None:
        note_what_is_left(world, result)
    try_next_command(world, result)
    if queen is not None and queen.poll() is None:
        queen.terminate()
        queen.wait(_COMMAND_S)
    note_what_is_left(world, result)
    result.faults += world.leftovers.faults(_LEFT_S)
    note_records(world, result)


def fill(filler: Path) -> None:
    """Write until the disk is full."""
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)


def hurt(world: World, each: Round, queen: subprocess.Popen[bytes] | None) -> None:
    """Send the signal to a process of the role, or to any that is there when there is none yet."""
    found = world.leftovers.look()
    fitting = [pid for pid, command in found.items() if role_of(command) == each.role]
    victims = fitting or [queen.pid if queen is not None else world.programs[0].pid]
    victim = random.Random(each.number).choice(victims)
    with suppress(ProcessLookupError):
        os.kill(victim, signal.Signals[f"SIG{each.signal.split()[0]}"])
        if each.signal in _STOPPED_S:
            time.sleep(_STOPPED_S[each.signal])
            os.kill(victim, signal.SIGCONT)


def wait_for_all(clients: list[subprocess.Popen[bytes]], result: Result) -> None:
    """Wait for the clients; whatever was done, each comes to an end."""
    for client in clients:
        try:
            client.wait(_COMMAND_S)
        except subprocess.TimeoutExpired:
            result.faults.append(f"a client did not end within {_COMMAND_S:g} s")


def note_what_is_left(world: World, result: Result) -> None:
    """Note how long the end took, and what had not ended in time."""
    left_s, left = world.leftovers.wait_until_gone(_LEFT_S)
    result.left_s = max(result.left_s, left_s)
    result.faults += [f"left: {line}" for line in left]


def try_next_command(world: World, result: Result) -> None:
    """Ask once more, as a person would."""
    command = world.infer(world.short_model, 10)
    try:
        done = subprocess.run(
            command,
            env=world.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_COMMAND_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        result.faults.append("the next command hung")
        return
    world.leftovers.look()
    if done.returncode != 0 or done.stdout != b"one two ":
        result.faults.append(f"the next command failed with {done.returncode}: {done.stderr.decode()[-300:]!r}")


def note_records(world: World, result: Result) -> None:
    """Records of a process that was killed may stay until the next queen looks; then they must go."""
    if not world.leftovers.records():
        return
    queen = world.start(_QUEEN)
    give_up_at = time.monotonic() + _SWEEP_S
    while time.monotonic() < give_up_at and not (
        answers(world) and all(name == "queen.json" for name in world.leftovers.records())
    ):
        time.sleep(0.1)
    queen.terminate()
    queen.wait(_COMMAND_S)
    result.faults += [f"the file {name} stays" for name in world.leftovers.records()]


def answers(world: World) -> bool:
    """Tell whether the queen answers: then it also hears signals."""
    url = f"http://127.0.0.1:{world.environment['RBEE_QUEEN_PORT']}/health"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def print_table(results: list[Result]) -> None:
    """Print what happened by signal and role: rounds, rounds that broke a promise, the longest end."""
    print(
        f"\n{'signal':<22}" + "".join(f"{role:>22}" for role in _ROLES) + "\n" + "rounds / broken / worst s".rjust(44)
    )
    for name in _SIGNALS:
        cells = []
        for role in _ROLES:
            here = [each for each in results if (each.round.signal, each.round.role) == (name, role)]
            played = [each for each in here if not each.skipped]
            broken = sum(bool(each.faults) for each in played)
            cells.append(f"{len(played)} / {broken} / {max((each.left_s for each in played), default=0.0):.2f}")
        print(f"{name:<22}" + "".join(f"{cell:>22}" for cell in cells))


def main() -> None:
    """Play and print; exit code 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--rounds", type=int, default=300)
    parser.add_argument("--first", type=int, default=0, help="number of the first round")
    parser.add_argument("--seed", type=int, default=8)
    options = parser.parse_args()
    results: list[Result] = []
    for number in range(options.first, options.first + options.rounds):
        result = play(Round.drawn(options.seed, number))
        results.append(result)
        for fault in result.faults:
            print(f"round {number}: {result.round}: {fault}", flush=True)
    print_table(results)
    skipped = [each.skipped for each in results if each.skipped]
    broken = [each for each in results if each.faults]
    print(
        f"\n{len(results) - len(skipped)} rounds played, {len(skipped)} left out{f': {skipped[0]}' if skipped else ''}"
    )
    promise = f"nothing left within {_LEFT_S:g} s, the next command works, no port, file, zombie or log handle stays"
    print(f"{promise}: {'MISSED in ' + str(len(broken)) if broken else 'kept'}")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
