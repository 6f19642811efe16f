"""Anthropic's wire: /v1/messages, /v1/messages/count_tokens, /v1/models."""
