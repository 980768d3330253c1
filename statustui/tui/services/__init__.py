"""What works in the background of the screens."""
