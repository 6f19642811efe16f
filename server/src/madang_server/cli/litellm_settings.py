"""Which of LiteLLM's settings are taken over, and what to say about others beyond their name. Tables only."""

from __future__ import annotations

from madang_server.cli.litellm_vendor import LITELLM_EXTRA

PRICES = {
    "input_cost_per_token": "input_usd_per_million",
    "cache_read_input_token_cost": "cached_input_usd_per_million",
    "output_cost_per_token": "output_usd_per_million",
}
PARAMS_READ = {
    *("model", "custom_llm_provider", "api_base", "base_url", "api_key", "api_version", "litellm_credential_name"),
    *("weight", "order", "rpm", "tpm", "region_name", "timeout", "stream_timeout", "max_retries", "num_retries"),
    *("azure_ad_token", "tenant_id", "client_id", "client_secret", "aws_bedrock_runtime_endpoint"),
    *LITELLM_EXTRA,
    *PRICES,
}
SIZES = {"max_input_tokens": "context_window", "max_output_tokens": "max_output_tokens"}
MODEL_INFO_READ = {"id", "base_model", "mode", "description", *SIZES, *PRICES}
MODES_SPOKEN = (
    *(None, "chat", "completion", "responses", "embedding", "image_generation", "image_edit"),
    *("audio_transcription", "audio_speech"),
)
STRATEGIES = {
    "simple-shuffle": "weighted",
    "latency-based-routing": "latency",
    "cost-based-routing": "cost",
    "least-busy": "least_busy",
}
ROUTER_READ = {
    *("num_retries", "timeout", "stream_timeout", "fallbacks", "default_fallbacks", "model_group_alias"),
    *("context_window_fallbacks", "content_policy_fallbacks", "routing_strategy"),
}
LITELLM_READ = {
    *("num_retries", "request_timeout", "fallbacks", "default_fallbacks"),
    *("context_window_fallbacks", "content_policy_fallbacks", "model_alias_map", "model_group_alias"),
}
TOP_READ = {"model_list", "router_settings", "litellm_settings", "credential_list", "environment_variables"}

# What to say about a setting beyond its name, where there is something better to do than to miss it.
ADVICE = {
    "general_settings": "keys, users and the database are Madang's own: make keys on the page Gateway → API keys",
    "include": "included files are not followed: import each of them by itself",
    "callbacks": "every call is traced here without callbacks",
    "success_callback": "every call is traced here without callbacks",
    "failure_callback": "every call is traced here without callbacks",
    "drop_params": "parameters are passed to the vendor as they are",
    "master_key": "make keys on the page Gateway → API keys",
    "cache": "answers are not cached",
    "cache_params": "answers are not cached",
    "allowed_fails": "when a deployment rests and for how long follows from what it answers",
    "cooldown_time": "when a deployment rests and for how long follows from what it answers",
    "rpm": "no limit is enforced here; only without a weight does it decide the share of calls",
    "tpm": "no limit is enforced here; only without a weight does it decide the share of calls",
}
