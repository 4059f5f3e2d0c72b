"""No file of the package imports itself, however far around."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import rbee_keeper

PACKAGE = Path(rbee_keeper.__file__).parent
Graph = dict[str, set[str]]


def names(package: Path) -> dict[str, Path]:
    """Return the files of a package by the name of their module."""
    found = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def targets(module: str, path: Path) -> Iterator[str]:
    """Yield what a file imports anywhere in it, late imports and those for types included."""
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def import_graph(package: Path) -> Graph:
    """Return for each module those of the same package that it imports."""
    modules = names(package)
    graph: Graph = {}
    for module, path in modules.items():
        wanted = ((target, target.rpartition(".")[0]) for target in targets(module, path))
        found = {next((name for name in pair if name in modules), module) for pair in wanted}
        graph[module] = found - {module}
    return graph


def circle(graph: Graph) -> list[str]:
    """Return modules that import each other in a ring, or nothing."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def test_no_module_imports_itself_however_far_around() -> None:
    """Files in a ring are one file in several pieces: none can be understood, tested or loaded alone."""
    assert circle(import_graph(PACKAGE)) == []


@pytest.mark.parametrize(
    "late", ["from .two import TWO", "def f():\n    from . import two", "if TYPE_CHECKING:\n    import ring.two"]
)
def test_a_ring_is_found_however_it_is_closed(tmp_path: Path, late: str) -> None:
    """A test that cannot fail proves nothing."""
    ring = tmp_path / "ring"
    ring.mkdir()
    (ring / "__init__.py").write_text("")
    (ring / "one.py").write_text(late)
    (ring / "two.py").write_text("from .one import ONE")
    assert set(circle(import_graph(ring))) == {"ring.one", "ring.two"}
