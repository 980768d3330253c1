"""Tests of statustui.settings."""
