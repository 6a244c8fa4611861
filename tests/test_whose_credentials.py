"""Whatever is edited, switched or waited for: a run has the right credentials.

Random sequences of what users do are driven against a model that knows whose
credentials are right. Everything is the real thing, the files included, but for the
clock, the file system's time stamps, which go by that clock, STS, and the exec.

``AWSEXEC_STEPS=100000 pytest tests/test_whose_credentials.py`` takes that many steps, and
``AWSEXEC_MINUTES=60`` goes on for that long; both take other steps each time.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import io
import json
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from awsexec import fastpath
from awsexec.commands import export as export_command
from awsexec.commands import forget as forget_command
from awsexec.commands import run as run_command
from awsexec.credentials import sources, sts
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.mfa_process import CodeProcess
from awsexec.credentials.sdk.errors import Unreachable
from awsexec.errors import AwsexecError, CredentialsError, NeedsUser
from awsexec.options.arguments import parse
from awsexec.plan import inputs
from awsexec.processes import background
from awsexec.report import VERBOSE, Report
from awsexec.serve import endpoint
from awsexec.serve.supply import UNCHECKED, RenewedSupply

pytestmark = pytest.mark.uncounted

LENGTH = 50
STEPS = int(os.environ.get("AWSEXEC_STEPS", 5_000))
MINUTES = float(os.environ.get("AWSEXEC_MINUTES", 0))
# the same ones each time, unless somebody asked for more
IS_ALWAYS_THE_SAME = not os.environ.keys() & {"AWSEXEC_STEPS", "AWSEXEC_MINUTES"}
# hypothesis remembers all that it tried, so a long run is many short ones
BATCH = 5_000
# how many endpoints of --serve live at once
ENDPOINTS = 3

PROFILES = ("reader", "writer")
USERS = {"alice": "AKIAIOSFODNN7EXAMPLE", "bob": "AKIAI44QH8DHBEXAMPLE"}
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ARN = "arn:aws:iam::123456789012:role/"
SERIAL = "arn:aws:iam::123456789012:mfa/alice"
PLACES = ("a", "b")
# of one length, so that edits can keep the size of a file
ROLES = ("role-1", "role-2", "role-3")
LIFETIMES = (900, 3600)
# profiles whose credentials something else decides than the settings; of each but the
# machine's there is also a role, r-NAME, that its credentials assume
SOURCES = (
    "sso",
    "login",
    "web",
    "moving",
    "container",
    "process",
    "nested",
    "nested-sso",
    "machine",
)
OTHERS = (*SOURCES, *(f"r-{name}" for name in SOURCES))
PEOPLE = ("carol", "david")
VARIABLES = (
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "HOME",
    "AWSEXEC_CACHE_DIR",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWSEXEC_REFRESH_AHEAD",
    "WHO",
    "TOKENS",
    "AWS_LOGIN_CACHE_DIRECTORY",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "SHLVL",
)


class Became(BaseException):
    """COMMAND runs, in place of this process, with this environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ


def become(command: list[str], environ: Mapping[str, str]) -> None:
    raise Became(environ)


class World:
    """The time, and what depends on it.

    `step` is that of the file system's time stamps, in seconds. While AWS `is_down`,
    neither STS nor a source answers.
    """

    def __init__(self, step: float) -> None:
        # since the start of the system, and at that start by the clock
        self.passed, self.began = 1000.0, 1_799_999_000.25
        self.step = step
        self.stamps: dict[str, tuple[int, int]] = {}
        self.calls = 0
        self.is_down = False
        self._stat = os.stat
        # before the clock was set back
        self._used: set[int] = set()
        self._latest = 0.0

    @property
    def now(self) -> float:
        """The time by the machine's clock."""
        return self.began + self.passed

    @now.setter
    def now(self, later: float) -> None:
        self.passed = later - self.began

    def stamp(self) -> int:
        """What the file system gives a file that is changed now, in nanoseconds."""
        ticks = int(self.now / self.step)
        # whole seconds where it keeps no finer ones, and those are hardly ever whole
        return int(ticks * self.step) * 10**9 if self.step >= 1 else ticks * 10**7 + 1

    def touched(self, path: Path, keep_mtime: bool = False) -> None:
        now = self.stamp()
        while self.now < self._latest and now in self._used:
            # two edits in the very same moment, an hour apart: nobody could tell
            self.now += self.step
            now = self.stamp()
        self._used.add(now)
        self._latest = max(self._latest, self.now)
        mtime = self.stamps[str(path)][0] if keep_mtime else now
        self.stamps[str(path)] = mtime, now

    def stat(self, path: Any, *arguments: Any, **options: Any) -> Any:
        true = self._stat(path, *arguments, **options)
        if path not in self.stamps:
            return true
        mtime, ctime = self.stamps[path]
        return os.stat_result(
            (*true[:7], true.st_atime, mtime / 1e9, ctime / 1e9),
            {
                "st_atime_ns": true.st_atime_ns,
                "st_mtime_ns": mtime,
                "st_ctime_ns": ctime,
            },
        )

    def sts(self) -> type:
        """An STS whose answers tell what was asked for."""
        world = self

        class Sts:
            def __init__(self, endpoint: Any, *_: Any) -> None:
                self._url = endpoint.url

            def call(
                self, operation: str, parameters: Mapping[str, Any], signer: Credentials
            ) -> Credentials:
                if world.is_down:
                    raise Unreachable(self._url or "AWS", "it is down")
                world.calls += 1
                if operation == "GetSessionToken":
                    identity = f"session:{signer.key_id}"
                else:
                    by = (signer.token or signer.key_id).partition("#")[0]
                    identity = "|".join(
                        (
                            parameters["RoleArn"].rpartition("/")[2],
                            parameters.get("ExternalId", ""),
                            self._url,
                            by,
                        )
                    )
                expires = int(world.now) + parameters.get("DurationSeconds", 3600)
                token = f"{identity}#{world.calls}#{expires}"
                key_id = key_of(identity, world.calls)
                return Credentials(key_id, "EXAMPLESECRET", token, expires)

        return Sts


