"""A span of your own by OTLP/JSON, with the standard library alone: any OpenTelemetry exporter does the same.

Set MADANG_API_KEY (and MADANG_BASE_URL when the platform is elsewhere).
"""

import json
import os
import secrets
import time
import urllib.request


def main() -> None:
    now = time.time_ns()
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "house",
        "gen_ai.request.model": "llama-3.3-70b",
        "session.id": "example-session",
        "input.value": "Hello",
        "output.value": "Hello yourself",
    }
    tokens = {"gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 5}
    span = {
        "traceId": secrets.token_hex(16),
        "spanId": secrets.token_hex(8),
        "name": "chat llama",
        "startTimeUnixNano": str(now - 250_000_000),
        "endTimeUnixNano": str(now),
        "status": {"code": 1},
        "attributes": [
            *({"key": key, "value": {"stringValue": text}} for key, text in attributes.items()),
            *({"key": key, "value": {"intValue": str(count)}} for key, count in tokens.items()),
        ],
    }
    body = {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "example"}, "spans": [span]}]}]}
    request = urllib.request.Request(
        os.environ.get("MADANG_BASE_URL", "http://127.0.0.1:7600") + "/v1/traces",
        data=json.dumps(body).encode(),
        headers={"authorization": f"Bearer {os.environ['MADANG_API_KEY']}", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        print("kept:", answer.status, "trace:", span["traceId"])


if __name__ == "__main__":
    main()
