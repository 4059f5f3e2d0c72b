"""Asks for grammars through the door that requests use."""

from typing import Any

from rbee_keeper.contract.ids import TaskId
from rbee_keeper.contract.inference.chat import Gbnf, JsonSchema, NamedSchema, Regex, ResponseFormat
from rbee_keeper.contract.tasks import Execute
from rbee_keeper.workers.llm.chat.answer_grammar import answer_grammar
from rbee_keeper.workers.llm.grammar.budget import Budget


def grammar_of(form: ResponseFormat, budget: Budget | None = None) -> str:
    """Return the grammar of an answer of this form."""
    return answer_grammar(Execute(job_id=TaskId("t"), prompt="x", response_format=form), budget=budget)


def grammar_of_schema(schema: Any, budget: Budget | None = None) -> str:
    """Return the grammar of the JSON values that a schema describes."""
    return grammar_of(JsonSchema(json_schema=NamedSchema(schema=schema)), budget)


def grammar_of_regex(pattern: str) -> str:
    """Return the grammar of the texts that a pattern matches."""
    return grammar_of(Regex(pattern=pattern))


def grammar_of_gbnf(grammar: str) -> str:
    """Return a client's own grammar, once it was found safe."""
    return grammar_of(Gbnf(grammar=grammar))
