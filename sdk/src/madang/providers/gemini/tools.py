"""OpenAI's tools and tool_choice as Gemini's tools and toolConfig.

Source: Google's Gemini API reference, "Caching: Tool, FunctionDeclaration, ToolConfig"; the google-genai client sends a
function's JSON schema as parametersJsonSchema. Google's own tools (googleSearch, codeExecution, …) go as they are.
"""

from collections.abc import Mapping
from typing import Any

from madang.providers.openai_fields import refused

Json = dict[str, Any]


def tools_of(body: Mapping[str, Any]) -> list[Json]:
    """Gemini's tools for a request; empty when it names none. Raises CallFailed(invalid_request)."""
    if body.get("functions") or body.get("function_call"):
        raise refused("Gemini is not asked with functions and function_call; use tools and tool_choice.", "functions")
    declared: list[Json] = []
    others: list[Json] = []
    tools = body.get("tools") or []
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise refused("Tools have to be a list of objects.", "tools")
    for tool in tools:
        if tool.get("type") == "function" and isinstance(tool.get("function"), dict):
            declared.append(_declaration(tool["function"]))
        elif "type" not in tool:
            others.append(tool)
        else:
            raise refused(
                "Gemini has tools of type function, and its own, such as {'googleSearch': {}}, without type.", "tools"
            )
    if body.get("web_search_options") is not None:
        others.append({"googleSearch": {}})
    return [{"functionDeclarations": declared}, *others] if declared else others


def tool_config(choice: Any) -> Json | None:
    """functionCallingConfig for OpenAI's tool_choice; None where there is nothing to say."""
    match choice:
        case None:
            return None
        case "auto":
            return {"mode": "AUTO"}
        case "none":
            return {"mode": "NONE"}
        case "required":
            return {"mode": "ANY"}
        case {"type": "function", "function": {"name": str(name)}}:
            return {"mode": "ANY", "allowedFunctionNames": [name]}
        case {"type": "allowed_tools", "allowed_tools": {"tools": list(tools), **rest}}:
            functions = [tool.get("function") for tool in tools if isinstance(tool, dict)]
            names = [function.get("name") for function in functions if isinstance(function, dict)]
            return {"mode": "ANY" if rest.get("mode") == "required" else "VALIDATED", "allowedFunctionNames": names}
        case _:
            raise refused("Gemini takes auto, none, required or a function as tool_choice.", "tool_choice")


def _declaration(function: Mapping[str, Any]) -> Json:
    told: Json = {"name": function.get("name")}
    if function.get("description"):
        told["description"] = function["description"]
    if function.get("parameters") is not None:
        told["parametersJsonSchema"] = function["parameters"]
    return told
