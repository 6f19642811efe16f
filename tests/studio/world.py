"""Four people around a control plane, and browsers for them that speak real HTTP."""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from argon2 import PasswordHasher
from starlette.types import ASGIApp

from madang_server.accounts import keys, members, organisations, sessions, users
from madang_server.accounts.organisations import Organisation, Project
from madang_server.accounts.passwords import Passwords
from madang_server.accounts.randomness import new_id
from madang_server.accounts.roles import Role
from madang_server.accounts.users import User
from madang_server.settings import Settings
from madang_server.storage.sql.engine import Database

PASSWORD = "correct horse battery"

# Cheap on purpose: the strength of argon2 is not what these tests are about.
CHEAP_PASSWORDS = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass
class Clock:
    """The time the control plane sees; tests move it."""

    moment: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.moment

    def seconds(self) -> float:
        return self.moment.timestamp()

    def pass_by(self, span: timedelta) -> None:
        self.moment += span


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        return self.json["error"]


class Browser:
    """Sends requests as a browser would: keeps the session's cookie, adds the CSRF header, names its origin."""

    def __init__(self, port: int, token: str | None = None) -> None:
        self.port = port
        self.token = token
        self.csrf = None if token is None else sessions.csrf_token(token)
        self.origin: str | None = f"http://127.0.0.1:{port}"

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post(self, path: str, body: object = None) -> Answer:
        return self.send("POST", path, body)

    def put(self, path: str, body: object) -> Answer:
        return self.send("PUT", path, body)

    def patch(self, path: str, body: object) -> Answer:
        return self.send("PATCH", path, body)

    def delete(self, path: str) -> Answer:
        return self.send("DELETE", path)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        sent = dict(headers or {})
        if self.token is not None:
            sent.setdefault("cookie", f"madang_session={self.token}")
        if method != "GET" and self.csrf is not None:
            sent.setdefault("x-csrf-token", self.csrf)
        if method != "GET" and self.origin is not None:
            sent.setdefault("origin", self.origin)
        content = raw if raw is not None else (None if body is None else json.dumps(body).encode())
        if content is not None:
            sent.setdefault("content-type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, content, sent)
            response = connection.getresponse()
            answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()
        self._keep_cookie(answer)
        return answer

    def _keep_cookie(self, answer: Answer) -> None:
        cookie = answer.headers.get("set-cookie", "")
        if cookie.startswith("madang_session="):
            value = cookie.removeprefix("madang_session=").partition(";")[0].strip('"')
            self.token = value or None
            self.csrf = sessions.csrf_token(value) if value else None


@dataclass
class World:
    """Alice owns Acme and its project Menu; Bob is a member, Carol a viewer. Mallory owns another organisation."""

    database: Database
    settings: Settings
    clock: Clock
    port: int
    acme: str
    menu: str
    mallorys_organisation: str
    mallorys_project: str
    user_ids: dict[str, str]
    menu_secret_key: str
    alice: Browser
    bob: Browser
    carol: Browser
    mallory: Browser

    def browser(self) -> Browser:
        """A browser in which nobody is signed in."""
        return Browser(self.port)

    def program(self, secret_key: str) -> Callable[[str, str, object], Answer]:
        """Sends requests as a program with this key would: no cookie, no origin."""
        browser = Browser(self.port)
        browser.origin = None
        return lambda method, path, body: browser.send(
            method, path, body, headers={"authorization": f"Bearer {secret_key}"}
        )


def populate(database: Database, settings: Settings, clock: Clock, port: int) -> World:
    """Stores the people of `World` and signs each of them in."""
    now = clock.now()
    with database.transaction() as connection:

        def person(name: str) -> str:
            user_id = new_id(secrets.token_bytes)
            users.add_user(
                connection,
                User(
                    id=user_id,
                    email=f"{name}@example.com",
                    name=name.title(),
                    language="en",
                    password_hash=CHEAP_PASSWORDS.hash(PASSWORD),
                    created_at=now,
                ),
            )
            return user_id

        def place(name: str, project_name: str) -> tuple[str, str]:
            organisation = Organisation(id=new_id(secrets.token_bytes), name=name, created_at=now)
            organisations.add_organisation(connection, organisation)
            project = Project(
                id=new_id(secrets.token_bytes),
                organisation_id=organisation.id,
                name=project_name,
                is_sandbox=False,
                created_at=now,
            )
            organisations.add_project(connection, project)
            return organisation.id, project.id

        def browser(name: str) -> Browser:
            token = sessions.open_session(connection, ids[name], now=now, random_bytes=secrets.token_bytes)
            return Browser(port, token)

        ids = {name: person(name) for name in ("alice", "bob", "carol", "mallory")}
        acme, menu = place("Acme", "Menu")
        others, others_project = place("Mallory's", "Secret plans")
        roles: dict[str, Role] = {"alice": "owner", "bob": "member", "carol": "viewer"}
        for name, role in roles.items():
            members.add_member(connection, acme, ids[name], role, actor="owner", now=now)
        members.add_member(connection, others, ids["mallory"], "owner", actor="owner", now=now)
        pair = keys.new_key_pair(secrets.token_bytes)
        keys.add_key(
            connection,
            menu,
            pair,
            key_id=new_id(secrets.token_bytes),
            name="apply",
            created_by=ids["alice"],
            now=now,
        )
        return World(
            database=database,
            settings=settings,
            clock=clock,
            port=port,
            acme=acme,
            menu=menu,
            mallorys_organisation=others,
            mallorys_project=others_project,
            user_ids=ids,
            menu_secret_key=pair.secret_key,
            alice=browser("alice"),
            bob=browser("bob"),
            carol=browser("carol"),
            mallory=browser("mallory"),
        )


@contextlib.contextmanager
def serving(app: ASGIApp) -> Iterator[int]:
    """The port of the loopback address on which `app` answers while the block lasts."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    port: int = listening.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        _wait_for(lambda: server.started)
        yield port
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        listening.close()


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.005)
