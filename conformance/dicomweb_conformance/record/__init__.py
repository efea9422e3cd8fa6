"""What is written down of a run, as it happens, without secrets."""
