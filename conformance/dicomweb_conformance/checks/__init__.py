"""A check: what it verifies, what it expects, what it finds, and the verdict that it comes to."""
