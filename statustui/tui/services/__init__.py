"""Background services of the screens: updates, alarms, saving the session."""
