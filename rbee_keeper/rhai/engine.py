"""The door to the language: compile, check, eval, call, and what the host adds."""

import copy
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from .compiler.builder import Builder, Unit
from .compiler.functions import compile_body
from .compiler.modules import Module
from .compiler.program import EXPRESSIONS, STATEMENTS, Program, compile_script, compile_statements
from .errors import Position, RhaiError, syntax_error
from .library.standard import standard_library
from .resolver import FIRST_SLOT, Resolver, resolve_script
from .runtime.invocation import passing_through
from .runtime.limits import Limits
from .runtime.registry import HostType, NativeFunction
from .runtime.run import UNBOUND, CompiledFunction, ExitJump, Run, RunFrame, Signal
from .syntax import nodes
from .syntax.clock import CompileClock
from .syntax.parser import MISPLACED_FUNCTION, parse
from .syntax.token_stream import ParseOptions
from .values import Cell, Value, copy_value

RECURSION_ROOM = 20_000
"""Python frames the deepest allowed script needs, with room to spare."""


class ModuleLoader(Protocol):
    """Finds the text of modules."""

    def load(self, name: str) -> str | None:
        """Return the script called `name`, or None when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one run gave and used."""

    value: Value
    output: tuple[tuple[str, str], ...]
    operations: int
    elapsed_us: float

    @property
    def printed(self) -> str:
        """Everything `print` and `debug` wrote, one line each."""
        return "".join(f"{text}\n" for _, text in self.output)


@dataclass(slots=True, kw_only=True)
class Options:
    """How an engine treats scripts; set once, before the first one."""

    limits: Limits = field(default_factory=Limits)
    is_strict: bool = False
    allows_eval: bool = True
    fails_on_missing_property: bool = False
    disabled_symbols: frozenset[str] = frozenset()
    modules: ModuleLoader | None = None


