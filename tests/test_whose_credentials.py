"""Whatever is edited, switched or waited for: a run has the right credentials.

Random sequences of what users do are driven against a model that knows whose credentials
are right (`whose.model`). Everything is the real thing, the files included, but for the
clock, the file system's time stamps, which go by that clock, AWS, the keyring, and the
exec.

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
from collections.abc import Callable, Iterator, Mapping, Sequence
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

from awsexec import cli, fastpath, internal_error, terminal
from awsexec.cache.store import Store
from awsexec.commands import each as each_command
from awsexec.commands import keys as keys_command
from awsexec.credentials import many as credentials_many
from awsexec.credentials import sources, sts
from awsexec.credentials.credentials import Credentials
from awsexec.credentials.identity_center import assignments
from awsexec.credentials.keys import iam, keyring
from awsexec.credentials.mfa_process import CodeProcess
from awsexec.credentials.sources import keyring as keyring_source
from awsexec.each import run as each_run
from awsexec.errors import CredentialsError, NeedsUser
from awsexec.plan import inputs
from awsexec.plan.source import OWN_TOKEN
from awsexec.processes import background, core_dumps, tree
from awsexec.profiles.accounts import Account
from awsexec.report import VERBOSE, Report
from awsexec.serve import endpoint
from awsexec.serve.supply import UNCHECKED, RenewedSupply
from tests.whose.model import (
    ACCOUNTS,
    BY_NAME,
    LIMITS,
    NONE,
    OPTIONS,
    OTHERS,
    PROFILES,
    TOP,
    Around,
    Config,
    Options,
    Role,
    Said,
    account_of,
    right,
    said,
)
from tests.whose.world import Ring, World, as_given, identity_of

pytestmark = pytest.mark.uncounted

LENGTH = 50
STEPS = int(os.environ.get("AWSEXEC_STEPS", 6_000))
MINUTES = float(os.environ.get("AWSEXEC_MINUTES", 0))
# the same ones each time, unless somebody asked for more
IS_ALWAYS_THE_SAME = not os.environ.keys() & {"AWSEXEC_STEPS", "AWSEXEC_MINUTES"}
# hypothesis remembers all that it tried, so a long run is many short ones
BATCH = 6_000
# how many endpoints of --serve live at once
ENDPOINTS = 3

# keys in files, and keys for the keyring; of each two, the second is of the second account
FILE_KEYS = {"alice": "AKIAIOSFODNN7EXAMPLE", "bob": "AKIAI44QH8DHBEXAMPLE"}
RING_KEYS = {"kim": "AKIAEXAMPLEEXAMPLE01", "lee": "AKIAEXAMPLEEXAMPLE02"}
# the profiles of users' keys
USERS = (*FILE_KEYS, "kim")
# what a key in the keyring may be called: the profile of no other key; of a key in a
# file; of a role that may be removed; and a role of IAM Identity Center
KEPT = ("kim", "alice", "writer", BY_NAME)
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ARN = "arn:aws:iam::"
SERIAL = f"{ARN}123456789012:mfa/alice"
PLACES = ("a", "b")
# of one length, so that edits can keep the size of a file
ROLES = tuple(
    f"{ACCOUNTS[account]}:role/role-{number}"
    for account, number in ((0, 1), (0, 2), (1, 3))
)
LIFETIMES = (900, 3600)
# what each field of a `Role` may be
FIELDS = (
    ROLES,
    ("id-1", "id-2"),
    USERS,
    LIFETIMES,
    (False, True),
    tuple(LIMITS),
    ("", "red"),
)
# the profiles that a guard may stand in
GUARDED = (
    *PROFILES,
    *USERS,
    "r-kim",
    "r-login",
    "login",
    "r-process",
    "r-nested",
    "sso",
)
# a guard, and what it may say
GUARDS = (
    ("expected", ""),
    ("expected", ACCOUNTS[0]),
    ("expected", ACCOUNTS[1]),
    ("confirm", ""),
    ("confirm", "true"),
    ("confirm", "name"),
)
# the options of a run in which others run
SHELLS = (*OPTIONS, NONE, NONE, NONE, NONE)
PEOPLE = ("carol", "david")
# where files take half the time
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
DAY = 86_400
# seconds after which an instance is asked again for its role
ASK_AGAIN = 300
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


class BecameMany(BaseException):
    """The commands of --each run, each with its environment, by the names of profiles."""

    def __init__(self, environs: Mapping[str, Mapping[str, str]]) -> None:
        self.environs = environs


class Runner:
    """Runs the commands of --each."""

    def __init__(
        self,
        command: Any,
        file: str,
        jobs: Sequence[Any],
        at_once: int,
        watcher: Any,
        **_: Any,
    ):
        self._jobs = jobs
        self._watcher = watcher

    def run(self) -> None:
        for job in self._jobs:
            self._watcher.starting(job)
        raise BecameMany({job.name: job.environ for job in self._jobs})


class Endpoint:
    """An endpoint of --serve, with all that its process was started with.

    `said` is what settings and options said then: several if the names of accounts leave
    that open.
    """

    def __init__(
        self,
        url: str,
        said: set[Said | None],
        environ: dict[str, str],
        around: Around,
        directory: str,
        instance: str,
    ) -> None:
        self.url = url
        self.said = said
        self.environ = environ
        self.around = around
        self.directory = directory
        self.instance = instance
        self.supply: RenewedSupply


def other_sections(folder: Path) -> dict[str, str]:
    """The profiles of OTHERS, which stand in every config file."""
    settings = {
        "sso": "sso_session = corp\nsso_role_name = r\n",
        "login": f"login_session = {ARN}{ACCOUNTS[0]}:role/session\n",
        "container": "credential_source = EcsContainer\n",
        "web": f"role_arn = {ARN}{WEB}\nweb_identity_token_file = {folder}/token\n",
        "moving": f"role_arn = {ARN}{WEB}\nweb_identity_token_file = $TOKENS/token\n",
        "process": "credential_process = ./tool\n",
        "fixed": "credential_process = ./fixed\n"
        "credential_process_command_decides = true\n",
        "nested": "credential_process = awsexec --export process reader\n",
        "nested-sso": "credential_process = awsexec --export process sso\n",
        "machine": "credential_source = Ec2InstanceMetadata\n",
    }
    for name in (*settings, "kim"):
        settings[f"r-{name}"] = f"role_arn = {ARN}{TOP}\nsource_profile = {name}\n"
    return settings


WEB = f"{ACCOUNTS[0]}:role/web"
SSO_SESSION = "[sso-session corp]\nsso_start_url = https://x\nsso_region = eu-west-1\n"


class Runs(RuleBasedStateMachine):
    """What users do. A config file has some `PROFILES`, and guards; a credentials file the
    users' keys, which may be swapped; the keyring other ones. Besides these, every config
    file has the same profiles of other sources: people sign in and out, tokens are
    replaced, the directory, a variable and the machine change. Endpoints of --serve live
    on meanwhile, and are asked.
    """

    # how often what was done
    seen: Counter[str] = Counter()

    @initialize(step=st.sampled_from([0.01, 1, 2]))
    def start(self, step: float) -> None:
        self.world = World(step)
        for keys in (FILE_KEYS, RING_KEYS):
            for (user, key_id), account in zip(keys.items(), ACCOUNTS, strict=True):
                self.world.add_key(key_id, account, user)
        self.folder = Path(tempfile.mkdtemp(dir=IN_MEMORY))
        self.replace_the_world()
        self.instance = ""
        self.another_machine("1")
        self.endpoints: list[Endpoint] = []
        self.meanwhile: Callable[[], None] | None = None
        self.tokens = 0
        # when the instance began to have this role, by `World.passed`
        self.attached = [(0.0, "role-1")]
        # seconds by which the clock was set back, in all
        self.set_back = 0.0
        # when the account Production of a person began to be this one, by `World.passed`
        self.production = {
            person: [(0.0, account)]
            for person, account in zip(PEOPLE, ACCOUNTS, strict=True)
        }
        self.home = os.getcwd()
        self.configs: dict[Path, Config] = {}
        self.users: dict[Path, dict[str, str]] = {}
        # the keys in the keyring, by the home
        self.kept: dict[str, dict[str, str]] = {}
        self.around = Around()
        self.environ: dict[str, str] = {}
        for place in PLACES:
            (self.folder / place / ".aws").mkdir(parents=True)
            self.users[self.folder / place / ".aws" / "credentials"] = dict(FILE_KEYS)
            self.configs[self.folder / place / ".aws" / "config"] = Config(
                {name: Role(ROLES[0]) for name in PROFILES}
            )
            self.kept[f"{self.folder}/{place}"] = {}
        for path in (*self.configs, *self.users):
            self.write(path)
            self.world.touched(path)
        for folder in (self.folder, *(self.folder / place for place in PLACES)):
            self.put(folder / "token", f"token-of-{PEOPLE[0]}")
        self.edit_policy(1)
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

    def replace_the_world(self) -> None:
        """Replace what is not the real thing."""
        world = self.world
        self.ring = Ring(lambda: self.environ["HOME"])
        self.patch = pytest.MonkeyPatch()
        for name, value in {
            "time.time": lambda: world.now,
            "time.monotonic": lambda: world.passed,
            "time.sleep": world.sleep,
            "os.stat": world.stat,
            # a power failure is not among the steps
            "os.fsync": lambda descriptor: None,
            "gc.set_threshold": lambda *numbers: None,
        }.items():
            self.patch.setattr(name, value)
        keep_accounts = Store.keep_accounts

        def keep_and_touch(store: Store, path: str, data: bytes) -> None:
            keep_accounts(store, path, data)
            os.utime(path, (world.now, world.now))
            world.touched(Path(path))

        for where, name, value in (
            (core_dumps, "forbid", lambda: None),
            (internal_error, "tell", self.unforeseen),
            (fastpath, "become", become),
            (fastpath, "BOOT_ID", str(self.folder / "boot_id")),
            (tree, "me", lambda me=tree.me(): me),
            (background, "detach", lambda work, in_place: work()),
            (terminal, "check", self.no_terminal),
            (sts, "Sts", world.sts()),
            (iam, "Iam", world.iam()),
            (keyring, "_backend", lambda: self.ring),
            (sources, "load", self.load),
            (assignments, "list_accounts", self.list_accounts),
            (Store, "keep_accounts", keep_and_touch),
            (CodeProcess, "__call__", lambda _: "123456"),
            (endpoint, "start", self.serving),
            (each_command, "find", lambda command, path: command),
            (each_run, "Runner", Runner),
            (
                credentials_many,
                "in_parallel",
                lambda do, items, threads, progress: list(map(do, items)),
            ),
        ):
            self.patch.setattr(where, name, value)

    @staticmethod
    def unforeseen(error: Exception, argv: Sequence[str]) -> None:
        raise error

    @staticmethod
    def no_terminal() -> None:
        raise terminal.NoTerminal("nobody is there")

    @invariant()
    def step(self) -> None:
        self.seen["steps"] += 1

    def teardown(self) -> None:
        self.patch.undo()
        os.chdir(self.home)
        shutil.rmtree(self.folder)

    # files

    def text(self, path: Path) -> str:
        if path in self.users:
            return "".join(
                f"[{name}]\naws_access_key_id = {key}\naws_secret_access_key = {SECRET}\n"
                for name, key in self.users[path].items()
            )
        config = self.configs[path]
        sections = other_sections(self.folder)
        for name, each in config.roles.items():
            limit = LIMITS[each.limit]
            lines = {
                "role_arn": ARN + each.role,
                "external_id": each.external_id,
                "source_profile": each.user,
                "duration_seconds": each.lifetime,
                "mfa_serial": each.mfa and SERIAL,
                limit.setting: limit.value.replace("FILE", self.policy_file),
                "session_tags": each.tag and f"team={each.tag}",
            }
            sections[name] = "".join(
                f"{name} = {value}\n" for name, value in lines.items() if value
            )
        for guard, by_name in (
            ("expected_account", config.expected),
            ("confirm", config.confirm),
        ):
            for name, value in by_name.items():
                sections[name] = f"{sections.get(name, '')}{guard} = {value}\n"
        sections["sso"] += f"sso_account_id = {config.sso_account}\n"
        return SSO_SESSION + "".join(
            f"[profile {name}]\n{lines}" for name, lines in sections.items()
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
    some_options = st.sampled_from([NONE] * len(OPTIONS) + list(OPTIONS))

    def file(self, place: str, name: str) -> Path:
        return self.folder / place / ".aws" / name

    @property
    def policy_file(self) -> str:
        return f"{self.folder}/policy"

    @rule(
        place=places,
        name=st.sampled_from(PROFILES),
        field=st.integers(0, len(FIELDS) - 1),
        choice=st.integers(0, max(map(len, FIELDS)) - 1),
        rename=st.booleans(),
        keep_mtime=st.booleans(),
    )
    def edit_profile(self, place, name, field, choice, rename, keep_mtime) -> None:
        path = self.file(place, "config")
        values = FIELDS[field]
        usual = Role(ROLES[0], user="bob", lifetime=900)
        profile = list(self.configs[path].roles.get(name, usual))
        profile[field] = values[choice % len(values)]
        self.configs[path].roles[name] = Role(*profile)
        self.write(path, rename)
        self.world.touched(path, keep_mtime)

    @rule(place=places, name=st.sampled_from(PROFILES))
    def remove_profile(self, place, name) -> None:
        path = self.file(place, "config")
        self.configs[path].roles.pop(name, None)
        self.write(path)
        self.world.touched(path)

    @rule(
        place=places,
        name=st.sampled_from(GUARDED),
        guard=st.sampled_from(GUARDS),
        keep_mtime=st.booleans(),
    )
    def edit_guard(self, place, name, guard, keep_mtime) -> None:
        path = self.file(place, "config")
        which, value = guard
        values = getattr(self.configs[path], which)
        values.pop(name, None)
        if value:
            values[name] = value
        self.write(path)
        self.world.touched(path, keep_mtime)

    @rule(place=places, account=st.sampled_from(ACCOUNTS), keep_mtime=st.booleans())
    def edit_account(self, place, account, keep_mtime) -> None:
        path = self.file(place, "config")
        self.configs[path].sso_account = account
        self.write(path)
        self.world.touched(path, keep_mtime)

    @rule(number=st.sampled_from([1, 2]))
    def edit_policy(self, number) -> None:
        self.policy = f'{{"Statement":"{number}"}}'
        self.put(Path(self.policy_file), self.policy)

    @rule(place=places, keep_mtime=st.booleans())
    def swap_keys(self, place, keep_mtime) -> None:
        path = self.file(place, "credentials")
        names, keys = list(self.users[path]), list(self.users[path].values())
        self.users[path] = dict(zip(names, reversed(keys), strict=True))
        self.write(path)
        self.world.touched(path, keep_mtime)

    @rule(place=places, name=st.sampled_from([*FILE_KEYS]))
    def remove_or_restore_key(self, place, name) -> None:
        path = self.file(place, "credentials")
        if self.users[path].pop(name, None) is None:
            self.users[path][name] = FILE_KEYS[name]
        self.write(path)
        self.world.touched(path)

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

    # the keyring

    @rule(name=st.sampled_from(KEPT), user=st.sampled_from([*RING_KEYS]))
    def add_key(self, name, user) -> None:
        key_id = RING_KEYS[user]
        self.world.add_key(key_id, self.world.owners[key_id], user)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(keys_command, "_piped", lambda: as_given(key_id))
            if self.change_keys("--add-keys", name):
                self.kept[self.environ["HOME"]][name] = key_id

    @rule(name=st.sampled_from(KEPT))
    def remove_key(self, name) -> None:
        if self.change_keys("--remove-keys", name):
            del self.kept[self.environ["HOME"]][name]

    @rule(name=st.sampled_from(KEPT))
    def rotate_key(self, name) -> None:
        if self.change_keys("--rotate-keys", name):
            # the last one that AWS has made
            self.kept[self.environ["HOME"]][name] = [*self.world.owners][-1]

    def change_keys(self, action: str, name: str) -> bool:
        """Return whether awsexec says that it has done this."""
        is_done = self.awsexec(action, "--yes", name)[0] == 0
        self.seen["keys changed"] += is_done
        index = Path(self.environ["HOME"]) / ".local" / "share" / "awsexec" / "keys"
        if index.exists():
            self.world.touched(index)
        return is_done

    def keys(self) -> dict[str, str]:
        """The users' keys, by the names of their profiles; those in a file win."""
        return {
            **self.kept[self.environ["HOME"]],
            **self.users[self.credentials_file()],
        }

    def credentials_file(self) -> Path:
        usual = Path(self.environ["HOME"]) / ".aws" / "credentials"
        return Path(self.environ.get("AWS_SHARED_CREDENTIALS_FILE", usual))

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

    def person(self) -> str | None:
        """Who is signed in to IAM Identity Center."""
        path = self.sign_in_file(self.environ["HOME"])
        if not path.exists():
            return None
        return json.loads(path.read_text())["accessToken"].partition("-")[0]

    @rule(person=st.sampled_from(PEOPLE))
    def rename_accounts(self, person) -> None:
        """Both accounts of a person swap their names."""
        history = self.production[person]
        other = ACCOUNTS[history[-1][1] == ACCOUNTS[0]]
        history.append((self.world.passed, other))

    def accounts_by_name(self) -> set[str]:
        """The accounts that the name may stand for now: those that had it within a day."""
        history = self.production.get(self.person() or "", [(0.0, "")])
        return self.recent(history, DAY)

    def recent(self, history: Sequence[tuple[float, str]], seconds: float) -> set[str]:
        """What was so in the last `seconds`, by its `history`."""
        ends = [began for began, _ in history[1:]] + [float("inf")]
        # what is kept lives longer by a clock that was set back
        since = self.world.passed - seconds - self.set_back
        return {
            what for (_, what), end in zip(history, ends, strict=True) if end > since
        }

    def list_accounts(self, source: Any, context: Any, _: Any) -> list[Account]:
        if self.world.is_down:
            raise CredentialsError("it is down")
        person = self.signed_in(context)
        production = self.production[person][-1][1]
        other = ACCOUNTS[production == ACCOUNTS[0]]
        names = ((production, "Production"), (other, "Test"))
        return [Account(id, name, ["reader"]) for id, name in names]

    def signed_in(self, context: Any) -> str:
        """Return whose token a source finds, and note its sign-in."""
        try:
            data = self.sign_in_file(context.environ["HOME"]).read_bytes()
        except OSError:
            raise NeedsUser("not signed in", "a sign-in") from None
        context.sign_in = inputs.sso_sign_in(data)
        return json.loads(data)["accessToken"].partition("-")[0]

    def login_file(self, environ: Mapping[str, str]) -> Path:
        usual = f"{environ['HOME']}/.aws/login/cache"
        folder = environ.get("AWS_LOGIN_CACHE_DIRECTORY", usual)
        session = f"{ARN}{ACCOUNTS[0]}:role/session"
        return Path(inputs.login_token_file(session, folder))

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
        if self.instance != f"i-{number}":
            self.instance = f"i-{number}"
            (self.folder / "boot_id").write_text(f"boot-of-{self.instance}\n")

    @rule(number=st.sampled_from(["1", "2"]))
    def attach_role(self, number) -> None:
        """The instance gets this role, while it runs."""
        self.attached.append((self.world.passed, f"role-{number}"))

    @rule(name=st.sampled_from(OTHERS))
    def outage(self, name) -> None:
        self.world.is_down = True
        self.ask_all(False)
        self.run(name)
        self.world.is_down = False
        self.ask_all(False)

    @rule(name=st.sampled_from([None, "sso", "process", "reader"]))
    def forget(self, name) -> None:
        self.awsexec("--forget", *([name] if name else []))

    def load(self, source: Any, context: Any) -> Credentials:
        """What the sources give, each as the real one decides it."""
        kind, environ = source.kind.label, context.environ
        if kind == "keys":
            keys = source.keys
            return Credentials(keys.key_id.value, keys.secret.value)
        if kind == "keyring":
            return keyring_source.load(source, context)
        if self.world.is_down and "awsexec" not in source.setting.value:
            raise CredentialsError("it is down")
        if kind == "sso":
            account, role = map(source.value, ("sso_account_id", "sso_role_name"))
            who = f"{account}:sso/{role}|{self.signed_in(context)}"
        elif kind == "web identity":
            try:
                token = Path(source.value("web_identity_token_file")).read_text()
            except OSError:
                raise CredentialsError("no token") from None
            who = f"{WEB}|{token}"
        elif kind == "login":
            try:
                token = json.loads(self.login_file(environ).read_bytes())
            except OSError:
                raise CredentialsError("not logged in") from None
            who = "login:" + token["dpopKey"].partition("-")[0]
        elif kind == "container":
            if served := self.served(environ):
                with self.inside(served):
                    answer = served.supply.current()
                if answer is None:
                    raise CredentialsError("the endpoint has none")
                token = answer["Token"]
                return Credentials(
                    answer["AccessKeyId"], "EXAMPLESECRET", token, int(token[-10:])
                )
            found = self.of_container(environ)
            if found is None:
                raise CredentialsError("no endpoint, or no token")
            who = found
        elif kind == "ec2":
            who = f"{self.attached[-1][1]}:{self.instance}"
        elif "awsexec" in source.setting.value:
            inner = source.setting.value.rpartition(" ")[2]
            found = self.exported(inner, environ=environ)
            if found is None:
                raise CredentialsError("awsexec failed")
            token = found["AWS_SESSION_TOKEN"]
            return Credentials(
                found["AWS_ACCESS_KEY_ID"], "EXAMPLESECRET", token, int(token[-10:])
            )
        elif source.setting.value == "./fixed":
            who = f"fixed:{','.join(sorted(limits_in(environ)))}"
        else:
            who = f"process:{environ.get('WHO')}:{os.getcwd()}:{self.instance}"
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return self.world.session(who, 3600)

    def served(self, environ: Mapping[str, str]) -> Endpoint | None:
        """Return the endpoint whose COMMAND has this environment."""
        url = environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        return next((each for each in self.endpoints if each.url == url), None)

    def of_container(self, environ: Mapping[str, str]) -> str | None:
        url = environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        file = environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
        shown = environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        if file is not None:
            shown = Path(file).read_text() if Path(file).exists() else None
            url = url if shown else None
        return url and f"container:{url}:{shown}:{self.instance}"

    # what is right

    def config(self) -> Config:
        return self.configs[self.config_file()]

    def source(self, name: str) -> str:
        """The name of the source's profile."""
        role = self.config().roles.get(name)
        return role.user if role else name.removeprefix("r-")

    def config_file(self) -> Path:
        usual = Path(self.environ["HOME"]) / ".aws" / "config"
        return Path(self.environ.get("AWS_CONFIG_FILE", usual))

    def said(
        self,
        name: str,
        options: Options = NONE,
        may_ask: bool = True,
        around: Around | None = None,
    ) -> set[Said | None]:
        """What a run of `name` may be now: not only one where names of accounts count."""
        accounts = self.accounts_by_name() if name == BY_NAME else {""}
        return {
            said(
                name,
                options,
                self.config(),
                self.keys(),
                self.around if around is None else around,
                account=account,
                policy=self.policy,
                may_ask=may_ask,
            )
            for account in accounts
        }

    def right(
        self, saids: set[Said | None], is_served: bool = False
    ) -> set[str | None]:
        """Whose credentials a run has to get now, None for an error."""
        url, owners = self.url() or "", self.world.owners
        return {
            right(each, given, url, owners)
            for each in saids
            for given in (self.all_given(each, is_served) if each else [None])
        }

    def all_given(self, said: Said, is_served: bool) -> set[str | None]:
        """Whose credentials the source may give now: of an instance, several."""
        if said.source != "machine":
            return {self.given(said)}
        # it is asked again after five minutes; who has its credentials keeps them
        is_kept = is_served or said.role
        roles = self.recent(self.attached, ASK_AGAIN + 2 * 3600 * bool(is_kept))
        return {f"{role}:{self.instance}" for role in roles}

    def given(self, said: Said) -> str | None:
        """Whose credentials the source has to give now."""
        name = said.source
        if said.key is not None:
            is_there = said.key in (*FILE_KEYS.values(), self.keys().get(name))
            return said.key if is_there else None
        if name == "container":
            if served := self.served(self.environ):
                with self.inside(served):
                    (found,) = self.right(served.said, True)
                return found
            return self.of_container(self.environ)
        if name == "login":
            path = self.login_file(self.environ)
            if not path.exists():
                return None
            return "login:" + json.loads(path.read_text())["dpopKey"].partition("-")[0]
        if name in ("sso", BY_NAME):
            role, person = "r" if name == "sso" else "reader", self.person()
            return person and f"{said.account}:sso/{role}|{person}"
        if name in ("web", "moving"):
            folder = self.environ["TOKENS"] if name == "moving" else self.folder
            path = Path(folder) / "token"
            return f"{WEB}|{path.read_text()}" if path.exists() else None
        if name == "fixed":
            # an awsexec in it is limited too
            return f"fixed:{','.join(sorted(said.around.limits))}"
        if name in ("nested", "nested-sso"):
            inner = "reader" if name == "nested" else "sso"
            (found,) = self.right(self.said(inner, NONE, False, said.around))
            return found
        return f"process:{self.environ.get('WHO')}:{os.getcwd()}:{self.instance}"

    def check(
        self,
        saids: set[Said | None],
        found: Mapping[str, str] | None,
        is_served: bool = False,
    ) -> None:
        """Check whose credentials were `found`, None for an error."""
        wanted = self.right(saids, is_served)
        if found is None and self.world.is_down:
            return
        identity = found and identity_in(found)
        assert identity in wanted, (saids, identity, wanted)
        self.seen["refused"] += found is None
        if found is None:
            return
        (said,) = saids if len(saids) == 1 else [*saids][:1]
        assert said is not None and identity is not None
        account = found.get("AWSEXEC_ACCOUNT")
        assert account in (None, account_of(identity, self.world.owners))
        if "AWS_SESSION_TOKEN" not in found:
            return
        expires = int(found["AWS_SESSION_TOKEN"].rpartition("#")[2])
        life = expires - self.world.now
        # by a clock that was set back, what an endpoint has lives longer
        assert 0 < life
        assert is_served or life <= said.lifetime + fastpath.CLOCK_SLACK
        if "AWSEXEC_PROFILE" in found:
            assert found["AWSEXEC_PROFILE"] == said.name
            assert limits_in(found) == said.inside.limits
            for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
                assert found.get(variable) == self.environ.get("AWS_REGION")
            assert found["AWS_CREDENTIAL_EXPIRATION"] == iso(expires)

    def url(self) -> str | None:
        """Where STS is called."""
        urls = ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL")
        return next(filter(None, map(self.environ.get, urls)), None)

    # changes between two runs, and during one

    @rule(
        names=some_others,
        pause=st.sampled_from([0, 3, 3]),
        other=st.booleans(),
        off=st.booleans(),
        export=st.booleans(),
    )
    def change_between_two_runs(self, names, pause, other, off, export) -> None:
        """What is cached, and fast, is asked for again after what decides has changed."""
        for name in names:
            self.prepare(name)
            self.world.now += pause
            self.run(name, 2, export=export)
            self.change(name, other)
            self.run(name, 1, off, export)

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
                self.command(name)
            self.meanwhile = None
            self.ask_all(False)
            self.run(name)

    def prepare(self, name: str) -> None:
        """Make the source of profile `name` give something, if need be."""
        source = name.removeprefix("r-")
        if source in ("sso", "nested-sso", BY_NAME):
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
        elif source == "kim" and "kim" not in self.keys():
            self.add_key("kim", "kim")

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
        elif source == BY_NAME and other:
            person = PEOPLE[self.person() == PEOPLE[0]]
            self.sign_in(self.own_place(), person, True)
        elif source == BY_NAME:
            self.add_key(BY_NAME, "kim")
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
        elif source == "kim" and other:
            is_first = self.keys().get("kim") == RING_KEYS["kim"]
            # in a shell with another cache, whose sessions it cannot delete
            cache = self.environ["AWSEXEC_CACHE_DIR"]
            self.another_value("AWSEXEC_CACHE_DIR")
            self.add_key("kim", "lee" if is_first else "kim")
            self.environ["AWSEXEC_CACHE_DIR"] = cache
        elif source == "kim":
            self.rotate_key("kim")
        elif other and name in PROFILES:
            self.swap_keys(self.credentials_file().parent.parent.name, True)
        else:
            self.another_value("AWS_CONFIG_FILE")

    @rule(seconds=st.sampled_from([0, 60, 3601]))
    def rename_between_two_runs(self, seconds) -> None:
        """A name stands for the account that had it, for a day at most."""
        self.remove_key(BY_NAME)
        self.prepare(BY_NAME)
        self.run(BY_NAME)
        self.rename_accounts(self.person())
        self.world.now += DAY - 60 - seconds
        self.run(BY_NAME, 2)
        self.world.now += 60 + seconds
        self.run(BY_NAME)

    @rule(name=st.sampled_from(["machine", "r-machine"]))
    def attach_between_two_runs(self, name) -> None:
        self.run(name, 2)
        self.attach_role("2" if self.attached[-1][1] == "role-1" else "1")
        self.run(name)
        self.world.now += ASK_AGAIN
        self.run(name)

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

    # guards and limits

    @rule(
        name=st.sampled_from([*PROFILES, *OTHERS]),
        first=some_options,
        second=some_options,
        export=st.booleans(),
    )
    def run_with_other_options(self, name, first, second, export) -> None:
        """What is cached for one run is not for another one that says something else."""
        self.prepare(name)
        self.run(name, 2, options=first)
        self.run(name, 1, export=export, options=second)
        self.run(name)

    @rule(
        name=st.sampled_from([*PROFILES, *GUARDED]),
        of_source=st.booleans(),
        guard=st.sampled_from(GUARDS),
        options=some_options,
        other=st.booleans(),
    )
    def edit_guard_between_two_runs(
        self, name, of_source, guard, options, other
    ) -> None:
        """A guard counts for what is cached too, whoever gives it by then."""
        self.prepare(name)
        self.world.now += 3
        self.run(name, 2, options=options)
        place = self.config_file().parent.parent.name
        guarded = self.source(name) if of_source else name
        self.edit_guard(place, guarded, guard, other)
        self.world.now += 3
        self.run(name, 1, options=options._replace(yes=True))
        self.run(name, 1, options=options)
        self.change(name, other)
        self.run(name, 1, options=options)
        self.edit_guard(place, guarded, (guard[0], ""), other)

    @rule(
        shells=st.lists(
            st.tuples(
                st.sampled_from([*PROFILES, "r-login", "r-fixed", "kim", "sso"]),
                st.sampled_from([each._replace(yes=True) for each in SHELLS]),
            ),
            min_size=1,
            max_size=2,
        ),
        names=st.lists(st.sampled_from([*PROFILES, *OTHERS]), max_size=2),
        confirm=st.booleans(),
        options=some_options,
        export=st.booleans(),
    )
    def run_inside(self, shells, names, confirm, options, export) -> None:
        """In a COMMAND of awsexec, its limits hold, whatever is cached outside of it."""
        place, first = self.config_file().parent.parent.name, shells[0][0]
        if confirm:
            self.edit_guard(place, first, ("confirm", "true"), False)
        self.world.now += 3
        for name in (first, *names):
            self.prepare(name)
            self.run(name, 2)
        outside = self.environ, self.around
        for name, of_shell in shells:
            self.prepare(name)
            (said,) = self.said(name, of_shell)
            found = self.url() and self.command(name, options=of_shell)
            if found and said:
                self.environ, self.around = dict(found), said.inside
                self.seen["inside"] += 1
        for name in (first, *names):
            self.run(name, 2, export=export)
            self.run(name, 1, options=options)
        self.run(first, options=Options(unlimited=True))
        self.another_role(first)
        self.run(first)
        self.environ, self.around = outside
        for name in (first, *names):
            self.run(name)
        self.edit_guard(place, first, ("confirm", ""), False)

    def another_role(self, name: str) -> None:
        """Let profile `name` have another role, another account, or what `change` does."""
        place, config = self.config_file().parent.parent.name, self.config()
        if name == "sso":
            other = ACCOUNTS[config.sso_account == ACCOUNTS[0]]
            self.edit_account(place, other, True)
        elif name in config.roles:
            role = ROLES.index(config.roles[name].role) + 1
            self.edit_profile(place, name, 0, role, False, True)
        else:
            self.change(name, True)

    # --each

    @rule(
        names=st.lists(
            st.sampled_from([*PROFILES, *OTHERS]), min_size=2, max_size=5, unique=True
        ),
        guard=st.sampled_from(GUARDS),
        options=some_options,
    )
    def each(self, names, guard, options) -> None:
        if not self.url():
            return
        place, first = self.config_file().parent.parent.name, names[0]
        if first != BY_NAME:
            # which has no section
            self.edit_guard(place, first, guard, False)
        saids = {name: self.said(name, options) for name in names}
        patterns = [word for name in names for word in ("--each", name)]
        words = (*options.words(self.policy_file), *patterns, "--", "command")
        found: Mapping[str, Mapping[str, str]] = {}
        try:
            self.awsexec(*words)
        except BecameMany as became:
            found = became.environs
        for name in found:
            self.check(saids[name], found[name])
        wanted = [self.right(each) for each in saids.values()]
        # if one cannot start, that may be why no other did
        if not self.world.is_down and not any(None in each for each in wanted):
            assert found.keys() == saids.keys()
        self.seen["of --each"] += len(found)
        self.edit_guard(place, first, (guard[0], ""), False)

    # --serve

    @rule(name=st.sampled_from([*PROFILES, *OTHERS]), options=some_options)
    def start_endpoint(self, name, options) -> None:
        self.serve(name, options)

    def serve(self, name: str, options: Options = NONE) -> Mapping[str, str] | None:
        """Start COMMAND with an endpoint, which lives on; return its environment."""
        if not self.url():
            return None
        self.tokens += 1
        served = Endpoint(
            f"http://127.0.0.1:{self.tokens}/",
            self.said(name, options),
            dict(self.environ),
            self.around,
            os.getcwd(),
            self.instance,
        )
        self.endpoints = [served, *self.endpoints[: ENDPOINTS - 1]]
        more = ("--no-prompt", "--serve")
        found = self.command(name, options=options, more=more)
        if found is None:
            del self.endpoints[0]
            self.check(served.said, None)
        return found

    def serving(self, plan: Any, credentials: Any, inputs: Any, environ: Any, _: Any):
        """Stands in for `endpoint.start`; there are no sockets."""
        report = Report(io.StringIO(), VERBOSE)
        served = self.endpoints[0]
        served.supply = RenewedSupply(plan, credentials, inputs, environ, report)
        if len(served.said) > 1:
            # of the accounts that it may be, the one that it is
            served.said = {
                each for each in served.said if each and each.account == plan.account
            }
        return {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": served.url,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": OWN_TOKEN + "1",
        }

    @contextlib.contextmanager
    def inside(self, served: Endpoint) -> Iterator[None]:
        """Be the endpoint's process, which has its own environment and directory."""
        before = self.environ, self.around, os.getcwd(), self.instance
        self.environ, self.around = served.environ, served.around
        os.chdir(served.directory)
        self.another_machine(served.instance[-1])
        try:
            yield
        finally:
            self.environ, self.around, directory, instance = before
            os.chdir(directory)
            self.another_machine(instance[-1])

    def ask(self, served: Endpoint, is_late: bool) -> None:
        """Ask the endpoint, which has done what is due by now, unless it `is_late`."""
        renewal = served.supply.renewal
        if any(each and "nested" in each.name for each in served.said):
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
            variables = found and variables_in(found)
            self.check(served.said, variables, is_served=True)

    @rule(
        name=st.sampled_from(["r-sso", "r-login", "r-web", "sso", "login"]),
        other=st.booleans(),
    )
    def run_with_endpoint(self, name, other) -> None:
        """In COMMAND of --serve, the source of a container is the endpoint."""
        self.prepare(name)
        outside = self.environ, self.around
        found = self.serve(name)
        if found is None:
            return
        served = self.endpoints[0]
        (said,) = served.said
        assert said is not None
        self.environ, self.around = dict(found), said.inside
        self.run("container", 2)
        self.run("r-container", 2)
        self.change(name, other)
        self.ask(served, False)
        self.run("container", 2)
        self.run("r-container")
        self.environ, self.around = outside

    @rule(is_late=st.booleans())
    def ask_all(self, is_late) -> None:
        for served in self.endpoints:
            self.ask(served, is_late)

    @rule(
        names=some_others,
        other=st.booleans(),
        seconds=st.sampled_from([0, 0, 2500]),
        outage=st.booleans(),
        options=some_options,
    )
    def change_while_serving(self, names, other, seconds, outage, options) -> None:
        for name in names:
            self.prepare(name)
            self.serve(name, options)
            self.world.now += seconds
            self.ask_all(False)
            self.change(name, other)
            if outage:
                # what has been cached meanwhile is to be renewed, which fails
                self.run(name)
                self.world.now += 2500
                self.outage(name)
            self.ask_all(False)

    # time

    @rule(seconds=st.sampled_from([0.005, 0.3, 1, 2.5, 61, 400, 800, 2700, 3601, DAY]))
    def wait(self, seconds) -> None:
        self.world.now += seconds

    @rule(seconds=st.sampled_from([10, 59, 1000, 4000]))
    def set_the_clock_back(self, seconds) -> None:
        self.world.began -= seconds
        self.set_back += seconds

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

    @rule(
        name=st.sampled_from([*PROFILES, *PROFILES, "alice", "kim"]),
        repeat=st.integers(1, 3),
        off=st.booleans(),
        options=some_options,
    )
    def run_with_keys(self, name, repeat, off, options) -> None:
        self.run(name, repeat, off, options=options)

    @rule(
        name=st.sampled_from(OTHERS),
        repeat=st.integers(1, 3),
        off=st.booleans(),
        export=st.booleans(),
    )
    def run_other(self, name, repeat, off, export) -> None:
        self.run(name, repeat, off, export)

    def run(
        self,
        name: str,
        repeat: int = 1,
        off: bool = False,
        export: bool = False,
        options: Options = NONE,
    ) -> None:
        """Run it so often, and check what it gets."""
        if not self.url():
            # the calls would be right, and the model does not know where they go
            return
        for _ in range(repeat):
            calls = self.world.calls
            saids = self.said(name, options, not export)
            if export:
                self.check(saids, self.exported(name, off, options))
            else:
                self.check(saids, self.command(name, off, options))
            if name in PROFILES:
                assert self.world.calls - calls <= 3

    @rule(name=st.sampled_from(PROFILES))
    def run_in_a_loop(self, name) -> None:
        self.run(name, 3)

    @rule(
        name=st.sampled_from(PROFILES),
        role=st.sampled_from(ROLES),
        pause=st.sampled_from([0, 0.1, 5]),
        keep_mtime=st.booleans(),
    )
    def edit_between_two_runs(self, name, role, pause, keep_mtime) -> None:
        path = self.config_file()
        if name in self.config().roles:
            self.world.now += pause
            self.run(name, 2)
            roles = self.config().roles
            roles[name] = roles[name]._replace(role=role)
            self.write(path)
            self.world.touched(path, keep_mtime)
            self.run(name)

    @rule(
        name=st.sampled_from(PROFILES),
        variable=st.sampled_from(VARIABLES),
        place=places,
        unset=st.booleans(),
    )
    def switch_between_two_runs(self, name, variable, place, unset) -> None:
        self.run(name, 2)
        self.switch(variable, place, unset)
        self.run(name)

    @rule(seconds=st.sampled_from([60, 700, 800, 2700, 3400, 3590]))
    def wait_between_two_runs(self, seconds) -> None:
        self.run("reader", 2)
        self.wait(seconds)
        self.run("reader")

    @rule()
    def forget_switches(self) -> None:
        """A new shell."""
        for variable in [n for n in self.environ if n.startswith("AWS_")]:
            del self.environ[variable]
        self.environ["AWS_ENDPOINT_URL_STS"] = "http://a.example"
        for variable in ("CREDENTIALS_FULL_URI", "AUTHORIZATION_TOKEN"):
            self.environ[f"AWS_CONTAINER_{variable}"] = "http://a.example"

    def command(
        self,
        name: str,
        off: bool = False,
        options: Options = NONE,
        more: tuple[str, ...] = (),
    ) -> Mapping[str, str] | None:
        """The environment that COMMAND gets; None for an error."""
        words = (*more, *options.words(self.policy_file), name, "--", "command")
        try:
            status, _ = self.awsexec(*words, off=off)
        except Became as became:
            return became.environ
        assert status, "nothing was run"
        return None

    def exported(
        self,
        name: str,
        off: bool = False,
        options: Options = NONE,
        environ: Mapping[str, str] | None = None,
    ) -> Mapping[str, str] | None:
        """What --export process prints, as variables; None for an error."""
        words = (*options.words(self.policy_file), "--export", "process", name)
        status, text = self.awsexec(*words, off=off, environ=environ)
        return None if status else variables_in(json.loads(text))

    def awsexec(
        self, *words: str, off: bool = False, environ: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Run this command line; return the exit status and what it prints."""
        variables = dict(self.environ if environ is None else environ)
        if off:
            variables["AWSEXEC_FASTPATH"] = "0"
        self.seen["runs"] += 1
        # a moment for the interpreter to start
        self.world.now += 0.03
        printed: list[str] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fastpath, "put", printed.append)
            patch.setattr("sys.stdout", io.StringIO())
            patch.setattr("sys.stderr", io.StringIO())
            try:
                is_fast = fastpath.attempt(words, variables)
            except Became:
                self.seen["fast"] += 1
                raise
            self.seen["fast"] += is_fast
            status = 0 if is_fast else cli.main(["--verbose", *words], variables)
        return status, "".join(printed)


def identity_in(variables: Mapping[str, str]) -> str:
    """Whose credentials these variables are."""
    key_id = variables["AWS_ACCESS_KEY_ID"]
    return identity_of(Credentials(key_id, "", variables.get("AWS_SESSION_TOKEN")))


def limits_in(environ: Mapping[str, str]) -> set[str]:
    """The policies that limit what runs in this environment."""
    words = environ.get("AWSEXEC_LIMITS", "").split()
    return {
        bytes.fromhex(word[7:]).decode() if word.startswith("policy=") else word
        for word in words
    }


def variables_in(document: Mapping[str, str]) -> dict[str, str]:
    """What an SDK reads of the JSON of --export process, and of an endpoint."""
    found = {"AWS_ACCESS_KEY_ID": document["AccessKeyId"]}
    token = document.get("SessionToken") or document.get("Token")
    return {**found, "AWS_SESSION_TOKEN": token} if token else found


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
    assert seen["fast"] >= seen["steps"] // 20
    assert seen["runs"] - seen["fast"] >= seen["steps"] // 10
    assert seen["asked"] >= seen["steps"] // 10
    for what in ("refused", "inside", "keys changed", "of --each"):
        assert seen[what] >= seen["steps"] // 200, what


def seconds_since(began: float) -> float:
    return time.monotonic() - began
