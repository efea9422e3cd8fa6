"""What the checks of several scenarios share."""
