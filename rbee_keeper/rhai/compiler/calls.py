"""Compiles calls: script functions, natives, and methods of either kind."""

from typing import Any

from ..errors import Position, RhaiError, type_mismatch
from ..runtime.callbacks import call_pointer
from ..runtime.invocation import invoke, own, passing_through
from ..runtime.registry import Library, Overload, Rebound
from ..runtime.run import UNBOUND, Code, CompiledFunction, Run, RunFrame
from ..runtime.suggestions import function_hint
from ..syntax import nodes
from ..syntax.primaries import start_of
from ..values import Cell, FnPtr, Value
from .builder import Builder, is_shared_source, placed
from .chains import chain, chain_root, constant_root, nothing
from .specials import SPECIAL_CALLS
from .stores import store
from .tags import SET_TAG, TAG


def call(builder: Builder, node: nodes.Call) -> Code:
    """Compile `f(a, b)`."""
    special = SPECIAL_CALLS.get((node.name, len(node.arguments)))
    function = builder.unit.functions.get((node.name, len(node.arguments)))
    if node.is_in_caller_scope and (function is not None or (node.name == "call" and node.arguments)):
        special = SPECIAL_CALLS["!", 0]
    if node.path and node.path != ["global"]:
        special = SPECIAL_CALLS["::", 0]
    if special is not None and (function is None or node.name not in (TAG, SET_TAG)):
        return special(builder, node)
    if function is not None:
        return _script_call(builder, node, function)
    return _native_call(builder, node)


def _script_call(builder: Builder, node: nodes.Call, function: CompiledFunction) -> Code:
    arguments = [builder.owned(argument) for argument in node.arguments]
    name, position = node.name, node.position

    def called(frame: RunFrame) -> Any:
        run: Run = frame[0]
        values = [argument(frame) for argument in arguments]
        inner: RunFrame = [run, UNBOUND, None, *values, *function.padding]
        run.depth += 1
        if run.depth > run.max_depth:
            raise RhaiError("ErrorStackOverflow", "Stack overflow", position)
        try:
            value = function.body(inner)
        except RhaiError as error:
            raise passing_through(error, name, position) from None
        run.depth -= 1
        return value

    return called


def _native_call(builder: Builder, node: nodes.Call) -> Code:
    """Compile a call of a native; a variable as first argument may be changed by it."""
    arguments = [builder.expr(argument) for argument in node.arguments]
    name, position = node.name, node.position
    first = node.arguments[0] if node.arguments else None
    is_place = isinstance(first, nodes.Var | nodes.This) and not _is_cell(builder, first)
    is_kept = first is None or (is_place and constant_root(first) is None)
    must_own = not is_kept and is_shared_source(first) if first is not None else False
    put = store(builder, first) if is_kept and first is not None else None
    unit, library = builder.unit, builder.unit.library

    def called(frame: RunFrame) -> Any:
        run: Run = frame[0]
        values = [argument(frame) for argument in arguments]
        overload = library.find(name, tuple([value.__class__ for value in values]))
        if overload is None:
            error = missing_function(unit, name, values, position)
            if node.names_a_variable:
                error.hint = f"`{name}` is a variable: write `{name}.call(...)`"
            raise error
        if must_own and overload.mutates:
            values[0] = own(values[0])
        try:
            result = overload.function(run, *values)
        except RhaiError as error:
            raise placed(error, position, len(name)) from None
        if result.__class__ is Rebound:
            if put is not None:
                put(frame, result.receiver)
            return result.result
        return result

    return called


def _is_cell(builder: Builder, node: nodes.Node) -> bool:
    return isinstance(node, nodes.Var) and (node.decl is None or node.decl.is_captured or builder.scope.is_dynamic)


def missing_function(unit: Any, name: str, values: list[Value], position: Position) -> RhaiError:
    """Return the error for a call that matches no function."""
    signature = unit.library.describe_call(name, values)
    message = f"Function not found: {signature}"
    error = RhaiError("ErrorFunctionNotFound", message, position, fields={"function": signature})
    error.length = len(name)
    error.hint = function_hint(unit, name, values)
    return error


