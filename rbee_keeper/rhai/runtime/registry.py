"""Native functions by name and argument types, and the types the host adds."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ..values import BUILTIN_TYPE_NAMES, Blob, Char, FnPtr, Range, Sequence, Timestamp, Value

NativeFunction = Callable[..., Any]
Declared = TypeVar("Declared", bound=NativeFunction)


MAX_REMEMBERED = 10_000
"""Searches a library keeps the answers of; hostile scripts can ask for any combination of types."""


STRING_TYPES = "&str | ImmutableString | String"
"""What a text argument is called where no function takes it: the types the reference engine could match."""


class Anything:
    """The parameter type that takes every value."""


TYPE_WORDS: dict[str, type] = {
    "any": Anything,
    "()": type(None),
    "bool": bool,
    "int": int,
    "float": float,
    "string": str,
    "char": Char,
    "array": list,
    "map": dict,
    "blob": Blob,
    "range": Range,
    "Fn": FnPtr,
    "timestamp": Timestamp,
}


@dataclass(frozen=True, slots=True)
class Overload:
    """One native function for one list of argument types.

    A function that `mutates` changes its first argument: in place when that is a container, and by
    returning a `Rebound` when it is a string or a number.
    """

    name: str
    parameters: tuple[type, ...]
    function: NativeFunction
    mutates: bool
    signature: str
    summary: str
    example: str
    theme: str
    specificity: int = 0


@dataclass(frozen=True, slots=True)
class Rebound:
    """What a native that changes a string or a number returns: its new value and the call's own."""

    receiver: Value
    result: Value = None


@dataclass(slots=True, kw_only=True)
class HostType:
    """A Python class that scripts may hold but only touch through these tables."""

    name: str
    getters: dict[str, Callable[[Any], Value]] = field(default_factory=dict)
    setters: dict[str, Callable[[Any, Value], None]] = field(default_factory=dict)
    equals: Callable[[Any, Any], bool] | None = None
    to_text: Callable[[Any], str] = str
    suggests: bool = False


_SIGNATURE = re.compile(r"(?P<name>[^(]+)\((?P<parameters>.*?)\)(?: -> (?P<result>.+))?$")


def parse_signature(signature: str, types: dict[str, type]) -> tuple[str, tuple[type, ...]]:
    """Return the name and parameter types of `name(type, type) -> type`."""
    found = _SIGNATURE.match(signature)
    if found is None:
        raise ValueError(f"not a signature: {signature}")
    words = [word.strip() for word in found["parameters"].split(",")] if found["parameters"] else []
    return found["name"], tuple(types[word] for word in words)


class Library:
    """A closed set of functions and types; it does not change while scripts run."""

    def __init__(self) -> None:
        """Start empty."""
        self.overloads: dict[str, list[Overload]] = {}
        self.getters: dict[str, dict[type, Callable[[Any], Value]]] = {}
        self.types: dict[type, HostType] = {}
        self.type_words: dict[str, type] = dict(TYPE_WORDS)
        self._found: dict[tuple[Any, ...], Overload | None] = {}

    def copy(self) -> "Library":
        """Return a library with the same content that can grow on its own."""
        twin = Library()
        twin.overloads = {name: list(items) for name, items in self.overloads.items()}
        twin.getters = {name: dict(table) for name, table in self.getters.items()}
        twin.types = dict(self.types)
        twin.type_words = dict(self.type_words)
        return twin

    def add(
        self,
        signature: str,
        function: NativeFunction,
        *,
        mutates: bool = False,
        is_property: bool = False,
        example: str = "",
        theme: str = "host",
    ) -> None:
        """Register `function(run, *arguments)` under `name(type, type) -> type`."""
        name, parameters = parse_signature(signature, self.type_words)
        summary = (function.__doc__ or "").strip().split("\n")[0]
        specific = sum(parameter is not Anything for parameter in parameters)
        overload = Overload(name, parameters, function, mutates, signature, summary, example, theme, specific)
        peers = self.overloads.setdefault(name, [])
        peers[:] = [peer for peer in peers if peer.parameters != parameters]
        peers.append(overload)
        peers.sort(key=lambda peer: -peer.specificity)
        if is_property:
            self.getters.setdefault(name, {})[parameters[0]] = lambda value: function(None, value)
        self._found.clear()

    def add_type(self, python_type: type, host_type: HostType) -> None:
        """Let scripts hold instances of `python_type`."""
        self.types[python_type] = host_type
        self.type_words[host_type.name] = python_type
        for name, getter in host_type.getters.items():
            self.getters.setdefault(name, {})[python_type] = getter

    def find(self, name: str, types: tuple[type, ...]) -> Overload | None:
        """Return the function that takes arguments of exactly these types."""
        if name not in self.overloads:
            return None
        key = (name, types)
        try:
            return self._found[key]
        except KeyError:
            found = self._search(name, types)
            if len(self._found) >= MAX_REMEMBERED:
                self._found.clear()
            self._found[key] = found
            return found

    def _search(self, name: str, types: tuple[type, ...]) -> Overload | None:
        for overload in self.overloads.get(name, ()):
            parameters = overload.parameters
            if len(parameters) == len(types) and all(
                parameter is Anything or parameter is actual
                for parameter, actual in zip(parameters, types, strict=True)
            ):
                return overload
        return None

    def type_name(self, value: Value) -> str:
        """Return what `type_of` says."""
        kind = type(value)
        name = BUILTIN_TYPE_NAMES.get(kind)
        if name is not None:
            return name
        if isinstance(value, Range):
            return "range=" if value.is_inclusive else "range"
        if isinstance(value, Sequence):
            return value.type_name
        host = self.types.get(kind)
        return host.name if host is not None else kind.__name__

    def raw_type_name(self, value: Value) -> str:
        """Return what errors about a wrong type say: ranges go by the reference engine's inner name there."""
        if isinstance(value, Range):
            return f"core::ops::range::Range{'Inclusive' if value.is_inclusive else ''}<i64>"
        return self.type_name(value)

    def describe_call(self, name: str, arguments: list[Value]) -> str:
        """Return `name (type, type)` for an error about a missing function."""
        types = [STRING_TYPES if argument.__class__ is str else self.type_name(argument) for argument in arguments]
        return f"{name} ({', '.join(types)})"


@dataclass(frozen=True, slots=True)
class Registrar:
    """The decorator library files use: it keeps what was declared until a library takes it."""

    theme: str
    entries: list[tuple[str, NativeFunction, dict[str, Any]]] = field(default_factory=list)

    def __call__(
        self, *signatures: str, example: str = "", mutates: bool = False, is_property: bool = False
    ) -> Callable[[Declared], Declared]:
        """Declare a function under one or more signatures."""

        def declare(function: Declared) -> Declared:
            for signature in signatures:
                options = {"example": example, "mutates": mutates, "is_property": is_property}
                self.entries.append((signature, function, options))
            return function

        return declare

    def install(self, library: Library) -> None:
        """Add everything declared to a library."""
        for signature, function, options in self.entries:
            library.add(signature, function, theme=self.theme, **options)
