"""Changing one setting in the text of a settings file."""

from pathlib import Path

import pytest

from rbee_keeper.config.settings import SETTING_FIELDS
from rbee_keeper.config.settings_edit import file_to_read, file_to_write, setting_called, with_value
from rbee_keeper.config.settings_file import place_of, values_of
from rbee_keeper.errors import ConfigInvalid, InvalidInput

FILE = """# mine
default_model = "bee-tiny"  # small

# who answers
[queen]
# not the usual one
port = 2001  # free here

[engine]
slots = 2
"""


def edited(text: str, name: str, typed: str) -> str:
    """Return the text with the value."""
    return with_value(text, setting_called(name), typed, "config.toml")


def test_a_change_keeps_comments_and_order() -> None:
    """The file is the person's; only the value asked for is ours to change."""
    assert edited(FILE, "queen.port", "2002") == FILE.replace("2001", "2002")
    assert edited(FILE, "default_model", "other") == FILE.replace("bee-tiny", "other")


def test_a_new_setting_goes_into_its_section() -> None:
    """It stands where the next reader looks for it."""
    assert edited(FILE, "queen.host", "::1") == FILE.replace("free here\n", 'free here\nhost = "::1"\n')
    assert "[hive]\nport = 2003\n" in edited(FILE, "hive.port", "2003")


def test_a_general_setting_is_written_above_the_sections() -> None:
    """Below a heading it would belong to that section."""
    text = edited(FILE, "fake_workers", "yes")
    assert text.index("fake_workers = true") < text.index("[queen]")


def test_a_flat_name_gives_way_to_the_new_place_and_its_comment_goes_with_it() -> None:
    """Both at once are refused by the reader."""
    text = edited("queen_port = 2001  # why\n# more\n", "queen_port", "2002")
    assert "queen_port" not in text
    assert "[queen]\nport = 2002 # why" in text
    assert "# more" in text


@pytest.mark.parametrize("setting", SETTING_FIELDS, ids=lambda each: each.name)
def test_every_setting_can_be_written_and_is_read_again(setting: object) -> None:
    """Each kind of value, in each section, into an empty file and into one with every section."""
    default = setting.default  # type: ignore[attr-defined]
    typed = "/a:/b=0.5" if default == () else str(default)
    wanted = (Path("/a"), Path("/b=0.5")) if default == () else default
    sections = "".join(f"[{name}]\n" for name in ("limits", "engine", "worker", "hive", "queen"))
    for text in ("", sections):
        result = with_value(text, setting, typed, "config.toml")  # type: ignore[arg-type]
        values, moved = values_of(result, SETTING_FIELDS, "config.toml")
        assert (values, moved) == ({setting.name: wanted}, {})  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("queen.port", "80", "queen.port must be between 1024 and 65535"),
        ("engine.slots", "many", "engine.slots must be a whole number"),
        ("engine.flash_attention", "maybe", "engine.flash_attention must be one of"),
        ("default_model", "../m", "default_model must be a model reference"),
    ],
)
def test_a_wrong_value_is_refused(name: str, typed: str, words: str) -> None:
    """It would stop every command from then on."""
    with pytest.raises(InvalidInput, match=words):
        edited(FILE, name, typed)


def test_a_name_that_is_none_is_refused_with_the_nearest() -> None:
    """Most wrong names are typing errors."""
    with pytest.raises(InvalidInput) as caught:
        setting_called("quen.port")
    assert "queen.port" in caught.value.hint


@pytest.mark.parametrize("text", ["queen_port = ", "queen = 1", "[queen]\nprt = 1", "stall_s = -1"])
def test_a_file_that_is_wrong_elsewhere_is_not_written(text: str) -> None:
    """What cannot be read must not be taken for what the person meant."""
    with pytest.raises(ConfigInvalid, match=r"config\.toml"):
        edited(text, "queen.port", "2002")


def test_a_wrong_value_can_be_put_right() -> None:
    """It is what a person does after the error about it."""
    assert edited("[queen]\nport = 80\n", "queen.port", "2002") == "[queen]\nport = 2002\n"


def test_the_file_of_the_machine_is_not_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Others depend on it, and a file of the user's beside it would hide all that it says."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("RBEE_CONFIG", raising=False)
    system = tmp_path / "system.toml"
    assert file_to_write() == tmp_path / "rbee" / "config.toml"
    system.touch()
    monkeypatch.setattr("rbee_keeper.config.settings_file.SYSTEM_CONFIG_FILE", system)
    monkeypatch.setattr("rbee_keeper.config.settings_edit.SYSTEM_CONFIG_FILE", system)
    assert file_to_read() == system
    with pytest.raises(ConfigInvalid, match="everybody"):
        file_to_write()


def test_places_are_what_set_accepts() -> None:
    """What `show` prints can be typed."""
    assert all(setting_called(place_of(each)) is each for each in SETTING_FIELDS)
    assert all(setting_called(each.name) is each for each in SETTING_FIELDS)
