"""Turns a LiteLLM proxy's configuration into a document for `madang apply`, with a remark on all that it leaves behind.

Pure: references to the environment stay references, nothing is looked up. Where each remark belongs is told as the place in
the configuration, such as ("model_list", 2, "litellm_params", "rpm").
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from madang_server.cli.litellm_fallbacks import fallbacks_of
from madang_server.cli.litellm_settings import (
    ADVICE,
    LITELLM_READ,
    MODEL_INFO_READ,
    MODES_SPOKEN,
    PARAMS_READ,
    PRICES,
    ROUTER_READ,
    SIZES,
    STRATEGIES,
    TOP_READ,
)
from madang_server.cli.litellm_vendor import NotSpoken, Reach, reach_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Place = tuple[str | int, ...]


class Remark(NamedTuple):
    place: Place
    text: str


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """`document` is what `madang apply` takes; `variables` are those the configuration itself sets."""

    document: dict[str, Any]
    remarks: tuple[Remark, ...]
    variables: dict[str, str] = field(repr=False)


_ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}")
_MOST_RETRIES = 10
_LONGEST_TIMEOUT_S = 3600.0
_DEFAULT_RETRIES = 2
_DEFAULT_TIMEOUT_S = 600.0


def convert(config: dict[str, Any]) -> Conversion:
    """The document and the remarks for a configuration whose `model_list` is a list."""
    return _Reader(config).read()


class _Reader:
    """Reads one configuration; collects credentials and remarks on the way."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config
        self._router = _mapping(config.get("router_settings"))
        self._litellm = _mapping(config.get("litellm_settings"))
        self._named_credentials = {
            str(one.get("credential_name")): _mapping(one.get("credential_values"))
            for one in _mappings(config.get("credential_list"))
        }
        self._credentials: dict[tuple[str | None, ...], dict[str, Any]] = {}
        self._remarks: list[Remark] = []

    def read(self) -> Conversion:
        models = self._models()
        self._add_aliases(models)
        sources = [(self._router, "router_settings"), (self._litellm, "litellm_settings")]
        fallbacks = fallbacks_of(sources, list(models))
        self._remarks += [Remark(place, text) for place, text in fallbacks.said]
        for alias, converted in models.items():
            converted["fallbacks"] = fallbacks.plain.get(alias, [])
            routing = self._routing(alias, fallbacks.after)
            if routing:
                converted["routing"] = routing
        self._remark_settings()
        document: dict[str, Any] = {"credentials": list(self._credentials.values()), "models": list(models.values())}
        if allowed := self._policy_block_vendors(models, fallbacks.after.get("policy_block", {})):
            document["policy_block_vendors"] = allowed
        variables = {
            str(name): str(value)
            for name, value in _mapping(self._config.get("environment_variables")).items()
            if not isinstance(value, dict | list) and not str(value).startswith("os.environ/")
        }
        return Conversion(document=document, remarks=tuple(sorted(self._remarks, key=_order)), variables=variables)

    def _routing(self, alias: str, after: Mapping[str, Mapping[str, list[str]]]) -> dict[str, Any]:
        strategy = STRATEGIES.get(str(self._router.get("routing_strategy")), "weighted")
        fallbacks_after = {kind: names[alias] for kind, names in after.items() if alias in names}
        return ({} if strategy == "weighted" else {"strategy": strategy}) | (
            {"fallbacks_after": fallbacks_after} if fallbacks_after else {}
        )

    def _policy_block_vendors(
        self, models: Mapping[str, dict[str, Any]], after_block: Mapping[str, list[str]]
    ) -> list[str]:
        """The vendors of those models that shall take over after a content filter, which the project has to allow."""
        targets = [models[name] for names in after_block.values() for name in names]
        vendors = sorted({str(one["vendor"]) for model in targets for one in model["deployments"]})
        if vendors:
            place = ("litellm_settings", "content_policy_fallbacks")
            self._say(place, f"the project allows {', '.join(vendors)} to answer what another vendor's filter refused")
        return vendors

    def _models(self) -> dict[str, dict[str, Any]]:
        groups: dict[str, list[tuple[Place, dict[str, Any], dict[str, Any]]]] = {}
        for index, entry in enumerate(self._config["model_list"]):
            place: Place = ("model_list", index)
            name = entry.get("model_name") if isinstance(entry, dict) else None
            if not isinstance(name, str) or not isinstance(entry.get("litellm_params"), dict):
                self._say(place, "this entry has no model_name or no litellm_params, and is left out")
            elif "*" in name:
                self._say(place, f"{name!r} stands for any name of a vendor; name each model you use instead")
            elif not _ALIAS.fullmatch(name) or "//" in name or name.endswith("/") or name.startswith("prompt/"):
                self._say(
                    place, f"{name!r} cannot be an alias here (letters, digits and . _ : / @ + -); give it another name"
                )
            else:
                params = self._with_named_credential(entry["litellm_params"], place)
                info = _mapping(entry.get("model_info"))
                groups.setdefault(name, []).append((place, params, info))
        made = {name: self._model(name, entries) for name, entries in groups.items()}
        return {name: model for name, model in made.items() if model is not None}

    def _with_named_credential(self, params: dict[str, Any], place: Place) -> dict[str, Any]:
        name = params.get("litellm_credential_name")
        if name is None:
            return params
        if str(name) not in self._named_credentials:
            self._say((*place, "litellm_params"), f"credential {str(name)!r} is not in credential_list")
        return {**self._named_credentials.get(str(name), {}), **params}

    def _model(self, name: str, entries: list[tuple[Place, dict[str, Any], dict[str, Any]]]) -> dict[str, Any] | None:
        deployments: list[dict[str, Any]] = []
        for place, params, info in entries:
            reach = reach_of(params)
            if isinstance(reach, NotSpoken):
                self._say(place, f"a deployment of {name!r} is left out: {reach.reason}")
                continue
            for note in reach.notes:
                self._say(place, f"{name!r}: {note}")
            deployments.append(self._deployment(place, params, info, reach, deployments))
            self._remark_entry(place, name, params, info)
        if not deployments:
            self._say(entries[0][0], f"model {name!r} is left out: none of its deployments can be taken over")
            return None
        self._set_weights(deployments, entries[0][0], name)
        return {"alias": name, **self._patience(entries), "fallbacks": [], "deployments": deployments}

    def _deployment(
        self, place: Place, params: dict[str, Any], info: dict[str, Any], reach: Reach, before: list[dict[str, Any]]
    ) -> dict[str, Any]:
        deployment: dict[str, Any] = {
            "name": _unique(_deployment_name(info, reach), [one["name"] for one in before]),
            "vendor": reach.vendor,
            "vendor_model": reach.vendor_model,
        }
        if reach.api_key is not None:
            deployment["credential"] = self._credential(reach)
        elif reach.base_url is not None:
            deployment["base_url"] = reach.base_url
        region = params.get("region_name") or reach.region
        if region:
            deployment["region"] = str(region)
        weight = next((params[key] for key in ("weight", "rpm", "tpm") if params.get(key) is not None), None)
        deployment["weight"] = None if weight is None else self._number(weight, (*place, "litellm_params"), "weight")
        order = params.get("order")
        if isinstance(order, int) and 1 <= order <= 1000:
            deployment["order"] = order
        elif order is not None:
            self._say((*place, "litellm_params", "order"), "order must be a whole number from 1; it is left out")
        if isinstance(info.get("base_model"), str):
            deployment["base_model"] = info["base_model"].removeprefix(f"{reach.provider}/")
        for key, ours in SIZES.items():
            if isinstance(info.get(key), int) and info[key] >= 1:
                deployment[ours] = info[key]
        if deployment.get("max_output_tokens", 0) > deployment.get("context_window", math.inf):
            deployment["context_window"] += deployment["max_output_tokens"]  # what goes in was counted by itself
        for key, ours in PRICES.items():
            price = params.get(key, info.get(key))
            if price is not None:
                deployment[ours] = self._price(price, place, key)
        return deployment

    def _credential(self, reach: Reach) -> str:
        identity = (reach.vendor, reach.base_url, reach.api_version, reach.api_key)
        if identity not in self._credentials:
            taken = [one["name"] for one in self._credentials.values()]
            made = {"name": _unique(_credential_name(reach), taken), "vendor": reach.vendor, "api_key": reach.api_key}
            if reach.base_url is not None:
                made["base_url"] = reach.base_url
            if reach.api_version is not None:
                made["api_version"] = reach.api_version
            self._credentials[identity] = made
        return str(self._credentials[identity]["name"])

    def _set_weights(self, deployments: list[dict[str, Any]], place: Place, name: str) -> None:
        weighed = [one for one in deployments if one["weight"] is not None]
        if weighed and len(weighed) < len(deployments):
            self._say(place, f"{name!r}: some deployments have a weight, the others are taken with weight 1")
        for one in deployments:
            one["weight"] = 1 if one["weight"] is None else one["weight"]
        if not any(one["weight"] > 0 for one in deployments):
            self._say(place, f"{name!r}: no deployment has a weight above 0; all are taken with weight 1")
            for one in deployments:
                one["weight"] = 1

    def _patience(self, entries: list[tuple[Place, dict[str, Any], dict[str, Any]]]) -> dict[str, Any]:
        """Retries and time limits, which are the model's here and a deployment's or the router's there."""
        place = entries[0][0]
        retries = self._largest(entries, ("num_retries", "max_retries"), (self._router, self._litellm), "num_retries")
        timeout_s = self._largest(entries, ("timeout",), (self._router,), "timeout")
        if timeout_s is None and self._litellm.get("request_timeout") is not None:
            timeout_s = self._number(self._litellm["request_timeout"], ("litellm_settings",), "request_timeout")
        stream_s = self._largest(entries, ("stream_timeout",), (self._router,), "stream_timeout")
        patience: dict[str, Any] = {
            "retries": int(self._bounded(retries, _MOST_RETRIES, place, "retries", _DEFAULT_RETRIES)),
            "timeout_s": self._bounded(timeout_s, _LONGEST_TIMEOUT_S, place, "timeout", _DEFAULT_TIMEOUT_S),
        }
        if stream_s:
            limit = self._bounded(stream_s, _LONGEST_TIMEOUT_S, place, "stream_timeout", _DEFAULT_TIMEOUT_S)
            patience |= {"first_token_timeout_s": limit, "idle_timeout_s": limit}
        return patience

    def _largest(
        self,
        entries: list[tuple[Place, dict[str, Any], dict[str, Any]]],
        keys: tuple[str, ...],
        defaults: tuple[dict[str, Any], ...],
        default_key: str,
    ) -> float | None:
        found = [
            self._number(params[key], (*place, "litellm_params"), key)
            for place, params, _ in entries
            for key in keys
            if params.get(key) is not None
        ]
        if found:
            return max(found)
        for settings in defaults:
            if settings.get(default_key) is not None:
                return self._number(settings[default_key], ("router_settings",), default_key)
        return None

    def _bounded(self, value: float | None, largest: float, place: Place, name: str, default: float) -> float:
        if value is None:
            return default
        if value > largest:
            self._say(place, f"{name} {value:g} is more than the {largest:g} allowed here, which is used instead")
            return largest
        return value if value > 0 or name == "retries" else default

    def _number(self, value: Any, place: Place, name: str) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = -1.0
        if number < 0 or number == float("inf"):
            self._say((*place, name), f"{name} is not a number that can be used; it is left out")
            return 1.0
        return int(number) if number.is_integer() else number

    def _price(self, value: Any, place: Place, name: str) -> str | None:
        try:
            per_million = Decimal(str(value)) * 1_000_000
        except InvalidOperation:
            per_million = Decimal("NaN")
        if not per_million.is_finite() or per_million < 0:
            self._say((*place, "litellm_params", name), f"{name} is not a price; it is left out")
            return None
        return format(per_million.normalize(), "f")

    def _add_aliases(self, models: dict[str, dict[str, Any]]) -> None:
        """Other names for a model become copies of it."""
        for settings, section in ((self._router, "router_settings"), (self._litellm, "litellm_settings")):
            for key in ("model_group_alias", "model_alias_map"):
                for alias, target in _mapping(settings.get(key)).items():
                    name = target.get("model") if isinstance(target, dict) else target
                    place = (section, key, str(alias))
                    if name not in models:
                        self._say(place, f"alias {alias!r} is left out: {name!r} is not taken over")
                    elif alias in models or not _ALIAS.fullmatch(str(alias)):
                        self._say(
                            place, f"alias {alias!r} is left out: a model has this name, or it cannot be one here"
                        )
                    else:
                        models[str(alias)] = {**models[name], "alias": str(alias)}
                        self._say(place, f"alias {alias!r} becomes a model of its own, a copy of {name!r}")

    def _remark_entry(self, place: Place, name: str, params: dict[str, Any], info: dict[str, Any]) -> None:
        for key in [key for key in params if key not in PARAMS_READ]:
            self._say((*place, "litellm_params", key), _left(f"litellm_params.{key} of {name!r}", key))
        for key in ("rpm", "tpm"):
            if params.get(key) is not None:
                self._say((*place, "litellm_params", key), _left(f"{key} of {name!r}", key))
        for key in [key for key in info if key not in MODEL_INFO_READ]:
            self._say((*place, "model_info", key), _left(f"model_info.{key} of {name!r}", key))
        if info.get("mode") not in MODES_SPOKEN:
            self._say((*place, "model_info", "mode"), f"{name!r} is for {info['mode']}, which is not served here yet")

    def _remark_settings(self) -> None:
        for key in [key for key in self._config if key not in TOP_READ]:
            self._say((str(key),), _left(str(key), str(key)))
        read = ((self._router, "router_settings", ROUTER_READ), (self._litellm, "litellm_settings", LITELLM_READ))
        for settings, section, known in read:
            for key in [key for key in settings if key not in known]:
                self._say((section, str(key)), _left(f"{section}.{key}", str(key)))
        strategy = self._router.get("routing_strategy")
        if strategy is not None and strategy not in STRATEGIES:
            self._say(
                ("router_settings", "routing_strategy"),
                f"routing_strategy {strategy!r} is not taken over, weights decide instead; known here: "
                f"{', '.join(STRATEGIES)}",
            )

    def _say(self, place: Place, text: str) -> None:
        remark = Remark(place, text)
        if remark not in self._remarks:
            self._remarks.append(remark)


