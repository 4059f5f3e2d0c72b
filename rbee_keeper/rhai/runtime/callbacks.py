"""Calls from the library back into the script, adapting to the callback's arity."""

from collections.abc import Callable
from typing import Any

from ..errors import UNCATCHABLE, Frame, Position, RhaiError
from ..syntax import tokens
from ..values import MUTABLE_TYPES, Cell, FnPtr, Value, copy_value
from .invocation import invoke, own, passing_through
from .registry import Rebound
from .run import UNBOUND, CompiledFunction, Run, RunFrame

ItemCallback = Callable[..., Any]
"""Takes the fixed arguments and then the item's index."""


def not_found(run: Run, name: str, values: list[Value], position: Position | None = None) -> RhaiError:
    """Return the error for a pointer to a function that does not exist."""
    signature = run.engine.library.describe_call(name, values)
    message = f"Function not found: {signature}"
    return RhaiError("ErrorFunctionNotFound", message, position, fields={"function": signature})


def named_pointer(name: str) -> FnPtr:
    """Return a pointer to the function of a name.

    Raises:
        RhaiError: `ErrorParsing` for a word or symbol of the language, else `ErrorFunctionNotFound` for no name at all.
    """
    letters = name.replace("_", "")
    is_name = tokens.is_identifier(name) and letters.isascii() and letters.isalnum()
    is_reserved = name in tokens.RESERVED_WORDS and name not in tokens.CALLABLE_RESERVED
    if is_reserved or name in tokens.KEYWORDS or name in tokens.SYMBOLS:
        message = f"Syntax error: '{name}' is a reserved {'keyword' if is_name else 'symbol'}"
        raise RhaiError("ErrorParsing", message)
    if is_name:
        return FnPtr(name)
    raise RhaiError("ErrorFunctionNotFound", f"Function not found: {name}", fields={"function": name})


def call_pointer(
    run: Run, pointer: FnPtr, values: list[Value], position: Position | None = None, this: Value = UNBOUND
) -> Value:
    """Call what a pointer points to with exactly these arguments.

    Raises:
        RhaiError: whatever the function raises, or `ErrorFunctionNotFound`.
    """
    arguments = [own(value) for value in values]
    function, curry = pointer.target, pointer.curry
    if function is None:
        arguments = [*[_open(item) for item in curry], *arguments]
        curry = ()
        function = run.unit.functions.get((pointer.name, len(arguments)))
        if function is None:
            return call_native(run, pointer.name, arguments, position)
    else:
        arguments = [*curry[len(function.capture_slots) :], *arguments]
    if function.arity != len(arguments):
        raise not_found(run, pointer.name, arguments, position)
    try:
        return invoke(run, function, arguments, curry, this)[2]
    except RhaiError as error:
        raise passing_through(error, function.name, position) from None


def call_native(run: Run, name: str, values: list[Value], position: Position | None = None) -> Value:
    """Call a library function by name."""
    overload = run.engine.library.find(name, tuple([value.__class__ for value in values]))
    if overload is None:
        raise not_found(run, name, values, position)
    result = overload.function(run, *values)
    return result.result if result.__class__ is Rebound else result


def _open(item: Value) -> Value:
    return item.value if item.__class__ is Cell else item


def bind(run: Run, pointer: FnPtr, caller: str, fixed: int = 1) -> ItemCallback:
    """Return how to call a pointer for each item: `callback(*fixed, index)`, or without the index where there is none.

    A function of one parameter more than `fixed` also gets the index; one of one parameter less gets the last fixed
    argument as `this`. `caller` is the library function that calls it, for the call frames of errors.
    """
    function = _target(run, pointer, fixed)
    if function is None:
        return _native_callback(run, pointer, caller, fixed)
    library_function = caller
    if pointer.target is not None or pointer.knows_its_function:
        caller = ""
    extra = tuple(pointer.curry[len(function.capture_slots) :])
    if pointer.target is None:
        extra = tuple([_open(item) for item in pointer.curry])
    wanted = function.arity - len(extra)
    if wanted not in (fixed - 1, fixed, fixed + 1):
        return _mismatch(run, pointer, library_function)
    if wanted == fixed and not extra:
        return _direct(run, function, pointer, caller, fixed)
    return _general(run, function, pointer, caller, extra, (wanted, fixed))


