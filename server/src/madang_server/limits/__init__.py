"""Limits: how much an organisation, a project, a key, a user or a model may use, and how much of it is in use."""
