"""Tests of statustui.tui.terminal."""
