"""Images as octets, against what their media type says."""
