"""Real workers' processes and records for tests of the hive's parts."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rbee_keeper.contract.ids import ModelRef, new_worker_id
from rbee_keeper.hive.workers.worker_registry import WorkerRecord
from rbee_keeper.supervisor.process import ChildProcess, ChildSpec, start_child

SLEEPER = "import sys, time\nprint('up', flush=True)\ntime.sleep(60)\n"


@contextmanager
def child_running(folder: Path, code: str = SLEEPER) -> Iterator[ChildProcess]:
    """Run the code as a child with a log, and end it afterwards."""
    (folder / "sleeper.py").write_text(code)
    child = start_child(
        ChildSpec(
            role="worker",
            module="sleeper",
            arguments=[],
            environment={**os.environ, "PYTHONPATH": str(folder)},
            log_path=folder / "state" / "logs" / "worker.log",
            run_dir=folder / "state" / "run",
        )
    )
    try:
        yield child
    finally:
        child.stop(0.0)


def record_of(process: ChildProcess, *, url: str = "http://127.0.0.1:1", now: float = 0.0) -> WorkerRecord:
    """Return the record of a worker that was just started."""
    return WorkerRecord(
        id=new_worker_id(),
        url=url,
        model_ref=ModelRef("m"),
        model_file=Path("/models/m.gguf"),
        is_in_model_folders=True,
        is_for_owner=True,
        promised_bytes=100,
        backend="cpu",
        device=0,
        process=process,
        secret="s",
        token="t",
        started_at=now,
        active_at=now,
        checked_at=now,
        last_activity=1_000.0,
    )
