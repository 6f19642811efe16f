"""Other languages than OpenAI's chat in front of every vendor: Anthropic's Messages and OpenAI's Responses."""