class Endpoint:
    """An endpoint of --serve for `name`, with all that its process was started with.

    `right` is what the settings decided then, for a role of the users' keys.
    """

    def __init__(
        self,
        name: str,
        environ: dict[str, str],
        directory: str,
        instance: str,
        right: tuple[str, int] | None,
    ) -> None:
        self.name = name
        self.environ = environ
        self.directory = directory
        self.instance = instance
        self.right = right
        self.supply: RenewedSupply


def other_profiles(folder: Path) -> str:
    """The profiles of OTHERS, which stand in every config file."""
    settings = {
        "sso": "sso_session = corp\nsso_account_id = 123456789012\nsso_role_name = r",
        "login": f"login_session = {ARN}session",
        "container": "credential_source = EcsContainer",
        "web": f"role_arn = {ARN}web\nweb_identity_token_file = {folder}/token",
        "moving": f"role_arn = {ARN}web\nweb_identity_token_file = $TOKENS/token",
        "process": "credential_process = ./tool",
        "nested": "credential_process = awsexec --export process reader",
        "nested-sso": "credential_process = awsexec --export process sso",
        "machine": "credential_source = Ec2InstanceMetadata",
    }
    text = "[sso-session corp]\nsso_start_url = https://x\nsso_region = eu-west-1\n"
    for name, lines in settings.items():
        text += f"[profile {name}]\n{lines}\n"
        text += f"[profile r-{name}]\nrole_arn = {ARN}top\nsource_profile = {name}\n"
    return text


