"""Clients that people use, as data: what each sends, and what it needs of the response to go on."""
