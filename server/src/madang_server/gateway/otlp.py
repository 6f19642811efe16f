"""Takes OTLP spans in: read, check, spool, and answer only when they would survive a power cut."""
