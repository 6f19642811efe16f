"""What happens around a call, one behaviour per file; `stack` shows the order."""
