"""The price list knows models by the names deployments use, agrees with its source, and guesses nothing."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import genai_prices
import pytest

from madang.calls.target import Price
from madang.calls.usage import Usage
from madang.pricing.cost import cost_of
from madang_server.prices.book import PriceBook
from madang_server.prices.catalogue import Listed, bundled

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

CHAT = [
    ("openai", "openai", "gpt-4o"),
    ("openai", "openai", "gpt-4o-2024-08-06"),
    ("openai", "openai", "gpt-4.1-mini"),
    ("openai", "openai", "o3"),
    ("openai", "openai", "gpt-5"),
    ("azure", "azure", "gpt-4o-mini"),
    ("anthropic", "anthropic", "claude-sonnet-4-5"),
    ("anthropic", "anthropic", "claude-sonnet-4-20250514"),
    ("anthropic", "anthropic", "claude-3-5-haiku-latest"),
    ("gemini", "google", "gemini-2.5-pro"),
    ("gemini", "google", "gemini-2.5-flash"),
    ("vertex", "google", "claude-sonnet-4-5@20250929"),
    ("bedrock", "aws", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ("bedrock", "aws", "global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ("bedrock", "aws", "anthropic.claude-3-haiku-20240307-v1:0"),
    ("bedrock", "aws", "eu.amazon.nova-pro-v1:0"),
    ("bedrock", "aws", "us.meta.llama3-3-70b-instruct-v1:0"),
]


def find(vendor: str, model: str, at: datetime = NOW, **more: str) -> Listed:
    found = bundled().find(vendor, model, at=at, **more)
    assert found is not None
    return found


def price_of(vendor: str, model: str, at: datetime = NOW) -> Price:
    price = PriceBook(bundled(), {}, at).of_project("p").price_of(Price(), vendor, model)
    assert price is not None
    return price


@pytest.mark.parametrize("prompt", [1_000, 250_000])
@pytest.mark.parametrize(("vendor", "provider", "model"), CHAT)
def test_a_call_costs_what_the_source_of_the_list_says(vendor: str, provider: str, model: str, prompt: int) -> None:
    cost = cost_of(Usage(prompt, 321, cached_tokens=prompt // 3, reasoning_tokens=100), price_of(vendor, model))
    used = genai_prices.Usage(input_tokens=prompt, output_tokens=321, cache_read_tokens=prompt // 3)
    theirs = genai_prices.calc_price(used, model, provider_id=provider, genai_request_timestamp=NOW)
    assert cost is not None
    assert cost.total_usd == theirs.total_price
    assert theirs.total_price > 0


@pytest.mark.parametrize(
    ("provider", "vendor", "model"),
    [
        ("anthropic", "anthropic", "claude-sonnet-4-5"),
        ("aws", "bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ],
)
def test_writing_into_the_cache_costs_what_the_source_of_the_list_says(provider: str, vendor: str, model: str) -> None:
    usage = Usage(5_000, 100, cached_tokens=1_000, cache_write_tokens=3_000, cache_write_1h_tokens=1_000)
    used = genai_prices.Usage(
        input_tokens=5_000,
        output_tokens=100,
        cache_read_tokens=1_000,
        cache_write_tokens=3_000,
        cache_write_1h_tokens=1_000,
    )
    theirs = genai_prices.calc_price(used, model, provider_id=provider, genai_request_timestamp=NOW)
    cost = cost_of(usage, price_of(vendor, model))
    assert cost is not None
    assert cost.total_usd == theirs.total_price


@pytest.mark.parametrize(
    ("vendor", "model", "usage", "used"),
    [
        (
            "gemini",
            "gemini-2.5-flash",
            Usage(900, 50, audio_input_tokens=700),
            {"input_tokens": 900, "output_tokens": 50, "input_audio_tokens": 700},
        ),
        (
            "openai",
            "gpt-audio",
            Usage(900, 80, audio_input_tokens=700, audio_output_tokens=60),
            {"input_tokens": 900, "output_tokens": 80, "input_audio_tokens": 700, "output_audio_tokens": 60},
        ),
        (
            "openai",
            "gpt-image-1",
            Usage(900, 4_000, image_input_tokens=700, image_output_tokens=4_000, images=1),
            {"input_tokens": 900, "output_tokens": 4_000, "input_image_tokens": 700},
        ),
        ("openai", "whisper-1", Usage(audio_seconds=90), {"audio_seconds": 90, "input_audio_seconds": 90}),
        ("openai", "tts-1", Usage(characters=1_234), {"input_characters": 1_234}),
        ("litellm", "perplexity/sonar", Usage(100, 200), {"input_tokens": 100, "output_tokens": 200}),
        ("openai", "text-embedding-3-small", Usage(100), {"input_tokens": 100}),
    ],
    ids=["audio in", "audio in and out", "image in and out", "minutes", "characters", "fee", "embedding"],
)
def test_what_is_not_text_costs_what_the_source_of_the_list_says(
    vendor: str, model: str, usage: Usage, used: dict[str, Any]
) -> None:
    provider = {"gemini": "google", "litellm": "perplexity"}.get(vendor, vendor)
    reference = model.rpartition("/")[2]
    theirs = genai_prices.calc_price(
        genai_prices.Usage(**used), reference, provider_id=provider, genai_request_timestamp=NOW
    )
    cost = cost_of(usage, price_of(vendor, model))
    assert cost is not None
    assert cost.total_usd == theirs.total_price


@pytest.mark.parametrize(
    ("vendor", "model", "listed"),
    [
        ("openai", "gpt-4o-2024-11-20", "gpt-4o"),
        ("gemini", "models/gemini-2.5-flash", "gemini-2.5-flash"),
        ("vertex", "publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("vertex", "projects/p/locations/us-east5/publishers/anthropic/models/claude-sonnet-4-5", "claude-sonnet-4-5"),
        ("bedrock", "apac.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        (
            "bedrock",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0",
            "amazon.nova-pro-v1:0",
        ),
        ("bedrock", "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-micro-v1:0", "amazon.nova-micro-v1:0"),
        ("litellm", "groq/llama-3.3-70b-versatile", "groq/llama-3.3-70b-versatile"),
        ("litellm", "xai/grok-4", "xai/grok-4-0709"),
        ("litellm", "vertex_ai/gemini-2.5-pro", "gemini-2.5-pro"),
        ("litellm", "gpt-4o", "gpt-4o"),
    ],
)
def test_a_model_is_found_by_the_name_its_deployment_uses(vendor: str, model: str, listed: str) -> None:
    assert find(vendor, model).model == listed


@pytest.mark.parametrize(
    ("vendor", "model"),
    [
        ("openai", "a-model-of-tomorrow"),
        ("azure", "prod-chat"),
        ("azure", "my-o4-mini"),  # resembles a model's name and says nothing
        ("bedrock", "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6"),
        ("bedrock", "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdef123456"),
        ("litellm", "hosted_vllm/llama"),
        ("fake", "gpt-4o"),
    ],
)
def test_what_the_list_does_not_know_is_unknown(vendor: str, model: str) -> None:
    assert bundled().find(vendor, model, at=NOW) is None


def test_an_opaque_name_costs_what_the_model_behind_it_does() -> None:
    assert find("azure", "prod-chat", base_model="gpt-4o").price == find("openai", "gpt-4o").price
    profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6"
    assert find("bedrock", profile, base_model="amazon.nova-pro-v1:0").model == "amazon.nova-pro-v1:0"
    assert find("openai", "llama", base_model="groq/llama-3.3-70b-versatile").vendor == "litellm"


def test_an_address_that_is_not_openais_own_says_who_is_paid() -> None:
    assert bundled().find("openai", "gpt-4o", base_url="http://127.0.0.1:8000/v1", at=NOW) is None
    assert find("openai", "gpt-4o", base_url="https://api.openai.com/v1").vendor == "openai"
    at_groq = find("openai", "llama-3.3-70b-versatile", base_url="https://api.groq.com/openai/v1")
    assert at_groq.model == "groq/llama-3.3-70b-versatile"


def test_a_price_follows_its_dates_and_hours_and_tells_when_the_next_begins() -> None:
    # DeepSeek's chat model is dearer between 00:30 and 16:30 UTC.
    day, night = datetime(2026, 11, 20, 12, tzinfo=UTC), datetime(2026, 11, 20, 20, tzinfo=UTC)
    by_day, by_night = (find("litellm", "deepseek/deepseek-chat", at) for at in (day, night))
    assert by_day.price is not None
    assert by_night.price is not None
    assert (by_day.price.input, by_night.price.input) == (Decimal("0.27"), Decimal("0.135"))
    assert by_day.changes_at == datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
    assert by_night.changes_at == datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
    assert find("openai", "gpt-4o").changes_at is None


def test_a_dated_price_holds_from_its_day_on() -> None:
    # Gemini 3 Flash's list changed on 5 January 2026.
    before = find("gemini", "gemini-3-flash-preview", datetime(2026, 1, 4, 23, 59, tzinfo=UTC))
    after = find("gemini", "gemini-3-flash-preview", datetime(2026, 1, 5, tzinfo=UTC))
    assert before.changes_at == datetime(2026, 1, 5, tzinfo=UTC)
    assert after.changes_at is None


def test_every_listed_model_has_a_price_that_can_be_computed_with_or_says_it_has_none() -> None:
    listed = bundled().search("", NOW)
    assert len(listed) > 2_000
    priced = [one.price for one in listed if one.price is not None]
    assert len(priced) > 2_000
    for price in priced:
        cost = cost_of(Usage(300_000, 100, cached_tokens=5), price)
        assert cost is None or cost.total_usd >= 0


def test_the_list_is_searched_by_words_of_vendor_and_model() -> None:
    found = bundled().search("anthropic SONNET", NOW)
    assert ("anthropic", "claude-sonnet-4-5") in {(one.vendor, one.model) for one in found}
    assert all("sonnet" in f"{one.model} {one.name}".lower() for one in found)
    assert bundled().search("us.amazon.nova-pro-v1:0", NOW)[0].model == "amazon.nova-pro-v1:0"
