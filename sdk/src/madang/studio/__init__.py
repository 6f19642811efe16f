"""The platform's own API, as far as the SDK needs it."""
