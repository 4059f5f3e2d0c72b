"""Writes every file that follows from the code; with `--check`, names those out of step and exits with 1."""

import sys
from pathlib import Path

from generator.chat_reference import chat_files
from generator.command_line import read_application
from generator.completions import completion_files
from generator.daemon_programs import read_daemon_programs
from generator.http_api import http_api_files
from generator.man_pages import man_files
from generator.reference import reference_files
from generator.rhai_reference import rhai_files

ROOT = Path(__file__).resolve().parent.parent
WRITTEN_BY_HAND = {ROOT / "docs" / "reference" / name for name in ("constrained-output.md", "metrics.md")}


def generated_files() -> dict[Path, str]:
    """Return the content of every generated file by its path."""
    root, daemons = read_application(), read_daemon_programs()
    files = completion_files(root) | man_files(root, daemons) | reference_files(root, daemons)
    files |= http_api_files() | rhai_files() | chat_files()
    return {ROOT / name: content for name, content in files.items()}


def out_of_step(wanted: dict[Path, str]) -> list[Path]:
    """Return the files that differ from what they should be, those that nothing generates any more included."""
    differing = [path for path, content in wanted.items() if not path.is_file() or path.read_text() != content]
    folders = {path.parent for path in wanted}
    present = [path for folder in folders if folder.is_dir() for path in folder.iterdir() if path not in wanted]
    extra = [path for path in present if path not in WRITTEN_BY_HAND]
    return sorted([*differing, *extra])


def write(wanted: dict[Path, str]) -> None:
    """Bring the files into step."""
    for path in out_of_step(wanted):
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path])
            print(f"wrote {path.relative_to(ROOT)}")
        else:
            path.unlink()
            print(f"removed {path.relative_to(ROOT)}")


def main() -> None:
    """Do what the command line says."""
    wanted = generated_files()
    if "--check" not in sys.argv[1:]:
        write(wanted)
        return
    differing = out_of_step(wanted)
    for path in differing:
        print(f"out of step: {path.relative_to(ROOT)}")
    if differing:
        print("run make generate")
        sys.exit(1)


if __name__ == "__main__":
    main()
