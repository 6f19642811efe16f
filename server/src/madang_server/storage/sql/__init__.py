"""The control plane's database: SQLite by default, PostgreSQL by URL."""
