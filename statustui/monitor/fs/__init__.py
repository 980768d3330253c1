"""Filesystems: mounts, and calls that may never return."""
