"""Anthropic's Messages API: requests into its words, answers and streams back into parts."""
