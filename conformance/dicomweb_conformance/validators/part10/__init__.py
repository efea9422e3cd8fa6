"""Files (PS3.10) and the data sets in them, octet by octet."""