def method_call(builder: Builder, node: nodes.MethodCall) -> Code:
    """Compile `target.name(a, b)`."""
    if node.name == "is_shared" and not node.arguments:
        return SPECIAL_CALLS["is_shared", 1](builder, nodes.Call(node.position, node.name, [node.target]))
    if node.name in (TAG, SET_TAG) and isinstance(node.target, nodes.Var):
        return _method_on_tag(builder, node)
    return chain(builder, node, _method)


def _method_on_tag(builder: Builder, node: nodes.MethodCall) -> Code:
    """Compile `x.tag()` and `x.set_tag(number)`, unless the script has a function of that name."""
    special = SPECIAL_CALLS.get((node.name, len(node.arguments) + 1))
    if special is None or node.name in builder.unit.names:
        return chain(builder, node, _method)
    return special(builder, nodes.Call(node.position, node.name, [node.target, *node.arguments]))


def _method(builder: Builder, node: nodes.MethodCall) -> Code:
    arguments = [builder.expr(argument) for argument in node.arguments]
    target = builder.expr(node.target)
    site = MethodSite(builder, node)
    is_elvis, is_inner, name, position = node.is_elvis, node.is_inner, node.name, node.position
    library = builder.unit.library
    is_script_name = node.name in builder.unit.names or name == "call"
    known = library.overloads.get(name)
    is_constant, is_of_this = site.constant is not None, site.is_of_this
    cell = site.cell_slot

    def called(frame: RunFrame) -> Any:
        values = [argument(frame) for argument in arguments]
        value = target(frame)
        kind = value.__class__
        is_guarded = is_constant or cell is not None or (is_of_this and frame[0].fixed_frames)
        if is_script_name or known is None or kind is dict or is_guarded or kind is FnPtr:
            if value is None and is_elvis:
                return nothing(is_inner=is_inner)
            return site.slow(frame, value, values)
        overload = library.find(name, (kind, *[item.__class__ for item in values]))
        if overload is None:
            if value is None and is_elvis:
                return nothing(is_inner=is_inner)
            return site.slow(frame, value, values)
        try:
            result = overload.function(frame[0], value, *values)
        except RhaiError as error:
            raise placed(error, position, len(name)) from None
        if result.__class__ is Rebound:
            site.put(frame, result.receiver)
            return result.result
        return result

    return called


