"""The one grammar of an answer: thoughts, then a call of a tool or the form that was asked for."""

import hashlib
from collections.abc import Sequence

from ....contract.inference.chat import Gbnf, JsonObject, JsonSchema, NamedTool, PlainText, Regex, Tool
from ....contract.tasks import Execute
from ....errors import InvalidInput
from ..grammar.budget import Budget
from ..grammar.gbnf.builder import GrammarBuilder
from ..grammar.recent import RecentGrammars
from ..reading.reasoning_reader import ReasoningTags
from ..tool_calls.grammar import schemas_of, thinking
from .formats import ToolFormat

_RECENT: RecentGrammars[str] = RecentGrammars()


def answer_grammar(
    request: Execute,
    tools: Sequence[Tool] = (),
    tool_format: ToolFormat | None = None,
    tags: ReasoningTags | None = None,
    *,
    is_thinking: bool = False,
    budget: Budget | None = None,
) -> str:
    """Return the grammar of the answer to a request; empty when any text may come.

    `is_thinking` tells that the prompt ends with the tag that opens the thoughts. A grammar of the client's own holds
    from the first character on. `budget` is what making it may cost.

    Raises:
        InvalidInput: no grammar can hold what is asked for, or making it costs too much.
        RequestCanceled: the budget says that nobody waits for it.
    """
    if not (must_call(request) or has_form(request)):
        return ""
    named = [tool for tool in tools if _may_be_called(request, tool)] if tool_format is not None else []
    asked = (
        request.response_format,
        [(tool.function.name, tool.function.parameters) for tool in named],
        (must_call(request), _many(request), tool_format.name if tool_format is not None else ""),
        (tags, is_thinking),
    )
    used = budget or Budget()
    return _RECENT.get(_key(asked), lambda: _made(request, named, tool_format, tags, used, is_thinking=is_thinking))


def _key(asked: tuple[object, ...]) -> bytes:
    """Return what is asked in few bytes; as text, because the hashes of numbers and truth values may be the same."""
    try:
        return hashlib.blake2b(repr(asked).encode("utf-8", "surrogatepass")).digest()
    except RecursionError as error:
        raise InvalidInput("the schema is nested too deeply") from error
    except ValueError as error:
        raise InvalidInput("a number in the schema has too many digits") from error


def _made(
    request: Execute,
    tools: Sequence[Tool],
    tool_format: ToolFormat | None,
    tags: ReasoningTags | None,
    budget: Budget,
    *,
    is_thinking: bool,
) -> str:
    if isinstance(request.response_format, Gbnf) and not must_call(request):
        return _checked(request.response_format.grammar, budget)
    builder = GrammarBuilder(budget)
    forms: list[str] = []
    if tools and tool_format is not None:
        forms.append(tool_format.write_grammar(builder, schemas_of(tools), _many(request)))
    if has_form(request) and not must_call(request):
        forms.append(_form(builder, request))
    if not forms:
        return ""
    root = builder.add("form", " | ".join(forms)) if len(forms) > 1 else forms[0]
    if tags is not None:
        thought = thinking(builder, tags[1])
        first = thought if is_thinking else f"( {builder.literal(tags[0])} {thought} )?"
        root = builder.add("answer", f"{first} {root}")
    return builder.text(root)


def must_call(request: Execute) -> bool:
    """Tell whether the answer has to be a call."""
    return request.tool_choice == "required" or isinstance(request.tool_choice, NamedTool)


def has_form(request: Execute) -> bool:
    """Tell whether the text of the answer has to have a form."""
    return not isinstance(request.response_format, PlainText)


def _many(request: Execute) -> bool:
    return request.parallel_tool_calls and not isinstance(request.tool_choice, NamedTool)


def _may_be_called(request: Execute, tool: Tool) -> bool:
    choice = request.tool_choice
    return not isinstance(choice, NamedTool) or choice.function.name == tool.function.name


def _checked(grammar: str, budget: Budget) -> str:
    """Return a client's own grammar; few requests have one, so what checks it is imported here."""
    from ..grammar.gbnf.check import check_gbnf

    check_gbnf(grammar, budget)
    return grammar


def _form(builder: GrammarBuilder, request: Execute) -> str:
    """Return the rule of the form; few requests have one, so what makes it is imported here and not at the start."""
    from ..grammar.automata.regex import add_regex
    from ..grammar.schema.json_schema import add_schema

    match request.response_format:
        case JsonSchema(json_schema=named):
            return add_schema(builder, named.schema)
        case Regex(pattern=pattern):
            return add_regex(builder, pattern)
        case JsonObject():
            return add_schema(builder, {"type": "object"})
    raise AssertionError("text and the client's own grammar need no rules")
