"""The terminal as Textual drives it: keys, frames, signals and control sequences."""