def _left(what: str, key: str) -> str:
    return f"{what} is not taken over" + (f": {ADVICE[key]}" if key in ADVICE else "")


def _deployment_name(info: dict[str, Any], reach: Reach) -> str:
    given = info.get("id")
    if isinstance(given, str) and _ALIAS.fullmatch(given):
        return given
    base_url = reach.base_url or ""
    host = "" if base_url.startswith("os.environ/") else (urlsplit(base_url).hostname or "")
    if reach.vendor == "azure" and host:
        return f"azure-{host.partition('.')[0]}"
    return f"{reach.provider}-{host}" if host and reach.provider in ("openai", "hosted_vllm") else reach.provider


def _credential_name(reach: Reach) -> str:
    key = reach.api_key or ""
    if key.startswith("os.environ/"):
        return key.removeprefix("os.environ/").lower().replace("_", "-")
    return reach.provider


def _unique(name: str, taken: Iterable[str]) -> str:
    numbered, number = name, 1
    while numbered in taken:
        number += 1
        numbered = f"{name}-{number}"
    return numbered


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _order(remark: Remark) -> tuple[int, int]:
    """In the order of the file for models, settings after them."""
    is_model = remark.place[0] == "model_list"
    index = remark.place[1] if is_model and len(remark.place) > 1 else 0
    return (0 if is_model else 1, index if isinstance(index, int) else 0)
