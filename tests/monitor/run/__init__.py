"""Tests of statustui.monitor.run."""
