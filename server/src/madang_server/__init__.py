"""Madang's server: Gateway, Studio and Labs around one call pipeline and one trace store."""