class MethodSite:
    """One place in the script where a method is called, and every rarer way such a call can go."""

    def __init__(self, builder: Builder, node: nodes.MethodCall) -> None:
        """Work out once what the call's target allows."""
        self.unit = builder.unit
        self.library: Library = builder.unit.library
        self.name = node.name
        self.position = node.position
        self.arity = len(node.arguments)
        self.constant = constant_root(node.target)
        self.is_of_this = isinstance(chain_root(node.target), nodes.This)
        self.first_argument = start_of(node.arguments[0]) if node.arguments else node.position
        self.put = store(builder, node.target)
        self.cell_slot: int | None = None
        target = node.target
        if isinstance(target, nodes.Var) and target.decl is not None and target.decl.is_captured:
            self.cell_slot = target.decl.slot

    def slow(self, frame: RunFrame, value: Value, values: list[Value]) -> Value:
        """Call whatever `value.name(values)` means: script method, pointer, stored pointer or native."""
        if value.__class__ is dict and value.get(self.name).__class__ is FnPtr:
            return self._pointer(frame, value[self.name], value, values)
        if self.name == "call":
            return self._call(frame, value, values)
        if self.name == "curry" and value.__class__ is not FnPtr:
            raise type_mismatch(self.library.raw_type_name(value), "Fn", self.position)
        function = self.unit.method(self.name, self.arity, self.library.type_name(value))
        if function is not None:
            return self._script(frame, function, value, [own(item) for item in values], ())
        overload = self.library.find(self.name, (value.__class__, *[item.__class__ for item in values]))
        if overload is None:
            raise missing_function(self.unit, self.name, [value, *values], self.position)
        return self._native(frame, overload, value, values)

    def _native(self, frame: RunFrame, overload: Overload, value: Value, values: list[Value]) -> Value:
        is_fixed = self.constant is not None or (self.is_of_this and frame[0].is_fixed(frame))
        if overload.mutates and is_fixed:
            message = f"Non-pure method '{self.name}' cannot be called on constant"
            error = RhaiError("ErrorNonPureMethodCallOnConstant", message, self.position)
            error.fields = {"function": self.name}
            raise error
        try:
            result = overload.function(frame[0], value, *values)
        except RhaiError as error:
            raise placed(error, self.position, len(self.name)) from None
        if result.__class__ is Rebound:
            self.put(frame, result.receiver)
            return result.result
        return result

    def _call(self, frame: RunFrame, value: Value, values: list[Value]) -> Value:
        """Call `pointer.call(a)`, or `x.call(pointer, a)` which binds `this` to `x`."""
        if value.__class__ is FnPtr:
            return call_pointer(frame[0], value, values, self.position)
        if values and values[0].__class__ is FnPtr:
            return self._pointer(frame, values[0], value, values[1:])
        wrong, place = (values[0], self.first_argument) if values else (value, self.position)
        raise type_mismatch(self.library.raw_type_name(wrong), "Fn", place)

    def _pointer(self, frame: RunFrame, pointer: FnPtr, value: Value, values: list[Value]) -> Value:
        arguments = [own(item) for item in values]
        function = pointer.target
        curry = pointer.curry
        if function is None:
            unit = frame[0].unit
            arguments = [*[_open(item) for item in curry], *arguments]
            function, curry = unit.functions.get((pointer.name, len(arguments))), ()
        if function is None or len(arguments) + _plain_curry(function, curry) != function.arity:
            overload = self.library.find(pointer.name, (value.__class__, *[item.__class__ for item in arguments]))
            if overload is None:
                raise missing_function(self.unit, pointer.name, [value, *arguments], self.position)
            return self._native(frame, overload, value, arguments)
        extra = curry[len(function.capture_slots) :]
        return self._script(frame, function, value, [*extra, *arguments], curry)

    def _script(
        self,
        frame: RunFrame,
        function: CompiledFunction,
        value: Value,
        arguments: list[Value],
        curry: tuple[Value, ...],
    ) -> Value:
        """Call a script function with `this` bound, and keep what it left in `this`."""
        cell = frame[self.cell_slot] if self.cell_slot is not None else None
        if cell.__class__ is Cell and any(item is cell for item in curry):
            what = f"argument #2 of function '{function.name}'"
            raise RhaiError("ErrorDataRace", f"Data race detected on variable '{what}'", self.position)
        if cell.__class__ is Cell:
            cell.is_locked = True
        this = own(value) if self.constant is not None else value
        try:
            is_fixed = self.constant is not None or (self.is_of_this and frame[0].is_fixed(frame))
            inner = invoke(frame[0], function, arguments, curry, this, fixes_this=is_fixed)
        except RhaiError as error:
            if error.position is None and error.kind == "ErrorStackOverflow":
                error.position = self.position
                raise
            raise passing_through(error, function.name, self.position) from None
        finally:
            if cell.__class__ is Cell:
                cell.is_locked = False
        if inner[1] is not value and self.constant is None:
            self.put(frame, inner[1])
        return own(inner[2]) if inner[2] is inner[1] else inner[2]


def _open(item: Value) -> Value:
    return item.value if item.__class__ is Cell else item


def _plain_curry(function: CompiledFunction, curry: tuple[Value, ...]) -> int:
    return max(0, len(curry) - len(function.capture_slots))
