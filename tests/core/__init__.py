"""Tests of statustui.core."""
