"""Models of a project: an alias that callers use, and the deployments that answer for it."""
