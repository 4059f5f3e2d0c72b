"""The methods that arrays of workers have beside those of every array."""

import random
from collections.abc import Callable
from typing import Any

from ..rhai.errors import RhaiError, type_mismatch
from ..rhai.runtime.callbacks import bind
from ..rhai.runtime.operations import add_ints
from ..rhai.runtime.registry import Registrar
from ..rhai.runtime.run import Run
from ..rhai.values import FnPtr, Value, copy_value
from .worker import Worker

define = Registrar("Workers")


def _workers(run: Run, items: list[Value], method: str) -> list[Worker]:
    """Return the items, every one of which must be a worker."""
    run.charge(len(items) >> 2)
    for index, item in enumerate(items):
        if item.__class__ is not Worker:
            name = run.engine.library.type_name(item)
            message = f"{method}() needs an array of workers, element {index} is {name}"
            raise RhaiError("ErrorMismatchDataType", message, fields={"requested": "Worker", "actual": name})
    return items


@define("first(array) -> any", example="[5, 6].first() == 5 && [].first() == ()")
def first(_run: Run, items: list[Value]) -> Value:
    """Return the first item, `()` when there is none."""
    return copy_value(items[0]) if items else None


@define("last(array) -> any", example="[5, 6].last() == 6 && [].last() == ()")
def last(_run: Run, items: list[Value]) -> Value:
    """Return the last item, `()` when there is none."""
    return copy_value(items[-1]) if items else None


@define("least_loaded(array) -> any", example="[].least_loaded() == ()")
def least_loaded(run: Run, items: list[Value]) -> Worker | None:
    """Return the worker with the least load, the first of several, `()` when there is none."""
    return min(_workers(run, items, "least_loaded"), key=lambda worker: worker.load, default=None)


@define("most_loaded(array) -> any", example="[].most_loaded() == ()")
def most_loaded(run: Run, items: list[Value]) -> Worker | None:
    """Return the worker with the most load, the first of several, `()` when there is none."""
    return max(_workers(run, items, "most_loaded"), key=lambda worker: worker.load, default=None)


@define("most_vram_free(array) -> any", example="[].most_vram_free() == ()")
def most_vram_free(run: Run, items: list[Value]) -> Worker | None:
    """Return the worker with the most free memory, the first of several, `()` when there is none."""
    return max(_workers(run, items, "most_vram_free"), key=lambda worker: worker.vram_free, default=None)


def _kept(run: Run, items: list[Value], method: str, keeps: Callable[[Worker], bool]) -> list[Value]:
    return [worker for worker in _workers(run, items, method) if keeps(worker)]


@define("idle(array) -> array", example="[].idle() == []")
def idle(run: Run, items: list[Value]) -> list[Value]:
    """Return the workers with nothing to do."""
    return _kept(run, items, "idle", lambda worker: worker.state == "idle" and worker.queue_depth == 0)


@define("with_model(array, string) -> array", example='[].with_model("m") == []')
def with_model(run: Run, items: list[Value], model: str) -> list[Value]:
    """Return the workers that hold a model."""
    return _kept(run, items, "with_model", lambda worker: worker.model == model)


@define("with_capability(array, string) -> array", example='[].with_capability("text-gen") == []')
def with_capability(run: Run, items: list[Value], capability: str) -> list[Value]:
    """Return the workers that can do a type of task."""
    return _kept(run, items, "with_capability", lambda worker: worker.capability == capability)


@define("with_backend(array, string) -> array", example='[].with_backend("cuda") == []')
def with_backend(run: Run, items: list[Value], backend: str) -> list[Value]:
    """Return the workers on a backend such as `cuda`, `metal` or `cpu`."""
    return _kept(run, items, "with_backend", lambda worker: worker.backend == backend)


@define("with_capacity(array, int) -> array", example="[].with_capacity(8000) == []")
def with_capacity(run: Run, items: list[Value], size_mb: int) -> list[Value]:
    """Return the workers with at least so many MiB of memory free."""
    return _kept(run, items, "with_capacity", lambda worker: worker.vram_free >= size_mb)


@define("with_tag(array, string) -> array", example='[].with_tag("eu") == []')
def with_tag(run: Run, items: list[Value], tag: str) -> list[Value]:
    """Return the workers that carry a tag."""
    return _kept(run, items, "with_tag", lambda worker: tag in worker.tags)


def _measured(run: Run, items: list[Value], function: FnPtr, caller: str) -> list[tuple[Any, Value]]:
    callback = bind(run, function, caller)
    measured = []
    for index, item in enumerate(list(items)):
        amount = callback(item, index)
        if amount.__class__ is not int and amount.__class__ is not float:
            raise type_mismatch(run.engine.library.type_name(amount), "a number")
        measured.append((amount, item))
    return measured


@define("min_by(array, Fn) -> any", example="[3, -1, 2].min_by(|x| x * x) == -1")
def min_by(run: Run, items: list[Value], function: FnPtr) -> Value:
    """Return the item for which a function gives the least number, the first of several."""
    found = min(_measured(run, items, function, "min_by"), key=lambda pair: pair[0], default=(0, None))
    return copy_value(found[1])


@define("max_by(array, Fn) -> any", example="[3, -4, 2].max_by(|x| x * x) == -4")
def max_by(run: Run, items: list[Value], function: FnPtr) -> Value:
    """Return the item for which a function gives the greatest number, the first of several."""
    found = max(_measured(run, items, function, "max_by"), key=lambda pair: pair[0], default=(0, None))
    return copy_value(found[1])


@define("sum_by(array, Fn) -> any", example="[1, 2, 3].sum_by(|x| x * 2) == 12")
def sum_by(run: Run, items: list[Value], function: FnPtr) -> Value:
    """Return the sum of what a function gives for each item."""
    total: Any = 0
    for amount, _ in _measured(run, items, function, "sum_by"):
        is_whole = total.__class__ is int and amount.__class__ is int
        total = add_ints(total, amount) if is_whole else total + amount
    return total


@define("round_robin(array) -> any", example="[].round_robin() == ()")
def round_robin(run: Run, items: list[Value]) -> Worker | None:
    """Return the worker whose turn it is, `()` when there is none."""
    workers = _workers(run, items, "round_robin")
    turn = run.host.turn if run.host is not None else 0
    return workers[turn % len(workers)] if workers else None


@define("random(array) -> any", example="[].random() == ()")
def any_of(run: Run, items: list[Value]) -> Value:
    """Return an item by the decision's own seed, so that a dry run picks the same."""
    if not items:
        return None
    return copy_value(items[_dice(run).randrange(len(items))])


@define("rand() -> float", example="rand() >= 0.0 && rand() < 1.0")
def rand(run: Run) -> float:
    """Return a number from 0 up to 1 by the decision's own seed."""
    return _dice(run).random()


def _dice(run: Run) -> random.Random:
    if run.host is None:
        return random.Random(0)  # noqa: S311 - choices must be repeatable, not secret
    dice: random.Random = run.host.dice
    return dice
