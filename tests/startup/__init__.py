"""Tests of statustui.startup."""
