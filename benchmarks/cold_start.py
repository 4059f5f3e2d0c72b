"""How long from Enter to the first token: nothing running, everything warm, and beside llama.cpp used directly.

Each round runs, one after the other: `rbee infer` with nothing running, the same question through the low-level
functions of `llama_cpp` in one Python process (imported the usual way), and `rbee infer` with queen and worker warm.
Times are taken outside the processes, from their start to the first byte on standard output.
"""

import argparse
import statistics
import subprocess
import sys
import time

from measure import BUNDLED_MODEL, PROMPT, RBEE, first_output_s, narration, private_environment, summary

DIRECT = """
import sys
import llama_cpp
model = llama_cpp.Llama(sys.argv[1], n_ctx=1024, verbose=False)
prompt = "<|im_start|>user\\n" + sys.argv[2] + "<|im_end|>\\n<|im_start|>assistant\\n"
for chunk in model(prompt, max_tokens=20, temperature=0, stream=True):
    sys.stdout.write(chunk["choices"][0]["text"])
    sys.stdout.flush()
"""
STEPS = (
    ("queen-rbee", "start", "the queen answers"),
    ("rbee-hive", "start", "the hive answers"),
    ("rbee-hive", "spawn", "the worker has its spec"),
    ("rbee-hive", "ready", "the worker's port answers"),
    ("worker-rbee", "load", "the model is loaded"),
)


def main() -> None:
    """Measure and print; exit code 1 when a promised figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--runs", type=int, default=10)
    runs = parser.parse_args().runs
    infer = [*RBEE, "infer", "-m", "bee-tiny", "-p", PROMPT, "--max-tokens", "20"]
    direct = [sys.executable, "-c", DIRECT, str(BUNDLED_MODEL), PROMPT]
    cold: list[float] = []
    whole: list[float] = []
    peer: list[float] = []
    helps: list[float] = []
    with private_environment() as environment:
        first_output_s(infer, environment)
        first_output_s(direct, environment)
        for _ in range(runs):
            first, end = first_output_s(infer, environment)
            cold.append(first)
            whole.append(end)
            peer.append(first_output_s(direct, environment)[0])
            helps.append(first_output_s([*RBEE, "--help"], environment)[1])
    steps = measure_steps(infer)
    warm = measure_warm(infer, runs)
    ratio = statistics.median(cold) / statistics.median(peer)
    print(f"cold, to the first token    {summary(cold)}")
    print(f"cold, to the prompt         {summary(whole)}")
    print(f"llama_cpp in one process    {summary(peer)}")
    print(f"ratio of the medians        {ratio:.2f}")
    print(f"warm, to the first token    {summary(warm)}")
    print(f"rbee --help                 {summary(helps)}")
    print("where the time goes, medians from Enter:")
    for name, moment in steps:
        print(f"  {moment * 1000:5.0f} ms  {name}")
    promises = {
        "cold <= 1.0 s": statistics.median(cold) <= 1.0,
        "ratio <= 3": ratio <= 3,
        "warm <= 0.3 s": statistics.median(warm) <= 0.3,
        "--help <= 0.2 s": statistics.median(helps) <= 0.2,
    }
    for name, is_kept in promises.items():
        print(f"{'kept  ' if is_kept else 'MISSED'} {name}")
    sys.exit(0 if all(promises.values()) else 1)


def measure_steps(infer: list[str], runs: int = 5) -> list[tuple[str, float]]:
    """Return the median moment of every step that the daemons narrate, then of the first token."""
    moments: dict[str, list[float]] = {text: [] for _, _, text in STEPS}
    moments["the first token is printed"] = []
    for _ in range(runs):
        with private_environment() as environment:
            started = time.time()
            first, _ = first_output_s(infer, environment)
            lines = narration(environment)
        moments["the first token is printed"].append(first)
        for actor, action, text in STEPS:
            line = next(each for each in lines if each["actor"] == actor and each["action"] == action)
            moments[text].append(float(str(line["time"])) - started)
    return [(name, statistics.median(values)) for name, values in moments.items()]


def measure_warm(infer: list[str], runs: int) -> list[float]:
    """Return the seconds to the first token while a queen stays and the worker is loaded."""
    with private_environment() as environment:
        subprocess.run([*RBEE, "queen", "start"], env=environment, check=True, stdout=subprocess.DEVNULL)
        try:
            first_output_s(infer, environment)
            return [first_output_s(infer, environment)[0] for _ in range(runs)]
        finally:
            subprocess.run([*RBEE, "queen", "stop"], env=environment, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
