"""`madang explain MODEL`: where a call for a model would go now, and why."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from madang_server.cli.server_call import CallRefused, post
from madang_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    parser = subparsers.add_parser(
        "explain",
        help="where a call for a model would go, and why",
        description="Asks the platform at MADANG_BASE_URL which deployments a call would try, in which sequence, and "
        "what follows after each kind of failure. No vendor is called.",
    )
    parser.add_argument("model", metavar="MODEL", help="a model's name, as in a call")
    parser.add_argument("--stream", action="store_true", help="for a streamed call")
    parser.add_argument("--operation", default="chat", help="chat (default), responses, embeddings, images, speech, …")
    parser.add_argument("--feature", action="append", default=[], help="what the call needs: vision, tools, audio, …")
    parser.add_argument("--prompt-tokens", type=int, default=0, metavar="N", help="how long the prompt is")
    parser.add_argument("--session", default="", metavar="ID", help="the call's session")
    parser.add_argument("--user", default="", metavar="ID", help="the call's user")
    parser.add_argument("--routing", default="", metavar="JSON", help="as in the header x-madang-routing")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    settings = read_settings(os.environ)
    wish: dict[str, Any] = {
        "model": args.model,
        "stream": args.stream,
        "operation": args.operation,
        "features": args.feature,
        "prompt_tokens": args.prompt_tokens,
        "session_id": args.session,
        "user_id": args.user,
    }
    try:
        if args.routing:
            wish["routing"] = json.loads(args.routing)
        told = post(settings, "/api/explain", wish)
    except ValueError:
        print("madang explain: --routing must be a JSON object.", file=sys.stderr)
        return 2
    except CallRefused as error:
        print(f"madang explain: {error}", file=sys.stderr)
        return 1
    print(json.dumps(told, indent=2, ensure_ascii=False) if args.json else in_words(told))
    return 0


def in_words(told: Mapping[str, Any]) -> str:
    """The explanation as lines to read."""
    lines = [f"{told['model']}, strategy {told['strategy']}"]
    for place, step in enumerate(told["steps"], start=1):
        where = f" in {step['region']}" if step["region"] else ""
        share = f" · first in {step['share']:.0%} of calls" if step["share"] else ""
        lines.append(f"  {place}. {step['deployment']} ({step['vendor']} {step['vendor_model']}{where}){share}")
        lines.append(f"     {step['reason']}{_pace(step)}")
    lines += [f"  –  {each['deployment']}: passed over, {each['why']}" for each in told["skipped"]]
    if not told["steps"]:
        lines.append("  Nobody could answer this call.")
    elif len(told["steps"]) > 1:
        lines.append("When the first one fails:")
        for each in told["next_after"]:
            then = ", ".join(each["deployments"]) or "nobody else is asked"
            lines.append(f"  {each['after'].replace('_', ' ')}: {then}")
    return "\n".join(lines)


def _pace(step: Mapping[str, Any]) -> str:
    if step["p50_ms"] is None:
        return ""
    return f" · lately {step['p50_ms']} ms (median), {step['p95_ms']} ms (95th percentile)"
