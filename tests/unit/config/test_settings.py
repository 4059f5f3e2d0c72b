"""Settings: their order of precedence, and every kind of wrong value."""

import os
from pathlib import Path
from typing import Any

import pytest

from rbee_keeper.config.paths import Paths
from rbee_keeper.config.settings import (
    SETTING_FIELDS,
    Settings,
    environment_for_children,
    load_settings,
    purpose_of,
)
from rbee_keeper.errors import ConfigInvalid, InvalidInput


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Folders of nobody else."""
    folders = Paths(config_dir=tmp_path / "config", data_dir=tmp_path / "data", state_dir=tmp_path / "state")
    folders.config_dir.mkdir()
    return folders


def write(paths: Paths, text: str | bytes) -> Path:
    """Write the settings file."""
    data = text.encode() if isinstance(text, str) else text
    paths.config_file.write_bytes(data)
    return paths.config_file


def test_a_typed_flag_beats_the_environment_which_beats_the_file_which_beats_the_default(paths: Paths) -> None:
    """The nearer to the person's fingers a value is, the more it counts."""
    assert load_settings({}, {}, paths).queen_port == 8080
    write(paths, "queen_port = 2001")
    assert load_settings({}, {}, paths).queen_port == 2001
    environment = {"RBEE_QUEEN_PORT": "2002"}
    assert load_settings({}, environment, paths).queen_port == 2002
    assert load_settings({"queen_port": 2003}, environment, paths).queen_port == 2003


@pytest.mark.parametrize("flags", [{"queen_port": 80}, {"queen_port": 70_000}, {"stall_s": -1.0}])
def test_a_wrong_flag_is_refused_like_every_other_source(paths: Paths, flags: dict[str, Any]) -> None:
    """Not every program's option parser knows the limits."""
    with pytest.raises(InvalidInput, match="the command line"):
        load_settings(flags, {}, paths)


def test_a_flag_that_was_not_typed_does_not_count(paths: Paths) -> None:
    """A command's unused options must not undo the settings file."""
    write(paths, "queen_port = 2001")
    assert load_settings({"queen_port": None}, {}, paths).queen_port == 2001


