"""What judges messages: values and octets in, observations out; no HTTP, no pytest, no verdict."""
