"""What continuous integration of servers uses, and the documentation."""
