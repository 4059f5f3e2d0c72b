"""Grammars of clients: what llama.cpp could not follow in time is refused at once, what people write is not.

The native work is done in a process of its own: a hang inside llama.cpp would be one of the whole test run.
"""

import json
import subprocess
import sys
import time
from typing import Any

import pytest

from rbee_keeper.errors import InvalidInput
from rbee_keeper.workers.llm.grammar.budget import Budget
from rbee_keeper.workers.llm.grammar.gbnf.check import check_gbnf
from rbee_keeper.workers.llm.grammar.gbnf.text import of_set

from .asked import grammar_of_gbnf, grammar_of_schema

SECONDS_TO_REFUSE = 0.1
_SLOWER_MACHINE = 5  # a build machine shared with others
SECONDS_A_DRAW = 0.05


def _in_a_row(item: str, count: int) -> str:
    return f'root ::= {" ".join([item] * count)}\na ::= "a"'


def _lengths(most: int) -> str:
    return "root ::= (" + " | ".join(f"[a-z]{{1,{length}}}" for length in range(1, most)) + ")*"


BOMBS = {
    "500 that may be missing": _in_a_row("a?", 500),
    "30 that may be missing": _in_a_row("a?", 30),
    "200 stars": _in_a_row("a*", 200),
    "10 stars": _in_a_row("a*", 10),
    "a rule in itself three ways": "root ::= s\ns ::= [^x] s [^x] | [^x] s | [^x]",
    "lengths in a loop": _lengths(100),
    "few lengths in a loop": _lengths(20),
    "two ends for each beginning": 'root ::= s\ns ::= "a" s "b" | "a" s "c" | "d"',
    "two paths for each letter": 'root ::= a\na ::= [a-z] a | [a-z] b | "!"\nb ::= [a-z] a | [a-z] b | "?"',
    "if without and with else": 'root ::= s\ns ::= "if(c){" s "}" | "if(c){" s "}else{" s "}" | "x;"',
    "slow growth": 'root ::= s\ns ::= "abcdefghij" s "x" | "abcdefghij" s | "y"',
    "rules that may be empty": f'root ::= {"r " * 40}\nr ::= e\ne ::= [a-z] | f\nf ::= ""',
    "300 words": "root ::= " + " | ".join(f'"v{number}"' for number in range(300)),
    "two of itself": 'root ::= s\ns ::= "a" s s | "a"',
    "palindromes": 'root ::= s\ns ::= "a" s "a" | "b" s "b" | "a" | "b"',
    "levels that all may go on": 'root ::= s\ns ::= "(" s s* | "x"',
    "behind a fixed text": 'root ::= "hello world" ([0-9]+ ",")* (" " s)?\ns ::= "(" s "]" | "(" s ")" | "x"',
    "behind much else": (
        'root ::= ([a-z]* " "){3} [0-9]* "." [0-9]* t\nt ::= "begin " t " end" | "begin " t " stop" | ";"'
    ),
}

