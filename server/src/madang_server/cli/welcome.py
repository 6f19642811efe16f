"""What the terminal shows when the platform is ready: where it is, how to get in, and a call that works as pasted."""

from madang_server.settings import Settings
from madang_server.studio.first_start import Greeting


def welcome(settings: Settings, greeting: Greeting) -> str:
    lines = ["", f"  Madang is ready at {settings.base_url}", ""]
    if greeting.sign_in_link:
        lines += ["  Sign in (this link works once, within an hour):", f"    {greeting.sign_in_link}", ""]
    if greeting.sandbox_secret_key:
        lines += ["  A first call, to a simulated model of the Sandbox project; no vendor key needed:", ""]
        lines += [f"    {line}" for line in _first_call(settings.base_url, greeting.sandbox_secret_key)]
        lines += [""]
    lines += ["  Stop with Ctrl-C.", ""]
    return "\n".join(lines) + "\n"


def _first_call(base_url: str, secret_key: str) -> list[str]:
    body = '{"model":"sandbox-chat","messages":[{"role":"user","content":"Hello"}]}'
    return [
        f"curl {base_url}/v1/chat/completions \\",
        f'  -H "Authorization: Bearer {secret_key}" -H "Content-Type: application/json" \\',
        f"  -d '{body}'",
    ]
