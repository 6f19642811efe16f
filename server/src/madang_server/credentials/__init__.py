"""Vendor credentials of a project, encrypted at rest."""
