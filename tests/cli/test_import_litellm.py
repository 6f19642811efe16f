"""`madang import litellm`: configurations as people have them, what becomes of them, and what is said about the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cli.conftest import Command
from tests.studio.world import World
from tests.support.service_account import service_account_text

from madang_server.cli.import_litellm import read_config, without_missing
from madang_server.cli.litellm_config import Conversion, convert

CONFIGS = Path(__file__).parent / "litellm"


def converted(name: str) -> Conversion:
    config, _ = read_config(str(CONFIGS / f"{name}.yaml"))
    return convert(config)


def model(conversion: Conversion, alias: str) -> Any:
    return next(one for one in conversion.document["models"] if one["alias"] == alias)


def remarks(conversion: Conversion) -> str:
    return "\n".join(text for _, text in conversion.remarks)


def test_two_vendors_behind_one_name_become_one_model() -> None:
    chat = model(converted("two_vendors"), "gpt-4o")
    assert chat["retries"] == 3
    assert chat["timeout_s"] == 30
    assert chat["fallbacks"] == ["gpt-4o-mini"]
    assert chat["deployments"] == [
        {"name": "openai", "vendor": "openai", "vendor_model": "gpt-4o", "credential": "openai-api-key", "weight": 1},
        {
            "name": "azure-acme-korea",
            "vendor": "azure",
            "vendor_model": "gpt-4o-korea",
            "credential": "azure-api-key",
            "weight": 9,
            "base_model": "gpt-4o",
            "input_usd_per_million": "2.5",
            "output_usd_per_million": "10",
        },
    ]


def test_credentials_are_shared_and_stay_references() -> None:
    assert converted("two_vendors").document["credentials"] == [
        {"name": "openai-api-key", "vendor": "openai", "api_key": "os.environ/OPENAI_API_KEY"},
        {
            "name": "azure-api-key",
            "vendor": "azure",
            "api_key": "os.environ/AZURE_API_KEY",
            "base_url": "https://acme-korea.openai.azure.com/",
            "api_version": "2024-10-21",
        },
    ]


def test_what_is_not_taken_over_is_named_and_no_secret_is() -> None:
    said = remarks(converted("two_vendors"))
    assert "general_settings is not taken over" in said
    assert "rpm of 'gpt-4o'" in said
    assert "sk-master-1234" not in said


def test_regions_keep_their_order_names_and_shared_credentials() -> None:
    conversion = converted("regions")
    chat = model(conversion, "chat")
    assert [(one["name"], one["order"]) for one in chat["deployments"]] == [("azure", 1), ("tokyo-standby", 2)]
    assert chat["deployments"][0]["region"] == "koreacentral"
    assert (chat["timeout_s"], chat["first_token_timeout_s"], chat["idle_timeout_s"]) == (40, 5, 5)
    assert conversion.document["credentials"][0]["base_url"] == "os.environ/KOREA_BASE"


def test_routing_by_latency_is_taken_over() -> None:
    assert model(converted("regions"), "chat")["routing"] == {"strategy": "latency"}


def test_entra_sign_in_and_resting_times_are_named_as_left_behind() -> None:
    said = remarks(converted("regions"))
    assert "Entra ID" in said
    assert "router_settings.cooldown_time" in said
    assert "router_settings.redis_password" in said


def deployment(conversion: Conversion, alias: str) -> Any:
    return model(conversion, alias)["deployments"][0]


def credential(conversion: Conversion, name: str) -> Any:
    return next(one for one in conversion.document["credentials"] if one["name"] == name)


def test_vendors_with_protocols_of_their_own_are_spoken_to_in_them() -> None:
    conversion = converted("many_vendors")
    named = {one["alias"]: one["deployments"][0]["vendor"] for one in conversion.document["models"]}
    assert named == {
        "claude-sonnet": "anthropic",
        "assistant": "bedrock",
        "fast": "openai",
        "gemini": "gemini",
        "vertex": "vertex",
        "partner": "litellm",
        "command": "litellm",
        "drawing": "openai",
    }
    assert credential(conversion, "anthropic-api-key")["api_key"] == "os.environ/ANTHROPIC_API_KEY"
    assert credential(conversion, "gemini-api-key")["api_key"] == "os.environ/GEMINI_API_KEY"


def test_bedrock_keeps_its_region_and_a_key_pair_by_reference() -> None:
    conversion = converted("many_vendors")
    bedrock = deployment(conversion, "assistant")
    assert (bedrock["vendor_model"], bedrock["region"]) == ("anthropic.claude-sonnet-4-5-v1:0", "us-east-1")
    assert json.loads(credential(conversion, bedrock["credential"])["api_key"]) == {
        "access_key_id": "${AWS_ACCESS_KEY_ID}",
        "secret_access_key": "${AWS_SECRET_ACCESS_KEY}",
    }


def test_a_service_account_in_a_file_is_asked_for_by_its_content() -> None:
    conversion = converted("many_vendors")
    vertex = deployment(conversion, "vertex")
    assert (vertex["vendor_model"], vertex["region"]) == ("gemini-2.5-pro", "europe-west4")
    assert credential(conversion, vertex["credential"])["api_key"] == "os.environ/VERTEX_CREDENTIALS"
    assert "put the content of the service account's key file into VERTEX_CREDENTIALS" in remarks(conversion)


def test_all_other_vendors_are_reached_through_litellm_itself() -> None:
    conversion = converted("many_vendors")
    assert deployment(conversion, "command")["vendor_model"] == "cohere/command-a"
    partner = deployment(conversion, "partner")
    assert partner["vendor_model"] == "vertex_ai/claude-sonnet-4-5"
    assert json.loads(credential(conversion, partner["credential"])["api_key"]) == {
        "vertex_project": "menu-1",
        "vertex_location": "us-east5",
    }
    assert "cohere is reached through the LiteLLM library" in remarks(conversion)


def test_fallbacks_after_one_kind_of_failure_are_kept_apart() -> None:
    conversion = converted("many_vendors")
    assert model(conversion, "assistant")["routing"] == {
        "fallbacks_after": {"context_overflow": ["gemini"], "policy_block": ["claude-sonnet"]}
    }
    assert "routing" not in model(conversion, "fast")


def test_vendors_that_take_over_after_a_content_filter_are_allowed_to() -> None:
    conversion = converted("many_vendors")
    assert conversion.document["policy_block_vendors"] == ["anthropic"]
    assert "the project allows anthropic to answer" in remarks(conversion)


def test_a_fallback_after_one_kind_of_failure_that_leads_back_is_left_out() -> None:
    conversion = converted("many_vendors")
    assert "fallback 'gemini' → 'assistant' is left out: it would lead back" in remarks(conversion)


def test_what_a_model_can_take_is_kept() -> None:
    gemini = deployment(converted("many_vendors"), "gemini")
    assert (gemini["context_window"], gemini["max_output_tokens"]) == (1_048_576, 65_536)


def test_what_cannot_be_taken_over_is_named() -> None:
    said = remarks(converted("many_vendors"))
    assert "'openai/*' stands for any name" in said
    assert "litellm_params.temperature of 'assistant'" in said
    assert "signing in to AWS by aws_role_name is not spoken here yet" in said


def test_settings_of_the_whole_proxy_apply_to_each_model() -> None:
    assistant = model(converted("many_vendors"), "assistant")
    assert (assistant["retries"], assistant["timeout_s"], assistant["fallbacks"]) == (1, 120, ["claude-sonnet", "fast"])
    assert [one["vendor_model"] for one in assistant["deployments"]] == ["anthropic.claude-sonnet-4-5-v1:0", "gpt-4.1"]


def test_a_vendor_with_openais_protocol_is_reached_at_its_own_address() -> None:
    conversion = converted("many_vendors")
    groq = next(one for one in conversion.document["credentials"] if one["name"] == "groq-api-key")
    assert groq["base_url"] == "https://api.groq.com/openai/v1"


def test_own_servers_need_no_key_and_share_by_their_limits() -> None:
    conversion = converted("own_servers")
    llama = model(conversion, "llama")
    assert [(one["name"], one["base_url"], one["weight"]) for one in llama["deployments"]] == [
        ("hosted_vllm-gpu-1", "http://gpu-1:8000/v1", 100),
        ("hosted_vllm-gpu-2", "http://gpu-2:8000/v1", 300),
    ]
    assert model(conversion, "qwen")["deployments"][0]["base_url"] == "http://laptop:11434/v1"
    assert "hosted_vllm needs api_base" in remarks(conversion)


def test_other_names_become_copies_and_default_fallbacks_reach_everyone_else() -> None:
    conversion = converted("own_servers")
    assert model(conversion, "gpt-4")["deployments"] == model(conversion, "llama")["deployments"]
    assert model(conversion, "hidden")["deployments"] == model(conversion, "qwen")["deployments"]
    assert model(conversion, "qwen")["fallbacks"] == ["llama"]
    assert model(conversion, "llama")["fallbacks"] == []
    assert "alias 'nowhere' is left out" in remarks(conversion)


def test_fallbacks_that_lead_back_lose_the_closing_one() -> None:
    conversion = converted("circles")
    chosen = {one["alias"]: one["fallbacks"] for one in conversion.document["models"]}
    assert chosen == {"a": ["b"], "b": ["c"], "c": []}
    assert "'b' → 'a' is left out" in remarks(conversion)
    assert "taken with weight 1" in remarks(conversion)


def test_literal_keys_become_one_credential_each_and_are_never_printed() -> None:
    conversion = converted("circles")
    assert [one["name"] for one in conversion.document["credentials"]] == ["openai", "openai-2"]
    assert "sk-literal" not in remarks(conversion)
    assert conversion.variables == {"SOME_NAME": "some value"}


def test_odd_entries_are_each_explained_and_harm_nothing_else() -> None:
    conversion = converted("odd_entries")
    numbers = model(conversion, "numbers")
    assert [one["alias"] for one in conversion.document["models"]] == ["numbers"]
    assert (numbers["retries"], numbers["timeout_s"]) == (10, 3600)
    assert numbers["deployments"][0]["input_usd_per_million"] is None
    said = remarks(conversion)
    for expected in ("no model_name", "'이름' cannot be an alias", "'mystery-9000' cannot be told", "weight is not a"):
        assert expected in said
    for expected in ("order must be", "not a price", "50 is more than", "max_budget", "included files"):
        assert expected in said


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_conversion_is_accepted_by_the_platform(
    path: Path, world: World, madang: Command, at_world: dict[str, str]
) -> None:
    keys = dict.fromkeys(("OPENAI", "AZURE", "GROQ", "ANTHROPIC", "GEMINI", "COHERE"), "k-1234567890")
    environ = {f"{name}_API_KEY": value for name, value in keys.items()}
    environ |= {"KOREA_BASE": "https://k.openai.azure.com", "KOREA_KEY": "k-1234567890", "JAPAN_KEY": "k-0987654321"}
    environ |= {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE1234", "AWS_SECRET_ACCESS_KEY": "k-1234567890"}
    environ |= {"VERTEX_CREDENTIALS": service_account_text("https://oauth2.googleapis.com/token")}
    ran = madang("import", "litellm", str(path), **environ, **at_world)
    assert (ran.code, ran.err) == (0, "")
    aliases = {one["alias"] for one in world.bob.get(f"/api/projects/{world.menu}/models").json["items"]}
    assert aliases == {one["alias"] for one in converted(path.stem).document["models"]}


def test_remarks_name_the_line(madang: Command, at_world: dict[str, str]) -> None:
    environ = {"OPENAI_API_KEY": "k-1234567890", "AZURE_API_KEY": "k-1234567890"}
    ran = madang("import", "litellm", str(CONFIGS / "two_vendors.yaml"), "--dry-run", **environ, **at_world)
    lines = (CONFIGS / "two_vendors.yaml").read_text().splitlines()
    number = lines.index("general_settings:") + 1
    assert f"line {number}: general_settings" in ran.out


def test_keys_that_are_not_set_are_named_and_nothing_is_changed(
    world: World, madang: Command, at_world: dict[str, str]
) -> None:
    ran = madang("import", "litellm", str(CONFIGS / "two_vendors.yaml"), OPENAI_API_KEY="k-1234567890", **at_world)
    assert ran.code == 1
    assert "- AZURE_API_KEY" in ran.err
    assert "--partial" in ran.err
    assert world.bob.get(f"/api/projects/{world.menu}/models").json["items"] == []


def test_partial_takes_over_what_can_be(world: World, madang: Command, at_world: dict[str, str]) -> None:
    path = str(CONFIGS / "two_vendors.yaml")
    ran = madang("import", "litellm", path, "--partial", OPENAI_API_KEY="k-1234567890", **at_world)
    assert ran.code == 0
    assert "deployment azure-acme-korea of model gpt-4o" in ran.out
    shown = world.bob.get(f"/api/projects/{world.menu}/models").json["items"]
    assert {one["alias"]: len(one["deployments"]) for one in shown} == {"gpt-4o": 1, "gpt-4o-mini": 1}


def test_a_model_left_without_deployments_goes_with_its_fallbacks() -> None:
    document, said = without_missing(converted("two_vendors").document, ["OPENAI_API_KEY"])
    assert [one["alias"] for one in document["models"]] == ["gpt-4o"]
    assert document["models"][0]["fallbacks"] == []
    assert "model gpt-4o-mini" in said


def test_output_writes_a_file_that_apply_takes(
    world: World, madang: Command, at_world: dict[str, str], tmp_path: Path
) -> None:
    written = tmp_path / "madang.yaml"
    ran = madang("import", "litellm", str(CONFIGS / "two_vendors.yaml"), "--output", str(written))
    assert ran.code == 0
    assert yaml.safe_load(written.read_text())["credentials"][0]["api_key"] == "os.environ/OPENAI_API_KEY"
    assert written.stat().st_mode & 0o077 == 0
    environ = {"OPENAI_API_KEY": "k-1234567890", "AZURE_API_KEY": "k-1234567890"}
    assert madang("apply", str(written), **environ, **at_world).code == 0
    assert len(world.bob.get(f"/api/projects/{world.menu}/models").json["items"]) == 2


def test_a_file_that_is_no_such_configuration_is_told(madang: Command, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("services: {}")
    ran = madang("import", "litellm", str(tmp_path / "other.yaml"))
    assert ran.code == 1
    assert "no model_list" in ran.err


def test_partial_drops_fallbacks_after_a_failure_to_what_is_left_out() -> None:
    document = converted("many_vendors").document
    rest, _ = without_missing(document, ["GEMINI_API_KEY"])
    assistant = next(one for one in rest["models"] if one["alias"] == "assistant")
    assert assistant["routing"] == {"fallbacks_after": {"policy_block": ["claude-sonnet"]}}
    assert rest["policy_block_vendors"] == ["anthropic"]
