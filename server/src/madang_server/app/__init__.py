"""The whole platform as one ASGI application: Gateway and Studio side by side on one port."""
