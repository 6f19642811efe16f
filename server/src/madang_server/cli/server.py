"""`madang server`: Gateway, Studio and UI on one port, without the store, the worker and the simulator."""

import argparse
import logging
import os
import secrets
import sys
import warnings
from datetime import UTC, datetime
from typing import Any


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    parser = subparsers.add_parser(
        "server", help="run Gateway, Studio and UI alone (needs MADANG_CLICKHOUSE_URL for traces)"
    )
    parser.add_argument("--welcome", action="store_true", help="print the address, a sign-in link and a first call")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    from madang_server.accounts.passwords import Passwords
    from madang_server.accounts.problems import Invalid
    from madang_server.app.listen import CannotListen, listen
    from madang_server.app.serve import serve
    from madang_server.cli.welcome import welcome
    from madang_server.credentials.secret_key import SecretKeyUnavailable, secret_key
    from madang_server.settings import read_settings
    from madang_server.storage.sql.engine import DatabaseUnavailable, open_database
    from madang_server.storage.sql.migrate import DatabaseTooNew, upgrade
    from madang_server.studio.first_start import prepare

    # Libraries warn of odd requests by repeating them, and what a caller sent does not belong into a log.
    warnings.simplefilter("ignore")
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    settings = read_settings(os.environ)
    try:
        listener = listen(settings.host, settings.port)
        for folder in (settings.run_path, settings.spool_path):
            folder.mkdir(parents=True, exist_ok=True)
        secret_key(settings, secrets.token_bytes)
        database = open_database(settings.database_url)
        upgrade(database)
        greeting = prepare(
            database, settings, now=datetime.now(UTC), random_bytes=secrets.token_bytes, passwords=Passwords()
        )
    except (
        CannotListen,
        DatabaseUnavailable,
        DatabaseTooNew,
        Invalid,
        SecretKeyUnavailable,
    ) as error:
        sys.stderr.write(f"Madang cannot start: {error}\n")
        return 2
    except OSError as error:
        where = f"{error.filename!r} cannot be used: " if error.filename else ""
        sys.stderr.write(
            f"Madang cannot start: {where}{error.strerror}. Make room and rights for it, or choose another MADANG_HOME.\n"
        )
        return 2

    def ready() -> None:
        if given.welcome:
            sys.stdout.write(welcome(settings, greeting))
            sys.stdout.flush()

    try:
        has_served = serve(settings, database, listener, ready)
    finally:
        database.close()
    return 0 if has_served else 1
