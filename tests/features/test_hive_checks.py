"""Runs `hive_checks.feature`; its steps are in `conftest.py`."""

from pytest_bdd import scenarios

scenarios("hive_checks.feature")
