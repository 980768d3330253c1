"""Tests of statustui.tui.model."""
