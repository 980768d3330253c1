"""Tests of statustui.monitor.fs."""
