"""Chooses the grammar of an answer by the form that a request asks for."""

from typing import assert_never

from ....contract.chat import Gbnf, JsonObject, JsonSchema, PlainText, Regex, ResponseFormat
from ....errors import InvalidInput
from .gbnf_check import check_gbnf
from .json_schema import grammar_of_schema, json_object_grammar
from .regex import grammar_of_regex

MAX_GRAMMAR_BYTES = 256 * 1024


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
    """Return a grammar that a client wrote, when it is safe to give to llama.cpp.

    Raises:
        InvalidInput: it is too large, has no rule `root`, or would make llama.cpp crash or hang.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_GRAMMAR_BYTES:
        raise InvalidInput("the grammar is too large", details={"max_bytes": MAX_GRAMMAR_BYTES})
    if "\0" in text or (not text.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in text)):
        raise InvalidInput("the grammar holds a null character or a lone surrogate")
    check_gbnf(text)
    return text
