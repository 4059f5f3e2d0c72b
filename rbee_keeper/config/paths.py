"""Where rbee keeps its files, by the XDG base directory rules."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The folders of one user; nothing is created until somebody writes."""

    config_dir: Path
    data_dir: Path
    state_dir: Path

    @property
    def config_file(self) -> Path:
        """The settings file that is read when `RBEE_CONFIG` names no other."""
        return self.config_dir / "config.toml"

    @property
    def models_dir(self) -> Path:
        """The folder of model files."""
        return self.data_dir / "models"

    @property
    def logs_dir(self) -> Path:
        """The folder of the daemons' and workers' log files."""
        return self.state_dir / "logs"

    @property
    def run_dir(self) -> Path:
        """The folder of records about live processes."""
        return self.state_dir / "run"

    @property
    def cut_answers_dir(self) -> Path:
        """The folder of answers that ended too early."""
        return self.state_dir / "cut-answers"


def user_paths() -> Paths:
    """Return the folders of the person who runs this process."""
    return Paths(
        config_dir=_folder("XDG_CONFIG_HOME", ".config") / "rbee",
        data_dir=_folder("XDG_DATA_HOME", ".local/share") / "rbee",
        state_dir=_folder("XDG_STATE_HOME", ".local/state") / "rbee",
    )


def _folder(variable: str, under_home: str) -> Path:
    value = os.environ.get(variable, "")
    return Path(value) if value.startswith("/") else Path.home() / under_home


def bundled_models_dir() -> Path:
    """Return the folder of the models that ship inside the package."""
    return Path(__file__).parent.parent / "models"
