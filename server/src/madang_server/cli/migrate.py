"""`madang migrate`: brings the databases to the shape this version expects, for those who do it apart from the start."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    parser = subparsers.add_parser("migrate", help="bring the databases up to date (`madang up` does so by itself)")
    parser.set_defaults(run=run)


def run(_args: argparse.Namespace) -> int:
    from madang_server.settings import read_settings
    from madang_server.storage.clickhouse import migrate as clickhouse
    from madang_server.storage.clickhouse.client import Store
    from madang_server.storage.clickhouse.errors import StoreError
    from madang_server.storage.sql.engine import DatabaseUnavailable, open_database
    from madang_server.storage.sql.migrate import DatabaseTooNew, upgrade

    settings = read_settings(os.environ)
    try:
        database = open_database(settings.database_url)
        try:
            print(_done("Database", upgrade(database)))
        finally:
            database.close()
        if settings.clickhouse_url is None:
            print("Trace store: the embedded one is brought up to date by `madang up`.")
        else:
            print(_done("Trace store", clickhouse.migrate(Store(settings.clickhouse_url))))
    except (DatabaseUnavailable, DatabaseTooNew, StoreError, OSError) as error:
        print(f"madang migrate: {error}", file=sys.stderr)
        return 1
    return 0


def _done(what: str, applied: tuple[str, ...] | list[str]) -> str:
    return f"{what}: applied {', '.join(applied)}." if applied else f"{what}: up to date."
