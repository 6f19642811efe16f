"""The vocabulary of the call pipeline: what a request, an event, a reply, a target and a span are. No I/O."""