USUAL = {
    "json": r"""root ::= object
value ::= object | array | string | number | ("true" | "false" | "null") blank
object ::= "{" blank (pair ("," blank pair)*)? "}" blank
pair ::= string ":" blank value
array ::= "[" blank (value ("," blank value)*)? "]" blank
string ::= "\"" ([^"\\\x00-\x1F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4}))* "\"" blank
number ::= "-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]+)? ([eE] [-+]? [0-9]{1,3})? blank
blank ::= ("" | " " | "\n" [ \t]{0,20})
""",
    "sums": r"""root ::= (sum "=" blank term "\n")+
sum ::= term ([-+*/] term)*
term ::= name | number | "(" blank sum ")" blank
name ::= [a-z] [a-z0-9_]* blank
number ::= [0-9]+ blank
blank ::= [ \t\n]*
""",
    "a list": 'root ::= item+\nitem ::= "- " [^\\r\\n\\x0b\\x0c\\x85\\u2028\\u2029]+ "\\n"',
    "chess": r"""root ::= "1. " turn "\n" ([1-9] [0-9]? ". " turn "\n")+
turn ::= move " " move
move ::= (piece | pawn | castle) [+#]?
piece ::= [KQRBN] [a-h]? [1-8]? "x"? [a-h] [1-8]
pawn ::= ([a-h] "x")? [a-h] [1-8] ("=" [QRBN])?
castle ::= "O-O" "-O"?
""",
    "a language": r"""root ::= function*
function ::= type name "(" (type name)? ")" "{" statement* "}"
type ::= ("int" | "float" | "char") " "
name ::= [a-zA-Z_] [a-zA-Z_0-9]*
statement ::= type name " = " value ";" | name " = " value ";" | name "(" values? ")" ";" | "return " value ";" | loop
loop ::= "while" "(" test ")" "{" statement* "}" | "if" "(" test ")" "{" statement* "}" ("else" "{" statement* "}")?
test ::= value ("<=" | "<" | "==" | "!=" | ">=" | ">") value
value ::= product (("+" | "-") product)*
product ::= factor (("*" | "/") factor)*
factor ::= name | [0-9]+ | "-" factor | name "(" values? ")" | "(" value ")"
values ::= value ("," value)*
""",
    "kana": "root ::= sign+ ([ \\t\\n] sign+)*\nsign ::= [ぁ-ゟ] | [ァ-ヿ] | [、-〾] | [一-鿿]",
    "lines": 'root ::= line{5,500}\nline ::= [^\\n]{0,200} "\\n"',
    "thoughts": 'root ::= "<think>" ([^<] | "<" [^/])* "</think>" "\\n"* ("yes" | "no")',
    "a table": 'root ::= row+\nrow ::= cell ("," cell)* "\\n"\ncell ::= [^,"\\n]* | "\\"" ([^"] | "\\"\\"")* "\\""',
    "mail": 'root ::= [a-z0-9.]+ "@" ([a-z0-9-]+ ".")+ [a-z]{2,6}',
    "blanks on both sides": ('root ::= v\nv ::= b (l | [0-9]+) b\nl ::= "[" (v ("," v)*)? b "]"\nb ::= [ \\t\\n]*'),
    "150 words": "root ::= " + " | ".join(f'"v{number}"' for number in range(150)),
}

PROGRAM = """
import json, random
from tests.unit.workers.llm.grammar.random_grammars import slowest_draw_s
from tests.unit.workers.llm.grammar.test_gbnf_growth import USUAL
print(json.dumps({name: slowest_draw_s(grammar, random.Random(1), 20) for name, grammar in USUAL.items()}))
"""


@pytest.mark.parametrize("grammar", BOMBS.values(), ids=BOMBS)
def test_a_grammar_whose_open_readings_multiply_is_refused_at_once(grammar: str) -> None:
    """llama.cpp would need seconds for a token, and nobody else's answer would go on."""
    began = time.process_time()
    with pytest.raises(InvalidInput, match="in too many ways") as caught:
        grammar_of_gbnf(grammar)
    assert time.process_time() - began < SECONDS_TO_REFUSE * _SLOWER_MACHINE
    assert "first characters" in caught.value.hint


@pytest.mark.parametrize("grammar", USUAL.values(), ids=USUAL)
def test_a_usual_grammar_passes_at_once(grammar: str) -> None:
    """A check that refuses what people write would be worse than none."""
    began = time.process_time()
    assert grammar_of_gbnf(grammar) == grammar
    assert time.process_time() - began < 2 * SECONDS_TO_REFUSE * _SLOWER_MACHINE


def report_of(*arguments: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_usual_grammars_are_drawn_from_quickly() -> None:
    """The limits of the check are only right when they are those of llama.cpp."""
    slow = {name: taken for name, taken in report_of("-c", PROGRAM).items() if taken > SECONDS_A_DRAW * _SLOWER_MACHINE}
    assert slow == {}


def test_random_grammars_that_pass_are_drawn_from_quickly() -> None:
    """Whatever a client thinks up, the check and llama.cpp agree on what is cheap."""
    report = report_of("-m", "tests.unit.workers.llm.grammar.random_grammars", "3", "8")
    assert report["passed"] > 5
    assert report["refused"] > 5
    assert report["slowest_draw_s"] < SECONDS_A_DRAW * _SLOWER_MACHINE, report["worst"]
    assert report["slowest_check_s"] < 2 * SECONDS_TO_REFUSE * _SLOWER_MACHINE


def test_an_escaped_dash_is_no_range() -> None:
    """Read as one, the classes of an e-mail address overlap, and a grammar with one reading was refused."""
    assert of_set(r"[+\-0]") == [((43, 43), (45, 45), (48, 48))]
    check_gbnf(grammar_of_schema({"type": "string", "format": "email"}), Budget())
