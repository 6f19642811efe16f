"""OpenAI's tools and tool choice as Converse's toolConfig.

Source: AWS's "Amazon Bedrock Runtime API reference", ToolConfiguration, ToolSpecification and ToolChoice; "Computer use"
for the tools that only Claude knows, which travel among the model's own fields.
"""

from typing import Any, NamedTuple

from madang.providers.anthropic.json_schema import enforceable
from madang.providers.bedrock.content import Block, cache_point
from madang.providers.openai_fields import refused

_NO_PARAMETERS = {"type": "object", "properties": {}}
_OWN_TOOLS = ("toolSpec", "systemTool", "cachePoint")


class Tools(NamedTuple):
    """`config` is Converse's; `own` are tools of the model's vendor, such as Claude's computer_20250124."""

    config: dict[str, Any] | None
    own: list[Any]


def tools_of(given: Any, choice: Any, called: tuple[str, ...], *, can_enforce: bool = True) -> Tools:
    """Raises CallFailed for what is no tool.

    Converse knows no choice "none": the tools are left out then, unless earlier turns called some, in which case it
    insists on them. Tools that were called earlier and are not given now are declared without parameters, for the same
    reason. `can_enforce`: the model holds its calls to the schema, where the tool is strict.
    """
    specs: list[Block] = []
    own: list[Any] = []
    if given is not None and not isinstance(given, list):
        raise refused("tools must be a list.", "tools")
    if choice != "none" or called:
        for number, tool in enumerate(given or ()):
            _add(tool, f"tools[{number}]", specs, own, can_enforce=can_enforce)
    specs, wanted = _chosen(specs, choice)
    named = [spec["toolSpec"]["name"] for spec in specs if "toolSpec" in spec]
    if not specs:  # Converse wants a declaration as soon as there is a call, not one of every tool
        specs = [tool_spec(name) for name in called]
    elif wanted and "tool" in wanted and wanted["tool"]["name"] not in named:
        raise refused(f"tool_choice names {wanted['tool']['name']!r}, which is not among the tools.", "tool_choice")
    if not specs:
        return Tools(None, own)
    return Tools({"tools": specs, "toolChoice": wanted} if wanted else {"tools": specs}, own)


def tool_spec(name: str, description: str = "", parameters: Any = None, *, is_strict: bool = False) -> Block:
    spec: dict[str, Any] = {"name": name}
    if description:
        spec["description"] = description
    schema = parameters or _NO_PARAMETERS
    if not isinstance(schema, dict):
        raise refused(f"The parameters of tool {name!r} must be a JSON schema.", "tools")
    spec["inputSchema"] = {"json": enforceable(schema) if is_strict else schema}
    if is_strict:
        spec["strict"] = True
    return {"toolSpec": spec}


def _add(tool: Any, place: str, specs: list[Block], own: list[Any], *, can_enforce: bool) -> None:
    if not isinstance(tool, dict):
        raise refused(f"{place} must be an object with a type.", "tools")
    function = tool.get("function")
    if isinstance(function, dict) and function.get("name"):
        specs.append(
            tool_spec(
                str(function["name"]),
                function.get("description") or "",
                function.get("parameters"),
                is_strict=can_enforce and function.get("strict") is True,
            )
        )
        control = tool.get("cache_control") or function.get("cache_control")
        if control:
            specs += cache_point(control)
    elif len(tool) == 1 and next(iter(tool)) in _OWN_TOOLS:
        if "toolSpec" in tool and not (isinstance(tool["toolSpec"], dict) and tool["toolSpec"].get("name")):
            raise refused(f"{place}.toolSpec must have a name.", "tools")
        specs.append(tool)
    elif tool.get("type") in (None, "function", "custom"):
        raise refused(f"{place} is no function with a name.", "tools")
    else:
        own.append(tool)


def _chosen(specs: list[Block], choice: Any) -> tuple[list[Block], dict[str, Any] | None]:
    """The tools that may be called, and how the model has to choose."""
    match choice:
        case None | "none" | "auto":
            return specs, {"auto": {}} if choice == "auto" and specs else None
        case "required":
            return specs, {"any": {}}
        case {"type": "function", "function": {"name": str(name)}}:
            return specs, {"tool": {"name": name}}
        case {"type": "allowed_tools", "allowed_tools": {"tools": list(tools)} as allowed}:
            named = [tool.get("function") for tool in tools if isinstance(tool, dict)]
            names = [function.get("name") for function in named if isinstance(function, dict)]
            kept = [spec for spec in specs if "toolSpec" not in spec or spec["toolSpec"]["name"] in names]
            return kept, {"any": {}} if allowed.get("mode") == "required" else {"auto": {}}
        case {"auto": _} | {"any": _} | {"tool": {"name": str()}}:
            return specs, choice
    raise refused("tool_choice must be 'none', 'auto', 'required', or name one function.", "tool_choice")