class Engine:
    """Compiles and runs scripts. Programs and engines may be shared by threads; runs share nothing."""

    def __init__(self, options: Options | None = None) -> None:
        """Create an engine with the standard library."""
        self.options = options or Options()
        self.library = standard_library().copy()
        if sys.getrecursionlimit() < RECURSION_ROOM:
            sys.setrecursionlimit(RECURSION_ROOM)

    def register_type(self, python_type: type, host_type: HostType) -> None:
        """Let scripts hold instances of `python_type`, touching only what `host_type` lists."""
        self.library.add_type(python_type, host_type)

    def register_fn(self, signature: str, function: NativeFunction, *, mutates: bool = False) -> None:
        """Register `function(run, *arguments)` under a signature such as `distance(float, float) -> float`."""
        self.library.add(signature, function, mutates=mutates)

    def compile(
        self, text: str, *, source: str = "", known: Iterable[str] = (), deadline: float = float("inf")
    ) -> Program:
        """Return the program of a script; `source` is its name, for messages.

        `known` are variables that the host will provide: only a strict engine asks. `deadline` is when the run that
        needs the program ends, on the clock of `time.perf_counter`.

        Raises:
            RhaiError: the first syntax error, or `ErrorTerminated` when compiling takes too long.
        """
        limits = self.options.limits
        try:
            if limits.max_script_size and len(text) > limits.max_script_size:
                message = f"Length of script exceeds the maximum limit ({limits.max_script_size})"
                raise syntax_error("LiteralTooLarge", message, (1, 1))
            return self._compiled(text, source, frozenset(known), CompileClock(limits.compile_clock_s, deadline))
        except RhaiError as error:
            error.text, error.source = text, source
            raise

    def _compiled(self, text: str, source: str, known: frozenset[str], clock: CompileClock) -> Program:
        try:
            script = parse(text, self._parse_options(), clock)
            resolve_script(script, is_strict=self.options.is_strict, known=known)
            _check_variables(script, self.options.limits)
            unit = Unit(self.library, fails_on_missing_property=self.options.fails_on_missing_property)
            return compile_script(text, source, script, unit, clock)
        except RecursionError:
            raise syntax_error("ExprTooDeep", "Expression exceeds maximum complexity", (1, 1)) from None

    def check(self, text: str, *, source: str = "", known: Iterable[str] = ()) -> RhaiError | None:
        """Return the syntax error of a script, undefined variables included, or None."""
        strict = Engine(replace(self.options, is_strict=True))
        strict.library = self.library
        try:
            strict.compile(text, source=source, known=known)
        except RhaiError as error:
            return error
        return None

    def _parse_options(self) -> ParseOptions:
        limits = self.options.limits
        disabled = self.options.disabled_symbols
        return ParseOptions(
            max_expression_depth=limits.max_expression_depth,
            max_function_expression_depth=limits.max_function_expression_depth,
            max_string_size=limits.max_string_size,
            max_array_size=limits.max_array_size,
            max_map_size=limits.max_map_size,
            max_functions=limits.max_functions,
            disabled_symbols=disabled if self.options.allows_eval else disabled | {"eval"},
        )

    def eval(self, text: str | Program, scope: dict[str, Value] | None = None, *, source: str = "") -> Value:
        """Return the value of a script; `scope` gives it variables and takes back what became of them.

        Raises:
            RhaiError: any error of parsing or running.
        """
        return self.run(text, scope, source=source).value

    def run(self, text: str | Program, scope: dict[str, Value] | None = None, *, source: str = "") -> Outcome:
        """Return the value of a script with what it printed and used."""
        program = text if isinstance(text, Program) else self.compile(text, source=source)
        run = Run(self, self.options.limits)
        return self._outcome(run, self._guard(program, lambda: self._run_main(run, program, scope)))

    def call_fn(
        self,
        program: Program,
        name: str,
        arguments: list[Value],
        scope: Mapping[str, Value] | None = None,
        *,
        host: Any = None,
        limits: Limits | None = None,
    ) -> Outcome:
        """Run the script's top level, then one of its functions: the one of this name with so many parameters.

        The arguments belong to the callee from here on. Both see the variables of `scope`; native functions find
        `host` on the run. `limits` hold instead of the engine's own.

        Raises:
            RhaiError: any error of running; `ErrorFunctionNotFound` when the script has no such function.
        """
        run = Run(self, limits or self.options.limits, host=host)
        return self._outcome(run, self._guard(program, lambda: self._call(run, program, name, arguments, scope)))

    def _call(
        self, run: Run, program: Program, name: str, arguments: list[Value], scope: Mapping[str, Value] | None
    ) -> Value:
        self._run_main(run, program, dict(scope) if scope else None)
        function = program.unit.functions.get((name, len(arguments)))
        if function is None:
            signature = self.library.describe_call(name, arguments)
            message = f"Function not found: {signature}"
            raise RhaiError("ErrorFunctionNotFound", message, fields={"function": signature})
        frame: RunFrame = [run, UNBOUND, None, *arguments, *function.padding]
        if scope:
            frame[2] = _host_variables(frame, scope)
        run.depth += 1
        try:
            return function.body(frame)
        except RhaiError as error:
            raise passing_through(error, name, None) from None

    @staticmethod
    def _outcome(run: Run, value: Value) -> Outcome:
        elapsed_us = (time.perf_counter() - run.started) * 1e6
        return Outcome(value=value, output=tuple(run.output), operations=run.ops, elapsed_us=elapsed_us)

    def _run_main(self, run: Run, program: Program, scope: dict[str, Value] | None) -> Value:
        run.unit = program.unit
        frame: RunFrame = [run, UNBOUND, None, *([None] * (program.size - FIRST_SLOT))]
        if scope:
            frame[2] = _host_variables(frame, scope)
        value = program.main(frame)
        if value.__class__ is Signal:
            value = run.result
        if scope is not None:
            _keep(frame, scope, program.script.globals)
        return value

    def _guard(self, program: Program, work: Callable[[], Value]) -> Value:
        """Let nothing but a RhaiError out."""
        try:
            return work()
        except ExitJump as jump:
            return jump.value
        except RhaiError as error:
            error.text, error.source = error.text or program.text, error.source or program.source
            raise
        except RecursionError:
            failed = RhaiError("ErrorStackOverflow", "Stack overflow")
        except MemoryError:
            failed = RhaiError("ErrorDataTooLarge", "Memory exceeds maximum limit")
        except Exception as unforeseen:  # noqa: BLE001 - a script must never end the process that runs it
            failed = RhaiError("ErrorSystem", f"the engine failed: {type(unforeseen).__name__}: {unforeseen}")
        failed.text, failed.source = program.text, program.source
        raise failed from None

    def eval_in_frame(
        self, frame: RunFrame, text: str, unit: Unit, visible: nodes.Scope, *, is_global: bool = False
    ) -> Value:
        """Run a script in a frame that is in use; its variables stay visible to the names resolved later."""
        run: Run = frame[0]
        clock = CompileClock(deadline=run.deadline)
        try:
            script = parse(text, self._parse_options(), clock)
        except RhaiError as error:
            if not error.is_syntax:
                raise
            raise _parsing_failed(error, error.position) from None
        if script.functions:
            raise RhaiError("ErrorParsing", f"Syntax error: {MISPLACED_FUNCTION}")
        scope = nodes.FunctionScope(len(frame) - FIRST_SLOT, is_dynamic=True)
        resolver = Resolver(scope, frozenset(unit.names), caller=visible)
        for statement in script.statements:
            if isinstance(statement, nodes.Let):
                statement.is_global = is_global
        resolver.statements(script.statements)
        builder = Builder(unit, scope, EXPRESSIONS, STATEMENTS, clock=clock)
        code = compile_statements(builder, script.statements)
        frame.extend([None] * (FIRST_SLOT + scope.slots - len(frame)))
        value = code(frame)
        if value.__class__ is Signal:
            value = run.result
        if resolver.blocks[1]:
            frame[2] = {**(frame[2] or {}), **resolver.blocks[1]}
        return value

    def call_in_frame(
        self, frame: RunFrame, function: CompiledFunction, unit: Unit, visible: nodes.Scope, values: list[Value]
    ) -> Value:
        """Run a function's body where the caller's variables can be seen."""
        tree: nodes.Function = function.tree
        text_scope = nodes.FunctionScope(len(frame) - FIRST_SLOT)
        fresh = copy.deepcopy(tree)
        resolver = Resolver(text_scope, frozenset(unit.names), caller=visible)
        resolver.function(fresh)
        builder = Builder(unit, text_scope, EXPRESSIONS, STATEMENTS, is_function=True)
        body = compile_body(builder, fresh.body)
        frame.extend([None] * (FIRST_SLOT + text_scope.slots - len(frame)))
        for param, value in zip(fresh.params, values, strict=True):
            assert param.decl is not None
            frame[param.decl.slot] = value
        this, frame[1] = frame[1], UNBOUND
        late = frame[2]
        result = body(frame)
        frame[1], frame[2] = this, late
        return result

    def find_module(self, frame: RunFrame, unit: Unit, path: list[str], position: Position) -> Module:
        """Return a module imported here, or at the top level of the script that `unit` is.

        Raises:
            RhaiError: `ErrorModuleNotFound`.
        """
        table: Mapping[str, Module] = {**(unit.modules or {}), **frame[0].modules}
        module: Module | None = None
        for name in path:
            module = table.get(name)
            if module is None:
                raise _module_not_found("::".join(path), position)
            table = module.modules
        assert module is not None
        return module

    def import_module(self, run: Run, name: str, alias: str | None, position: Position) -> None:
        """Load a module for the present run.

        Raises:
            RhaiError: `ErrorModuleNotFound`, `ErrorTooManyModules`, or whatever the module's own script raises.
        """
        limit = run.limits.max_modules
        if limit and len(run.modules) >= limit:
            raise RhaiError("ErrorTooManyModules", "Too many modules imported", position)
        text = self.options.modules.load(name) if self.options.modules is not None else None
        if text is None:
            raise _module_not_found(name, position)
        try:
            program = self.compile(without_shebang(text), source=name, deadline=run.deadline)
        except RhaiError as error:
            if error.kind == "ErrorTerminated":
                raise
            raise _parsing_failed(error, position) from None
        outer = (run.unit, run.exports, run.modules, run.globals, run.depth)
        run.exports, run.modules, run.globals = {}, {}, {}
        run.depth += 1
        if run.depth > run.max_depth:
            raise RhaiError("ErrorStackOverflow", "Stack overflow", position)
        self._run_main(run, program, None)
        functions = {
            (function.name, function.arity): function for function in program.functions if not function.is_private
        }
        module = Module(functions, run.exports, run.modules)
        program.unit.modules, program.unit.globals = run.modules, run.globals
        run.unit, run.exports, run.modules, run.globals, run.depth = outer
        if alias is not None:
            run.modules = {**run.modules, alias: module}
        for typed in program.unit.typed.values():
            for function in typed.values():
                run.unit.add(function)


