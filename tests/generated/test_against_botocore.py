"""A profile gives the identity that botocore gives it, by the same calls."""

from __future__ import annotations

import contextlib
import getpass
import io
import itertools
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest import mock

import boto3
import botocore.configloader
import botocore.credentials
import botocore.exceptions
import botocore.loaders
import botocore.session
import botocore.tokens
import pytest
from hypothesis import given
from hypothesis import strategies as st

from awsexec.credentials.credentials import child_variables
from awsexec.credentials.get import get
from awsexec.credentials.resolver import Demand
from awsexec.credentials.sdk import internals
from awsexec.errors import AwsexecError
from awsexec.options import arguments
from awsexec.plan.plan import make_plan
from awsexec.profiles import files
from awsexec.report import QUIET, Report
from tests.fork_server import ForkServer
from tests.generated import examples, part
from tests.generated.aws import Aws, Doors, furnish
from tests.generated.differences import EXAMPLES, MENDED, TOLD, rows
from tests.generated.worlds import CONTAINER, NAMES, World, worlds
from tests.servers.container import PATH
from tests.support import CODES, Awsexec

pytestmark = pytest.mark.uncounted

# of the examples, so that they can run at the same time
PARTS = 4

# how awsexec gets the code; the option is for chains that take one alone
CODE = {"AWSEXEC_MFA_TOKEN": CODES[0]}
# the session's name of a role that has none
DEFAULT_NAME = re.compile(rf"botocore-session-\d+|{re.escape(getpass.getuser())}")
Call = tuple[object, ...]
# equal to everything
ANYTHING = mock.ANY


@dataclass(frozen=True)
class Outcome:
    """Whose credentials, by which calls, for which region; or why there are none.

    `serials` are the MFA devices that a code was asked for.
    """

    identity: str | None
    calls: tuple[Call, ...]
    serials: tuple[str, ...]
    region: str | None
    error: str = ""
    # rows of the documents that the above does not show
    beside: frozenset[str] = field(default=frozenset(), compare=False)


class Bench:
    """A home directory in which both resolve worlds, each with an AWS of its own.

    Both run in this process, whose network is that AWS.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.paths = (str(home / ".aws" / "config"), str(home / ".aws" / "credentials"))
        # reading the models of the services is what takes time
        self.loader = botocore.loaders.create_loader()
        furnish(home)

    def aws(self) -> AbstractContextManager[Aws]:
        """An AWS that answers."""
        return Aws()

    def place(self, text: str) -> str:
        """`text` of a world, made to fit this place."""
        return text.replace("{home}", str(self.home))

    def prepare(self, world: World) -> dict[str, str]:
        """Write the files of `world`, and return its environment."""
        for path, text in zip(self.paths, world.texts(), strict=True):
            with open(path, "w", encoding="utf-8", newline="") as stream:
                stream.write(self.place(text))
        variables = {name: self.place(text) for name, text in world.variables.items()}
        return {"HOME": str(self.home), "PATH": os.defpath, **variables}

    def botocore(self, world: World) -> Outcome:
        environ = self.prepare(world)
        with mock.patch.dict(os.environ, environ, clear=True), self.aws() as aws:
            return by_boto3(world, aws, self.loader)

    def awsexec(self, world: World) -> Outcome:
        environ = {**self.prepare(world), **CODE}
        with mock.patch.dict(os.environ, environ, clear=True), self.aws() as aws:
            report = Report(io.StringIO(), QUIET)
            try:
                given = arguments.parse(words(world))
                plan = make_plan(given, environ)
                found = get(plan, Demand(), environ, report)
            except AwsexecError as error:
                return outcome(aws, None, None, str(error))
            variables = child_variables(found, plan.name, plan.region, False)
            return outcome(aws, variables, plan.region)


class EndToEnd(Bench):
    """The installed awsexec is a process, and AWS is on loopback."""

    def __init__(
        self, home: Path, doors: Doors, bundle: Path, server: ForkServer
    ) -> None:
        super().__init__(home)
        self.doors = doors
        self.bundle = bundle
        self.server = server

    @contextlib.contextmanager
    def aws(self) -> Iterator[Aws]:
        with contextlib.closing(Aws()) as aws:
            yield self.doors.lead_to(aws)

    def place(self, text: str) -> str:
        return self.doors.place(super().place(text))

    def prepare(self, world: World) -> dict[str, str]:
        environ = super().prepare(world)
        if environ.pop("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", None):
            # its address is no loopback one
            url = f"http://127.0.0.1:{CONTAINER}{PATH}"
            environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = self.place(url)
        return {
            **environ,
            **self.doors.variables(),
            "AWS_CA_BUNDLE": str(self.bundle),
            "AWS_MAX_ATTEMPTS": "1",
            "LANG": "C.UTF-8",
        }

    def awsexec(self, world: World) -> Outcome:
        environ = {**self.prepare(world), **CODE}
        with self.aws() as aws:
            run_awsexec = Awsexec(environ, self.home, self.server)
            finished = run_awsexec(*words(world), "--", "env", "-0")
            if finished.status:
                assert finished.status == 125, finished
                error = finished.stderr.removeprefix("awsexec: ")
                assert error.count("\n") == 1, error
                return outcome(aws, None, None, error)
            items = finished.stdout.split("\0")[:-1]
            child = dict(item.split("=", 1) for item in items)
            return outcome(aws, child, child.get("AWS_REGION"))


def words(world: World) -> list[str]:
    """The arguments of awsexec."""
    options = ["--no-cache", "--no-prompt"]
    return options if world.profile is None else [*options, world.profile]


def by_boto3(world: World, aws: Aws, loader: botocore.loaders.Loader) -> Outcome:
    """What boto3 makes of `world` in this process's environment."""
    region = None
    # its handlers take as long as all the rest, and only these need them
    handlers = bool(re.search("(?i)sso_|login_|web_identity", str(world)))
    core = botocore.session.Session(include_builtin_handlers=handlers)
    core.register_component("data_loader", loader)
    try:
        session = boto3.Session(profile_name=world.profile, botocore_session=core)
        region = session.region_name or None
        resolver = core.get_component("credential_provider")
        resolver.get_provider("assume-role")._prompter = lambda question: CODES[0]
        found = session.get_credentials()
        if found is None:
            return outcome(aws, None, region, "no credentials")
        key_id, secret, token = found.get_frozen_credentials()[:3]
    except Exception as error:  # whatever it is: botocore has tracebacks too
        return outcome(aws, None, region, f"{type(error).__name__}: {error}")
    variables = {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret}
    if token:
        variables["AWS_SESSION_TOKEN"] = token
    return outcome(aws, variables, region)


