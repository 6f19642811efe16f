"""Numbered .sql files, applied in order of their names; see migrate.py for what may stand in them."""
