"""The chat template of one model, which a process with limits renders."""

from collections.abc import Mapping, Sequence
from typing import Any

from .template_process import TemplateProcess

MAX_SECONDS = 2.0
"""For one rendering; the longest conversation that a request can hold takes a fifth of it."""

TemplateMessage = Mapping[str, Any]
"""A message in the shape that templates expect."""


class ChatTemplate:
    """Renders conversations, from any thread, one after the other."""

    def __init__(
        self,
        source: str,
        *,
        begin_text: str,
        end_text: str,
        renderer: TemplateProcess,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        """Take the template with the texts of the model's begin and end tokens; it is read with the first rendering."""
        self.source = source
        self.max_seconds = max_seconds
        self._renderer = renderer
        self._variables = {"bos_token": begin_text, "eos_token": end_text}

    def render(
        self,
        messages: Sequence[TemplateMessage],
        *,
        tools: Sequence[Mapping[str, Any]] = (),
        variables: Mapping[str, Any] | None = None,
        seconds: float | None = None,
    ) -> str:
        """Return the text that the model sees, up to where its answer begins; `seconds` bounds this rendering.

        Raises:
            InvalidInput: the template refuses the messages, for example a system text.
            ModelIncompatible: the template is not valid Jinja, or takes too much time or memory.
            AllSlotsBusy: other conversations kept it busy for all of the time.
        """
        given = {
            **(variables or {}),
            **self._variables,
            "messages": list(messages),
            "tools": list(tools) or None,
            "add_generation_prompt": True,
        }
        return self._renderer.render(self.source, given, seconds=self.max_seconds if seconds is None else seconds)
