"""Chooses the grammar of an answer by the form that a request asks for."""

import re
from typing import assert_never

from ....contract.chat import Gbnf, JsonObject, JsonSchema, PlainText, Regex, ResponseFormat
from ....errors import InvalidInput
from .json_schema import grammar_of_schema, json_object_grammar
from .regex import grammar_of_regex

MAX_GRAMMAR_BYTES = 256 * 1024
MAX_NESTING = 100
_ROOT_RULE = re.compile(r"^[ \t]*root[ \t]*::=", re.MULTILINE)

_SYNTAX = re.compile(
    r'"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|<[^>]*>|\#[^\r\n]*|[()]'
    r"|\{[ \t\r\n]*0*(?P<least>\d{1,20})[ \t\r\n]*,[ \t\r\n]*0*(?P<most>\d{1,20})[ \t\r\n]*\}",
    re.DOTALL,
)


def grammar_of(response_format: ResponseFormat) -> str:
    """Return the grammar that an answer of this form must follow; empty for any text.

    Raises:
        InvalidInput: the form is not supported, is too large, or nothing fits it.
    """
    match response_format:
        case PlainText():
            return ""
        case JsonObject():
            return json_object_grammar()
        case JsonSchema():
            return grammar_of_schema(response_format.json_schema.schema)
        case Gbnf():
            return require_grammar(response_format.grammar)
        case Regex():
            return grammar_of_regex(response_format.pattern)
    assert_never(response_format)


def require_grammar(text: str) -> str:
    """Return a grammar that a client wrote, when it is of a size that llama.cpp may be given.

    Raises:
        InvalidInput: it is too large or too deeply nested, has no rule `root`, or would make llama.cpp run away.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_GRAMMAR_BYTES:
        raise InvalidInput("the grammar is too large", details={"max_bytes": MAX_GRAMMAR_BYTES})
    if "\0" in text or (not text.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in text)):
        raise InvalidInput("the grammar holds a null character or a lone surrogate")
    if not _ROOT_RULE.search(text):
        raise InvalidInput("the grammar has no rule named root", hint='for example: root ::= "yes" | "no"')
    _check_nesting(text)
    return text


def _check_nesting(text: str) -> None:
    """Refuse what llama.cpp reads without a bound: groups in groups, and counts that run backwards."""
    depth = 0
    for match in _SYNTAX.finditer(text):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth > MAX_NESTING:
            raise InvalidInput("the grammar is nested too deeply", details={"max_nesting": MAX_NESTING})
        if match["least"] and int(match["most"]) < int(match["least"]):
            raise InvalidInput("a repetition in the grammar has a maximum below its minimum")
