"""Where Bedrock's runtime is: regions, and model names in paths.

Source: AWS's "Amazon Bedrock endpoints and quotas"; model names are percent-encoded as botocore does, so that those with
a colon and whole ARNs of inference profiles are one segment.
"""

import re
from functools import lru_cache
from urllib.parse import quote

from madang.calls.target import Target
from madang.errors import CallFailed

_REGION = re.compile(r"[a-z]{2,6}(?:-[a-z]+){1,3}-[0-9]{1,2}")
_DOMAINS = (("cn-", "amazonaws.com.cn"), ("eusc-", "amazonaws.eu"))


def url_of(target: Target, verb: str) -> str:
    """The URL of one of a model's verbs: converse, converse-stream, invoke. Raises CallFailed for a wrong region."""
    return f"{base_of(target.base_url, target.region)}/model/{_segment(target.vendor_model)}/{verb}"


@lru_cache(maxsize=256)
def base_of(base_url: str, region: str) -> str:
    """The runtime's address. Raises CallFailed for a wrong region."""
    if region and not _REGION.fullmatch(region):
        raise _unknown_region(f"{region!r} is not the name of an AWS region")
    if base_url:
        return base_url.rstrip("/")
    if not region:
        raise _unknown_region("this deployment has no region")
    domain = next((domain for prefix, domain in _DOMAINS if region.startswith(prefix)), "amazonaws.com")
    return f"https://bedrock-runtime.{region}.{domain}"


@lru_cache(maxsize=1024)
def _segment(model: str) -> str:
    return quote(model, safe="-._~")


def _unknown_region(what: str) -> CallFailed:
    return CallFailed(
        f"Bedrock is asked in a region, and {what}; set one such as 'us-east-1'.",
        reason="not_found",
        status=502,
        code="unknown_region",
    )