def _target(run: Run, pointer: FnPtr, fixed: int) -> CompiledFunction | None:
    if pointer.target is not None:
        found: CompiledFunction = pointer.target
        return found
    curried = len(pointer.curry)
    for count in (fixed, fixed - 1, fixed + 1):
        function: CompiledFunction | None = run.unit.functions.get((pointer.name, count + curried))
        if function is not None:
            return function
    return None


def _mismatch(run: Run, pointer: FnPtr, caller: str) -> ItemCallback:
    def refuse(*values: Value) -> Value:
        error = not_found(run, pointer.name, [*map(_open, pointer.curry), *values])
        error.frames.append(Frame(caller, None))
        raise error

    return refuse


def leave(error: RhaiError, name: str, caller: str) -> RhaiError:
    """Note on an error the callback and, where it was found by its name only, the library function that called it."""
    if error.kind in UNCATCHABLE and not error.frames:
        error.position = None
        return error
    error.frames.append(Frame(name, None))
    if caller:
        error.frames.append(Frame(caller, None))
    return error


def _direct(run: Run, function: CompiledFunction, pointer: FnPtr, caller: str, fixed: int) -> ItemCallback:
    """Return the callback for a function that takes just the fixed arguments."""
    body, padding, name = function.body, function.padding, function.name
    cells = list(zip(function.capture_slots, pointer.curry, strict=False))

    def call_one(item: Value, _index: Value = 0) -> Value:
        if item.__class__ in MUTABLE_TYPES:
            item = copy_value(item)
        frame: RunFrame = [run, UNBOUND, None, item, *padding]
        for slot, cell in cells:
            frame[slot] = cell
        run.depth += 1
        if run.depth > run.max_depth:
            raise RhaiError("ErrorStackOverflow", "Stack overflow")
        try:
            value = body(frame)
        except RhaiError as error:
            raise leave(error, name, caller) from None
        run.depth -= 1
        return value

    def call_many(*values: Value) -> Value:
        try:
            arguments = [own(value) for value in values[:fixed]]
            return invoke(run, function, arguments, pointer.curry)[2]
        except RhaiError as error:
            raise leave(error, name, caller) from None

    return call_one if fixed == 1 else call_many


def _general(
    run: Run,
    function: CompiledFunction,
    pointer: FnPtr,
    caller: str,
    extra: tuple[Value, ...],
    counts: tuple[int, int],
) -> ItemCallback:
    wanted, fixed = counts
    curry = pointer.curry if pointer.target is not None else ()

    def callback(*values: Value) -> Value:
        if len(values) < wanted:
            raise not_found(run, pointer.name, [*map(_open, pointer.curry), *values])
        given = [own(value) for value in values]
        this: Value = UNBOUND
        if wanted < fixed:
            this = given[fixed - 1]
            given = given[: fixed - 1]
        try:
            return invoke(run, function, [*extra, *given[:wanted]], curry, this)[2]
        except RhaiError as error:
            raise leave(error, function.name, caller) from None

    return callback


def _native_callback(run: Run, pointer: FnPtr, caller: str, fixed: int) -> ItemCallback:
    """Return the callback for a library function, which gets the index too where it takes one more argument."""
    library, curried = run.engine.library, list(map(_open, pointer.curry))

    def callback(*values: Value) -> Value:
        arguments = [*curried, *values[:fixed]]
        if library.find(pointer.name, tuple([value.__class__ for value in arguments])) is None:
            arguments = [*curried, *values]
        try:
            return call_native(run, pointer.name, arguments)
        except RhaiError as error:
            if error.kind not in UNCATCHABLE:
                error.frames.append(Frame(caller, None))
            raise

    return callback


def each_with_this(run: Run, pointer: FnPtr, items: list[Any], caller: str) -> None:
    """Call a pointer for every item with the item as `this`, keeping what a function of the script leaves there.

    A function with a parameter gets the item's index; one of the library gets the item.
    """
    function = _target(run, pointer, 0)
    if function is None:
        native = _native_callback(run, pointer, caller, 1)
        for index, item in enumerate(list(items)):
            native(item, index)
        return
    extra = [own(item) for item in pointer.curry[len(function.capture_slots) :]]
    wanted = function.arity - len(extra)
    if items and wanted not in (0, 1):
        _mismatch(run, pointer, caller)(0)
    if pointer.target is not None or pointer.knows_its_function:
        caller = ""
    for index, item in enumerate(items):
        try:
            frame = invoke(run, function, [*extra, index][: function.arity], pointer.curry, item)
        except RhaiError as error:
            raise leave(error, function.name, caller) from None
        items[index] = frame[1]
