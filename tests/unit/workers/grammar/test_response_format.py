"""The form that a request asks for decides the grammar."""

import pytest

from rbee_keeper.contract.chat import Gbnf, JsonObject, JsonSchema, NamedSchema, PlainText, Regex
from rbee_keeper.errors import InvalidInput
from rbee_keeper.workers.llm.grammar.builder import GrammarBuilder
from rbee_keeper.workers.llm.grammar.response_format import MAX_GRAMMAR_BYTES, grammar_of

from .native import accepts


def test_each_form_has_its_grammar() -> None:
    """One entry for all forms."""
    assert grammar_of(PlainText()) == ""
    assert accepts(grammar_of(JsonObject()), '{"a":1}')
    assert accepts(grammar_of(JsonSchema(json_schema=NamedSchema(schema={"type": "null"}))), "null")
    assert accepts(grammar_of(Regex(pattern="a|b")), "b")
    own = 'root ::= "yes" | no # a "("\nno ::= ("n" "o"){1,1}\n'
    assert grammar_of(Gbnf(grammar=own)) == own
    assert accepts(own, "no")


@pytest.mark.parametrize(
    "grammar",
    [
        "",
        'start ::= "a"',
        '# root ::= "a"',
        'root ::= "a"\0',
        'root ::= "\ud800"',
        'root ::= "' + "a" * MAX_GRAMMAR_BYTES + '"',
        "root ::= " + "(" * 5000 + '"a"' + ")" * 5000,
        'root ::= <"> ' + "(" * 5000 + '"a"' + ")" * 5000 + ' <">',
        'root ::= "a"{3,1}',
    ],
    ids=[
        "empty",
        "other root",
        "comment",
        "null",
        "surrogate",
        "large",
        "nested",
        "nested behind a token",
        "backwards",
    ],
)
def test_a_grammar_that_could_harm_the_worker_is_refused(grammar: str) -> None:
    """llama.cpp reads groups by recursion and counts without a check; both would take the worker down."""
    with pytest.raises(InvalidInput):
        grammar_of(Gbnf(grammar=grammar))


def test_brackets_in_literals_are_no_groups() -> None:
    """A grammar for code holds many brackets between quotes."""
    own = 'root ::= "' + "(" * 500 + '" [(((' + "(" * 500 + '\\]] "{3,1}"'
    assert grammar_of(Gbnf(grammar=own)) == own


def test_rules_of_one_body_share_a_name_and_hints_are_made_names() -> None:
    """Names come from schemas, which may hold anything."""
    builder = GrammarBuilder()
    first = builder.add("été {1}", builder.literal('a"\\]\n-é'))
    assert builder.add("other", builder.literal('a"\\]\n-é')) == first
    second = builder.add("root", builder.literal("x"))
    third = builder.add("!!!", builder.literal("y"))
    assert accepts(builder.text(f"{first} {second} {third}"), 'a"\\]\n-éxy')
    with pytest.raises(InvalidInput):
        builder.literal("\ud800")
