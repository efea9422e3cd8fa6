"""The rows that HTTP itself carries: framing, statuses, labels, multipart, errors."""
