"""Imports: what a command may load, and which file may touch which library."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import rbee_keeper

PACKAGE = Path(rbee_keeper.__file__).parent
HEAVY = (
    "asyncio",
    "pydantic",
    "rich",
    "textual",
    "fabric",
    "paramiko",
    "starlette",
    "uvicorn",
    "uvloop",
    "psutil",
    "llama_cpp",
    "numpy",
    "jinja2",
    "prometheus_client",
    "tomlkit",
)
HOMES = {
    "typer": ("commands/",),
    "rich": (),
    "textual": ("tui/",),
    "fabric": ("supervisor/ssh.py",),
    "paramiko": ("supervisor/ssh.py",),
    "psutil": ("supervisor/orphans/reaper.py", "machine/memory.py"),
    "sqlite3": ("store/",),
    "llama_cpp": ("workers/llm/native/",),
    "jinja2": ("workers/llm/chat/",),
    "httptools": ("transport/",),
    "uvicorn": ("daemon/",),
    "uvloop": ("daemon/",),
    "prometheus_client": ("daemon/exposition.py",),
    "numpy": ("workers/llm/native/logprobs.py",),
    "tomlkit": ("config/settings_edit.py",),
    "requests": (),
    "httpx": (),
    "aiohttp": (),
}
FILES = sorted(PACKAGE.rglob("*.py"))


def loaded_by(code: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has after running the code."""
    report = "import sys; print('MODULES', *{name.partition('.')[0] for name in sys.modules})"
    command = [sys.executable, "-c", f"import atexit\natexit.register(lambda: exec({report!r}))\n{code}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    line = next((line for line in done.stdout.splitlines() if line.startswith("MODULES")), None)
    assert line is not None, done.stderr
    return set(line.split()[1:])


def test_the_list_of_commands_imports_none_of_them_and_nothing_that_starts_a_queen() -> None:
    """Help that takes a second to appear is help that nobody asks for."""
    code = (
        "import sys; sys.argv = ['rbee', '--help']\nfrom rbee_keeper.commands.app import app\n"
        "try:\n    app()\nfinally:\n"
        "    print('LOADED', *(name for name in sys.modules if name.startswith('rbee_keeper.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.rpartition("LOADED")[2].split())
    assert "rbee_keeper.commands.command_line" in loaded
    assert loaded.isdisjoint(
        {f"rbee_keeper.{name}" for name in ("commands.infer", "commands.doctor", "keeper.queen_start")}
    )


@pytest.mark.parametrize("arguments", [["--help"], ["infer", "--help"], ["queen", "start", "--help"]], ids=" ".join)
def test_help_loads_no_web_server_engine_or_terminal_library(arguments: list[str]) -> None:
    """Help that takes a second to appear is help that nobody asks for."""
    code = f"import sys; sys.argv = ['rbee', *{arguments!r}]\nfrom rbee_keeper.commands.app import app\napp()"
    loaded = loaded_by(code)
    assert "typer" in loaded, "the command line itself was not loaded, so this test would prove nothing"
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "module", ["commands.infer", "commands.ps", "commands.workers", "commands.logs", "client.blocking"]
)
def test_commands_that_only_talk_to_a_queen_load_nothing_heavy(module: str) -> None:
    """The command line is started anew for every prompt; its imports are paid each time."""
    loaded = loaded_by(f"import rbee_keeper.{module}")
    assert "rbee_keeper" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_a_hive_is_started_before_an_event_loop_or_a_type_of_the_wire_is_imported() -> None:
    """The queen and its first hive import their parts side by side; that is half of a cold start."""
    loaded = loaded_by("import rbee_keeper.queen.cli, rbee_keeper.queen.hives.local, rbee_keeper.supervisor.host.local")
    assert "rbee_keeper" in loaded
    assert loaded.isdisjoint({*HEAVY, "asyncio", "msgspec", "argparse"})


def test_the_engine_is_loaded_without_numpy() -> None:
    """Half of a cold start was NumPy, which only log probabilities need."""
    loaded = loaded_by("import rbee_keeper.workers.llm.native.library")
    assert "numpy" not in loaded


def imported_by(path: Path) -> set[str]:
    """Return the top-level packages that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("library", sorted(HOMES))
def test_one_library_has_one_home(library: str) -> None:
    """A library that is imported in one place can be replaced, and found, there."""
    strays = [
        str(path.relative_to(PACKAGE))
        for path in FILES
        if library in imported_by(path) and not str(path.relative_to(PACKAGE)).startswith(HOMES[library] or ("-",))
    ]
    assert strays == []


def test_only_the_settings_and_their_neighbours_read_the_environment() -> None:
    """A setting that is read elsewhere has no precedence, no type and no documentation."""
    readers = {
        str(path.relative_to(PACKAGE))
        for path in FILES
        if any(
            isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
            for node in ast.walk(ast.parse(path.read_text()))
        )
    }
    strays = {reader for reader in readers if not reader.startswith("config/")}
    assert strays <= {"supervisor/orphans/reaper.py", "supervisor/process_title.py"}
    assert readers, "nobody reads the environment, so this test would prove nothing"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_begins_with_one_line_that_says_what_it_is_for(path: Path) -> None:
    """The first lines of the files are the map of the project; a package's own file holds nothing else."""
    tree = ast.parse(path.read_text())
    docstring = ast.get_docstring(tree)
    assert docstring
    assert docstring.splitlines()[0].endswith((".", ":"))
    if path.name == "__init__.py" and path.parent != PACKAGE:
        assert len(tree.body) == 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_is_named_for_being_handy(path: Path) -> None:
    """`utils` is where concepts go to lose their names; a standard module's name shadows it."""
    assert path.stem not in {"utils", "helpers", "common", "misc", "base", "manager", "core"}
    assert path.stem not in {"types", "queue", "secrets", "logging", "signal", "select", "list"}