def outcome(
    aws: Aws, variables: Mapping[str, str] | None, region: str | None, error: str = ""
) -> Outcome:
    """What came of a run: `variables` with the keys, and what `aws` was asked."""
    calls: list[Call] = []
    serials: list[str] = []
    beside = set()
    for call in aws.sts.calls:
        given = dict(call.parameters)
        serial, _ = given.pop("SerialNumber", ""), given.pop("TokenCode", "")
        if serial and serial not in serials:
            serials.append(serial)
        if call.operation == "GetSessionToken":
            # it stands for its user, and botocore makes no such call
            beside.add("MFA")
            continue
        if DEFAULT_NAME.fullmatch(given.get("RoleSessionName", "")):
            given["RoleSessionName"] = ""
            beside.add("no role_session_name")
        signer = named(aws.caller(call.key_id, None, call.token))
        where = (call.host, call.region)
        calls.append((call.operation, *sorted(given.items()), signer, *where))
    calls += [
        ("GetRoleCredentials", *sorted(request.query.items()))
        for request in aws.portal.requests
    ]
    identity = None
    if variables is not None:
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        identity = named(aws.caller(*map(variables.get, names)))
    return Outcome(
        identity, tuple(calls), tuple(serials), region, error, frozenset(beside)
    )


def named(caller: str) -> str:
    """An ARN with a default name left out."""
    return DEFAULT_NAME.sub("", caller) if ":assumed-role/" in caller else caller


def agree(theirs: Outcome, ours: Outcome) -> bool:
    """Whether both come to the same, and on the way there."""
    if None in (theirs.identity, ours.identity):
        # one of them may give up before it has asked
        shorter = min(len(theirs.calls), len(ours.calls))
        return theirs.identity == ours.identity and (
            theirs.calls[:shorter] == ours.calls[:shorter]
        )
    return (theirs.identity, theirs.calls, theirs.serials, theirs.region) == (
        ours.identity,
        ours.calls,
        ours.serials,
        ours.region,
    )


def explanation(bench: Bench, world: World, ours: Outcome) -> list[str] | None:
    """The documented rows by which botocore differs; None for no reason at all."""
    applicable = [row for row in MENDED if row.mend(world) != world]
    # none, then all of them, then few: mostly one is to blame
    sizes = dict.fromkeys([0, len(applicable), *range(1, len(applicable))])
    for size in sizes:
        for some in itertools.combinations(applicable, size):
            mended, seen = world, ours
            for row in some:
                mended = row.mend(mended)
                if row.beside:
                    seen = replace(seen, **{row.beside: ANYTHING})
            theirs = bench.botocore(mended)
            told = [
                name
                for name, pattern, identity in TOLD
                if re.search(pattern, ours.error)
                and re.search(identity, theirs.identity or theirs.error)
            ]
            names = [row.name for row in some]
            if agree(theirs, seen):
                # it gave up sooner, and may say why
                told = told if len(theirs.calls) > len(ours.calls) else []
                return [*names, *told, *sorted(ours.beside)]
            if told:
                return [*names, *told]
    return None


