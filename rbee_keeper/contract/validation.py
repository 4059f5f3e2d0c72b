"""The rules a request must keep, checked all at once, never repeating what was sent."""

import re
from typing import Any

import msgspec

from ..errors import InvalidInput
from .ids import WorkerId, is_node_name, is_worker_id
from .inference.chat import JsonObject, JsonSchema, NamedTool, PlainText, Tool, is_tool_name
from .inference.sampling import Sampling
from .model_ref import is_model_ref
from .shown_text import shown
from .tasks import Generation, Infer
from .workers import BACKENDS

MAX_PROMPT_CHARACTERS = 32_768
MAX_TOKENS = 2_048
MAX_STOP_STRINGS = 4
MAX_STOP_CHARACTERS = 100
MAX_CHOICES = 16
MAX_TOP_LOGPROBS = 20
MAX_LOGIT_BIASES = 1_024
MAX_TOKEN_ID_DIGITS = 9
MAX_DRY_BREAKERS = 16
MAX_WINDOW_TOKENS = 16_777_216
MAX_DEADLINE_MS = 253_402_300_799_999
"""The last millisecond of the year 9999, the last that a deadline can be written for."""
MAX_DETACH_S = 86_400
MAX_PROBLEMS = 20

_UNKNOWN_FIELD = "Object contains unknown field"

# all but tab, line feed and carriage return
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_DIRECTION_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")

Problem = dict[str, str]


def problem(field: str, constraint: str, message: str) -> Problem:
    """Describe one rule that a field breaks."""
    return {"field": field, "constraint": constraint, "message": message}


def _text_problems(field: str, text: str) -> list[Problem]:
    if _CONTROLS.search(text) is not None:
        return [problem(field, "no_control_characters", f"{field} contains control characters")]
    if _DIRECTION_OVERRIDES.search(text) is not None:
        return [problem(field, "no_direction_overrides", f"{field} contains text direction overrides")]
    try:
        text.encode()
    except UnicodeEncodeError:
        return [problem(field, "utf8", f"{field} is not valid Unicode text")]
    return []


def _range_problems(field: str, value: float, low: float, high: float) -> list[Problem]:
    if low <= value <= high:
        return []
    return [problem(field, f"{low:.15g}..{high:.15g}", f"{field} must be between {low:.15g} and {high:.15g}")]


def generation_problems(request: Generation) -> list[Problem]:
    """List every rule of generation that the request breaks."""
    return [
        *_prompt_problems(request),
        *_answer_problems(request),
        *_sampling_problems(request),
        *_stop_problems(request.stop),
    ]


def _prompt_problems(request: Generation) -> list[Problem]:
    problems: list[Problem] = []
    if request.messages:
        texts = [message.text for message in request.messages]
        if request.prompt or request.system is not None:
            problems.append(problem("messages", "alone", "messages take the place of prompt and system"))
        return problems + _text_problems("messages", "".join(texts))
    if not 1 <= len(request.prompt) <= MAX_PROMPT_CHARACTERS:
        limit = f"1..{MAX_PROMPT_CHARACTERS}"
        problems.append(problem("prompt", limit, f"prompt must have {limit} characters, it has {len(request.prompt)}"))
    problems += _text_problems("prompt", request.prompt)
    for field, text in (("system", request.system), ("suffix", request.suffix)):
        if text is not None:
            problems += _text_problems(field, text)
            if len(text) > MAX_PROMPT_CHARACTERS:
                problems.append(problem(field, f"..{MAX_PROMPT_CHARACTERS}", f"{field} is too long"))
    return problems


_SAMPLING_RANGES: tuple[tuple[str, float, float], ...] = (
    ("temperature", 0, 2),
    ("top_k", 0, 1_000_000),
    ("top_p", 0, 1),
    ("min_p", 0, 1),
    ("typical_p", 0, 1),
    ("repetition_penalty", 0, 2),
    ("frequency_penalty", -2, 2),
    ("presence_penalty", -2, 2),
    ("penalty_window", -1, MAX_WINDOW_TOKENS),
    ("dry_multiplier", 0, 100),
    ("dry_base", 1, 100),
    ("dry_allowed_length", 1, 1_000),
    ("dry_window", -1, MAX_WINDOW_TOKENS),
    ("xtc_probability", 0, 1),
    ("xtc_threshold", 0, 1),
    ("mirostat", 0, 2),
    ("mirostat_tau", 0, 100),
    ("mirostat_eta", 0, 1),
)


