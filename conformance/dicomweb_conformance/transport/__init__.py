"""Requests sent and octets received, recorded and bounded; nothing here judges."""
