"""The language's own functions: types, text, pointers, printing, leaving."""

from dataclasses import replace

from ..errors import RhaiError
from ..runtime.callbacks import named_pointer
from ..runtime.display import to_debug
from ..runtime.registry import Rebound, Registrar
from ..runtime.run import ExitJump, Run
from ..values import MUTABLE_TYPES, FnPtr, Value, copy_value

define = Registrar("Language")


@define("type_of(any) -> string", example='type_of(1) == "i64" && "x".type_of() == "string"')
def type_of(run: Run, value: Value) -> str:
    """Return the name of a value's type."""
    name: str = run.engine.library.type_name(value)
    return name


@define("to_string(any) -> string", example='(1.5).to_string() == "1.5"')
def to_string(run: Run, value: Value) -> str:
    """Return the display form of a value."""
    text: str = run.check(run.text(value))
    return text


@define("to_debug(any) -> string", example='"a".to_debug() == `"a"`')
def debug_text(run: Run, value: Value) -> str:
    """Return the debug form of a value."""
    if value.__class__ in MUTABLE_TYPES:
        run.weigh(value)
    if value.__class__ in run.engine.library.types:
        return run.text(value)
    text: str = run.check(to_debug(value))
    return text


@define("print(any)", example="print(1) == ()")
def print_value(run: Run, value: Value) -> None:
    """Write the display form of a value as a line."""
    run.emit("print", run.text(value))


@define("print()", example="print() == ()")
def print_nothing(run: Run) -> None:
    """Write an empty line."""
    run.emit("print", "")


@define("debug(any)", example="debug(1) == ()")
def debug(run: Run, value: Value) -> None:
    """Write the debug form of a value as a line."""
    run.emit("debug", debug_text(run, value))


@define("debug()", example="debug() == ()")
def debug_nothing(run: Run) -> None:
    """Write an empty line."""
    run.emit("debug", "")


@define("Fn(string) -> Fn", example='Fn("abs").call(-1) == 1')
def make_pointer(_run: Run, name: str) -> FnPtr:
    """Return a pointer to the function of a name."""
    return named_pointer(name)


@define("name(Fn) -> string", example='Fn("abs").name == "abs"', is_property=True)
def pointer_name(_run: Run, pointer: FnPtr) -> str:
    """Return the name of the function pointed to."""
    return pointer.name


@define("is_anonymous(Fn) -> bool", example="(|x| x).is_anonymous", is_property=True)
def is_anonymous(_run: Run, pointer: FnPtr) -> bool:
    """Return whether the function pointed to is a closure."""
    return pointer.is_anonymous


def curry(_run: Run, pointer: FnPtr, *values: Value) -> FnPtr:
    """Return a pointer with its first arguments given."""
    given = (*pointer.curry, *[copy_value(value) for value in values])
    return replace(pointer, curry=given)


for _count in range(1, 9):
    define(
        f"curry(Fn, {', '.join(['any'] * _count)}) -> Fn",
        example=f"(|{', '.join('abcdefgh'[:_count])}| a).curry({', '.join(['7'] * _count)}).call() == 7",
    )(curry)


@define("is_def_fn(string, int) -> bool", example='is_def_fn("no_such", 1) == false')
def is_def_fn(run: Run, name: str, arity: int) -> bool:
    """Return whether the script defines a function of a name and number of parameters."""
    return (name, arity) in run.unit.functions


@define("is_def_fn(string, string, int) -> bool", example='is_def_fn("i64", "no_such", 1) == false')
def is_def_method(run: Run, type_name: str, name: str, arity: int) -> bool:
    """Return whether the script defines a method of a type."""
    return type_name in run.unit.typed.get((name, arity), {})


@define(
    "get_fn_metadata_list() -> array",
    "get_fn_metadata_list(string) -> array",
    "get_fn_metadata_list(string, int) -> array",
    example='get_fn_metadata_list("no_such") == []',
)
def list_functions(run: Run, name: str = "", arity: int = -1) -> list[dict[str, Value]]:
    """Return what the script's functions are called and take."""
    return [
        {
            "name": function.name,
            "access": "private" if function.is_private else "public",
            "is_anonymous": False,
            "params": [param.name for param in function.tree.params],
        }
        for peers in run.unit.names.values()
        for function in peers
        if name in ("", function.name) and arity in (-1, function.arity)
    ]


@define("take(any) -> any", example="let a = [1]; take(a) == [1] && a == ()", mutates=True)
def take(_run: Run, value: Value) -> Rebound:
    """Return the value of a variable and leave `()` in it."""
    return Rebound(None, value)


@define("tag(any) -> int", example="let x = 1; x.tag = 5; x.tag == 5 && tag(x) == 5")
def tag(_run: Run, _value: Value) -> int:
    """Return the number a variable carries beside its value, 0 for any other value."""
    return 0


@define("set_tag(any, int)", example="let x = 1; x.set_tag(5); x.tag == 5")
def set_tag(_run: Run, _value: Value, _number: int) -> None:
    """Give a variable a number to carry beside its value."""


@define("exit(any)", example="exit(true)")
def leave(_run: Run, value: Value) -> None:
    """End the script with a value, from any depth."""
    raise ExitJump(copy_value(value))


@define("exit()", example="if false { exit() } true")
def leave_quietly(_run: Run) -> None:
    """End the script with `()`."""
    raise ExitJump(None)


@define("sleep(int)", "sleep(float)", example='try { sleep(1); } catch (e) { return e.contains("sleep") }')
def sleep(_run: Run, _seconds: float) -> None:
    """Fail: a routing script may not wait."""
    message = "sleep is not available to scripts"
    raise RhaiError("ErrorRuntime", f"Runtime error: {message}", value=message)
