"""Responses that we keep for callers whose vendor keeps none, so that they can be read again and gone on with."""