def test_the_named_file_is_read_instead_of_the_users(paths: Paths, tmp_path: Path) -> None:
    """One machine may run two queens, each with a file of its own."""
    write(paths, "queen_port = 2001")
    other = tmp_path / "other.toml"
    other.write_text("queen_port = 2005")
    assert load_settings({}, {"RBEE_CONFIG": str(other)}, paths).queen_port == 2005


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("queen_host", '"::1"', "::1"),
        ("queen_port", "2000", 2000),
        ("stall_s", "2", 2.0),
        ("stall_s", "2.5", 2.5),
        ("fake_workers", "true", True),
        ("model_roots", '["/a", "/b"]', (Path("/a"), Path("/b"))),
        ("model_roots", "[]", ()),
    ],
)
def test_every_kind_of_value_can_stand_in_the_file(paths: Paths, name: str, text: str, value: Any) -> None:
    """TOML has types of its own; a whole number is also a duration."""
    write(paths, f"{name} = {text}")
    found = getattr(load_settings({}, {}, paths), name)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("queen_host", "::1", "::1"),
        ("queen_port", "2000", 2000),
        ("stall_s", "2.5", 2.5),
        ("stall_s", "3", 3.0),
        ("fake_workers", "1", True),
        ("fake_workers", "OFF", False),
        ("fake_workers", "yes", True),
        ("model_roots", "/a:/b", (Path("/a"), Path("/b"))),
        ("model_roots", "", ()),
        ("model_roots", "~/m", (Path.home() / "m",)),
    ],
)
def test_every_kind_of_value_can_stand_in_the_environment(paths: Paths, name: str, text: str, value: Any) -> None:
    """Containers and services are configured by environment alone."""
    assert getattr(load_settings({}, {f"RBEE_{name.upper()}": text}, paths), name) == value


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('queen_port = "8080"', "queen_port must be a whole number"),
        ("queen_port = true", "queen_port must be a whole number"),
        ("queen_port = 8080.0", "queen_port must be a whole number"),
        ("queen_port = 80", "queen_port must be between 1024 and 65535"),
        ("queen_port = 65536", "queen_port must be between 1024 and 65535"),
        ('stall_s = "60"', "stall_s must be a number"),
        ("stall_s = -1", "stall_s must be at least 0.1"),
        ("stall_s = nan", "stall_s must be at least 0.1"),
        ("stall_s = inf", "stall_s must be"),
        ("slots = -1", "slots must be between 0 and 256"),
        ("slots = 257", "slots must be between 0 and 256"),
        ("lease_s = 0", "lease_s must be at least 0.1"),
        ("fake_workers = 1", "fake_workers must be true or false"),
        ("queen_host = 1", "queen_host must be a text"),
        ('model_roots = "/a"', "model_roots must be a list of paths"),
        ("model_roots = [1]", "model_roots must be a list of paths"),
        ("quen_port = 1", "there is no setting 'quen_port'"),
        ("[queen]\nport = 1", "queen.port must be between 1024 and 65535"),
    ],
)
def test_a_wrong_value_in_the_file_is_refused_with_file_field_and_expected_type(
    paths: Paths, line: str, words: str
) -> None:
    """A typing error in the settings must not become a different behaviour (18.3)."""
    file = write(paths, line)
    with pytest.raises(ConfigInvalid) as caught:
        load_settings({}, {}, paths)
    assert words in caught.value.message
    assert str(file) in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("variable", "text", "words"),
    [
        ("RBEE_QUEEN_PORT", "http", "queen_port must be a whole number"),
        ("RBEE_QUEEN_PORT", "", "queen_port must be a whole number"),
        ("RBEE_QUEEN_PORT", "8080.5", "queen_port must be a whole number"),
        ("RBEE_QUEEN_PORT", "99999", "queen_port must be between"),
        ("RBEE_STALL_S", "soon", "stall_s must be a number"),
        ("RBEE_STALL_S", "-1", "stall_s must be at least 0.1"),
        ("RBEE_STALL_S", "nan", "stall_s must be at least 0.1"),
        ("RBEE_FAKE_WORKERS", "maybe", "fake_workers must be true or false"),
        ("RBEE_SLOTS", "257", "slots must be between 0 and 256"),
        ("RBEE_HEARTBEAT_S", "0", "heartbeat_s must be at least 0.1"),
    ],
)
def test_a_wrong_value_in_the_environment_is_refused_by_the_variables_name(
    paths: Paths, variable: str, text: str, words: str
) -> None:
    """The person must learn where the value comes from."""
    with pytest.raises(ConfigInvalid) as caught:
        load_settings({}, {variable: text}, paths)
    assert words in caught.value.message
    assert variable in caught.value.message
    assert variable in caught.value.hint


@pytest.mark.parametrize("data", [b"queen_port = ", b"\xff\xfe", b"a = 1\na = 2", b"queen_port"], ids=str)
def test_a_file_that_is_not_toml_is_refused_by_its_name(paths: Paths, data: bytes) -> None:
    """A broken file must not be taken for an empty one."""
    file = write(paths, data)
    with pytest.raises(ConfigInvalid, match=str(file)):
        load_settings({}, {}, paths)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read_is_refused(paths: Paths) -> None:
    """Settings that are skipped in silence leave a queen without its token."""
    write(paths, "queen_port = 2001").chmod(0)
    with pytest.raises(ConfigInvalid):
        load_settings({}, {}, paths)


@pytest.mark.parametrize("target", ["missing.toml", "."])
def test_a_named_file_must_be_a_file(paths: Paths, tmp_path: Path, target: str) -> None:
    """Whoever names a file wants that file, not the defaults."""
    with pytest.raises(ConfigInvalid, match="RBEE_CONFIG"):
        load_settings({}, {"RBEE_CONFIG": str(tmp_path / target)}, paths)


