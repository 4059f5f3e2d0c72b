"""Templates that mean harm: they come with model files from strangers."""

import itertools
import random
import time

import pytest

from rbee_keeper.errors import InvalidInput, ModelIncompatible, RbeeError

from .rendering import chat_template

MAX_SECONDS = 0.3
BOUND_S = 10.0
"""What a template may cost on a machine that is busy with other things: its reading, its time, a new process."""
FUZZ_S = 6.0
MESSAGES = [{"role": "user", "content": "hi"}]


def rendered(source: str) -> str:
    """Return what a template makes of a short conversation."""
    return chat_template(source, end_text="</s>", max_seconds=MAX_SECONDS).render(MESSAGES)


DOUBLING = "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = EXPRESSION %}{% endfor %}{{ n.x }}"
NESTING = (
    "{% set n = namespace(x=[1]) %}{% for i in range(40) %}{% set n.x = [n.x, n.x, n.x] %}{% endfor %}{{ EXPRESSION }}"
)
TWO_NESTS = (
    "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(40) %}{% set n.x = [n.x, n.x, n.x] %}"
    "{% set n.y = [n.y, n.y, n.y] %}{% endfor %}{{ EXPRESSION }}"
)
SLICES = (
    "{% set s = 'a' * 1000000 %}{% set n = namespace(k=[]) %}{% for i in range(9999) %}"
    "{% set n.k = n.k + [s[i:]] %}{% endfor %}"
)
LARGE = "{% set x, y = ('f' * 3000000)|int(0, 16), ('e' * 1500000)|int(0, 16) %}{{ EXPRESSION }}"


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in range(10**12) %}{% endfor %}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% for i in range(99999) %}{% for j in range(99999) %}spam and eggs{% endfor %}{% endfor %}",
        "{% set x %}{% for i in range(99999) %}{% for j in range(999) %}spam{% endfor %}{% endfor %}{% endset %}",
        "{{ 'a' * 10**10 }}",
        "{{ 10**10 * 'a' }}",
        "{{ [1] * 10**10 }}",
        "{{ 9 ** 9999999999 }}",
        "{{ (2 ** 40000) * (2 ** 40000) }}",
        TWO_NESTS.replace("EXPRESSION", "n.x == n.y"),
        TWO_NESTS.replace("EXPRESSION", "n.x < n.y"),
        TWO_NESTS.replace("EXPRESSION", "n.x in [n.y]"),
        TWO_NESTS.replace("EXPRESSION", "[n.x, n.y]|sort|length"),
        LARGE.replace("EXPRESSION", "(x // y) > 1"),
        LARGE.replace("EXPRESSION", "(x % y) > 1"),
        "{{ ('a' * 4000000).strip('b' * 4000000 ~ 'a')|length }}",
        SLICES,
        "{% macro f() %}x{% endmacro %}" * 20_000,
        DOUBLING.replace("EXPRESSION", "n.x + n.x"),
        DOUBLING.replace("EXPRESSION", "n.x ~ n.x"),
        DOUBLING.replace("EXPRESSION", "n.x.replace('', n.x)"),
        DOUBLING.replace("EXPRESSION", "n.x|replace('', n.x)"),
        DOUBLING.replace("EXPRESSION", "n.x.join(['a'] * 9999)"),
        DOUBLING.replace("EXPRESSION", "range(9999)|join(n.x)"),
        DOUBLING.replace("EXPRESSION", "'%s%s'|format(n.x, n.x)"),
        DOUBLING.replace("EXPRESSION", "'%s%s' % (n.x, n.x)"),
        DOUBLING.replace("EXPRESSION", "'{0}{0}'.format(n.x)"),
        NESTING.replace("EXPRESSION", "n.x"),
        NESTING.replace("EXPRESSION", "n.x|tojson"),
        NESTING.replace("EXPRESSION", "n.x|string|length"),
        NESTING.replace("EXPRESSION", "n.x|upper|length"),
        NESTING.replace("EXPRESSION", "(n.x ~ '')|length"),
        NESTING.replace("EXPRESSION", "n.x|join|length"),
        NESTING.replace("EXPRESSION", "'%s' % [n.x]"),
        "{{ '%9999999999d' % 1 }}",
        "{{ '%*d' % (9999999999, 1) }}",
        "{{ '{:9999999999}'.format(1) }}",
        "{{ '{:{}}'.format(1, 9999999999) }}",
        "{{ 'a'.ljust(9999999999) }}",
        "{{ 'a'.zfill(9999999999) }}",
        "{{ '\t'.expandtabs(9999999999) }}",
        "{{ 'a'|center(9999999999) }}",
        "{{ 'a\na'|indent(9999999999)|length > 99 and 1 / 0 }}{{ 'a'|indent('a' * 9999999999) }}",
        "{{ [1]|tojson(indent=9999999999) }}",
        "{{ (1).to_bytes(9999999999, 'big') }}",
        "{{ lipsum(n=99999999) }}",
        "{{ [1]|batch(9999999999, 0)|list }}",
        "{{ [1]|slice(9999999999)|list|length }}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
        "{{ range(99999)|map('replace', '0', 'a' * 999999)|list|length }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% include 'secrets' %}",
        "{% import 'secrets' as secrets %}",
    ],
)
def test_a_hostile_template_is_refused_within_bounds(source: str) -> None:
    """It must neither hang the worker nor take the machine's memory."""
    began = time.monotonic()
    with pytest.raises((InvalidInput, ModelIncompatible)):
        rendered(source)
    assert time.monotonic() - began < BOUND_S
    assert rendered("{{ messages[0].content }}") == "hi"


