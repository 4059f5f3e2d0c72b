"""The ways in which families of models write tool calls and thoughts, told by their chat template."""

from dataclasses import dataclass

from ..reading.reasoning_reader import ReasoningTags
from ..tool_calls import grammar as call_grammar
from ..tool_calls import syntax as call_syntax
from ..tool_calls.grammar import WriteGrammar
from ..tool_calls.syntax import CallSyntax


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFormat:
    """One way of writing calls; `special_texts` may be control tokens, whose text the reader needs."""

    name: str
    syntax: CallSyntax
    write_grammar: WriteGrammar
    special_texts: tuple[str, ...] = ()


HERMES = ToolFormat(
    name="hermes",
    syntax=call_syntax.HERMES,
    write_grammar=call_grammar.hermes,
    special_texts=("<tool_call>", "</tool_call>"),
)
QWEN_XML = ToolFormat(
    name="qwen_xml",
    syntax=call_syntax.QWEN_XML,
    write_grammar=call_grammar.qwen_xml,
    special_texts=("<tool_call>", "</tool_call>"),
)
LLAMA = ToolFormat(
    name="llama",
    syntax=call_syntax.LLAMA,
    write_grammar=call_grammar.llama,
    special_texts=("<|python_tag|>",),
)
MISTRAL = ToolFormat(
    name="mistral",
    syntax=call_syntax.MISTRAL,
    write_grammar=call_grammar.mistral,
    special_texts=("[TOOL_CALLS]",),
)
MISTRAL_NAMED = ToolFormat(
    name="mistral_named",
    syntax=call_syntax.MISTRAL,
    write_grammar=call_grammar.mistral_named,
    special_texts=("[TOOL_CALLS]", "[ARGS]", "[CALL_ID]"),
)
FUNCTIONARY = ToolFormat(
    name="functionary",
    syntax=call_syntax.FUNCTIONARY,
    write_grammar=call_grammar.functionary,
)
GENERIC = ToolFormat(name="generic", syntax=call_syntax.GENERIC, write_grammar=call_grammar.generic)
TOOL_FORMATS = (HERMES, QWEN_XML, LLAMA, MISTRAL, MISTRAL_NAMED, FUNCTIONARY, GENERIC)

REASONING: tuple[ReasoningTags, ...] = (
    ("<think>", "</think>"),
    ("[THINK]", "[/THINK]"),
    ("<seed:think>", "</seed:think>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
)


def tool_format(template: str, *, knows_tools: bool) -> ToolFormat:
    """Return how a model with this template writes calls; one that knows no tools is told to write as Hermes."""
    if not knows_tools:
        return HERMES
    if "[TOOL_CALLS]" in template:
        return MISTRAL_NAMED if "[ARGS]" in template else MISTRAL
    if "<function=" in template:
        return QWEN_XML if "<parameter=" in template else FUNCTIONARY
    if "<|python_tag|>" in template:
        return LLAMA
    if "<tool_call>" in template:
        return HERMES
    return LLAMA if "<|start_header_id|>" in template or '"parameters"' in template else GENERIC


def reasoning_tags(template: str) -> ReasoningTags | None:
    """Return what a model with this template writes around its thoughts; None when it has no such tags."""
    return next((tags for tags in REASONING if tags[0] in template or tags[1] in template), None)
