"""Changes of models, credentials and keys: the next call knows them, without a restart."""

from tests.support.running_platform import Platform


def test_the_next_call_goes_to_the_model_s_new_deployment(platform: Platform) -> None:
    before, after = platform.deployment(), platform.deployment()
    alias = platform.model(before)
    assert platform.chat(alias).headers["x-madang-deployment"] == before["name"]
    platform.model(after, alias=alias)
    assert platform.chat(alias).headers["x-madang-deployment"] == after["name"]


def test_a_disabled_deployment_is_not_called_any_more(platform: Platform) -> None:
    first, second = platform.deployment(order=1), platform.deployment(order=2)
    alias = platform.model(first, second)
    platform.model({**first, "enabled": False}, second, alias=alias)
    assert platform.chat(alias).headers["x-madang-deployment"] == second["name"]


def test_a_new_price_holds_for_the_next_call(platform: Platform) -> None:
    deployment = platform.deployment()
    alias = platform.model(deployment)
    platform.model({**deployment, "input_usd_per_million": "0", "output_usd_per_million": "0"}, alias=alias)
    assert float(platform.chat(alias).headers["x-madang-cost-usd"]) == 0


def test_without_a_price_the_cost_is_unknown_and_not_nothing(platform: Platform) -> None:
    unknown = dict.fromkeys(("input_usd_per_million", "cached_input_usd_per_million", "output_usd_per_million"))
    answer = platform.chat(platform.model({**platform.deployment(), **unknown}))
    assert "x-madang-cost-usd" not in answer.headers
    assert platform.trace_of(answer)["trace"]["cost_usd"] is None


def test_a_vendor_key_that_was_mended_is_used_at_once(platform: Platform) -> None:
    name = "to-be-mended"
    platform.apply({"credentials": [{"name": name, "vendor": "openai", "api_key": "sk-wrong-at-first"}]})
    alias = platform.model(platform.deployment(credential=name), retries=0)
    assert platform.chat(alias).status == 502
    platform.apply({"credentials": [{"name": name, "vendor": "openai", "api_key": "sk-right-now"}]})
    assert platform.chat(alias).status == 200


def test_a_removed_model_is_unknown_at_once(platform: Platform) -> None:
    alias = platform.model(platform.deployment())
    assert platform.browser().delete(f"/api/projects/{platform.project_id()}/models/{alias}").status == 204
    assert platform.chat(alias).status == 404


def test_a_call_under_way_is_not_disturbed_by_a_change(platform: Platform) -> None:
    slow = platform.deployment(output_tokens=60, per_token_ms=15)
    alias = platform.model(slow)
    stream = platform.openai().chat.completions.create(
        model=alias, messages=[{"role": "user", "content": "Hello"}], stream=True
    )
    chunks = [next(stream)]
    platform.model(platform.deployment(), alias=alias)
    chunks += list(stream)
    assert chunks[-1].choices[0].finish_reason == "stop"
