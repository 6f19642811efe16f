"""The trace store's client and its migrations. The embedded store and a ClickHouse server are the same to it."""
