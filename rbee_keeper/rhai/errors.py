"""Every error a script can end with: kind, message, position and call frames."""

from dataclasses import dataclass
from typing import Any

Position = tuple[int, int]
"""A 1-based (line, column) pair."""

UNCATCHABLE = frozenset(
    {
        "ErrorTooManyOperations",
        "ErrorTooManyVariables",
        "ErrorTooManyModules",
        "ErrorStackOverflow",
        "ErrorDataTooLarge",
        "ErrorTerminated",
        "ErrorParsing",
    }
)
"""Run-time kinds that pass through every `try`: limits, and scripts inside the script that do not parse."""


_LEXER_KINDS = {
    "Unexpected '": "UnexpectedInput",
    "Open string": "UnterminatedString",
    "Length of string": "StringTooLong",
    "Invalid escape": "MalformedEscapeSequence",
    "Invalid number": "MalformedNumber",
    "Invalid character": "MalformedChar",
    "Variable name": "MalformedIdentifier",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """One function call that was under way when an error happened."""

    function: str
    position: Position | None

    def __str__(self) -> str:
        """Return the line the reference engine prints for this call."""
        name = "closure" if self.function.startswith("anon$") else f"function '{self.function}'"
        return f"in call to {name}{position_text(self.position)}"


def position_text(position: Position | None) -> str:
    """Return ` (line L, position C)`, or nothing for an unknown position."""
    if position is None:
        return ""
    return f" (line {position[0]}, position {position[1]})"


class RhaiError(Exception):
    """A script that could not be compiled or did not run to its end.

    Attributes:
        kind: the reference engine's name of the error, such as `ErrorArithmetic` or `MissingToken`.
        message: what happened, without its position.
        position: where, 1-based, or None when no place in the script is to blame.
        frames: the calls under way, innermost first.
        value: the thrown value of an `ErrorRuntime`.
        fields: the variant's own facts, offered to `catch (e)`.
        length: how many characters of the source the caret line underlines.
        hint: the usual way out, when the slip is a known one.
        source: the name of the script.
        text: the script itself, for the caret line.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        position: Position | None = None,
        *,
        value: Any = None,
        fields: dict[str, Any] | None = None,
        hint: str = "",
    ) -> None:
        """Create an error; `position` may be filled in by the node that made the call."""
        super().__init__(kind, message)
        self.kind = kind
        self.message = message
        self.position = position
        self.frames: list[Frame] = []
        self.value = value
        self.fields = fields or {}
        self.length = 1
        self.hint = hint
        self.source = ""
        self.text = ""

    @property
    def is_syntax(self) -> bool:
        """Whether the script never started: it failed to parse."""
        return not self.kind.startswith("Error")

    @property
    def is_catchable(self) -> bool:
        """Whether a `try` in the script may see this error."""
        is_passed_on = self.kind in UNCATCHABLE and not (self.kind == "ErrorParsing" and self.frames)
        return not is_passed_on and not self.is_syntax

    @property
    def outer_kind(self) -> str:
        """The reference engine's outermost kind: `ErrorInFunctionCall` when calls were under way."""
        return "ErrorInFunctionCall" if self.frames else self.kind

    @property
    def outer_position(self) -> Position | None:
        """The position of the outermost call, or of the error itself outside any call."""
        return self.frames[-1].position if self.frames else self.position

    @property
    def detail(self) -> str:
        """The reference engine's name of the lexer's complaint inside a `BadInput`, else nothing."""
        if self.kind != "BadInput":
            return ""
        return next((name for start, name in _LEXER_KINDS.items() if self.message.startswith(start)), "ImproperSymbol")

    def headline(self) -> str:
        """Return `message (line L, position C)`."""
        return self.message + position_text(self.position)

    def __str__(self) -> str:
        """Return the headline and one line per call frame."""
        return "\n".join([self.headline(), *map(str, self.frames)])


def runtime_error(value: Any, text: str, position: Position | None) -> RhaiError:
    """Return the error of `throw value`, `text` being the value's display."""
    message = "Runtime error" if not text else f"Runtime error: {text}"
    return RhaiError("ErrorRuntime", message, position, value=value)


def arithmetic_error(message: str) -> RhaiError:
    """Return an `ErrorArithmetic` whose position the calling node fills in."""
    return RhaiError("ErrorArithmetic", message)


def type_mismatch(actual: str, expected: str, position: Position | None = None) -> RhaiError:
    """Return an `ErrorMismatchDataType`, both arguments being names of types."""
    return RhaiError(
        "ErrorMismatchDataType",
        f"Data type incorrect: {actual} (expecting {expected})",
        position,
        fields={"requested": expected, "actual": actual},
    )


def too_large(what: str, position: Position | None = None) -> RhaiError:
    """Return an `ErrorDataTooLarge` about a string, an array, a map or the output."""
    return RhaiError("ErrorDataTooLarge", f"{what} exceeds maximum limit", position, fields={"type": what})


def array_bounds(length: int, index: int, position: Position | None = None) -> RhaiError:
    """Return an `ErrorArrayBounds` for an array or a blob of `length` items."""
    return _bounds("ErrorArrayBounds", "Array", ("array", "element", "elements"), length, index, position)


def string_bounds(length: int, index: int, position: Position | None = None) -> RhaiError:
    """Return an `ErrorStringBounds` for a string of `length` characters."""
    return _bounds("ErrorStringBounds", "String", ("string", "character", "characters"), length, index, position)


def bit_field_bounds(length: int, index: int, position: Position | None = None) -> RhaiError:
    """Return an `ErrorBitFieldBounds` for an integer seen as `length` bits."""
    return _bounds("ErrorBitFieldBounds", "Bit-field", ("bit-field", "bit", "bits"), length, index, position)


def _bounds(
    kind: str, what: str, words: tuple[str, str, str], length: int, index: int, position: Position | None
) -> RhaiError:
    container, one, many = words
    if length == 0:
        detail = f"{container} is empty"
    elif length == 1:
        detail = f"only 1 {one} in {container}"
    else:
        detail = f"only {length} {many} in {container}"
    message = f"{what} index {index} out of bounds: {detail}"
    return RhaiError(kind, message, position, fields={"length": length, "index": index})


def syntax_error(kind: str, message: str, position: Position, *, hint: str = "", length: int = 1) -> RhaiError:
    """Return an error of the parser; `kind` is one of the reference engine's parse kinds."""
    error = RhaiError(kind, message, position, hint=hint)
    error.length = length
    return error


def missing_token(token: str, context: str, position: Position) -> RhaiError:
    """Return the parser's `Expecting 'token' ...`."""
    return syntax_error("MissingToken", f"Expecting '{token}' {context}", position)


def bad_input(message: str, position: Position, *, hint: str = "", length: int = 1) -> RhaiError:
    """Return an error of the lexer."""
    return syntax_error("BadInput", message, position, hint=hint, length=length)
