"""Fixtures that every test may use."""

import pathlib
from collections.abc import Generator, Iterator

import pytest

from .programs import Home

_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember for the fixtures that a test failed, so that they can show the logs."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


@pytest.fixture
def home(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> Iterator[Home]:
    """Give the test folders, ports and programs of its own, and prove afterwards that no process is left."""
    folder = tmp_path / "world"
    folder.mkdir()
    world = Home(folder)
    yield world
    left = world.end()
    if request.node.stash.get(_FAILED, False) or left:
        print(world.all_logs())
    assert not left, f"processes were left behind: {left}"
