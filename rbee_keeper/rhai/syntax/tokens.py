"""The words and symbols of the language, with how tightly operators bind."""

from typing import Any, NamedTuple

from ..errors import Position

INT = "integer"
FLOAT = "float"
CHAR = "character"
STRING = "string"
INTERPOLATED = "interpolated string"
IDENTIFIER = "identifier"
RESERVED = "reserved word"
UNIT = "()"
END = "end of script"


class Token(NamedTuple):
    """One lexical unit; for keywords and symbols `kind` is their own text."""

    kind: str
    value: Any
    position: Position
    length: int

    @property
    def text(self) -> str:
        """The token as the reference engine names it in messages."""
        if self.kind in (INT, FLOAT, CHAR, STRING, IDENTIFIER, RESERVED, INTERPOLATED):
            return str(self.value)
        return self.kind


KEYWORDS = frozenset(
    [
        "true",
        "false",
        "let",
        "const",
        "if",
        "else",
        "switch",
        "do",
        "while",
        "until",
        "loop",
        "for",
        "in",
        "break",
        "continue",
        "return",
        "throw",
        "try",
        "catch",
        "fn",
        "private",
        "import",
        "export",
        "as",
        "_",
    ]
)

CALLABLE_RESERVED = frozenset(
    ["Fn", "call", "curry", "eval", "print", "debug", "type_of", "is_shared", "is_def_var", "is_def_fn"]
)
METHOD_RESERVED = frozenset(["call", "curry", "type_of", "is_shared"])

RESERVED_WORDS = (
    frozenset(
        [
            "var",
            "static",
            "shared",
            "is",
            "goto",
            "match",
            "case",
            "public",
            "protected",
            "new",
            "use",
            "with",
            "module",
            "package",
            "super",
            "spawn",
            "thread",
            "go",
            "sync",
            "async",
            "await",
            "yield",
            "default",
            "void",
            "null",
            "nil",
        ]
    )
    | CALLABLE_RESERVED
    | {"this"}
)

SYMBOLS = sorted(
    [
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "+",
        "-",
        "*",
        "**",
        "/",
        "%",
        "<<",
        ">>",
        "&",
        "&&",
        "|",
        "||",
        "^",
        "!",
        "?",
        "??",
        "?.",
        "?[",
        ".",
        "..",
        "..=",
        "...",
        ",",
        ";",
        ":",
        "::",
        "=",
        "==",
        "=>",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "+=",
        "-=",
        "*=",
        "**=",
        "/=",
        "%=",
        "<<=",
        ">>=",
        "&=",
        "|=",
        "^=",
        "++",
        "--",
        "~",
        "#",
        "@",
        "$",
        "->",
        "<-",
        "<|",
        "|>",
        "===",
        "!==",
        ":=",
        ":;",
        "::<",
        "#!",
        "!.",
        "(*",
        "*)",
        "#{",
    ],
    key=len,
    reverse=True,
)

ASSIGNMENT_OPERATORS = frozenset(["+=", "-=", "*=", "/=", "%=", "**=", "<<=", ">>=", "&=", "|=", "^="])

BEFORE_OPERATOR = frozenset({INT, FLOAT, CHAR, STRING, IDENTIFIER, RESERVED, UNIT, ")", "]", "}", "true", "false", "_"})
"""Kinds after which `+` and `-` are binary operators."""

PRECEDENCE: dict[str, int] = {
    **dict.fromkeys(["||", "|", "^"], 30),
    **dict.fromkeys(["&&", "&"], 60),
    **dict.fromkeys(["==", "!="], 90),
    **dict.fromkeys(["in", "!in"], 110),
    **dict.fromkeys(["<", "<=", ">", ">="], 130),
    "??": 135,
    **dict.fromkeys(["..", "..="], 140),
    **dict.fromkeys(["+", "-"], 150),
    **dict.fromkeys(["*", "/", "%"], 180),
    "**": 190,
    **dict.fromkeys(["<<", ">>"], 210),
}

RIGHT_BINDING = frozenset({"**"})

FRIENDLY_RESERVED: dict[str, str] = {
    "===": "'===' is not a valid operator. This is not JavaScript! Should it be '=='?",
    "!==": "'!==' is not a valid operator. This is not JavaScript! Should it be '!='?",
    "->": "'->' is not a valid symbol. This is not C or C++!",
    "<-": "'<-' is not a valid symbol. This is not Go! Should it be '<='?",
    ":=": "':=' is not a valid assignment operator. This is not Go or Pascal! Should it be simply '='?",
    ":;": "':;' is not a valid symbol. Should it be '::'?",
    "::<": "'::<>' is not a valid symbol. This is not Rust! Should it be '::'?",
    "(*": "'(* .. *)' is not a valid comment format. This is not Pascal! Should it be '/* .. */'?",
    "*)": "'(* .. *)' is not a valid comment format. This is not Pascal! Should it be '/* .. */'?",
    "#": "'#' is not a valid symbol. Should it be '#{'?",
}

RESERVED_HINTS = {
    "++": "write `x += 1`",
    "--": "write `x -= 1`",
    "?": "there is no `a ? b : c`; write `if a { b } else { c }`",
    "~": "there is no bitwise complement; write `x ^ -1`",
}

RESERVED_SYMBOLS = frozenset(
    [
        "++",
        "--",
        "...",
        "~",
        "?",
        "@",
        "$",
        "<|",
        "|>",
        "#!",
        "!.",
    ]
)
"""Symbols kept for later: tokens that no rule of the grammar takes."""


def is_reserved_symbol(token: Token) -> bool:
    """Whether a token is a reserved symbol rather than a reserved word."""
    return token.kind == RESERVED and token.value in RESERVED_SYMBOLS


def is_identifier(name: str) -> bool:
    """Whether `name` may name a variable or a function: its first character past underscores is a letter."""
    stripped = name.lstrip("_")
    return bool(stripped) and stripped[0].isalpha()
