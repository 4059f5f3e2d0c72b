"""Runs `lifecycle.feature`; its steps are in `conftest.py`."""

from pytest_bdd import scenarios

scenarios("lifecycle.feature")
