"""Madang's SDK: call any model by its name, with routing, retries, cost and traces built in."""
