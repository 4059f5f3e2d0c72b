"""The process that renders templates: small, replaced when it ends, and gone when its worker is."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from rbee_keeper.errors import AllSlotsBusy, InvalidInput, ModelIncompatible
from rbee_keeper.workers.llm.chat.template import ChatTemplate
from rbee_keeper.workers.llm.chat.template_process import TemplateProcess
from rbee_keeper.workers.llm.chat.template_traits import traits_of

from .....waiting import eventually

PLAIN = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
ENDLESS = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
MESSAGES = [{"role": "user", "content": "hi"}]
PARENT = f"""
import sys
from rbee_keeper.workers.llm.chat.template_process import TemplateProcess
renderer = TemplateProcess()
renderer.render("{{{{ 1 }}}}", {{}}, seconds=9)
print("up", flush=True)
renderer.render({ENDLESS!r}, {{}}, seconds=60)
"""


@pytest.fixture
def renderer() -> Iterator[TemplateProcess]:
    """Give a process of the test's own."""
    process = TemplateProcess()
    yield process
    process.close()


def template(renderer: TemplateProcess, source: str = PLAIN, **options: Any) -> ChatTemplate:
    """Return a template that this process renders."""
    return ChatTemplate(source, begin_text="", end_text="", renderer=renderer, **options)


def child_of(parent: int) -> psutil.Process:
    """Return the one process that renders for that parent."""
    renders = [each for each in psutil.Process(parent).children() if "chat-template-rbee" in " ".join(each.cmdline())]
    # the newest: in the process of the tests there may be one that all tests of chats share
    return max(renders, key=lambda each: (each.create_time(), each.pid))


def test_the_process_can_open_start_and_take_nothing(renderer: TemplateProcess) -> None:
    """Whoever breaks out of the sandbox stands in a cell: no file, no connection, no program, little memory."""
    template(renderer).render(MESSAGES)
    child = child_of(os.getpid())
    for kind in (psutil.RLIMIT_NOFILE, psutil.RLIMIT_NPROC, psutil.RLIMIT_FSIZE, psutil.RLIMIT_CORE):
        assert child.rlimit(kind) == (0, 0)
    assert max(child.rlimit(psutil.RLIMIT_AS)) < 300_000_000
    assert 0 < child.rlimit(psutil.RLIMIT_CPU)[0] < 60


def test_the_process_knows_no_secrets(renderer: TemplateProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of other services stand in the environment of many people."""
    monkeypatch.setenv("RBEE_API_TOKEN", "a-secret-of-the-owner")
    monkeypatch.setenv("SOME_API_KEY", "another-secret")
    template(renderer).render(MESSAGES)
    assert not [value for value in child_of(os.getpid()).environ().values() if "secret" in value]


def test_a_process_that_was_ended_is_replaced_without_a_word(renderer: TemplateProcess) -> None:
    """The kernel ends processes when memory is short, and people end what they do not know."""
    written = template(renderer).render(MESSAGES)
    for _ in range(2):
        child_of(os.getpid()).kill()
        assert template(renderer).render(MESSAGES) == written


def test_a_template_that_takes_too_long_is_stopped_and_the_next_chat_is_served(renderer: TemplateProcess) -> None:
    """One conversation must not cost the others the model."""
    source = "{% if messages[0].content == 'endless' %}" + ENDLESS + "{% endif %}" + PLAIN
    one = template(renderer, source, max_seconds=0.5)
    assert one.render(MESSAGES) == "<user>hi"
    with pytest.raises(ModelIncompatible, match="too long") as caught:
        one.render([{"role": "user", "content": "endless"}])
    assert "--raw" in caught.value.hint
    assert one.render(MESSAGES) == "<user>hi"


def test_whoever_waits_for_a_slow_template_waits_for_the_own_time_only(renderer: TemplateProcess) -> None:
    """A row of slow conversations would otherwise make the last one wait for all of them."""
    template(renderer).render(MESSAGES)

    def render_slowly() -> None:
        with pytest.raises(ModelIncompatible):
            template(renderer, ENDLESS, max_seconds=4).render([])

    child = child_of(os.getpid())
    slow = threading.Thread(target=render_slowly)
    slow.start()
    eventually(lambda: child.cpu_times().user > 0.5, "the slow one is rendered")
    began = time.monotonic()
    with pytest.raises(AllSlotsBusy):
        template(renderer, max_seconds=0.3).render(MESSAGES)
    assert time.monotonic() - began < 2.5
    slow.join(30)


def test_the_traits_of_a_slow_template_cost_a_second_together(renderer: TemplateProcess) -> None:
    """Seven conversations are tried, and each of them may be slow."""
    template(renderer).render(MESSAGES)
    began = time.monotonic()
    with pytest.raises(ModelIncompatible):
        traits_of(template(renderer, ENDLESS))
    assert time.monotonic() - began < 5


def test_an_ordinary_chat_costs_a_fraction_of_a_millisecond(renderer: TemplateProcess) -> None:
    """The way to another process must not be seen in the time to the first token."""
    one = template(renderer)
    one.render(MESSAGES)
    times = []
    for _ in range(300):
        began = time.perf_counter()
        one.render(MESSAGES)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.001


@pytest.mark.parametrize("value", [10**400, -(2**70), 1.5, "\ud800", "Zürich", None, [True, {"a": []}]])
def test_a_conversation_may_hold_any_value_of_json(renderer: TemplateProcess, value: object) -> None:
    """Arguments of earlier calls are what models and programs wrote."""
    source = "{{ messages[0].content|tojson(ensure_ascii=true)|length }}"
    assert int(template(renderer, source).render([{"content": value}])) > 0


def test_a_text_that_is_no_unicode_is_refused(renderer: TemplateProcess) -> None:
    """It could not be given to the model either."""
    with pytest.raises(InvalidInput):
        template(renderer).render([{"role": "user", "content": "\ud800"}])
    assert template(renderer).render(MESSAGES) == "<user>hi"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_process_ends_with_its_worker_in_the_middle_of_a_rendering(number: signal.Signals) -> None:
    """However the worker ends, nothing of it stays."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        child = eventually(lambda: child_of(parent.pid), "the process that renders")
        eventually(lambda: child.cpu_times().user > 0.2, "it renders", within_s=20)
        parent.send_signal(number)
        parent.wait(10)
    eventually(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, "it ended", within_s=5)
