"""Spans, from the wire to the store and back: rows, OpenTelemetry's format, draining, roll-ups and questions."""
