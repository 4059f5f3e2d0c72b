"""The sandbox: the package can run no Python, and scripts can reach none."""

import ast
import sys
from pathlib import Path

import pytest

import rbee_keeper.rhai.engine as engine_module
from rbee_keeper.rhai.engine import Engine
from rbee_keeper.rhai.errors import RhaiError

PACKAGE = Path(engine_module.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))

FORBIDDEN_CALLS = frozenset(
    {"exec", "eval", "compile", "__import__", "getattr", "setattr", "delattr", "globals", "locals", "vars", "open"}
)
FORBIDDEN_MODULES = frozenset(
    {"importlib", "builtins", "ctypes", "subprocess", "os", "socket", "shutil", "pickle", "marshal", "code", "runpy"}
)
MAY_READ_FILES = frozenset({"module_folder.py"})


def _imported(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_python_is_made_or_reached_by_name(path: Path) -> None:
    """No exec, eval, compile, getattr or import by name anywhere in the package."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    assert not names & FORBIDDEN_CALLS
    assert not _imported(tree) & FORBIDDEN_MODULES
    if path.name not in MAY_READ_FILES:
        assert "pathlib" not in _imported(tree)


def _climbs_out(path: Path, tree: ast.AST) -> bool:
    """Return whether a relative import of a file reaches above the package."""
    depth = len(path.relative_to(PACKAGE).parts)
    return any(isinstance(node, ast.ImportFrom) and node.level > depth for node in ast.walk(tree))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_package_imports_only_itself_and_the_standard_library(path: Path) -> None:
    """The language depends on nothing that has to be installed, and on nothing of rbee."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not _imported(tree) - set(sys.stdlib_module_names)
    assert not _climbs_out(path, tree)


def test_the_check_itself_finds_what_it_looks_for() -> None:
    """A test that cannot fail proves nothing."""
    tree = ast.parse("import os\nx = getattr(y, name)\nexec('1')")
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    assert names & FORBIDDEN_CALLS == {"getattr", "exec"}
    assert _imported(tree) & FORBIDDEN_MODULES == {"os"}
    assert _climbs_out(PACKAGE / "runtime" / "run.py", ast.parse("from ...errors import RbeeError"))
    assert not _climbs_out(PACKAGE / "runtime" / "run.py", ast.parse("from ..errors import RhaiError"))
    assert len(SOURCES) > 60


@pytest.mark.parametrize(
    "script",
    [
        '"".__class__',
        "[].__len__()",
        "(1).__class__",
        "#{}.__init__()",
        "().__doc__",
        '"".format(1)',
        '"{0.__class__}".format(1)',
        "[].append.__self__",
        'open("/etc/hostname")',
        '__import__("os")',
        'import "os" as os;',
        'exec("1")',
        'compile("1")',
        "globals()",
        'env("HOME")',
        'system("id")',
        'Fn("__import__").call("os")',
        'Fn("open").call("/etc/hostname")',
        "print.__globals__",
        "|x| x.__code__",
        '"abc".encode()',
        "[3].copy()",
        "#{a: 1}.items()",
        "1.bit_length()",
        "1.real",
        "'a'.upper()",
    ],
)
def test_python_s_own_attributes_do_not_exist(script: str) -> None:
    """Whatever Python objects could do, a script cannot ask for it by name."""
    try:
        value = Engine().eval(script)
    except RhaiError:
        return
    assert type(value).__name__ == "FnPtr"
    with pytest.raises(RhaiError):
        Engine().eval(f"({script}).call(1)")
