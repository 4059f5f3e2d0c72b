"""Paths: the XDG folders."""

import json
import subprocess
import sys
from pathlib import Path

CODE = """
import json
from rbee_keeper.config.paths import user_paths
paths = user_paths()
print(json.dumps([str(each) for each in (paths.config_file, paths.models_dir, paths.logs_dir, paths.run_dir)]))
"""


def folders(**environment: str) -> list[str]:
    """Return the folders that a fresh process finds."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=environment)
    found = json.loads(done.stdout)
    assert isinstance(found, list)
    return found


def test_files_lie_where_the_xdg_rules_say(tmp_path: Path) -> None:
    """Back-ups, disk quotas and other programs know these folders."""
    assert folders(HOME=str(tmp_path)) == [
        f"{tmp_path}/.config/rbee/config.toml",
        f"{tmp_path}/.local/share/rbee/models",
        f"{tmp_path}/.local/state/rbee/logs",
        f"{tmp_path}/.local/state/rbee/run",
    ]


def test_the_xdg_variables_move_them(tmp_path: Path) -> None:
    """Containers and tests put their state elsewhere."""
    found = folders(HOME="/nowhere", XDG_CONFIG_HOME="/c", XDG_DATA_HOME="/d", XDG_STATE_HOME="/s")
    assert found == ["/c/rbee/config.toml", "/d/rbee/models", "/s/rbee/logs", "/s/rbee/run"]


def test_a_relative_xdg_variable_counts_as_unset(tmp_path: Path) -> None:
    """The specification says so; otherwise the state would follow the working directory."""
    assert folders(HOME=str(tmp_path), XDG_STATE_HOME="state")[2] == f"{tmp_path}/.local/state/rbee/logs"
