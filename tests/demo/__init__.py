"""Tests of statustui.demo."""
