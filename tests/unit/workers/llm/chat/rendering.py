"""One process that renders templates, for all tests of chats: it takes another template with every question."""

from typing import Any

from rbee_keeper.workers.llm.chat.chat_format import ChatFormat
from rbee_keeper.workers.llm.chat.template import ChatTemplate
from rbee_keeper.workers.llm.chat.template_process import TemplateProcess

RENDERER = TemplateProcess()


def chat_template(source: str, *, end_text: str = "", **options: Any) -> ChatTemplate:
    """Return the template of a model with a begin token."""
    return ChatTemplate(source, begin_text="<s>", end_text=end_text, renderer=RENDERER, **options)


def chat_format(source: str | None) -> ChatFormat:
    """Return the chat side of a model with a begin token and an end token."""
    return ChatFormat(source, begin_text="<s>", end_text="</s>", renderer=RENDERER)
