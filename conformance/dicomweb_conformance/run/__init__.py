"""A run, from the first look at the target to the exit status."""
