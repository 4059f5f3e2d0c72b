"""Tests: hive."""
