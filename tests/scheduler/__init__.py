"""What the schedulers answer, and how they are asked."""
