"""`python -m madang_server.store --home DIR --port P`: the store process; password and memory cap by environment."""

import argparse
import os
import sys
from pathlib import Path

from madang_server.settings import SettingsError, read_settings
from madang_server.store.lock import StoreInUse
from madang_server.store.serve import serve_store


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 after a clean stop, 2 for settings, 3 when the store is in use, 1 when the system refused."""
    parser = argparse.ArgumentParser(prog="madang store", description="Run the embedded trace store on loopback.")
    parser.add_argument("--home", type=Path, help="folder that holds the data (default: MADANG_HOME)")
    parser.add_argument(
        "--port", type=int, required=True, help="port on 127.0.0.1; 0 takes a free one, see run/store.json"
    )
    given = parser.parse_args(arguments)
    try:
        settings = read_settings(os.environ)
        if not settings.store_password:
            raise SettingsError(("MADANG_STORE_PASSWORD is not set; the store does not run without a password.",))
        serve_store(given.home or settings.home, given.port, settings.store_password, settings.store_memory_mb)
    except SettingsError as error:
        return _fail(str(error), 2)
    except StoreInUse as error:
        return _fail(str(error), 3)
    except (OSError, RuntimeError) as error:
        return _fail(f"The trace store cannot start: {error}", 1)
    return 0


def _fail(message: str, code: int) -> int:
    sys.stderr.write(message + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
