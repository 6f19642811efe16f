"""Which scenarios can be played, and what is said about the others."""

from typing import Any

import pytest

from madang_server.drill.scenario import BadScenario, read_scenario


def test_a_model_alone_is_a_scenario() -> None:
    scenario = read_scenario({"model": "gpt-4o"})
    assert (scenario.minutes, scenario.per_second, scenario.calls, scenario.disturbances) == (10, 40.0, 24_000, ())


def test_a_disturbance_of_everybody_needs_only_its_kind() -> None:
    [disturbance] = read_scenario({"model": "gpt-4o", "disturbances": [{"kind": "down"}]}).disturbances
    assert (disturbance.vendor, disturbance.region, disturbance.deployment, disturbance.share) == ("", "", "", 1.0)


@pytest.mark.parametrize(
    ("document", "param", "words"),
    [
        ({}, "model", "Name the model"),
        ({"model": ""}, "model", "Name the model"),
        ({"model": "m", "speed": 3}, "speed", "known: answer_tokens"),
        ({"model": "m", "minutes": 0}, "minutes", "from 1 to 60"),
        ({"model": "m", "minutes": "ten"}, "minutes", "must be a number"),
        ({"model": "m", "minutes": True}, "minutes", "must be a number"),
        ({"model": "m", "per_second": float("nan")}, "per_second", "must be a number"),
        ({"model": "m", "per_second": 201}, "per_second", "from 0.1 to 200"),
        ({"model": "m", "stream_share": 1.5}, "stream_share", "from 0 to 1"),
        ({"model": "m", "minutes": 60, "per_second": 100}, "per_second", "360,000 calls"),
        ({"model": "m", "prompt_tokens": 100_000}, "prompt_tokens", "2,400,000,000 tokens of prompts"),
        ({"model": "m", "answer_tokens": 500}, "answer_tokens", "12,000,000 tokens of answers"),
        ({"model": "m", "disturbances": {}}, "disturbances", "a list of up to 20"),
        ({"model": "m", "disturbances": ["down"]}, "disturbances.0", "is an object"),
        ({"model": "m", "disturbances": [{"kind": "fire"}]}, "disturbances.0.kind", "one of down, unavailable"),
        ({"model": "m", "disturbances": [{"kind": "down", "place": "x"}]}, "disturbances.0.place", "known: deployment"),
        ({"model": "m", "disturbances": [{"kind": "down", "vendor": 3}]}, "disturbances.0.vendor", "must be a text"),
        ({"model": "m", "disturbances": [{"kind": "down", "share": 2}]}, "disturbances.0.share", "from 0 to 1"),
        (
            {"model": "m", "disturbances": [{"kind": "down", "from_minute": 5, "to_minute": 5}]},
            "disturbances.0.to_minute",
            "end after it begins",
        ),
        (
            {"model": "m", "minutes": 2, "disturbances": [{"kind": "down"}]},
            "disturbances.0.from_minute",
            "begins at minute 2, and the drill ends at 2",
        ),
    ],
)
def test_what_cannot_be_played_is_refused_with_the_field_and_what_would_be_right(
    document: dict[str, Any], param: str, words: str
) -> None:
    with pytest.raises(BadScenario, match=words) as refused:
        read_scenario(document)
    assert refused.value.param == param
