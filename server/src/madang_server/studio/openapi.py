"""The OpenAPI document of the Studio and Labs API, from the code alone: what the UI's types are generated from."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from madang_server.http.surroundings import Settings
from madang_server.studio.api import create_control_plane


def document() -> dict[str, Any]:
    """The same document that a running platform serves at /api/openapi.json, without the version of a release."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        settings = Settings(home=home, database_url=f"sqlite:///{home}/none.db", base_url="http://127.0.0.1:7600")
        # Nothing is asked of the database: the document follows from the handlers' signatures.
        api = create_control_plane(settings, None, version="0")  # type: ignore[arg-type]
        return api.openapi()
