"""Tests of statustui.monitor."""
