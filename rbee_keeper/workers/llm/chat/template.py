"""The chat template of one model, which runs in a sandbox with bounds."""

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import jinja2

from ....errors import InvalidInput, ModelIncompatible
from .bounds import MAX_TEXT, TooMuch
from .sandbox import BoundedEnvironment, raise_exception

MAX_SECONDS = 5.0
_MAX_SOURCE = 1_000_000
_MAX_REASON = 200

TemplateMessage = Mapping[str, Any]
"""A message in the shape that templates expect."""


def _now(form: str) -> str:
    return datetime.now().astimezone().strftime(form)


class ChatTemplate:
    """Renders conversations, from any thread, one after the other."""

    def __init__(self, source: str, *, begin_text: str, end_text: str, max_seconds: float = MAX_SECONDS) -> None:
        """Compile the template with the texts of the model's begin and end tokens; a rendering may take `max_seconds`.

        Raises:
            ModelIncompatible: the template is not valid Jinja.
        """
        self.source = source
        self._variables = {"bos_token": begin_text, "eos_token": end_text}
        self._environment = BoundedEnvironment(max_seconds)
        self._lock = threading.Lock()  # the environment counts the steps of one rendering
        self._environment.globals |= {"raise_exception": raise_exception, "strftime_now": _now}
        if len(source) > _MAX_SOURCE:
            raise ModelIncompatible("the model's chat template is far too long")
        try:
            self._template = self._environment.from_string(source)
        except (jinja2.TemplateError, SyntaxError, RecursionError, MemoryError, ValueError) as error:
            reason = str(error)[:_MAX_REASON]
            raise ModelIncompatible(f"the model's chat template cannot be read: {reason}") from error

    def render(
        self,
        messages: Sequence[TemplateMessage],
        *,
        tools: Sequence[Mapping[str, Any]] = (),
        variables: Mapping[str, Any] | None = None,
    ) -> str:
        """Return the text that the model sees, up to where its answer begins.

        Raises:
            InvalidInput: the template refuses the messages, for example a system text.
        """
        given = {
            **(variables or {}),
            **self._variables,
            "messages": list(messages),
            "tools": list(tools) or None,
            "add_generation_prompt": True,
        }
        try:
            with self._lock:
                return self._bounded(given)
        except Exception as error:
            reason = str(error)[:_MAX_REASON]
            raise InvalidInput(
                f"the model's chat template refuses this request: {reason}", hint="leave --system out, or use --raw"
            ) from error

    def _bounded(self, given: dict[str, Any]) -> str:
        self._environment.begin()
        pieces: list[str] = []
        size = 0
        for piece in self._template.generate(given):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_TEXT:
                raise TooMuch("it makes too long a text")
        return "".join(pieces)
