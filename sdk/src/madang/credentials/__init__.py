"""Vendor credentials that the platform lends to the SDK."""
