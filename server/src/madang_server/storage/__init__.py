"""Where things are kept: SQL for the control plane, a column store and a spool for spans."""
