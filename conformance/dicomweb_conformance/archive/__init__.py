"""What the target holds: found by looking, brought there, taken back."""
