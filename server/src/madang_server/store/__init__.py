"""The process that owns the embedded trace store and speaks ClickHouse's HTTP protocol on loopback."""
