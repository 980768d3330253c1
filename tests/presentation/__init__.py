"""Tests of statustui.presentation."""
