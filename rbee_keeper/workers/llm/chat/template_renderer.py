"""The program that renders one worker's chat template, where limits of the kernel hold.

A template comes with a file from a stranger, and one operation of it can take all time or memory there is. So it runs
in a process of its own: with little memory, some seconds of the processor for each question, no new file, socket or
process. The worker ends it at a deadline; the kernel ends it when the worker is gone.
"""

import math
import resource
import socket
import sys
import time
import unicodedata  # noqa: F401 - names of characters in texts of a template need it, when it is too late to import
from contextlib import suppress
from pathlib import Path

import jinja2.debug  # noqa: F401 - Jinja would import it at the first error, when nothing can be opened any more

from ....supervisor.lifelines.lifeline import die_at_end_of_file
from ....supervisor.process_title import set_process_title
from .sandbox import ChatEnvironment
from .template_messages import Load, Question, Reply, decode_question, encode_reply, receive, send

MAX_TEXT = 4_000_000
"""Characters that a template may make."""
MEMORY_BYTES = 160_000_000
"""What a template may take beside what the program itself has: many times the longest request."""

_FIRST = "{{ 'a'|tojson ~ strftime_now('%Y %Z') }}"
"""Has Jinja and Python open what they open late: codecs, the time zone."""
_MAX_SOURCE = 1_000_000
_MAX_REASON = 200
_QUESTION_LIMIT_BYTES = 64_000_000


class TemplateRenderer:
    """Holds the template that was loaded last, and answers questions about it."""

    def __init__(self) -> None:
        """Hold none."""
        self._environment = ChatEnvironment()
        self._template = self._environment.from_string(_FIRST)
        self._template.render()

    def answer(self, question: Question) -> Reply:
        """Load or render; whatever goes wrong is a reply."""
        try:
            if isinstance(question, Load):
                self._load(question.source)
                return Reply(outcome="done")
            return self._rendered(question.variables)
        except MemoryError:
            return Reply(outcome="too_large", text="it wants more memory than any chat needs")
        except Exception as error:  # noqa: BLE001 - a template may raise whatever Python raises
            return Reply(outcome="refused", text=_reason(error))

    def _load(self, source: str) -> None:
        if len(source) > _MAX_SOURCE:
            raise ValueError("it is far too long")
        self._template = self._environment.from_string(source)

    def _rendered(self, variables: dict[str, object]) -> Reply:
        template = self._template
        # `Template.render` would rewrite the traceback of every refusal, which nobody sees
        text = "".join(template.root_render_func(template.new_context(variables)))
        if len(text) > MAX_TEXT:
            return Reply(outcome="too_large", text="it makes too long a text")
        return Reply(outcome="done", text=text)


def _reason(error: Exception) -> str:
    try:
        return str(error)[:_MAX_REASON] or type(error).__name__
    except Exception:  # noqa: BLE001 - the text of an error may be of the template's making
        return type(error).__name__


def limit_resources() -> None:
    """Let this process open, start and write nothing more, and give it little memory."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    _limit(resource.RLIMIT_NOFILE, 0)


def limit_memory() -> None:
    """Give this process little memory beside what it has; where nobody tells how much that is, the limit is off."""
    with suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + MEMORY_BYTES)


def limit_processor(seconds: float) -> None:
    """Have the kernel end this process when it computes for so long from now on, in case that nobody else does."""
    until = math.ceil(time.process_time() + seconds) + 1
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def _limit(kind: int, most: int) -> None:
    with suppress(OSError, ValueError):
        resource.setrlimit(kind, (most, most))


def main(arguments: list[str]) -> None:
    """Answer questions until the worker is gone."""
    die_at_end_of_file()
    connection = socket.socket(fileno=int(arguments[1]))
    set_process_title(f"chat-template-rbee --worker-pid {arguments[2]}")
    renderer = TemplateRenderer()
    limit_memory()
    limit_resources()
    reply = Reply(outcome="done")
    while True:
        try:
            send(connection, _frame(reply))
            if reply.outcome == "too_large":
                return
            question = decode_question(receive(connection, limit=_QUESTION_LIMIT_BYTES))
        except (EOFError, OSError):
            return
        except Exception as error:  # noqa: BLE001 - a question that cannot be read is answered with the reason
            reply = Reply(outcome="refused", text=_reason(error))
            continue
        limit_processor(question.seconds)
        reply = renderer.answer(question)


def _frame(reply: Reply) -> bytes:
    try:
        return encode_reply(reply)
    except (ValueError, MemoryError):
        return encode_reply(Reply(outcome="refused", text="it makes a text that is no Unicode"))


if __name__ == "__main__":
    main(sys.argv)
