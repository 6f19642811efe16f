"""Where spans wait for the store and survive crashes: records in segments on disk, read in repeatable batches."""
