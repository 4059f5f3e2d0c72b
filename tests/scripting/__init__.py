"""Tests of what routing scripts see."""
