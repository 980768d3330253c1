"""Tests of statustui.tui."""
