"""Targets for a fuzzer, to be started as scripts."""
