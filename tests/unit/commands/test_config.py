"""`rbee config` as a person types it, in a process of its own."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

TOKEN = "a-token-that-nobody-may-see"


class Person:
    """Somebody with folders of their own."""

    def __init__(self, folder: Path) -> None:
        """Nothing is there yet."""
        self.folder = folder
        self.file = folder / "config" / "rbee" / "config.toml"

    def has(self, text: str) -> None:
        """Write the settings file."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(text)

    def types(self, *arguments: str, typed: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `rbee config`."""
        names = {"XDG_CONFIG_HOME": "config", "XDG_DATA_HOME": "data", "XDG_STATE_HOME": "state"}
        own = {name: str(self.folder / part) for name, part in names.items()}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RBEE_")}
        return subprocess.run(
            [sys.executable, "-m", "rbee_keeper", "config", *arguments],
            env={**kept, **own, **variables},
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def person(tmp_path: Path) -> Person:
    """One without settings."""
    return Person(tmp_path)


def test_a_setting_is_written_shown_with_its_source_and_found_by_its_file(person: Person) -> None:
    """The way of a value from the keyboard into the file and back."""
    assert person.types("path").stdout == f"{person.file}\n"
    assert not json.loads(person.types("path", "--json").stdout)["exists"]
    done = person.types("set", "queen.port", "2001")
    assert (done.returncode, done.stdout) == (0, f"queen.port is written to {person.file}\n")
    assert stat.S_IMODE(person.file.stat().st_mode) == 0o600
    assert list(person.file.parent.iterdir()) == [person.file]
    assert json.loads(person.types("path", "--json").stdout) == {"path": str(person.file), "exists": True}
    shown = json.loads(person.types("show", "--json", RBEE_HIVE_PORT="2002").stdout)
    by_name = {each["setting"]: (each["value"], each["source"]) for each in shown}
    assert by_name["queen.port"] == (2001, f"file {person.file} [queen]")
    assert by_name["hive.port"] == (2002, "environment RBEE_HIVE_PORT")
    assert by_name["engine.slots"] == (0, "default")
    line = next(line for line in person.types("show").stdout.splitlines() if line.startswith("queen.port"))
    assert line.split() == ["queen.port", "2001", "file", str(person.file), "[queen]"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("queen.port", "80"), "queen.port must be between 1024 and 65535"),
        (("engine.slots", "-1"), "engine.slots must be between 0 and 256"),
        (("queen.prt", "80"), "there is no setting 'queen.prt'"),
    ],
)
def test_a_wrong_value_leaves_the_file_as_it_was(person: Person, arguments: tuple[str, str], words: str) -> None:
    """A file that is half right stops every command."""
    person.has("# mine\n[queen]\nport = 2001\n")
    done = person.types("set", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert person.file.read_text() == "# mine\n[queen]\nport = 2001\n"


def test_a_token_comes_from_standard_input_and_is_never_shown(person: Person) -> None:
    """Arguments can be read by everybody on the machine, and a screen by who looks at it."""
    done = person.types("set", "api_token", "-", typed=f"{TOKEN}\n")
    assert person.file.read_text() == f'api_token = "{TOKEN}"\n'
    shown = [done, person.types("show"), person.types("show", "--json")]
    assert all(each.returncode == 0 and TOKEN not in each.stdout + each.stderr for each in shown)
    assert "********" in shown[1].stdout


def test_what_overrules_the_file_is_named(person: Person) -> None:
    """A change that does nothing must not look like one that does."""
    done = person.types("set", "queen.port", "2001", RBEE_QUEEN_PORT="2002")
    assert done.returncode == 0
    assert "environment RBEE_QUEEN_PORT wins over the file: 2002" in done.stderr


def test_a_file_behind_a_link_stays_behind_it(person: Person) -> None:
    """Many people keep their settings in a folder of their own and link to them."""
    real = person.folder / "real.toml"
    real.write_text("# mine\n")
    person.file.parent.mkdir(parents=True)
    person.file.symlink_to(real)
    mode = person.folder.stat().st_mode
    assert person.types("set", "queen.port", "2001").returncode == 0
    assert person.file.is_symlink()
    assert real.read_text() == "# mine\n\n[queen]\nport = 2001\n"
    assert person.folder.stat().st_mode == mode


def test_a_file_of_flat_names_is_read_with_one_line_of_warning(person: Person) -> None:
    """People who come from 0.1.0 lose nothing and learn what to change."""
    person.has("queen_port = 2001\nslots = 2\n")
    done = person.types("show")
    assert done.returncode == 0
    assert done.stderr == f"{person.file}: queen_port is now port in [queen], slots is now in [engine]\n"


def test_a_file_that_is_wrong_is_refused_with_the_right_place(person: Person) -> None:
    """As by every other command."""
    person.has("[hive]\nlease_s = 3\n")
    done = person.types("show")
    assert done.returncode == 1
    assert "lease_s does not belong in [hive]: there is lease_s in [queen]" in done.stderr


def test_without_a_verb_it_shows_its_help(person: Person) -> None:
    """As every group does."""
    done = person.types()
    assert done.returncode == 2
    assert "show" in done.stdout + done.stderr
