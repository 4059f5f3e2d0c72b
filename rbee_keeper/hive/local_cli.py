"""The commands of `rbee-hive` for the hive that runs on this machine."""

import argparse
import json
import sys
import time

from ..config.settings import Settings, load_settings
from ..contract.errors import read_error
from ..contract.ids import ModelRef
from ..contract.operations.hive import HEALTH, LIST_WORKERS, SPAWN_WORKER, STOP_WORKER
from ..contract.operations.operation import AnyOperation, Operation, RequestT, ResponseT
from ..contract.wire import encode
from ..contract.workers import SpawnRequest, StopRequest
from ..errors import ConnectionFailed, RbeeError, WorkerNotFound
from ..supervisor.daemon_record import DaemonRecords
from ..transport.address import address_of
from ..transport.blocking_http import open_request
from ..transport.proof import Challenge

_WAIT_FOR_HIVE_S = 5.0
_RETRY_S = 0.1


def spawn(options: argparse.Namespace) -> None:
    """Have the running hive start a worker."""
    _call(HEALTH, None, wait=True)
    is_owner = bool(_address(load_settings())[1])
    model = ModelRef(options.model)
    request = SpawnRequest(model_ref=model, backend=options.backend, device=options.device, owner=is_owner)
    answer = _call(SPAWN_WORKER, request)
    _print(f"{answer.worker_id} {answer.url} {answer.state}")


def list_workers(_: argparse.Namespace) -> None:
    """Print the workers of the running hive."""
    workers = _call(LIST_WORKERS, None).workers
    if not workers:
        sys.stderr.write("no workers\n")
    for worker in workers:
        slots = f"{worker.slots_available}/{worker.slots_total}"
        _print(f"{worker.id} {worker.state} {worker.model_ref} {worker.url} slots {slots} pid {worker.pid}")


def stop(options: argparse.Namespace) -> None:
    """Have one worker drained and ended."""
    worker_id = _the_worker(options.worker_id)
    _call(STOP_WORKER, StopRequest(worker_id=worker_id))
    _print(f"{worker_id} is being stopped")


def _the_worker(typed: str) -> str:
    """Return the one worker whose id is what was typed, or begins with it."""
    ids = [str(worker.id) for worker in _call(LIST_WORKERS, None).workers]
    found = [typed] if typed in ids else [each for each in ids if typed and each.startswith(typed)]
    if len(found) == 1:
        return found[0]
    if found:
        raise WorkerNotFound(f"{len(found)} workers have an id that begins so", hint="rbee-hive worker list")
    raise WorkerNotFound("no worker of that id", hint="rbee-hive worker list")


def status(_: argparse.Namespace) -> None:
    """Print where the hive answers."""
    _call(HEALTH, None)
    _print(f"the hive answers at {_address(load_settings())[0]}")


def detect(_: argparse.Namespace) -> None:
    """Print what this machine has, without a hive."""
    from .resources import backends_report, resources_report

    backends = [each["name"] for each in backends_report() if each["available"]]
    _print(json.dumps(backends))
    _print(json.dumps(resources_report(load_settings().paths.models_dir)))


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


def _address(settings: Settings) -> tuple[str, str]:
    """Return the URL and the token of this user's hive."""
    record = DaemonRecords(settings.paths.run_dir).read("hive")
    if record is not None:
        return record.url, record.token
    return f"http://{settings.hive_host}:{settings.hive_port}", settings.api_token


def _require_proof(settings: Settings, url: str, token: str) -> None:
    """Have what answers there prove that it knows the token, before the token goes to it."""
    challenge = Challenge()
    deadline = time.monotonic() + settings.request_s
    with open_request(
        address_of(url),
        *HEALTH.address,
        headers=challenge.headers,
        connect_s=settings.connect_s,
        deadline=deadline,
    ) as answer:
        answer.body()
        challenge.require_met(token, answer.headers, url=url, reached=answer.peer)


def _call(operation: Operation[RequestT, ResponseT], message: RequestT, *, wait: bool = False) -> ResponseT:
    """Ask the hive; `wait` gives one that was just started a few seconds to appear."""
    settings = load_settings()
    body = b"" if message is None else encode(message)
    give_up_at = time.monotonic() + (_WAIT_FOR_HIVE_S if wait else 0)
    while True:
        url, token = _address(settings)
        try:
            content = _request(settings, url, token, operation, body)
        except ConnectionFailed as error:
            if time.monotonic() < give_up_at:
                time.sleep(_RETRY_S)
                continue
            raise ConnectionFailed(f"no hive answers at {url}", hint="rbee-hive daemon") from error
        try:
            return operation.read(content)
        except ValueError:
            raise _not_of_a_hive() from None


def _request(settings: Settings, url: str, token: str, operation: AnyOperation, body: bytes) -> bytes:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    if token:
        _require_proof(settings, url, token)
    deadline = time.monotonic() + settings.request_s
    with open_request(
        address_of(url),
        *operation.address,
        headers=headers,
        body=body,
        connect_s=settings.connect_s,
        deadline=deadline,
    ) as answer:
        content = answer.body()
    if answer.status >= 300:
        raise read_error(content) or _not_of_a_hive()
    return content


def _not_of_a_hive() -> RbeeError:
    return RbeeError("the hive gave an answer that is not rbee's", hint="rbee doctor")
