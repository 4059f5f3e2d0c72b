"""Compiles calls that see more than their arguments: `eval`, `f!()`, `m::f()`."""

from collections.abc import Callable
from typing import Any

from ..errors import RhaiError, type_mismatch
from ..runtime.callbacks import call_pointer
from ..runtime.invocation import leaving_eval, own, passing_through
from ..runtime.registry import Rebound
from ..runtime.run import UNBOUND, Code, RunFrame
from ..syntax import nodes
from ..syntax.primaries import start_of
from ..values import BUILTIN_TYPE_NAMES, Cell, FnPtr
from .builder import Builder, placed
from .chains import constant_root
from .stores import store
from .tags import SET_TAG, TAG, call_set_tag, call_tag

SpecialCall = Callable[[Builder, nodes.Call], Code]


def is_shared(builder: Builder, node: nodes.Call) -> Code:
    """Compile `is_shared(variable)`."""
    argument = node.arguments[0]
    code = builder.expr(argument)
    if not isinstance(argument, nodes.Var) or argument.decl is None:
        return lambda frame: code(frame) is UNBOUND
    slot = argument.decl.slot
    return lambda frame: frame[slot].__class__ is Cell


def is_def_var(builder: Builder, node: nodes.Call) -> Code:
    """Compile `is_def_var("name")`."""
    argument = builder.expr(node.arguments[0])
    scope = node.scope or {}

    def ask(frame: RunFrame) -> Any:
        name = argument(frame)
        _require(frame, node, 0, name, str)
        return name in scope or (frame[2] is not None and name in frame[2])

    return ask


def evaluate(builder: Builder, node: nodes.Call) -> Code:
    """Compile `eval("script")`, which runs in the present scope and may add variables to it."""
    argument = builder.expr(node.arguments[0])
    scope, unit, is_global = node.scope or {}, builder.unit, node.is_global
    at = start_of(node.arguments[0])

    def run_text(frame: RunFrame) -> Any:
        text = argument(frame)
        _require(frame, node, 0, text, str)
        visible = {**scope, **(frame[2] or {})}
        try:
            return frame[0].engine.eval_in_frame(frame, text, unit, visible, is_global=is_global)
        except RhaiError as error:
            raise leaving_eval(error, at) from None

    return run_text


def call_in_caller_scope(builder: Builder, node: nodes.Call) -> Code:
    """Compile `f!(a)` and `call!(pointer, a)`, whose function sees the caller's variables."""
    arguments = [builder.owned(argument) for argument in node.arguments]
    scope, unit, position = node.scope or {}, builder.unit, node.position
    is_through_pointer = node.name == "call"

    def called(frame: RunFrame) -> Any:
        values, run, name = [argument(frame) for argument in arguments], frame[0], node.name
        if is_through_pointer:
            pointer, *values = values
            _require(frame, node, 0, pointer, FnPtr)
            if pointer.is_anonymous or (pointer.name, len(pointer.curry) + len(values)) not in unit.functions:
                return call_pointer(run, pointer, values, position)
            name, values = pointer.name, [*map(own, pointer.curry), *values]
        function = unit.functions[name, len(values)]
        visible = {**scope, **(frame[2] or {})}
        run.depth += 1
        if run.depth > run.max_depth:
            raise RhaiError("ErrorStackOverflow", "Stack overflow", position)
        try:
            result = run.engine.call_in_frame(frame, function, unit, visible, values)
        except RhaiError as error:
            raise passing_through(error, name, position) from None
        run.depth -= 1
        return result

    return called


def call_in_module(builder: Builder, node: nodes.Call) -> Code:
    """Compile `module::f(a)`."""
    arguments = [builder.owned(argument) for argument in node.arguments]
    path, name, position = node.path, node.name, node.position
    unit, start = builder.unit, node.start or node.position

    def called(frame: RunFrame) -> Any:
        values = [argument(frame) for argument in arguments]
        run = frame[0]
        module = run.engine.find_module(frame, unit, path, start)
        function = module.functions.get((name, len(values)))
        if function is None:
            signature = f"{'::'.join(path)}::{run.engine.library.describe_call(name, values)}"
            message = f"Function not found: {signature}"
            raise RhaiError("ErrorFunctionNotFound", message, position, fields={"function": signature})
        return call_pointer(run, FnPtr(name, (), function), values, position)

    return called


def call_through(builder: Builder, node: nodes.Call) -> Code:
    """Compile `call(pointer, a)`; a native it points to may change the variable that `a` is."""
    arguments = [builder.expr(argument) for argument in node.arguments]
    position = node.position
    receiver = node.arguments[1] if len(node.arguments) > 1 else None
    is_place = isinstance(receiver, nodes.Var) and constant_root(receiver) is None
    put = store(builder, receiver) if is_place and receiver is not None else None
    library = builder.unit.library

    def called(frame: RunFrame) -> Any:
        pointer, *values = [argument(frame) for argument in arguments]
        _require(frame, node, 0, pointer, FnPtr)
        run = frame[0]
        try:
            if put is not None and pointer.target is None and not pointer.curry:
                key = (pointer.name, len(values))
                overload = library.find(pointer.name, tuple([value.__class__ for value in values]))
                if key not in run.unit.functions and overload is not None and overload.mutates:
                    result = overload.function(run, *values)
                    if result.__class__ is not Rebound:
                        return result
                    put(frame, result.receiver)
                    return result.result
            return call_pointer(run, pointer, values, position)
        except RhaiError as error:
            raise placed(error, position) from None

    return called


def _require(frame: RunFrame, node: nodes.Call, index: int, value: Any, kind: type) -> None:
    """Refuse an argument of another type than a special call takes."""
    if value.__class__ is not kind:
        actual = frame[0].engine.library.raw_type_name(value)
        raise type_mismatch(actual, BUILTIN_TYPE_NAMES[kind], start_of(node.arguments[index]))


def checked_call(kinds: tuple[type, ...]) -> SpecialCall:
    """Return how to compile a library call whose first arguments have fixed types."""

    def compile_call(builder: Builder, node: nodes.Call) -> Code:
        arguments = [builder.owned(argument) for argument in node.arguments]
        name, library = node.name, builder.unit.library
        at = start_of(node.arguments[0])

        def called(frame: RunFrame) -> Any:
            values = [argument(frame) for argument in arguments]
            for index, kind in enumerate(kinds):
                _require(frame, node, index, values[index], kind)
            overload = library.find(name, tuple([value.__class__ for value in values]))
            assert overload is not None
            try:
                return overload.function(frame[0], *values)
            except RhaiError as error:
                error.position = error.position or at
                raise placed(error, at) from None

        return called

    return compile_call


SPECIAL_CALLS: dict[tuple[str, int], SpecialCall] = {
    ("is_shared", 1): is_shared,
    ("is_def_var", 1): is_def_var,
    ("eval", 1): evaluate,
    ("!", 0): call_in_caller_scope,
    ("::", 0): call_in_module,
    (TAG, 1): call_tag,
    (SET_TAG, 2): call_set_tag,
    ("Fn", 1): checked_call((str,)),
    ("is_def_fn", 2): checked_call((str, int)),
    **{("curry", count): checked_call((FnPtr,)) for count in range(2, 10)},
    **{("call", count): call_through for count in range(1, 20)},
}
"""Calls compiled in their own way, by name and number of arguments."""
