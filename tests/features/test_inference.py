"""Runs `inference.feature`; its steps are in `conftest.py`."""

from pytest_bdd import scenarios

scenarios("inference.feature")
