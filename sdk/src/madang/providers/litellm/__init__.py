"""LiteLLM as one more vendor: its translators for the vendors that we have no wire for. One request, one attempt; routing,
retries, prices and traces stay ours. An extra of the SDK: `pip install "madang[litellm]"`.
"""
