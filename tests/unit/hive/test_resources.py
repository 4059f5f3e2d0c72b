"""Resources: what this machine says about itself."""

import sys
from pathlib import Path

from rbee_keeper.hive.resources import backends_report, resources_report


def test_every_known_backend_is_reported_with_whether_it_is_there() -> None:
    """6.4; metal exists on one system only."""
    report = {each["name"]: each["available"] for each in backends_report()}
    assert set(report) == {"cpu", "cuda", "metal"}
    assert report["metal"] is (sys.platform == "darwin")


def test_memory_and_disk_are_reported_before_the_models_folder_exists(tmp_path: Path) -> None:
    """The first question of a fresh installation (6.4)."""
    report = resources_report(tmp_path / "not" / "yet" / "there")
    assert 0 < report["ram_available_gb"] <= report["ram_total_gb"]
    assert 0 <= report["disk_available_gb"] <= report["disk_total_gb"]
    assert report["processors"] >= 1
