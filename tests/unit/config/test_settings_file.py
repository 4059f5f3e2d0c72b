"""The settings file: its sections, the flat names of 0.1.0, and names that stand in the wrong place."""

import logging
from collections import Counter
from pathlib import Path

import pytest

from rbee_keeper.config.paths import Paths
from rbee_keeper.config.settings import SETTING_FIELDS, Settings, effective_settings, load_settings
from rbee_keeper.config.settings_file import SECTIONS, place_of
from rbee_keeper.errors import ConfigInvalid

LOGGER = "rbee_keeper.config.settings_file"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Folders of nobody else."""
    folders = Paths(config_dir=tmp_path / "config", data_dir=tmp_path / "data", state_dir=tmp_path / "state")
    folders.config_dir.mkdir()
    return folders


def read(paths: Paths, text: str) -> Settings:
    """Return the settings of a file of that text."""
    paths.config_file.write_text(text)
    return load_settings({}, {}, paths)


def test_every_setting_has_one_place_of_its_own() -> None:
    """Two settings in one place could not both be written; one without a place could not be written at all."""
    places = [place_of(each) for each in SETTING_FIELDS]
    assert [place for place, count in Counter(places).items() if count > 1] == []
    parts = [place.rpartition(".") for place in places]
    assert {section for section, _, _ in parts} == {"", *SECTIONS}
    assert all(key and not key.startswith(f"{section}_") for section, _, key in parts)


def test_a_general_setting_is_called_by_its_flat_name() -> None:
    """It stands in the same part of the file as the flat names of 0.1.0, so no place may be another's flat name."""
    general = {place_of(each): each.name for each in SETTING_FIELDS if "." not in place_of(each)}
    assert all(place == name for place, name in general.items())
    assert general.keys().isdisjoint(SECTIONS)


def test_a_file_is_read_by_section(paths: Paths, caplog: pytest.LogCaptureFixture) -> None:
    """Each part of the program has its part of the file."""
    text = """
default_model = "bee-tiny"
[queen]
port = 2001
[hive]
port = 2002
[worker]
first_port = 2003
[engine]
slots = 3
log_level = "ERROR"
[limits]
workers = 5
"""
    found = read(paths, text)
    assert (found.queen_port, found.hive_port, found.worker_first_port) == (2001, 2002, 2003)
    assert (found.slots, found.engine_log_level, found.workers_limit) == (3, "ERROR", 5)
    assert caplog.records == []


def test_flat_names_are_still_read_and_one_warning_names_their_new_places(
    paths: Paths, caplog: pytest.LogCaptureFixture
) -> None:
    """A file of 0.1.0 must go on working, and its owner must learn once what to change."""
    with caplog.at_level(logging.WARNING, LOGGER):
        found = read(paths, 'queen_port = 2001\nslots = 3\ndefault_model = "bee-tiny"')
        load_settings({}, {}, paths)
    assert (found.queen_port, found.slots) == (2001, 3)
    told = f"{paths.config_file}: queen_port is now port in [queen], slots is now in [engine]"
    assert [record.getMessage() for record in caplog.records] == [told]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[hive]\nlease_s = 3", "lease_s does not belong in [hive]: there is lease_s in [queen]"),
        ("[queen]\nqueen_port = 2001", "queen_port does not belong in [queen]: there is port in [queen]"),
        ("[engine]\nport = 2001", "port does not belong in [engine]: there is port in [queen] and port in [hive]"),
        ("port = 2001", "port does not belong at the top of the file: there is port in [queen] and port in [hive]"),
        (
            "[queen]\nslots = 3\n",
            "slots does not belong in [queen]: there is slots in [engine]",
        ),
        ("[queen]\nfake_workers = true", "there is fake_workers at the top of the file"),
        ("[queen]\nprt = 2001", "there is no setting 'prt' in [queen]"),
        ("[quen]\nport = 2001", "there is no section [quen]"),
        ("queen = 2001", "queen is a section"),
        ("queen_port = 2001\n[queen]\nport = 2001", "queen.port is there twice, also as queen_port"),
        ("[queen.port]\nx = 1", "queen.port must be a whole number"),
        ("[queen]\nport = 80", "queen.port must be between 1024 and 65535"),
    ],
)
def test_a_name_in_the_wrong_place_is_refused_with_the_right_one(paths: Paths, text: str, words: str) -> None:
    """A setting that is overlooked in silence is a behaviour that nobody asked for."""
    with pytest.raises(ConfigInvalid) as caught:
        read(paths, text)
    assert words in caught.value.message
    assert str(paths.config_file) in caught.value.message
    assert caught.value.hint


def test_every_value_names_its_source(paths: Paths) -> None:
    """Who wonders why a setting does not hold must see what overrules it."""
    paths.config_file.write_text("fake_workers = true\n[queen]\nport = 2001\n[hive]\nport = 2002")
    found = effective_settings({"stall_s": 3.0}, {"RBEE_HIVE_PORT": "2003"}, paths)
    assert found["queen_port"] == (2001, f"file {paths.config_file} [queen]")
    assert found["fake_workers"] == (True, f"file {paths.config_file}")
    assert found["hive_port"] == (2003, "environment RBEE_HIVE_PORT")
    assert found["stall_s"] == (3.0, "flag")
    assert found["slots"] == (0, "default")