_VALUES = ("n.x", "n.y", "n.s", "'ab'", "7", "messages", "[n.x, n.x]", "range(999)|list", "9 ** 99", "'f' * 99")
_WAYS = (
    "({0} + {1})",
    "({0} * {1})",
    "({0} ~ {1})",
    "({0} == {1})",
    "({0} < {1})",
    "({0} in {1})",
    "({0} // {1})",
    "({0} % {1})",
    "({0} ** 9)",
    "[{0}, {1}, {0}]",
    "{0}[1:]",
    "{0}.split({1})",
    "{0}.strip({1})",
    "{0}.replace('', {1})",
    "{0}|join({1})",
    "{0}|tojson",
    "{0}|string",
    "{0}|list",
    "{0}|sort",
    "{0}|int(0, 16)",
    "{0}|length",
    "{0}|map('upper')|list",
    "'%s%s'|format({0}, {1})",
    "{{'a': {0}, 'b': {1}}}",
)


def bomb(rng: random.Random) -> str:
    """Return a template that lets three values grow in some ways, over and over."""

    def expression(depth: int) -> str:
        if depth == 0 or rng.random() < 0.2:
            return rng.choice(_VALUES)
        return rng.choice(_WAYS).format(expression(depth - 1), expression(depth - 1))

    body = "".join(f"{{% set n.{name} = {expression(rng.randrange(1, 4))} %}}" for name in "xys")
    for _ in range(rng.randrange(1, 4)):
        body = f"{{% for i in range({rng.choice((3, 30, 300, 9999))}) %}}{body}{{% endfor %}}"
    return "{% set n = namespace(x=[1], y=3, s='ab') %}" + body + "{{ n.x == n.y }}"


def test_no_bomb_that_chance_builds_takes_more_than_its_time() -> None:
    """Nobody thinks of every way to make something large; the limits must not depend on having done so."""
    outcomes = {"text": 0, "error": 0}
    until = time.monotonic() + FUZZ_S
    for seed in itertools.takewhile(lambda _: time.monotonic() < until, itertools.count()):
        source, began = bomb(random.Random(seed)), time.monotonic()
        try:
            rendered(source)
            outcomes["text"] += 1
        except RbeeError:
            outcomes["error"] += 1
        assert time.monotonic() - began < BOUND_S, f"seed {seed}: {source}"
    assert outcomes["error"] > 0
    assert rendered("{{ messages[0].content }}") == "hi"


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.__class__.__init__.__globals__ }}",
        "{{ ''|attr('__class__') }}",
        "{{ messages|map(attribute='__class__')|list }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ raise_exception.__globals__ }}",
        "{{ strftime_now.__code__ }}",
        "{{ '{0.__class__}'.format(messages) }}",
        "{{ '{0.content.__class__}'.format(messages[0]) }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ self.__init__.__globals__ }}",
    ],
)
def test_a_template_cannot_reach_outside_of_its_sandbox(source: str) -> None:
    """Python's internals would let it do all that the worker may do."""
    try:
        text = rendered(source)
    except (InvalidInput, ModelIncompatible):
        return
    assert text in ("", "[Undefined]")


