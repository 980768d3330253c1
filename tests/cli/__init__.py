"""Tests of statustui.cli."""
