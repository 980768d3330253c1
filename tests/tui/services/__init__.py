"""Tests of statustui.tui.services."""
