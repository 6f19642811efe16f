"""What the Gateway says in other words than OpenAI's: errors and models for Anthropic's clients, responses that we keep."""
