"""The functions a script makes decisions with."""

import math

from ..rhai.runtime.registry import Registrar
from ..rhai.runtime.run import Run
from .decisions import Decision
from .worker import Worker

define = Registrar("Decisions")

EARTH_RADIUS_KM = 6371.0


@define("accept(string) -> Decision", "accept(Worker) -> Decision", example='type_of(accept("w1")) == "Decision"')
def accept(_run: Run, worker: str | Worker) -> Decision:
    """Choose a worker, by itself or by its id."""
    return Decision("accept", worker_id=worker.id if isinstance(worker, Worker) else worker)


@define("reject(string) -> Decision", example='type_of(reject("no room")) == "Decision"')
def reject(_run: Run, reason: str) -> Decision:
    """Refuse the task."""
    return Decision("reject", reason=reason)


@define("reject_429(string) -> Decision", example='type_of(reject_429("queue is full")) == "Decision"')
def reject_429(_run: Run, reason: str) -> Decision:
    """Refuse the task and ask the client to come back later."""
    return Decision("reject_429", reason=reason)


@define("error(string) -> Decision", example='type_of(error("no pool")) == "Decision"')
def fail(_run: Run, message: str) -> Decision:
    """Say that the script cannot decide; the built-in policy does."""
    return Decision("error", reason=message)


@define("spawn_worker(string, string) -> Decision", example='type_of(spawn_worker("m", "gpu:0")) == "Decision"')
def spawn_worker(_run: Run, model: str, device: str) -> Decision:
    """Ask for a new worker for a model on a device."""
    return Decision("spawn_worker", model=model, device=device)


@define("distance(float, float, float, float) -> float", example="distance(0.0, 0.0, 0.0, 0.0) == 0.0")
def distance(_run: Run, latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Return the kilometres between two places on earth."""
    one, two = math.radians(latitude), math.radians(to_latitude)
    across = math.radians(to_longitude - longitude)
    part = math.sin((two - one) / 2) ** 2 + math.cos(one) * math.cos(two) * math.sin(across / 2) ** 2
    if not math.isfinite(part):
        return math.nan
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, max(0.0, part))))
