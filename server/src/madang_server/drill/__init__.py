"""Outages, rehearsed: a project's own routing replayed against simulated vendors, ten minutes in seconds."""
