"""From a call to spans, and spans on their way: building, encoding for OTLP, exporting."""
