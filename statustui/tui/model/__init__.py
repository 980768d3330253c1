"""The state behind the screens, without widgets."""
