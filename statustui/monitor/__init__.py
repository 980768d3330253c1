"""Watches directory trees in threads, and delivers their changes in batches."""