def _sampling_problems(request: Sampling) -> list[Problem]:
    problems = [
        problem
        for field, low, high in _SAMPLING_RANGES
        for problem in _range_problems(field, getattr(request, field), low, high)
    ]
    if request.seed is not None:
        problems += _range_problems("seed", request.seed, 0, 2**32 - 2)
    if any(not key.isdecimal() or len(key) > MAX_TOKEN_ID_DIGITS for key in request.logit_bias):
        problems.append(problem("logit_bias", "token_id", "logit_bias maps token ids, as text, to numbers"))
    if len(request.logit_bias) > MAX_LOGIT_BIASES:
        problems.append(problem("logit_bias", f"..{MAX_LOGIT_BIASES}", f"at most {MAX_LOGIT_BIASES} logit biases"))
    if not all(-100 <= bias <= 100 for bias in request.logit_bias.values()):
        problems.append(problem("logit_bias", "-100..100", "logit_bias must be between -100 and 100"))
    if len(request.dry_breakers) > MAX_DRY_BREAKERS or any(
        not 1 <= len(text) <= MAX_STOP_CHARACTERS for text in request.dry_breakers
    ):
        limit = f"..{MAX_DRY_BREAKERS}"
        problems.append(problem("dry_breakers", limit, f"at most {MAX_DRY_BREAKERS} DRY breakers, none of them empty"))
    return problems


def _answer_problems(request: Generation) -> list[Problem]:
    problems = _range_problems("max_tokens", request.max_tokens, 1, MAX_TOKENS)
    problems += _range_problems("n", request.n, 1, MAX_CHOICES)
    if request.logprobs is not None:
        problems += _range_problems("logprobs", request.logprobs, 0, MAX_TOP_LOGPROBS)
    problems += _tool_problems(request.tools)
    if request.tools and not request.messages:
        problems.append(problem("tools", "messages", "tools need messages"))
    if request.tool_choice not in ("auto", "none"):
        names = {tool.function.name for tool in request.tools}
        if isinstance(request.tool_choice, NamedTool) and request.tool_choice.function.name not in names:
            problems.append(problem("tool_choice", "name", "tool_choice names a function that is not in tools"))
        elif not names:
            problems.append(problem("tool_choice", "tools", "tool_choice needs tools"))
        if not isinstance(request.response_format, PlainText):
            problems.append(problem("tool_choice", "alone", "tool_choice cannot go with a response_format"))
    if request.ignore_eos and isinstance(request.response_format, JsonObject | JsonSchema):
        problems.append(problem("ignore_eos", "form", "ignore_eos cannot go with JSON, which comes to an end"))
    if request.suffix is not None and request.messages:
        problems.append(problem("suffix", "prompt", "suffix needs a prompt, not messages"))
    return problems


def _tool_problems(tools: list[Tool]) -> list[Problem]:
    """Name the first tool whose name cannot be one, and the first that is there twice."""
    problems: list[Problem] = []
    names = [tool.function.name for tool in tools]
    wrong = next((place for place, name in enumerate(names) if not is_tool_name(name)), None)
    if wrong is not None:
        field = f"tools[{wrong}].function.name"
        message = f"{field} must have 1 to 64 letters, digits, underscores and dashes"
        problems.append(problem(field, "[A-Za-z0-9_-]{1,64}", message))
    first: dict[str, int] = {}
    twice = next((place for place, name in enumerate(names) if first.setdefault(name, place) != place), None)
    if twice is not None:
        field = f"tools[{twice}].function.name"
        message = f"{field} is the same as that of tools[{first[names[twice]]}]"
        problems.append(problem(field, "unique", message))
    return problems


