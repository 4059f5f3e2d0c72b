"""Puts a prompt into the model's own chat template, which runs in a sandbox."""

from datetime import datetime
from typing import Any, NoReturn

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ...contract.tasks import Execute
from ...errors import InvalidInput, ModelIncompatible


def _raise_exception(message: str) -> NoReturn:
    raise jinja2.TemplateRuntimeError(message)


def _now(form: str) -> str:
    return datetime.now().astimezone().strftime(form)


class ChatTemplate:
    """The template of one model; None renders prompts as plain text."""

    def __init__(self, source: str | None, *, begin_text: str, end_text: str) -> None:
        """Compile the template with the texts of the model's begin and end tokens.

        Raises:
            ModelIncompatible: the template is not valid Jinja.
        """
        self._template: jinja2.Template | None = None
        self._variables: dict[str, Any] = {"bos_token": begin_text, "eos_token": end_text}
        if source is None:
            return
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.globals |= {"raise_exception": _raise_exception, "strftime_now": _now}
        try:
            self._template = environment.from_string(source)
        except jinja2.TemplateError as error:
            raise ModelIncompatible(f"the model's chat template cannot be read: {error}") from error

    def render(self, request: Execute) -> str:
        """Return the text that the model sees.

        Raises:
            InvalidInput: the template refuses the messages, for example a system text.
        """
        if self._template is None or request.raw:
            return request.prompt if request.system is None else f"{request.system}\n\n{request.prompt}"
        messages = [] if request.system is None else [{"role": "system", "content": request.system}]
        messages.append({"role": "user", "content": request.prompt})
        try:
            return self._template.render(messages=messages, add_generation_prompt=True, **self._variables)
        except Exception as error:
            raise InvalidInput(
                f"the model's chat template refuses this request: {error}", hint="leave --system out, or use --raw"
            ) from error
