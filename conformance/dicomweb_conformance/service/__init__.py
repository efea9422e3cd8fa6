"""The transactions as a check asks for them, and whose data they concern."""
