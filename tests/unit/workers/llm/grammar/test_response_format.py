"""The form that a request asks for decides the grammar."""

import pytest

from rbee_keeper.contract.inference.chat import Gbnf, JsonObject, JsonSchema, NamedSchema, PlainText, Regex
from rbee_keeper.errors import InvalidInput
from rbee_keeper.workers.llm.grammar.gbnf.builder import GrammarBuilder
from rbee_keeper.workers.llm.grammar.gbnf.check import MAX_GRAMMAR_BYTES

from .asked import grammar_of
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


DOUBLING = "\n".join(f'r{n} ::= r{n + 1} | r{n + 1} "x"' for n in range(40))
CHAIN = "\n".join(f"r{n} ::= r{n + 1}" for n in range(9000))
HARMFUL = {
    "empty": "",
    "other root": 'start ::= "a"',
    "root in a comment": '# root ::= "a"',
    "null": 'root ::= "a"\0',
    "surrogate": 'root ::= "\ud800"',
    "large": 'root ::= "' + "a" * MAX_GRAMMAR_BYTES + '"',
    "nested": "root ::= " + "(" * 5000 + '"a"' + ")" * 5000,
    "nested behind a token": 'root ::= <"> ' + "(" * 5000 + '"a"' + ")" * 5000 + ' <">',
    "backwards": 'root ::= "a"{3,1}',
    "unknown rule": "root ::= other",
    "no end": 'root ::= "a" more\nmore ::= "b" more',
    "begins with itself": 'root ::= root "a" | "b"',
    "begins with itself in two steps": 'root ::= a root "x" | "y"\na ::= b\nb ::= ""',
    "nothing again and again": 'root ::= ("" | "x")*',
    "doubling": f'root ::= r0\n{DOUBLING}\nr40 ::= "a"',
    "long chain": f'root ::= r0\n{CHAIN}\nr9000 ::= "a"',
    "many copies": "root ::= " + " ".join(["a{2000}"] * 1000) + '\na ::= "a"',
    "copies of a long text": 'root ::= "' + "a" * 20_000 + '"{2000}',
    "open group": 'root ::= ("a"',
    "closed too often": 'root ::= "a")',
    "nothing to repeat": "root ::= *",
    "open text": 'root ::= "a',
}


@pytest.mark.parametrize("grammar", HARMFUL.values(), ids=HARMFUL)
def test_a_grammar_that_could_harm_the_worker_is_refused(grammar: str) -> None:
    """llama.cpp crashes, hangs or fills the memory on some of these, which would take the worker down."""
    with pytest.raises(InvalidInput):
        grammar_of(Gbnf(grammar=grammar))


ARITHMETIC = r"""
# sums
root  ::= (expr "=" ws term "\n")+
expr  ::= term ([-+*/] term)*   # from the left
term  ::= ident | num | "(" ws expr ")" ws
ident ::= [a-z] [a-z0-9_]* ws
num   ::= [0-9]{1,5} ("." [0-9]+)? ws
ws    ::= [ \t\n]{0,2}
"""


def test_a_usual_grammar_is_left_alone() -> None:
    """The check must not stand in the way of what llama.cpp can do."""
    assert grammar_of(Gbnf(grammar=ARITHMETIC)) == ARITHMETIC
    assert accepts(ARITHMETIC, "(a+12)*3 = 36\n")


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
