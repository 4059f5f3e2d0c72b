"""Ends the process that all tests of chats share."""

from collections.abc import Iterator

import pytest

from .rendering import RENDERER


@pytest.fixture(scope="package", autouse=True)
def _renderer_ends() -> Iterator[None]:
    """Nothing that tests start may outlive them."""
    yield
    RENDERER.close()
