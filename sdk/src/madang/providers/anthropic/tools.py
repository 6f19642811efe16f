"""OpenAI's tools and tool choice in Anthropic's words.

Source: the types `ToolParam` and `ToolChoiceParam` of Anthropic's Python client 2.8. A tool without `function` is the
vendor's own (web_search_20250305, …) and passes as given, as do fields beside `function` such as `cache_control`.
"""

from typing import Any

from madang.providers.anthropic.json_schema import enforceable
from madang.providers.openai_fields import refused

_NO_PARAMETERS = {"type": "object", "properties": {}}
_CHOICES = {"auto": "auto", "required": "any", "none": "none"}
_FORCING = frozenset({"any", "tool"})


def tools_of(given: Any) -> list[Any]:
    """The tools. Raises CallFailed for what is no tool of OpenAI's nor can be one of the vendor's."""
    if not isinstance(given, list):
        raise refused("'tools' must be a list of tools.", "tools")
    return [_tool(tool) for tool in given]


def tool_choice_of(given: Any, *, is_parallel: bool) -> dict[str, Any] | None:
    """The choice; None where the vendor's own rule is what was asked for."""
    choice = _choice(given)
    if is_parallel or choice == {"type": "none"}:
        return choice
    return {**(choice or {"type": "auto"}), "disable_parallel_tool_use": True}


def forces_a_tool(choice: dict[str, Any] | None) -> bool:
    """Whether the model has to call a tool, which it cannot while it thinks."""
    return choice is not None and choice["type"] in _FORCING


def _tool(tool: Any) -> Any:
    if not isinstance(tool, dict):
        raise refused("Every tool must be an object.", "tools")
    function = tool.get("function")
    if function is None:
        if "custom" in tool:
            raise refused("Anthropic has no tools of free text; give the tool a JSON schema.", "tools")
        return tool
    if not isinstance(function, dict) or not function.get("name"):
        raise refused("Every tool's function must have a name.", "tools")
    schema = function.get("parameters") or _NO_PARAMETERS
    if not isinstance(schema, dict):
        raise refused("The parameters of a tool must be a JSON schema.", "tools")
    is_strict = function.get("strict") is True
    made: dict[str, Any] = {"name": function["name"]}
    if function.get("description"):
        made["description"] = function["description"]
    made["input_schema"] = enforceable(schema) if is_strict else schema
    if is_strict:
        made["strict"] = True
    made |= {key: value for key, value in tool.items() if key not in ("type", "function")}
    if "cache_control" in function:
        made["cache_control"] = function["cache_control"]
    return made


def _choice(given: Any) -> dict[str, Any] | None:
    if given is None:
        return None
    if isinstance(given, str):
        if given not in _CHOICES:
            raise refused(f"'tool_choice' is {given!r}; known: {sorted(_CHOICES)} or a tool.", "tool_choice")
        return {"type": _CHOICES[given]}
    kind = given.get("type") if isinstance(given, dict) else None
    if kind == "function" and isinstance(given.get("function"), dict):
        return {"type": "tool", "name": given["function"].get("name")}
    if kind in ("auto", "any", "tool", "none"):
        return dict(given)
    raise refused("'tool_choice' must be auto, required, none or one function.", "tool_choice")