def _stop_problems(stop: list[str]) -> list[Problem]:
    problems: list[Problem] = []
    if len(stop) > MAX_STOP_STRINGS:
        problems.append(problem("stop", f"..{MAX_STOP_STRINGS}", f"at most {MAX_STOP_STRINGS} stop strings"))
    if any(not 1 <= len(text) <= MAX_STOP_CHARACTERS for text in stop):
        problems.append(
            problem("stop", f"1..{MAX_STOP_CHARACTERS}", f"a stop string has 1 to {MAX_STOP_CHARACTERS} characters")
        )
    return problems + _text_problems("stop", "".join(stop))


def placement_problems(spec: Infer) -> list[Problem]:
    """List every rule of placement that the task breaks."""
    problems: list[Problem] = []
    if spec.model and not is_model_ref(spec.model):
        problems.append(problem("model", "model_reference", "model is not a model reference"))
    if spec.node is not None and not is_node_name(spec.node):
        problems.append(problem("node", "dns_name", "node must be letters, digits, dash and dot"))
    if spec.backend is not None and spec.backend not in BACKENDS:
        problems.append(problem("backend", "|".join(BACKENDS), f"backend must be one of {', '.join(BACKENDS)}"))
    if spec.device is not None and spec.device < 0:
        problems.append(problem("device", "0..", "device must not be negative"))
    if spec.device and spec.backend == "cpu":
        problems.append(problem("device", "0", "device must be 0 on cpu, which is one device"))
    if spec.deadline_ms is not None and not 0 <= spec.deadline_ms <= MAX_DEADLINE_MS:
        problems.append(problem("deadline_ms", "unix_ms", "deadline_ms must be a time in Unix milliseconds"))
    if spec.detach_s is not None:
        problems += _range_problems("detach_s", spec.detach_s, 0, MAX_DETACH_S)
    return problems


def require_worker_id(text: str) -> WorkerId:
    """Return the text as the id of a worker.

    Raises:
        InvalidInput: it cannot be one.
    """
    if not is_worker_id(text):
        require([problem("worker_id", "identifier", "worker_id is letters, digits and dashes")])
    return WorkerId(text)


def require(problems: list[Problem]) -> None:
    """Raise when there is any problem.

    Raises:
        InvalidInput: with every problem in `details["fields"]`.
    """
    if problems:
        shown = problems[:MAX_PROBLEMS]
        message = "; ".join(problem["message"] for problem in shown)
        if len(problems) > MAX_PROBLEMS:
            message += f"; and {len(problems) - MAX_PROBLEMS} more"
        raise InvalidInput(message, details={"fields": shown})


def shape_error(error: Exception, *, hint: str = "") -> InvalidInput:
    """Turn a decoder's complaint into ours, naming the field and its place, never the value."""
    text = str(error)
    if isinstance(error, RecursionError):
        fields = [problem("body", "depth", "nested too deeply")]
        return InvalidInput("the body is nested too deeply", hint=hint, details={"fields": fields})
    if not isinstance(error, msgspec.ValidationError):
        details: dict[str, Any] = {"fields": [problem("body", "json", "not JSON")]}
        return InvalidInput("the body is not valid JSON", hint=hint, details=details)
    head, _, path = text.rpartition(" - at `") if " - at `" in text else (text, "", "")
    field = shown(path.rstrip("`").removeprefix("$").removeprefix(".")) or "body"
    if head.startswith(_UNKNOWN_FIELD):
        name = shown(head.removeprefix(_UNKNOWN_FIELD).strip("` "))
        place = "the body" if field == "body" else field
        full = name if field == "body" else f"{field}.{name}"
        details = {"fields": [problem(full, "known", "unknown field")]}
        return InvalidInput(f'{place} has an unknown field "{name}"', hint=hint, details=details)
    head = shown(head)
    details = {"fields": [problem(field, "type", head)]}
    return InvalidInput(head if field == "body" else f"{field}: {head}", hint=hint, details=details)
