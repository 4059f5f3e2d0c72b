"""What one model needs for a chat: its prompt, its grammar and a reader for its answer."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from ....contract.inference.chat import ChatMessage, Gbnf, NamedTool, Tool
from ....contract.tasks import Execute
from ....errors import InvalidInput, RbeeError
from ...engine import CompletionReader, IsCancelled, never
from ..grammar.budget import Budget
from ..reading.reasoning_reader import ReasoningReader, ReasoningTags
from ..tool_calls.grammar import schemas_of
from ..tool_calls.reader import ToolCallReader
from .answer_grammar import answer_grammar, must_call
from .answer_reader import ChainedReader
from .conversation import Conversation, messages_of, tools_for_template
from .formats import ToolFormat, reasoning_tags, tool_format
from .template import ChatTemplate
from .template_process import TemplateProcess
from .template_traits import TemplateTraits, traits_of

_USER_IN_PLAIN_TEXT = "\nuser:"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedChat:
    """A request in the words of one model.

    `stop` are the texts that end the answer, those of the request included. `shown_special` are texts which the reader
    needs even where they are control tokens. `grammar` is empty when any text may come. `parse_special` tells whether
    control tokens in the prompt are such. `new_reader` is None when the answer is plain text.
    """

    prompt: str
    parse_special: bool
    stop: tuple[str, ...] = ()
    shown_special: tuple[str, ...] = ()
    grammar: str = ""
    new_reader: Callable[[], CompletionReader] | None = None


class ChatFormat:
    """The chat side of one model; made once for it, used from any thread."""

    def __init__(self, template: str | None, *, begin_text: str, end_text: str, renderer: TemplateProcess) -> None:
        """Take the model's template, None when it has none, with the texts of its begin and end tokens."""
        self._template = None
        if template is not None:
            self._template = ChatTemplate(template, begin_text=begin_text, end_text=end_text, renderer=renderer)

    def warm_up(self) -> None:
        """Find out what the template knows before the first chat asks for it; a chat will meet what goes wrong."""
        if self._template is not None:
            with suppress(RbeeError):
                _ = self.traits

    def render(self, request: Execute, is_cancelled: IsCancelled = never) -> RenderedChat:
        """Return what the model needs for this request.

        Raises:
            InvalidInput: the template refuses the messages, or no grammar can hold what is asked for.
            ModelIncompatible: the template is not valid Jinja, or takes too much time or memory.
            AllSlotsBusy: other conversations keep the template busy.
            RequestCanceled: nobody waits for it any more.
        """
        budget = Budget(is_cancelled=is_cancelled)
        if request.raw or self._template is None:
            return self._plain(request, budget)
        return self._chat(self._template, request, budget)

    @cached_property
    def traits(self) -> TemplateTraits:
        """What the template knows; what went wrong is tried again with the next chat."""
        assert self._template is not None
        return traits_of(self._template)

    @cached_property
    def _tool_format(self) -> ToolFormat:
        assert self._template is not None
        return tool_format(self._template.source, knows_tools=self.traits.knows_tools)

    def _plain(self, request: Execute, budget: Budget) -> RenderedChat:
        """Return the text alone, or a conversation line by line, for a model without a template."""
        messages = messages_of(request)
        stop = tuple(request.stop)
        if not request.messages or len(messages) == 1:
            prompt = "\n\n".join(message.text for message in messages)
        else:
            prompt = _plain_conversation(messages)
            stop = (*stop, _USER_IN_PLAIN_TEXT)
        grammar = answer_grammar(request, budget=budget)
        return RenderedChat(prompt=prompt, parse_special=not request.raw, stop=stop, grammar=grammar)

    def _chat(self, template: ChatTemplate, request: Execute, budget: Budget) -> RenderedChat:
        tools = _shown_tools(request)
        messages = messages_of(request)
        begun = messages[-1] if messages[-1].role == "assistant" and not messages[-1].tool_calls else None
        written = Conversation(self.traits).written(messages[:-1] if begun else messages, tools)
        prompt = template.render(
            written,
            tools=tools_for_template(tools) if self.traits.knows_tools else (),
            variables=request.chat_template_kwargs,
        )
        tags = reasoning_tags(template.source)
        is_thinking = tags is not None and prompt.rstrip().endswith(tags[0])
        if begun is not None:
            prompt, is_thinking = _continued(prompt, begun, tags if is_thinking else None)
        if isinstance(request.response_format, Gbnf) and not must_call(request):
            tags = None  # the client's grammar leaves no room for thoughts
        return RenderedChat(
            prompt=prompt,
            parse_special=True,
            stop=tuple(request.stop),
            shown_special=(*(tags or ()), *(self._tool_format.special_texts if tools else ())),
            grammar=answer_grammar(request, tools, self._tool_format, tags, is_thinking=is_thinking, budget=budget),
            new_reader=self._reader(tools, tags, is_thinking=is_thinking),
        )

    def _reader(
        self, tools: list[Tool], tags: ReasoningTags | None, *, is_thinking: bool
    ) -> Callable[[], CompletionReader] | None:
        if not tools:
            return None if tags is None else lambda: ReasoningReader(tags, is_open=is_thinking)
        syntax, schemas = self._tool_format.syntax, schemas_of(tools)
        if tags is None:
            return lambda: ToolCallReader(syntax, schemas)
        return lambda: ChainedReader(ReasoningReader(tags, is_open=is_thinking), ToolCallReader(syntax, schemas))


def _shown_tools(request: Execute) -> list[Tool]:
    """Return the tools that the model hears of.

    Raises:
        InvalidInput: the tool that must be called is not there.
    """
    choice = request.tool_choice
    tools = [] if choice == "none" else request.tools
    names = {tool.function.name for tool in tools}
    is_missing = choice.function.name not in names if isinstance(choice, NamedTool) else not names
    if is_missing and must_call(request):
        raise InvalidInput(
            "tool_choice asks for a tool that is not among the tools",
            details={"fields": [{"field": "tool_choice", "constraint": "known_tool"}]},
        )
    return tools


def _continued(prompt: str, begun: ChatMessage, open_tags: ReasoningTags | None) -> tuple[str, bool]:
    """Return the prompt with the answer that was begun, and whether the model is still thinking behind it."""
    if open_tags is None:
        return prompt + begun.text, False
    if not begun.text:
        return prompt + (begun.reasoning_content or ""), True
    return f"{prompt}{begun.reasoning_content or ''}\n{open_tags[1]}\n\n{begun.text}", False


def _plain_conversation(messages: list[ChatMessage]) -> str:
    lines = [f"{message.role}: {message.text}" for message in messages]
    if messages[-1].role != "assistant":
        lines.append("assistant:")
    return "\n".join(lines)
