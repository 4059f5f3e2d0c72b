"""CPUs: cores are counted once, and containers get what they were given."""

from pathlib import Path

import pytest

from rbee_keeper.machine.cpus import count_cores, quota, usable_cores, usable_cpus


def write(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def siblings(root: Path, pairs: dict[int, str]) -> Path:
    return write(
        root, {f"sys/devices/system/cpu/cpu{n}/topology/thread_siblings_list": f"{s}\n" for n, s in pairs.items()}
    )


def test_two_threads_of_one_core_are_one_core(tmp_path: Path) -> None:
    """They share the units that multiply."""
    root = siblings(tmp_path, {0: "0,4", 1: "1,5", 2: "2,6", 3: "3,7", 4: "0,4", 5: "1,5", 6: "2,6", 7: "3,7"})
    assert count_cores(range(8), root) == 4
    assert count_cores({0, 4}, root) == 1
    assert count_cores({0, 5}, root) == 2


def test_processors_without_a_description_are_cores(tmp_path: Path) -> None:
    """Containers may hide the description; one thread would then be too few."""
    assert count_cores(range(6), tmp_path) == 6
    assert count_cores((), tmp_path) == 1


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({}, float("inf")),
        ({"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "max 100000\n"}, float("inf")),
        ({"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "150000 100000\n"}, 1.5),
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/cpu.max": "200000 100000\n",
                "sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
            },
            2.0,
        ),
        ({"proc/self/cgroup": "0::/gone/far\n", "sys/fs/cgroup/cpu.max": "300000 100000\n"}, 3.0),
        (
            {
                "proc/self/cgroup": "4:cpu,cpuacct:/a\n3:memory:/a\n",
                "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "250000\n",
                "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n",
            },
            2.5,
        ),
        (
            {
                "proc/self/cgroup": "4:cpu,cpuacct:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            float("inf"),
        ),
        ({"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "nonsense\n"}, float("inf")),
    ],
)
def test_the_tightest_limit_of_all_groups_above_holds(tmp_path: Path, files: dict[str, str], limit: float) -> None:
    """A worker with more threads than its quota is stopped in the middle of every step."""
    assert quota(write(tmp_path, files)) == limit


def test_this_machine_has_cores_and_no_more_of_them_than_processors() -> None:
    """Whatever it is."""
    assert 1 <= usable_cores() <= usable_cpus()
