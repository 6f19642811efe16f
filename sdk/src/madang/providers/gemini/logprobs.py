"""Gemini's logprobsResult as OpenAI's logprobs.

Source: the google-genai client's type `LogprobsResult`; OpenAI's API reference, "Chat completion object".
"""

from itertools import zip_longest
from typing import Any

Json = dict[str, Any]


def logprobs_of(result: Json) -> Json:
    """OpenAI's logprobs of one choice, or of one piece of its stream."""
    chosen = result.get("chosenCandidates") or ()
    tops = (step.get("candidates") or () for step in result.get("topCandidates") or ())
    pairs = zip_longest(chosen, tops, fillvalue=())
    content = [{**_token(one), "top_logprobs": [_token(other) for other in others]} for one, others in pairs if one]
    return {"content": content, "refusal": None}


def _token(candidate: Json) -> Json:
    token = str(candidate.get("token", ""))
    return {"token": token, "logprob": candidate.get("logProbability", 0.0), "bytes": list(token.encode())}
