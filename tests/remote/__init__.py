"""Roots on other hosts."""