@pytest.mark.parametrize("source", ["messages.append(1)", "messages[0].update(role='x')", "messages.clear()"])
def test_a_template_cannot_change_the_conversation(source: str) -> None:
    """It is rendered again with other tools."""
    with pytest.raises(InvalidInput):
        rendered("{% set x = " + source + " %}")


@pytest.mark.parametrize(
    "source", ["{{ " + "(" * 20000, "{% for i in x %}" * 50 + "{% endfor %}" * 50, "x" * 1_000_001]
)
def test_a_template_that_cannot_be_compiled_makes_the_model_incompatible(source: str) -> None:
    """Nesting breaks compilers."""
    with pytest.raises(ModelIncompatible, match="chat template"):
        rendered(source)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ {'a': '<b>&é'}|tojson }}", '{"a": "<b>&é"}'),
        ("{{ {'b': 1, 'a': [1]}|tojson(indent=2) }}", '{\n  "b": 1,\n  "a": [\n    1\n  ]\n}'),
        ("{{ [1, 2]|tojson(separators=(',', ':')) }}", "[1,2]"),
        ("{{ 'a\nb'|indent(2) }}", "a\n  b"),
        ("{{ 'a\nb'|indent(2, true) }}", "  a\n  b"),
        ("{{ ['a', 'b']|join(', ') }}", "a, b"),
        ("{{ messages|map(attribute='role')|join }}", "user"),
        ("{{ messages|join(', ', attribute='role') }}", "user"),
        ("{{ 'a-b'|replace('-', '+') }}{{ 'a-b'.replace('-', '_') }}", "a+ba_b"),
        ("{{ 'a' ~ 1 ~ 'b' }}{{ 'x' if 'a' ~ 'b' == 'ab' }}", "a1bx"),
        ("{{ 'a' + 'b' * 3 }}{{ 2 ** 10 }}{{ 7 % 4 }}{{ '%s!' % 'a' }}", "abbb10243a!"),
        ("{{ 'a b'.split(' ')[-1].strip().upper() }}", "B"),
        ("{{ messages|selectattr('role', 'equalto', 'user')|list|length }}", "1"),
        ("{% for k, v in {'a': 1}|items %}{{ k }}{{ loop.last }}{% endfor %}", "aTrue"),
        ("{% for m in messages if m.role == 'user' %}{{ loop.index0 }}{% else %}none{% endfor %}", "0"),
        ("{% for x in [] %}{% else %}none{% endfor %}", "none"),
        ("{% macro f(x, y='d') %}<{{ x }}{{ y }}>{% endmacro %}{{ f('a') }}{{ f('b', y='c') }}", "<ad><bc>"),
        ("{% for x in [1, [2]] recursive %}{{ loop(x) if x is iterable else x }}{% endfor %}", "12"),
        ("{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}", "hi"),
        ("{% for i in range(9) %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}", "01"),
        ("{% set ns = namespace(a=1) %}{% set ns.a = ns.a + 1 %}{{ ns.a }}", "2"),
        ("{{ messages[0]['content'] is string }}{{ x is defined }}{{ none is none }}", "TrueFalseTrue"),
        ("{{ messages[::-1][0].role }}{{ messages[0].get('name', 'x') }}", "userx"),
        ("{{ '{}-{}'.format('a', 1) }}{{ '%05d' % 7 }}", "a-100007"),
        ("{{ strftime_now('%Y')|length }}", "4"),
        ("{{ bos_token }}{{ eos_token }}{{ 'x'|trim }}{{ undefined_name }}", "<s></s>x"),
    ],
)
def test_what_the_templates_of_real_models_do_works(source: str, text: str) -> None:
    """Bounds that break a model's own template would be worse than none."""
    assert rendered(source) == text


def test_a_long_conversation_is_within_the_bounds() -> None:
    """The bounds are for templates, not for people who have much to say."""
    source = "{% for m in messages %}<|{{ m.role }}|>{{ m.content|trim + eos_token }}\n{% endfor %}"
    messages = [{"role": "user", "content": "word " * 200}] * 2000
    text = chat_template(source, end_text="</s>", max_seconds=20).render(messages)
    assert text.count("</s>") == 2000
