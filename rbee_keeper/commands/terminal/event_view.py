"""Shows the events of one task: tokens on standard output, the rest on the terminal."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

from ...contract.errors import ErrorInfo, from_wire, to_wire
from ...contract.events import End, Event, Failed, Metrics, Narration, Queued, Reasoning, Started, Token, ToolCallDelta
from ...errors import RbeeError
from . import diagnostics, output
from .cut_text import describe_cut, keep_text
from .progress import Progress


@dataclass(slots=True, kw_only=True)
class EventView:
    """One text on its way to the reader; `as_json` prints every event instead of the text.

    A text that is cut is kept in a file of `cut_answers_dir`.
    """

    progress: Progress
    as_json: bool
    quiet: bool
    stats: bool
    max_tokens: int
    cut_answers_dir: Path
    _ends_line: bool = True
    _has_failed_event: bool = False
    _pieces: list[str] = field(default_factory=list)

    def show(self, event: Event, text: str) -> None:
        """Show one event, given also as JSON text.

        Raises:
            RbeeError: the event says that the task failed.
        """
        if self.as_json:
            output.line(text)
        match event:
            case Token(t=piece):
                self._show_piece(piece)
            case Narration(human=human, percent=percent):
                self.progress.step(human, percent)
            case Queued(queue_position=position):
                self.progress.step(f"waiting for {position} before this" if position else "starting")
            case Started() | Metrics() | Reasoning() | ToolCallDelta():
                self.progress.step("thinking")
            case End():
                self._end(event)
            case Failed():
                self._fail(event)
            case _:
                assert_never(event)

    def show_error(self, error: RbeeError) -> None:
        """Say what came of a text that was cut; a reader of JSON gets the closing event that is missing."""
        self.progress.clear()
        self._end_line()
        if self._pieces:
            path = None if self.as_json else keep_text(self.cut_answers_dir, "".join(self._pieces))
            diagnostics.say(describe_cut(len(self._pieces), self.max_tokens, path, may_succeed=error.is_retriable))
        if self.as_json and not self._has_failed_event:
            info = to_wire(error, source="keeper")
            output.as_json(
                Failed(code=info.code, message=info.message, hint=info.hint, details=info.details, src=info.src)
            )

    def _show_piece(self, piece: str) -> None:
        self.progress.clear()
        self._pieces.append(piece)
        if not self.as_json:
            output.write(piece)
            self._ends_line = piece.endswith("\n")

    def _end_line(self) -> None:
        """Leave the cursor of a terminal at the start of a line; pipes get the tokens alone."""
        if not self._ends_line and output.is_terminal():
            output.write("\n")
        self._ends_line = True

    def _end(self, end: End) -> None:
        self.progress.clear()
        self._end_line()
        if end.stop_reason == "MAX_TOKENS" and not self.quiet and diagnostics.is_terminal():
            diagnostics.say(f"(stopped after {end.tokens_out} tokens; --max-tokens allows more)")
        if self.stats:
            diagnostics.say(
                f"{end.usage.prompt_tokens} prompt tokens, {end.tokens_out} tokens,"
                f" first after {end.ttft_ms:.0f} ms, {end.tokens_per_s:g} tokens/s, ended by {end.stop_reason}"
            )

    def _fail(self, event: Failed) -> None:
        self._has_failed_event = True
        info = ErrorInfo(code=event.code, message=event.message, hint=event.hint, details=event.details, src=event.src)
        raise from_wire(info)
