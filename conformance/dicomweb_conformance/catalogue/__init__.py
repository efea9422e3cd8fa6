"""The rows of the catalogue, and what an observation means by them."""