@contextlib.contextmanager
def _at_home(bench: Bench) -> Iterator[Bench]:
    """botocore with the tokens of the home directory, which it looks up when imported."""
    folder = str(bench.home / ".aws" / "sso" / "cache")
    owners = (botocore.credentials.SSOProvider, botocore.tokens.SSOTokenProvider)
    with contextlib.ExitStack() as stack:
        for owner in owners:
            stack.enter_context(
                mock.patch.object(owner, "_SSO_TOKEN_CACHE_DIR", folder)
            )
        loader = mock.patch.object(internals, "Loader", lambda: bench.loader)
        stack.enter_context(loader)
        # what it logs of every failure takes its time
        logger = logging.getLogger("botocore")
        stack.enter_context(mock.patch.object(logger, "disabled", True))
        yield bench


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Iterator[Bench]:
    with _at_home(Bench(tmp_path_factory.mktemp("home"))) as bench:
        yield bench


@pytest.fixture
def end_to_end(tmp_path, certificate, fork_server) -> Iterator[Bench]:
    context, bundle = certificate
    with Doors(context) as doors:
        bench = EndToEnd(tmp_path, doors, bundle, fork_server)
        with _at_home(bench):
            yield bench


def check(bench: Bench, world: World) -> list[str]:
    """The rows that explain a difference between botocore and awsexec; fails if none does."""
    ours = bench.awsexec(world)
    found = explanation(bench, world, ours)
    assert (
        found is not None
    ), f"{world}\nbotocore: {bench.botocore(world)}\nawsexec: {ours}"
    assert rows() >= set(found)
    return found


@pytest.mark.parametrize("number", range(PARTS))
def test_identity_and_calls(bench, number):
    @part(number)
    @given(worlds())
    @examples(100, 600)
    def resolve(world):
        check(bench, world)

    resolve()


@pytest.mark.parametrize("number", range(PARTS))
def test_identity_and_calls_of_processes(end_to_end, number):
    @part(PARTS + number)
    @given(worlds())
    @examples(15, 40)
    def resolve(world):
        check(end_to_end, world)

    resolve()


@pytest.mark.parametrize("row", sorted(rows() | EXAMPLES.keys()))
def test_row(bench, row):
    """Each documented difference has an example here, and still exists."""
    assert row in rows()
    assert row in check(bench, EXAMPLES[row])


# what the two grammars share; where they differ there is a row
_NAME = st.sampled_from(["a", "b", "Cd", "Ünï", "x-y_z", "w0"])
_HEADER = st.sampled_from(
    ["[default]", "[profile a]", "[profile b]", '[profile "two words"]']
    + ["[profile  c]", "[c]", "[services s]", "[sso-session s]", "[profile a b]"]
    + [f"[profile {name}]" for name in NAMES if "[" in name]
)
_VALUE = st.text("ab=é \t[]'\"%$\\", max_size=8).map(str.strip)
_SETTING = st.tuples(_NAME, st.sampled_from(["=", " = ", "\t=  "]), _VALUE).map("".join)
_INDENT = st.sampled_from(["", "", "", " ", "  ", "\t", "    "])
_LINE = st.one_of(
    _HEADER,
    st.tuples(_INDENT, _SETTING).map("".join),
    st.tuples(_INDENT, _SETTING).map("".join),
    st.tuples(_INDENT, st.sampled_from(["", "# a = b", "; a = b", "text"])).map(
        "".join
    ),
)
_END = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"])


@given(st.lists(st.tuples(_LINE, _END).map("".join), max_size=15).map("".join))
@examples(200, 600)
def test_grammar(bench, text):
    text = f"[profile first]\n{text}"
    path = bench.paths[0]
    with open(path, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)
    try:
        loaded = botocore.configloader.load_config(path)
    except botocore.exceptions.ConfigParseError:
        # what stands twice is no error here, and nothing else may be none
        try:
            files.read(path, files.CONFIG)
        except AwsexecError:
            pass
        return
    parsed = files.read(path, files.CONFIG)
    for group, theirs in (
        (parsed.profiles, loaded["profiles"]),
        (parsed.services, loaded["services"]),
        (parsed.sso_sessions, loaded["sso_sessions"]),
    ):
        ours = {
            name: {
                setting.name: {
                    key: inner.value for key, inner in setting.nested.items()
                }
                or _lines(setting.value)
                for setting in section.settings.values()
            }
            for name, section in group.items()
        }
        assert ours == {
            name: {
                key: (
                    {inner.lower(): text for inner, text in value.items()}
                    if isinstance(value, dict)
                    else _lines(value)
                )
                for key, value in section.items()
            }
            for name, section in theirs.items()
        }


def _lines(value: str) -> list[str]:
    # botocore keeps the blank lines in a continued value
    return [line.strip() for line in value.split("\n") if line.strip()]
