"""Free memory: the machine's, and what the container leaves of it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from rbee_keeper.machine.memory import UNKNOWN, available_in, free_in_groups, free_memory_bytes

NO_LIMIT = 2**63 - 1


def write(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


@pytest.mark.parametrize(
    ("files", "free"),
    [
        ({}, NO_LIMIT),
        ({"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "max\n"}, NO_LIMIT),
        (
            {
                "proc/self/cgroup": "0::/a\n",
                "sys/fs/cgroup/a/memory.max": "1000\n",
                "sys/fs/cgroup/a/memory.current": "700\n",
            },
            300,
        ),
        (
            {
                "proc/self/cgroup": "0::/a\n",
                "sys/fs/cgroup/a/memory.max": "1000\n",
                "sys/fs/cgroup/a/memory.current": "700\n",
                "sys/fs/cgroup/a/memory.stat": "anon 100\ninactive_file 500\n",
            },
            800,
        ),
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/memory.max": "500\n",
                "sys/fs/cgroup/a/memory.current": "600\n",
                "sys/fs/cgroup/a/b/memory.max": "9000\n",
                "sys/fs/cgroup/a/b/memory.current": "1\n",
            },
            0,
        ),
        (
            {
                "proc/self/cgroup": "3:memory:/a\n",
                "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1000\n",
                "sys/fs/cgroup/memory/a/memory.usage_in_bytes": "400\n",
                "sys/fs/cgroup/memory/a/memory.stat": "total_inactive_file 100\n",
            },
            700,
        ),
    ],
)
def test_a_container_has_what_its_limit_leaves(tmp_path: Path, files: dict[str, str], free: int) -> None:
    """The machine may have much more; the kernel ends who takes it. Pages of files are given back first."""
    assert free_in_groups(write(tmp_path, files)) == free


def test_the_kernels_own_figure_is_read() -> None:
    """It knows what can be given back; nobody else does."""
    assert available_in("MemTotal: 10 kB\nMemAvailable:    7 kB\n") == 7168
    assert available_in("MemTotal: 10 kB\n") is None


def test_the_figure_is_that_of_this_machine() -> None:
    """Within what other processes do meanwhile."""
    free = free_memory_bytes()
    assert 0 < free <= psutil.virtual_memory().total
    if free_in_groups() > psutil.virtual_memory().total:
        assert free == pytest.approx(psutil.virtual_memory().available, rel=0.5)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root can take /proc away")
def test_without_the_kernels_figures_everything_counts_as_free() -> None:
    """Some containers have no /proc; a load that may fail is better than a raw error of a file."""
    code = "from rbee_keeper.machine.memory import free_memory_bytes as free; print(free())"
    script = f'mount -t tmpfs none /proc && exec {sys.executable} -c "{code}"'
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=False)
    if "unshare failed" in done.stderr or "mount" in done.stderr:
        pytest.skip("this container may not mount")
    assert (done.stdout.strip(), done.stderr) == (str(UNKNOWN), "")
