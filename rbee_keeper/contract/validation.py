"""The rules a request must keep, checked all at once, never repeating what was sent."""

from typing import Any

import msgspec

from ..errors import InvalidInput
from .ids import WorkerId, is_model_ref, is_node_name, is_worker_id
from .tasks import Generation, Infer
from .workers import BACKENDS

MAX_PROMPT_CHARACTERS = 32_768
MAX_TOKENS = 2_048
MAX_STOP_STRINGS = 4
MAX_STOP_CHARACTERS = 100

_ALLOWED_CONTROLS = frozenset("\t\n\r")
_DIRECTION_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Problem = dict[str, str]


def _problem(field: str, constraint: str, message: str) -> Problem:
    return {"field": field, "constraint": constraint, "message": message}


def _text_problems(field: str, text: str) -> list[Problem]:
    if any((ord(char) < 32 and char not in _ALLOWED_CONTROLS) or 127 <= ord(char) < 160 for char in text):
        return [_problem(field, "no_control_characters", f"{field} contains control characters")]
    if not _DIRECTION_OVERRIDES.isdisjoint(text):
        return [_problem(field, "no_direction_overrides", f"{field} contains text direction overrides")]
    try:
        text.encode()
    except UnicodeEncodeError:
        return [_problem(field, "utf8", f"{field} is not valid Unicode text")]
    return []


def _range_problems(field: str, value: float, low: float, high: float) -> list[Problem]:
    if low <= value <= high:
        return []
    return [_problem(field, f"{low:g}..{high:g}", f"{field} must be between {low:g} and {high:g}")]


def generation_problems(request: Generation) -> list[Problem]:
    """List every rule of generation that the request breaks."""
    problems: list[Problem] = []
    if not 1 <= len(request.prompt) <= MAX_PROMPT_CHARACTERS:
        limit = f"1..{MAX_PROMPT_CHARACTERS}"
        problems.append(_problem("prompt", limit, f"prompt must have {limit} characters, it has {len(request.prompt)}"))
    problems += _text_problems("prompt", request.prompt)
    if request.system is not None:
        problems += _text_problems("system", request.system)
        if len(request.system) > MAX_PROMPT_CHARACTERS:
            problems.append(_problem("system", f"..{MAX_PROMPT_CHARACTERS}", "system is too long"))
    problems += _range_problems("max_tokens", request.max_tokens, 1, MAX_TOKENS)
    problems += _range_problems("temperature", request.temperature, 0, 2)
    problems += _range_problems("top_k", request.top_k, 0, 1_000_000)
    problems += _range_problems("top_p", request.top_p, 0, 1)
    problems += _range_problems("min_p", request.min_p, 0, 1)
    problems += _range_problems("repetition_penalty", request.repetition_penalty, 0, 2)
    if request.seed is not None:
        problems += _range_problems("seed", request.seed, 0, 2**32 - 2)
    if len(request.stop) > MAX_STOP_STRINGS:
        problems.append(_problem("stop", f"..{MAX_STOP_STRINGS}", f"at most {MAX_STOP_STRINGS} stop strings"))
    if any(not 1 <= len(text) <= MAX_STOP_CHARACTERS for text in request.stop):
        problems.append(
            _problem("stop", f"1..{MAX_STOP_CHARACTERS}", f"a stop string has 1 to {MAX_STOP_CHARACTERS} characters")
        )
    problems += _text_problems("stop", "".join(request.stop))
    return problems


def placement_problems(spec: Infer) -> list[Problem]:
    """List every rule of placement that the task breaks."""
    problems: list[Problem] = []
    if spec.model and not is_model_ref(spec.model):
        problems.append(_problem("model", "model_reference", "model is not a model reference"))
    if spec.node is not None and not is_node_name(spec.node):
        problems.append(_problem("node", "dns_name", "node must be letters, digits, dash and dot"))
    if spec.backend is not None and spec.backend not in BACKENDS:
        problems.append(_problem("backend", "|".join(BACKENDS), f"backend must be one of {', '.join(BACKENDS)}"))
    if spec.device is not None and spec.device < 0:
        problems.append(_problem("device", "0..", "device must not be negative"))
    return problems


def require_worker_id(text: str) -> WorkerId:
    """Return the text as the id of a worker.

    Raises:
        InvalidInput: it cannot be one.
    """
    if not is_worker_id(text):
        require([_problem("worker_id", "identifier", "worker_id is letters, digits and dashes")])
    return WorkerId(text)


def require(problems: list[Problem]) -> None:
    """Raise when there is any problem.

    Raises:
        InvalidInput: with every problem in `details["fields"]`.
    """
    if problems:
        message = "; ".join(problem["message"] for problem in problems)
        raise InvalidInput(message, details={"fields": problems})


def shape_error(error: Exception) -> InvalidInput:
    """Turn a decoder's complaint into ours, naming the field and never the value."""
    text = str(error)
    if not isinstance(error, msgspec.ValidationError):
        return InvalidInput("the body is not valid JSON", details={"fields": [_problem("body", "json", "not JSON")]})
    head, _, path = text.partition(" - at `")
    field = path.rstrip("`").removeprefix("$.") or "body"
    if head.startswith("Object contains unknown field"):
        head = "the body contains an unknown field"
    details: dict[str, Any] = {"fields": [_problem(field, "type", head)]}
    return InvalidInput(f"{head}" if field == "body" else f"{field}: {head}", details=details)
