"""`madang sign-in-link`: a one-time link for somebody who cannot get in. Whoever may run it here owns the installation."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from datetime import UTC, datetime
from typing import Any


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    parser = subparsers.add_parser("sign-in-link", help="print a link that signs somebody in once, within an hour")
    parser.add_argument("email", nargs="?", help="whose link (default: the first owner)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from madang_server.accounts import links, users
    from madang_server.settings import read_settings
    from madang_server.storage.sql.engine import DatabaseUnavailable, open_database
    from madang_server.storage.sql.migrate import current_revision

    settings = read_settings(os.environ)
    try:
        database = open_database(settings.database_url)
    except (DatabaseUnavailable, OSError) as error:
        print(f"madang sign-in-link: {error}", file=sys.stderr)
        return 1
    try:
        with database.transaction() as connection:
            if current_revision(connection) is None:
                print(
                    "madang sign-in-link: this installation has not been started yet; run `madang up`.", file=sys.stderr
                )
                return 1
            email = args.email.strip().lower() if args.email else None
            user = users.user_by_email(connection, email) if email else users.first_user(connection)
            if user is None:
                whom = f"Nobody here has the e-mail {email!r}." if email else "Nobody is here yet; run `madang up`."
                print(f"madang sign-in-link: {whom}", file=sys.stderr)
                return 1
            link = links.make_link(
                connection, user.id, settings.base_url, now=datetime.now(UTC), random_bytes=secrets.token_bytes
            )
    finally:
        database.close()
    print(f"For {user.email}, once, within an hour:\n{link}")
    return 0
