"""What HTTP carries, read strictly: messages as they were received, media types, multipart, codings."""
