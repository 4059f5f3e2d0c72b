"""Runs `worker_start.feature`; its steps are in `conftest.py`."""

from pytest_bdd import scenarios

scenarios("worker_start.feature")
