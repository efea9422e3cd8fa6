"""What the target is and offers, and whether it still lives."""
