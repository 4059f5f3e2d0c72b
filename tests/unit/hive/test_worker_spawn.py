"""Spawning workers: what is refused, what is counted, and that two orders never get the same room."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbee_keeper.config.paths import Paths
from rbee_keeper.config.settings import Settings
from rbee_keeper.contract.ids import ModelRef
from rbee_keeper.contract.workers import SpawnRequest
from rbee_keeper.errors import InsufficientRam, InvalidInput, TooManyWorkers
from rbee_keeper.hive.workers.worker_registry import WorkerRecord, WorkerRegistry
from rbee_keeper.hive.workers.worker_spawn import WorkerSpawner
from rbee_keeper.machine.memory import free_memory_bytes


class Bench:
    """A spawner over scripted models, and the workers that it started."""

    def __init__(self, folder: Path, **settings: object) -> None:
        paths = Paths(config_dir=folder / "config", data_dir=folder / "data", state_dir=folder / "state")
        paths.models_dir.mkdir(parents=True, exist_ok=True)
        self.models_dir = paths.models_dir
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.settings = Settings(paths=paths, fake_workers=True, worker_first_port=port, **settings)  # type: ignore[arg-type]
        self.registry = WorkerRegistry(on_change=lambda: None)
        self.spawner = WorkerSpawner(self.settings, self.registry, "")

    def model(self, name: str, size_bytes: int = 2) -> ModelRef:
        """Write a scripted model; the rest of its size is a hole."""
        path = self.models_dir / f"{name}.fake.json"
        path.write_text("{}")
        with path.open("r+b") as file:
            file.truncate(max(size_bytes, 2))
        return ModelRef(path.name)

    async def spawn(self, ref: ModelRef, **fields: object) -> tuple[WorkerRecord, bool]:
        """Order a worker as the owner does."""
        return await self.spawner.spawn(SpawnRequest(model_ref=ref, owner=True, **fields))  # type: ignore[arg-type]

    def end(self) -> None:
        """End every worker that was started."""
        for record in self.registry.all():
            record.process.stop(0.0)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A spawner that may start one worker."""
    stage = Bench(tmp_path, workers_limit=1)
    yield stage
    stage.end()


def test_two_orders_at_once_do_not_both_get_the_last_place(bench: Bench) -> None:
    """Files are looked at in threads; what was counted before must still be true after."""
    refs = [bench.model("one"), bench.model("two")]

    async def both() -> list[object]:
        return list(await asyncio.gather(*(bench.spawn(ref) for ref in refs), return_exceptions=True))

    answers = asyncio.run(both())
    assert len([each for each in answers if isinstance(each, TooManyWorkers)]) == 1
    assert len(bench.registry.living()) == 1


def test_a_worker_that_has_ended_takes_no_place(bench: Bench) -> None:
    """The limit is on what runs."""

    async def in_turn() -> None:
        first, _ = await bench.spawn(bench.model("one"))
        bench.registry.move(first, "failed")
        await bench.spawn(bench.model("two"))

    asyncio.run(in_turn())


def test_memory_is_promised_to_the_load_that_came_first(tmp_path: Path) -> None:
    """Two models that each fit do not fit together, and the first has taken nothing yet."""
    stage = Bench(tmp_path)
    size = int(min(free_memory_bytes(), 2**40) * 0.5)

    async def both() -> None:
        await stage.spawn(stage.model("one", size))
        with pytest.raises(InsufficientRam, match="workers that are loading"):
            await stage.spawn(stage.model("two", size))

    try:
        asyncio.run(both())
    finally:
        stage.end()


@pytest.mark.parametrize("device", [-1, 1, 5])
def test_the_processors_are_one_device(bench: Bench, device: int) -> None:
    """Any other number is a mistake, and was a worker of its own."""
    with pytest.raises(InvalidInput, match="device must be 0 on cpu"):
        asyncio.run(bench.spawn(bench.model("one"), device=device))


def test_a_file_by_another_name_is_no_second_worker_also_when_the_limit_is_reached(bench: Bench) -> None:
    """It needs no place of its own."""
    ref = bench.model("one")

    async def twice() -> None:
        first, is_new = await bench.spawn(ref)
        again, is_new_again = await bench.spawn(ModelRef(f"./{ref}"))
        assert (first, is_new, is_new_again) == (again, True, False)

    asyncio.run(twice())
