"""What a call may consume, told before it is made: from its prompt, from what its caller allows, and from what answers of
this model lately took.
"""

import math
from decimal import Decimal
from typing import Any

from madang.calls.operation import CHATS
from madang.calls.request import Attempt, Request
from madang.calls.target import Price
from madang.calls.text_size import BYTES_PER_TOKEN, text_bytes
from madang.calls.usage import Usage
from madang.pricing.cost import cost_of
from madang.providers.rerank import DOCUMENTS_PER_SEARCH
from madang.routing.faded import FadedHistogram
from madang.routing.needs import needs_of
from madang_server.limits.book import Consumed

UNKNOWN_ANSWER = 1_000  # tokens
_USUAL_SHARE = 0.95
_ENOUGH_ANSWERS = 3.0
_MOST_MODELS = 10_000  # remembered at once, of all projects
_LARGEST_ANSWER = 10_000_000  # tokens; who allows more allows as much as nobody answers

# OpenAI's names of the caller's limit for one answer, in chats, older chats, and responses.
_LIMITS_OF_ANSWER = ("max_completion_tokens", "max_tokens", "max_output_tokens")


class AnswerSizes:
    """How many tokens the answers of each project's models lately had."""

    def __init__(self) -> None:
        self._sizes: dict[tuple[str, str], FadedHistogram] = {}

    def note(self, request: Request, tokens: int, now: float) -> None:
        place = (request.caller.project_id, request.route.model)
        sizes = self._sizes.get(place)
        if sizes is None:
            if len(self._sizes) >= _MOST_MODELS:
                self._sizes.clear()  # they are measured again within a few calls
            sizes = self._sizes[place] = FadedHistogram(1.0, now)
        sizes.add(max(tokens, 1), now)

    def usual(self, request: Request, now: float) -> int:
        """Tokens that 95 % of the answers stayed under, or 1,000 where too few are known."""
        sizes = self._sizes.get((request.caller.project_id, request.route.model))
        if sizes is None or sizes.known(now) < _ENOUGH_ANSWERS:
            return UNKNOWN_ANSWER
        return math.ceil(sizes.percentile(_USUAL_SHARE, now) or UNKNOWN_ANSWER)


def estimate(request: Request, usual_answer: int) -> Consumed:
    """What the call may consume. An amount that nobody can tell before, or a price that nobody knows, is 0."""
    usage = _expected(request, usual_answer)
    cost = cost_of(usage, _first_price(request))
    tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0)
    return Consumed(tokens, cost.total_usd if cost else Decimal(0))


def consumed(request: Request, expected: Consumed, *, is_answered: bool) -> Consumed:
    """What a finished call consumed with all its attempts. An answer whose vendor counted nothing counts as expected."""
    attempts = request.journal.attempts
    counted = [each.usage for each in attempts if each.usage is not None]
    if not counted:
        return expected if is_answered else Consumed(0, Decimal(0))
    tokens = sum((usage.input_tokens or 0) + (usage.output_tokens or 0) for usage in counted)
    return Consumed(tokens, sum((_paid(each) for each in attempts), Decimal(0)))


def _paid(attempt: Attempt) -> Decimal:
    return attempt.cost.total_usd if attempt.cost is not None else Decimal(0)


def _expected(request: Request, usual_answer: int) -> Usage:
    body = request.body
    operation = request.operation
    if operation in CHATS:
        answers = _count(body.get("n"), 1)
        return Usage(
            input_tokens=needs_of(request).prompt_tokens, output_tokens=answers * _answer(request, usual_answer)
        )
    if operation == "embeddings":
        return Usage(input_tokens=_input_tokens(body.get("input")))
    if operation == "rerank":
        return _ranked(request)
    if operation in ("images", "image_edits"):
        return Usage(images=_count(body.get("n"), 1))
    if operation == "speech":
        return Usage(characters=len(str(body.get("input") or "")))
    return Usage()


def _ranked(request: Request) -> Usage:
    """Searches where these are what is paid, else the tokens of every document with the query."""
    documents = request.body.get("documents")
    given = documents if isinstance(documents, list) else []
    price = _first_price(request)
    if price is not None and price.input is None:
        return Usage(search_units=math.ceil(len(given) / DOCUMENTS_PER_SEARCH))
    texts = [each.get("text") if isinstance(each, dict) else each for each in given]
    return Usage(input_tokens=_input_tokens(texts) + len(given) * _input_tokens(request.body.get("query")))


def _answer(request: Request, usual_answer: int) -> int:
    allowed = [_count(request.body.get(name), 0) for name in _LIMITS_OF_ANSWER]
    tokens = next((count for count in allowed if count), usual_answer)
    longest = [target.max_output_tokens for target in request.route.targets[:1] if target.max_output_tokens]
    return min(tokens, *longest, _LARGEST_ANSWER)


def _count(value: Any, otherwise: int) -> int:
    """A whole number above zero as the caller sent it; `otherwise` for anything else, which the vendor will refuse."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return min(value, _LARGEST_ANSWER) if is_count else otherwise


def _input_tokens(given: Any) -> int:
    """Tokens of one or many texts, or of tokens that the caller has counted already."""
    each = given if isinstance(given, list) else [given]
    if each and isinstance(each[0], int):
        return len(each)
    text = sum(text_bytes(one) for one in each if isinstance(one, str))
    return round(text / BYTES_PER_TOKEN) + sum(len(one) for one in each if isinstance(one, list))


def _first_price(request: Request) -> Price | None:
    routes = (request.route, *request.route.fallbacks)
    return next((target.price for route in routes for target in route.targets), None)