def test_empty_and_foreign_variables_are_no_settings(paths: Paths) -> None:
    """`RBEE_CONFIG=` means unset, and other programs may use the prefix."""
    assert load_settings({}, {"RBEE_CONFIG": "", "RBEE_SOMETHING": "x"}, paths) == Settings(paths=paths)


def test_children_get_the_same_settings_from_their_environment(paths: Paths) -> None:
    """Flags typed at the keeper must reach the worker three processes away."""
    settings = load_settings(
        {"queen_port": 2001, "fake_workers": True, "stall_s": 1.5}, {"RBEE_MODEL_ROOTS": "/a:/b"}, paths
    )
    assert load_settings({}, environment_for_children(settings), paths) == settings


def test_a_flag_that_says_the_default_still_beats_environment_and_file_in_the_children(paths: Paths) -> None:
    """A default that is not passed on lets a child fall back to what the person has just overruled."""
    write(paths, "stall_s = 5")
    environment = {"RBEE_STALL_S": "7", "RBEE_QUEEN_PORT": "2002"}
    settings = load_settings({"stall_s": 60.0, "queen_port": 8080}, environment, paths)
    child = load_settings({}, {**environment, **environment_for_children(settings)}, paths)
    assert (child.stall_s, child.queen_port) == (60.0, 8080)


@pytest.mark.parametrize(
    "name", ["idle_s", "drain_s", "stop_grace_s", "threads", "context_tokens", "memory_reserve_bytes"]
)
def test_zero_is_a_value_where_it_means_something(paths: Paths, name: str) -> None:
    """Never, at once, automatic: these are documented."""
    assert getattr(load_settings({}, {f"RBEE_{name.upper()}": "0"}, paths), name) == 0


def test_the_token_reaches_children_by_environment_only_when_asked(paths: Paths) -> None:
    """The environment of a process can be read by others; a lifeline cannot."""
    settings = load_settings({"api_token": "s3cret-token-value"}, {}, paths)
    assert "RBEE_API_TOKEN" not in environment_for_children(settings)
    assert environment_for_children(settings, with_token=True)["RBEE_API_TOKEN"] == "s3cret-token-value"


@pytest.mark.parametrize("setting", SETTING_FIELDS, ids=lambda each: each.name)
def test_every_setting_explains_itself_and_carries_its_unit(setting: Any) -> None:
    """The explanation is what `rbee doctor` prints; a bare number without a unit is a trap."""
    assert purpose_of(setting.name).endswith(".")
    if type(setting.default) is float:
        assert setting.name.endswith("_s")
    if "memory" in setting.name or "limit_bytes" in setting.name:
        assert setting.name.endswith("_bytes")


def test_the_limits_are_those_of_the_contract(paths: Paths) -> None:
    """Other implementations and the documentation rely on these figures."""
    settings = Settings(paths=paths)
    assert (settings.queen_port, settings.hive_port, settings.worker_first_port) == (8080, 9200, 8001)
    assert (settings.queen_host, settings.hive_host) == ("127.0.0.1", "127.0.0.1")
    assert (settings.stall_s, settings.worker_start_s, settings.worker_load_s) == (60, 30, 300)
    assert (settings.health_check_s, settings.health_limit_s, settings.idle_s, settings.idle_check_s) == (
        30,
        5,
        300,
        60,
    )
    assert (settings.queue_limit, settings.body_limit_bytes, settings.task_timeout_s) == (100, 1_048_576, 300)
    assert settings.fake_workers is False


@pytest.mark.parametrize("name", [os.fsdecode(b"\xff"), " ", "../m"])
def test_a_default_model_that_names_none_is_refused_when_settings_are_read(paths: Paths, name: str) -> None:
    """One that could not be sent ended a standing queen with its first task."""
    with pytest.raises(ConfigInvalid, match="default_model"):
        load_settings(environment={"RBEE_DEFAULT_MODEL": name}, paths=paths)