def without_shebang(text: str) -> str:
    """Return the text of a file with a first line such as `#!/usr/bin/env rbee` made a comment."""
    return "//" + text[2:] if text.startswith("#!") else text


def _parsing_failed(error: RhaiError, position: Position | None) -> RhaiError:
    """Return a syntax error met while running, which a script may catch."""
    failed = RhaiError("ErrorParsing", f"Syntax error: {error.message}", error.position or position)
    failed.hint = error.hint
    return failed


def _module_not_found(name: str, position: Position) -> RhaiError:
    error = RhaiError("ErrorModuleNotFound", f"Module not found: {name}", position, fields={"module": name})
    error.hint = "import is off here, or no such script is in the modules folder"
    return error


def _host_variables(frame: RunFrame, scope: Mapping[str, Value]) -> nodes.Scope:
    """Put the host's variables behind a frame's own slots."""
    declared: nodes.Scope = {}
    for name, value in scope.items():
        declared[name] = nodes.Decl(name, len(frame), is_host=True)
        frame.append(copy_value(value))
    return declared


def _keep(frame: RunFrame, scope: dict[str, Value], declared: nodes.Scope) -> None:
    """Write the variables of a finished run back to the host's scope."""
    for name, decl in {**(frame[2] or {}), **declared}.items():
        value = frame[decl.slot]
        scope[name] = value.value if value.__class__ is Cell else value


def _check_variables(script: nodes.Script, limits: Limits) -> None:
    largest = max([script.scope.slots, *[function.scope.slots for function in script.functions]])
    if limits.max_variables and largest > limits.max_variables:
        raise RhaiError("ErrorTooManyVariables", "Too many variables defined")


__all__ = ["Engine", "Limits", "ModuleLoader", "Options", "Outcome", "Program"]