class Runs(RuleBasedStateMachine):
    """What users do. A profile is a role, external id, source user, lifetime, and
    whether with MFA; a config file has some profiles, a credentials file the users'
    keys, which may be swapped. Besides these, every config file has the same profiles of
    other sources: people sign in and out, tokens are replaced, the directory, a variable
    and the machine change. Endpoints of --serve live on meanwhile, and are asked.
    """

    # how often what was done
    seen: Counter[str] = Counter()

    @initialize(step=st.sampled_from([0.01, 1, 2]))
    def start(self, step: float) -> None:
        self.world = World(step)
        self.folder = Path(tempfile.mkdtemp())
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr("time.time", lambda: self.world.now)
        self.patch.setattr("time.monotonic", lambda: self.world.passed)
        self.patch.setattr("os.stat", self.world.stat)
        # a power failure is not among the steps
        self.patch.setattr("os.fsync", lambda descriptor: None)
        self.patch.setattr(sts, "Sts", self.world.sts())
        self.patch.setattr(fastpath, "become", become)
        self.patch.setattr(background, "detach", lambda work, in_place: work())
        self.patch.setattr(sources, "load", self.load)
        self.patch.setattr(CodeProcess, "__call__", lambda _: "123456")
        self.patch.setattr(endpoint, "start", self.serving)
        self.patch.setattr(fastpath, "BOOT_ID", str(self.folder / "boot_id"))
        self.another_machine("1")
        self.endpoints: list[Endpoint] = []
        self.meanwhile: Callable[[], None] | None = None
        self.tokens = 0
        self.home = os.getcwd()
        self.configs: dict[Path, dict[str, tuple[Any, ...]]] = {}
        self.users: dict[Path, dict[str, str]] = {}
        self.environ: dict[str, str] = {}
        for place in PLACES:
            (self.folder / place / ".aws").mkdir(parents=True)
            self.users[self.folder / place / ".aws" / "credentials"] = dict(USERS)
            self.configs[self.folder / place / ".aws" / "config"] = {
                name: (ROLES[0], "id-1", "alice", 3600, False) for name in PROFILES
            }
        for path in (*self.configs, *self.users):
            self.write(path)
            self.world.touched(path)
        for folder in (self.folder, *(self.folder / place for place in PLACES)):
            self.put(folder / "token", f"token-of-{PEOPLE[0]}")
        os.chdir(self.folder / "a")
        self.environ = {
            "HOME": f"{self.folder}/a",
            "AWSEXEC_CACHE_DIR": f"{self.folder}/a/cache",
            "AWS_ENDPOINT_URL_STS": "http://a.example",
            "AWSEXEC_MFA_PROCESS": "what prints a code",
            "TOKENS": f"{self.folder}/a",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://a.example",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": f"{self.folder}/a/token",
        }

    @invariant()
    def step(self) -> None:
        self.seen["steps"] += 1

    def teardown(self) -> None:
        self.patch.undo()
        os.chdir(self.home)
        shutil.rmtree(self.folder)

    # files

    def text(self, path: Path) -> str:
        if path in self.configs:
            return "".join(
                f"[profile {name}]\nrole_arn = arn:aws:iam::123456789012:role/{role}\n"
                f"external_id = {external_id}\nsource_profile = {user}\n"
                f"duration_seconds = {lifetime}\n"
                + (f"mfa_serial = {SERIAL}\n" if mfa else "")
                for name, (role, external_id, user, lifetime, mfa) in self.configs[
                    path
                ].items()
            ) + other_profiles(self.folder)
        return "".join(
            f"[{name}]\naws_access_key_id = {key}\naws_secret_access_key = {SECRET}\n"
            for name, key in self.users[path].items()
        )

    def write(self, path: Path, rename: bool = False) -> None:
        if rename:
            new = path.with_name("new")
            new.write_text(self.text(path))
            new.rename(path)
        else:
            with open(path, "r+" if path.exists() else "w") as stream:
                stream.write(self.text(path))
                stream.truncate()

    places = st.sampled_from(PLACES)
    some_others = st.lists(st.sampled_from(OTHERS), min_size=2, max_size=4)

    def file(self, place: str, name: str) -> Path:
        return self.folder / place / ".aws" / name

    @rule(
        place=places,
        name=st.sampled_from(PROFILES),
        field=st.integers(0, 4),
        choice=st.integers(0, 2),
        rename=st.booleans(),
        keep_mtime=st.booleans(),
    )
    def edit_profile(self, place, name, field, choice, rename, keep_mtime) -> None:
        path = self.file(place, "config")
        values = (ROLES, ("id-1", "id-2"), tuple(USERS), LIFETIMES, (False, True))[
            field
        ]
        profile = list(
            self.configs[path].get(name, (ROLES[0], "id-1", "bob", 900, False))
        )
        profile[field] = values[choice % len(values)]
        self.configs[path][name] = tuple(profile)
        self.write(path, rename)
        self.world.touched(path, keep_mtime)

    @rule(place=places, name=st.sampled_from(PROFILES))
    def remove_profile(self, place, name) -> None:
        path = self.file(place, "config")
        self.configs[path].pop(name, None)
        self.write(path)
        self.world.touched(path)

    @rule(place=places, keep_mtime=st.booleans())
    def swap_keys(self, place, keep_mtime) -> None:
        path = self.file(place, "credentials")
        alice, bob = self.users[path].values()
        self.users[path] = {"alice": bob, "bob": alice}
        self.write(path)
        self.world.touched(path, keep_mtime)

    @rule(place=places, name=st.sampled_from(["config", "credentials"]))
    def touch(self, place, name) -> None:
        self.world.touched(self.file(place, name))

    @rule(place=places)
    def delete_and_restore_elsewhere(self, place) -> None:
        """The file is replaced by a copy, as editors and backups do."""
        path = self.file(place, "config")
        path.unlink()
        self.write(path)
        self.world.touched(path)

    # environment

    @rule(name=st.sampled_from(VARIABLES), place=places, unset=st.booleans())
    def switch(self, name, place, unset) -> None:
        home = f"{self.folder}/{place}"
        value = {
            "AWS_CONFIG_FILE": f"{home}/.aws/config",
            "AWS_SHARED_CREDENTIALS_FILE": f"{home}/.aws/credentials",
            "HOME": home,
            "AWSEXEC_CACHE_DIR": f"{home}/cache",
            "AWS_ENDPOINT_URL_STS": f"http://{place}.example",
            "AWS_ENDPOINT_URL": f"http://{place}.example",
            "AWS_REGION": {"a": "eu-west-1", "b": "eu-west-2"}[place],
            "AWSEXEC_REFRESH_AHEAD": {"a": "0", "b": "50%"}[place],
            "WHO": place,
            "TOKENS": home,
            "AWS_LOGIN_CACHE_DIRECTORY": f"{home}/logins",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{place}.example",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": f"{home}/token",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": f"secret-{place}",
            "SHLVL": place,
        }[name]
        if unset and name not in ("HOME", "AWSEXEC_CACHE_DIR", "TOKENS"):
            self.environ.pop(name, None)
        else:
            self.environ[name] = value

    # what decides besides settings

    def put(self, path: Path, text: str, keep_mtime: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if str(path) not in self.world.stamps:
            keep_mtime = False
        self.world.touched(path, keep_mtime)

    def sign_in_file(self, home: str) -> Path:
        name = hashlib.sha1(b"corp").hexdigest()
        return Path(home) / ".aws" / "sso" / "cache" / f"{name}.json"

    @rule(place=places, person=st.sampled_from(PEOPLE), refreshable=st.booleans())
    def sign_in(self, place, person, refreshable) -> None:
        self.tokens += 1
        token = {"accessToken": f"{person}-{self.tokens}", "expiresAt": "2099"}
        if refreshable:
            token["refreshToken"] = f"refresh-{self.tokens}"
        path = self.sign_in_file(f"{self.folder}/{place}")
        self.put(path, json.dumps(token))

    @rule(place=places)
    def sign_out(self, place) -> None:
        self.sign_in_file(f"{self.folder}/{place}").unlink(missing_ok=True)

    @rule(place=places, ours=st.booleans())
    def renew_sign_in(self, place, ours) -> None:
        """awsexec gets a new token of the same sign-in, or the AWS CLI does."""
        path = self.sign_in_file(f"{self.folder}/{place}")
        if path.exists():
            old = json.loads(path.read_text())
            person = old["accessToken"].partition("-")[0]
            self.tokens += 1
            new = {
                **old,
                "accessToken": f"{person}-{self.tokens}",
                "refreshToken": f"refresh-{self.tokens}",
            }
            new.pop(inputs.SIGN_IN_NOTE, None)
            if ours:
                note = inputs.sign_in_note(inputs.sign_in_of(old), new["accessToken"])
                new[inputs.SIGN_IN_NOTE] = note
            self.put(path, json.dumps(new))

    @rule()
    def swap_sign_ins(self) -> None:
        one, other = (self.sign_in_file(f"{self.folder}/{place}") for place in PLACES)
        if one.exists() and other.exists():
            text = one.read_text()
            self.put(one, other.read_text())
            self.put(other, text)

    def login_file(self, environ: Mapping[str, str]) -> Path:
        usual = f"{environ['HOME']}/.aws/login/cache"
        folder = environ.get("AWS_LOGIN_CACHE_DIRECTORY", usual)
        return Path(inputs.login_token_file(f"{ARN}session", folder))

    @rule(person=st.sampled_from(PEOPLE))
    def log_in(self, person) -> None:
        self.tokens += 1
        token = {"accessToken": self.tokens, "dpopKey": f"{person}-{self.tokens}"}
        self.put(self.login_file(self.environ), json.dumps(token))

    @rule()
    def log_out(self) -> None:
        self.login_file(self.environ).unlink(missing_ok=True)

    @rule()
    def renew_login(self) -> None:
        path = self.login_file(self.environ)
        if path.exists():
            self.tokens += 1
            token = json.loads(path.read_text())
            self.put(path, json.dumps({**token, "accessToken": self.tokens}))

    @rule(
        place=st.sampled_from(["", *PLACES]),
        person=st.sampled_from([*PEOPLE, ""]),
        keep_mtime=st.booleans(),
    )
    def replace_token(self, place, person, keep_mtime) -> None:
        path = self.folder / place / "token"
        if person:
            self.put(path, f"token-of-{person}", keep_mtime)
        else:
            path.unlink(missing_ok=True)

    @rule(place=places)
    def change_directory(self, place) -> None:
        os.chdir(self.folder / place)

    @rule(number=st.sampled_from(["1", "2"]))
    def another_machine(self, number) -> None:
        """Another instance, which has the same home directory."""
        self.instance = f"i-{number}"
        (self.folder / "boot_id").write_text(f"boot-of-{self.instance}\n")

    @rule(name=st.sampled_from(OTHERS))
    def outage(self, name) -> None:
        self.world.is_down = True
        self.ask_all(False)
        self.run_other(name, 1, False, False)
        self.world.is_down = False
        self.ask_all(False)

    @rule(name=st.sampled_from([None, "sso", "process", "reader"]))
    def forget(self, name) -> None:
        words = ["--forget", *([name] if name else [])]
        with contextlib.suppress(AwsexecError):
            forget_command.run(
                parse(words), dict(self.environ), Report(io.StringIO(), VERBOSE)
            )

    def load(self, source: Any, context: Any) -> Credentials:
        """What the sources give, each as the real one decides it."""
        kind, environ = source.kind.label, context.environ
        expires = int(self.world.now) + 3600
        if kind == "keys":
            keys = source.keys
            return Credentials(keys.key_id.value, keys.secret.value)
        if self.world.is_down and "awsexec" not in source.setting.value:
            raise CredentialsError("it is down")
        if kind == "sso":
            try:
                data = self.sign_in_file(environ["HOME"]).read_bytes()
            except OSError:
                raise NeedsUser("not signed in", "a sign-in") from None
            context.sign_in = inputs.sso_sign_in(data)
            who = "sso:" + json.loads(data)["accessToken"].partition("-")[0]
        elif kind == "web identity":
            try:
                who = Path(source.value("web_identity_token_file")).read_text()
            except OSError:
                raise CredentialsError("no token") from None
        elif kind == "login":
            try:
                token = json.loads(self.login_file(environ).read_bytes())
            except OSError:
                raise CredentialsError("not logged in") from None
            who = "login:" + token["dpopKey"].partition("-")[0]
        elif kind == "container":
            found = self.right_source("container", environ)
            if found is None:
                raise CredentialsError("no endpoint, or no token")
            who = found
        elif kind == "ec2":
            who = self.instance
        elif "awsexec" in source.setting.value:
            inner = source.setting.value.rpartition(" ")[2]
            found = self.awsexec(inner, False, dict(environ))
            if found is None:
                raise CredentialsError("awsexec failed")
            token = found["AWS_SESSION_TOKEN"]
            return Credentials(
                found["AWS_ACCESS_KEY_ID"], "EXAMPLESECRET", token, int(token[-10:])
            )
        else:
            who = f"process:{environ.get('WHO')}:{os.getcwd()}:{self.instance}"
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        self.world.calls += 1
        token = f"{who}#{self.world.calls}#{expires}"
        return Credentials(
            key_of(who, self.world.calls), "EXAMPLESECRET", token, expires
        )

    def right_source(
        self, name: str, environ: Mapping[str, str] | None = None
    ) -> str | None:
        """Whose credentials the source profile `name` has to give now."""
        if name == "container":
            environ = environ or self.environ
            url = environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
            file = environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
            shown = environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
            if file is not None:
                shown = Path(file).read_text() if Path(file).exists() else None
                url = url if shown else None
            return url and f"container:{url}:{shown}:{self.instance}"
        if name == "login":
            path = self.login_file(self.environ)
            if not path.exists():
                return None
            return "login:" + json.loads(path.read_text())["dpopKey"].partition("-")[0]
        if name in ("sso", "nested-sso"):
            path = self.sign_in_file(self.environ["HOME"])
            if not path.exists():
                return None
            token = json.loads(path.read_text())["accessToken"]
            return "sso:" + token.partition("-")[0]
        if name in ("web", "moving"):
            folder = self.environ["TOKENS"] if name == "moving" else self.folder
            path = Path(folder) / "token"
            return path.read_text() if path.exists() else None
        if name == "machine":
            return self.instance
        if name == "nested":
            found = self.right("reader")
            return found[0] if found else None
        return f"process:{self.environ.get('WHO')}:{os.getcwd()}:{self.instance}"

    @rule(
        name=st.sampled_from(OTHERS),
        repeat=st.integers(1, 3),
        off=st.booleans(),
        export=st.booleans(),
    )
    def run_other(self, name, repeat, off, export) -> None:
        if not self.url():
            return
        for _ in range(repeat):
            found = self.exported(name, off) if export else self.awsexec(name, off)
            self.check_other(name, found and found["AWS_SESSION_TOKEN"])

    def check_other(
        self, name: str, token: str | None, is_served: bool = False
    ) -> None:
        """Check whose credentials `token` is of, None for an error."""
        expected = self.right_source(name.removeprefix("r-"))
        if token is None and self.world.is_down:
            return
        assert (token is None) == (expected is None), (name, expected, token)
        if token is None or expected is None:
            return
        identity, _, expires = token.split("#")
        if name.startswith("r-"):
            expected = f"top||{self.url()}|{expected}"
        assert identity == expected
        life = int(expires) - self.world.now
        # by a clock that was set back, what an endpoint has lives longer
        assert 0 < life and (is_served or life <= 3600 + fastpath.CLOCK_SLACK)

    def url(self) -> str | None:
        """Where STS is called."""
        urls = ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL")
        return next(filter(None, map(self.environ.get, urls)), None)

    @rule(
        names=some_others,
        other=st.booleans(),
        off=st.booleans(),
        export=st.booleans(),
    )
    def change_between_two_runs(self, names, other, off, export) -> None:
        """What is cached, and fast, is asked for again after what decides has changed."""
        for name in names:
            self.prepare(name)
            self.world.now += 3
            self.run_other(name, 2, False, export)
            self.change(name, other)
            self.run_other(name, 1, off, export)

    @rule(names=some_others, other=st.booleans(), serve=st.booleans())
    def change_during_a_run(self, names, other, serve) -> None:
        """What decides changes just after the source has looked: only once that may do."""
        for name in names:
            self.prepare(name)
            self.forget(None)
            self.meanwhile = lambda name=name: self.change(name, other)
            if serve:
                self.serve(name)
            elif self.url():
                self.awsexec(name, False)
            self.meanwhile = None
            self.ask_all(False)
            self.run_other(name, 1, False, False)

    def prepare(self, name: str) -> None:
        """Make the source of profile `name` give something, if need be."""
        source = name.removeprefix("r-")
        if source in ("sso", "nested-sso"):
            if not self.sign_in_file(self.environ["HOME"]).exists():
                # where the run looks for it
                self.sign_in(self.own_place(), PEOPLE[0], True)
        elif source == "login":
            if not self.login_file(self.environ).exists():
                self.log_in(PEOPLE[0])
        elif source == "container":
            self.environ.setdefault(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://a.example"
            )

    def change(self, name: str, other: bool) -> None:
        """Change what decides whose credentials profile `name` gives.

        It is `other` afterwards, where something else may happen too.
        """
        source = name.removeprefix("r-")
        if source in ("sso", "nested-sso"):
            if other:
                self.sign_in(self.own_place(), PEOPLE[1], True)
            else:
                self.sign_out(self.own_place())
        elif source == "login":
            if other:
                self.log_in(PEOPLE[1])
            else:
                self.log_out()
        elif source == "web":
            self.another_token("", other)
        elif source == "moving" and other:
            self.another_token(Path(self.environ["TOKENS"]).name, True)
        elif source == "moving":
            self.another_value("TOKENS")
        elif source == "container" and other:
            file = self.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
            self.another_token(Path(file).parent.name if file else "a", True)
        elif source == "container":
            self.another_value("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        elif source == "process" and other:
            self.another_value("WHO")
        elif source == "process":
            self.change_directory("b" if Path.cwd().name == "a" else "a")
        elif source == "machine":
            self.another_machine("2" if self.instance == "i-1" else "1")
        else:
            self.another_value("AWS_CONFIG_FILE")

    def own_place(self) -> str:
        return Path(self.environ["HOME"]).name

    def another_value(self, name: str) -> None:
        before = self.environ.get(name)
        self.switch(name, "a", False)
        if self.environ[name] == before:
            self.switch(name, "b", False)

    def another_token(self, place: str, other: bool) -> None:
        """Put another token there, of the same length, or none."""
        path = self.folder / place / "token"
        is_first = path.exists() and path.read_text().endswith(PEOPLE[0])
        self.replace_token(place, PEOPLE[is_first] if other else "", True)

    # --serve

    @rule(name=st.sampled_from([*PROFILES, *OTHERS]))
    def serve(self, name) -> None:
        """Start COMMAND with an endpoint, which lives on."""
        if not self.url():
            return
        served = Endpoint(
            name, dict(self.environ), os.getcwd(), self.instance, self.right(name)
        )
        self.endpoints = [served, *self.endpoints[: ENDPOINTS - 1]]
        if self.awsexec(name, False, words=("--no-prompt", "--serve")) is None:
            del self.endpoints[0]
            if name in OTHERS:
                self.check_other(name, None)
            else:
                assert served.right is None or self.world.is_down

    def serving(self, plan: Any, credentials: Any, inputs: Any, environ: Any, _: Any):
        """Stands in for `endpoint.start`; there are no sockets."""
        report = Report(io.StringIO(), VERBOSE)
        self.endpoints[0].supply = RenewedSupply(
            plan, credentials, inputs, environ, report
        )
        return {}

    @contextlib.contextmanager
    def inside(self, served: Endpoint) -> Iterator[None]:
        """Be the endpoint's process, which has its own environment and directory."""
        before = self.environ, os.getcwd(), self.instance
        self.environ = served.environ
        os.chdir(served.directory)
        self.another_machine(served.instance[-1])
        try:
            yield
        finally:
            self.environ, directory, instance = before
            os.chdir(directory)
            self.another_machine(instance[-1])

    def ask(self, served: Endpoint, is_late: bool) -> None:
        """Ask the endpoint, which has done what is due by now, unless it `is_late`."""
        renewal = served.supply.renewal
        if "nested" in served.name:
            self.world.now += UNCHECKED
        with self.inside(served):
            if not is_late and renewal.wait() <= 0:
                renewal.renew(False)
            self.seen["asked"] += 1
            found = served.supply.current()
            if found is None:
                # as the thread of the endpoint does it
                self.world.now += renewal.wait()
                renewal.renew(True)
                found = served.supply.current()
            token = found and found["Token"]
            if served.name in OTHERS:
                self.check_other(served.name, token, is_served=True)
            elif token is None:
                assert self.world.is_down, served.supply.why_not()
            else:
                assert served.right is not None
                identity, _, expires = token.split("#")
                assert identity == served.right[0]
                assert 0 < int(expires) - self.world.now

    @rule(is_late=st.booleans())
    def ask_all(self, is_late) -> None:
        for served in self.endpoints:
            self.ask(served, is_late)

    @rule(
        names=some_others,
        other=st.booleans(),
        seconds=st.sampled_from([0, 0, 2500]),
        outage=st.booleans(),
    )
    def change_while_serving(self, names, other, seconds, outage) -> None:
        for name in names:
            self.prepare(name)
            self.serve(name)
            self.world.now += seconds
            self.ask_all(False)
            self.change(name, other)
            if outage:
                # what has been cached meanwhile is to be renewed, which fails
                self.run_other(name, 1, False, False)
                self.world.now += 2500
                self.outage(name)
            self.ask_all(False)

    def exported(self, name: str, off: bool) -> Mapping[str, str] | None:
        """What --export process prints, as variables; None for an error."""
        environ = dict(self.environ)
        if off:
            environ["AWSEXEC_FASTPATH"] = "0"
        argv = ["--export", "process", name]
        printed: list[str] = []
        self.seen["runs"] += 1
        self.world.now += 0.03
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fastpath, "put", printed.append)
            patch.setattr("sys.stdout", io.StringIO())
            if fastpath.attempt(argv, environ):
                self.seen["fast"] += 1
            else:
                try:
                    report = Report(io.StringIO(), VERBOSE)
                    export_command.run(parse(argv), environ, report)
                except AwsexecError:
                    return None
        document = json.loads(printed[0])
        return {"AWS_SESSION_TOKEN": document["SessionToken"]}

    # time

    @rule(seconds=st.sampled_from([0.005, 0.3, 1, 2.5, 61, 400, 800, 2700, 3601]))
    def wait(self, seconds) -> None:
        self.world.now += seconds

    @rule(seconds=st.sampled_from([10, 59, 1000, 4000]))
    def set_the_clock_back(self, seconds) -> None:
        self.world.began -= seconds

    # the cache

    @rule(fraction=st.floats(0, 1), damage=st.sampled_from(["cut", "swap", "delete"]))
    def damage(self, fraction, damage) -> None:
        cache = Path(self.environ["AWSEXEC_CACHE_DIR"])
        paths = sorted(p for p in cache.glob("*") if not p.suffix)
        if len(paths) < 2:
            return
        one, other = paths[int(fraction * (len(paths) - 1))], paths[0]
        if damage == "cut":
            one.write_bytes(one.read_bytes()[: int(fraction * 900)])
        elif damage == "delete":
            one.unlink()
        elif one != other:
            content = one.read_bytes()
            one.write_bytes(other.read_bytes())
            other.write_bytes(content)

    # runs

    def right(self, name: str) -> tuple[str, int] | None:
        """Whose credentials a run of `name` has to get, and their lifetime."""
        if name not in PROFILES:
            return None
        home = Path(self.environ["HOME"]) / ".aws"
        config = Path(self.environ.get("AWS_CONFIG_FILE", home / "config"))
        keys = self.environ.get("AWS_SHARED_CREDENTIALS_FILE", home / "credentials")
        if name not in self.configs[config]:
            return None
        role, external_id, user, lifetime, mfa = self.configs[config][name]
        key = self.users[Path(keys)][user]
        by = f"session:{key}" if mfa else key
        return f"{role}|{external_id}|{self.url()}|{by}", lifetime

    @rule(name=st.sampled_from(PROFILES), repeat=st.integers(1, 3), off=st.booleans())
    def run(self, name, repeat, off) -> None:
        if not self.url():
            # the calls would be right, and the model does not know where they go
            return
        for _ in range(repeat):
            calls = self.world.calls
            expected = self.right(name)
            environ = self.awsexec(name, off)
            if environ is None and self.world.is_down:
                continue
            assert (environ is None) == (expected is None)
            if environ is None or expected is None:
                continue
            identity, _, expires = environ["AWS_SESSION_TOKEN"].split("#")
            assert identity == expected[0]
            longest = expected[1] + fastpath.CLOCK_SLACK
            assert 0 < int(expires) - self.world.now <= longest
            assert environ["AWSEXEC_PROFILE"] == name
            for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
                assert environ.get(variable) == self.environ.get("AWS_REGION")
            stated = environ["AWS_CREDENTIAL_EXPIRATION"]
            assert stated == iso(int(expires))
            assert self.world.calls - calls <= 3

    @rule(name=st.sampled_from(PROFILES))
    def run_in_a_loop(self, name) -> None:
        self.run(name, 3, False)

    @rule(
        name=st.sampled_from(PROFILES),
        role=st.sampled_from(ROLES),
        pause=st.sampled_from([0, 0.1, 5]),
        keep_mtime=st.booleans(),
    )
    def edit_between_two_runs(self, name, role, pause, keep_mtime) -> None:
        home = Path(self.environ["HOME"]) / ".aws"
        path = Path(self.environ.get("AWS_CONFIG_FILE", home / "config"))
        if name in self.configs[path]:
            self.world.now += pause
            self.run(name, 2, False)
            self.configs[path][name] = (role, *self.configs[path][name][1:])
            self.write(path)
            self.world.touched(path, keep_mtime)
            self.run(name, 1, False)

    @rule(
        name=st.sampled_from(PROFILES),
        variable=st.sampled_from(VARIABLES),
        place=places,
        unset=st.booleans(),
    )
    def switch_between_two_runs(self, name, variable, place, unset) -> None:
        self.run(name, 2, False)
        self.switch(variable, place, unset)
        self.run(name, 1, False)

    @rule(seconds=st.sampled_from([60, 700, 800, 2700, 3400, 3590]))
    def wait_between_two_runs(self, seconds) -> None:
        self.run("reader", 2, False)
        self.wait(seconds)
        self.run("reader", 1, False)

    @rule()
    def forget_switches(self) -> None:
        """A new shell."""
        for variable in [n for n in self.environ if n.startswith("AWS_")]:
            del self.environ[variable]
        self.environ["AWS_ENDPOINT_URL_STS"] = "http://a.example"
        for variable in ("CREDENTIALS_FULL_URI", "AUTHORIZATION_TOKEN"):
            self.environ[f"AWS_CONTAINER_{variable}"] = "http://a.example"

    def awsexec(
        self,
        name: str,
        off: bool,
        environ: dict[str, str] | None = None,
        words: tuple[str, ...] = (),
    ) -> Mapping[str, str] | None:
        """The environment that COMMAND gets; None for an error."""
        argv = [*words, name, "--", "command"]
        environ = dict(self.environ if environ is None else environ)
        if off:
            environ["AWSEXEC_FASTPATH"] = "0"
        self.seen["runs"] += 1
        # a moment for the interpreter to start
        self.world.now += 0.03
        try:
            fastpath.attempt(argv, environ)
        except Became as became:
            self.seen["fast"] += 1
            return became.environ
        try:
            run_command.run(parse(argv), environ, Report(io.StringIO(), VERBOSE))
        except Became as became:
            return became.environ
        except AwsexecError:
            return None
        raise AssertionError("nothing was run")


def key_of(who: str, number: int) -> str:
    """Each session has a key id of its own, as with AWS."""
    return f"ASIAEXAMPLE{hashlib.md5(who.encode()).hexdigest()[:4].upper()}{number:06}"


def iso(seconds: int) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_every_run_has_the_right_credentials(capsys):
    began, seen = time.monotonic(), Runs.seen
    batches = max(1, STEPS // BATCH)
    while batches > 0 or seconds_since(began) < 60 * MINUTES:
        batches -= 1
        run_state_machine_as_test(
            Runs,
            settings=settings(
                max_examples=min(STEPS, BATCH) // LENGTH,
                stateful_step_count=LENGTH,
                derandomize=IS_ALWAYS_THE_SAME,
                deadline=None,
                database=None,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
        if not IS_ALWAYS_THE_SAME:
            with capsys.disabled():
                print(
                    f"{seconds_since(began):.0f} seconds, no wrong answer:", dict(seen)
                )
    # it has seen enough to tell: runs of each kind
    assert seen["fast"] >= seen["steps"] // 10
    assert seen["runs"] - seen["fast"] >= seen["steps"] // 10
    assert seen["asked"] >= seen["steps"] // 10


def seconds_since(began: float) -> float:
    return time.monotonic() - began
