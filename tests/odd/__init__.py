"""Odd servers: each strange in one way, and its whole report held against the few failures that it deserves."""
