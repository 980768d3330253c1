"""Asks batch schedulers about jobs: one module for each, with the same small interface."""
