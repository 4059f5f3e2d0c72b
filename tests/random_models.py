"""Writes models with random weights for tests, with the script that people use for it."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "random_models.py"


def write_random_models(folder: Path, *names: str) -> Path:
    """Write the models of these names into the folder and return it."""
    command = [sys.executable, str(SCRIPT), "--out", str(folder), *names]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return folder
