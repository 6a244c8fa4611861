"""A shell of each kind, in a home with profiles of every sort of name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from awsexec.profiles.accounts import Account, AccountList, as_kept, path_of
from tests.completions.shells import KINDS, Kind, Shell
from tests.servers.identity_center import START_URL

ROLE = "arn:aws:iam::123456789012:role/"
PROFILES = f"""
[profile plain]
role_arn = {ROLE}plain
source_profile = alice
region = eu-west-1

[profile "some team one"]
role_arn = {ROLE}one

[profile "some team two"]
[profile colon:one/x]
[profile colon:two]
[profile me@example.com+tag]
[profile dots.and.more]
[profile eq=ual]
[profile größe-é]
[profile 日本]
[profile it's]
[profile double"quote]
[profile cash$HOME]
[profile tick`s]
[profile back\\slash]
[profile wild*?]
[profile names;more]
[profile ~tilde]
[profile hash#x]
[profile par(en)]
[profile {{a,b}}c]
[profile |less&<more>]
[profile ex!cl]

[sso-session corp]
sso_start_url = {START_URL}
sso_region = eu-west-1
"""
# what would do harm if a shell ran it
HOSTILE = "$(touch x) `touch y` ; ' \" : /"
ACCOUNTS = (
    Account("111122223333", "Prod", ("Admin", "ReadOnly")),
    Account("123456789012", HOSTILE, ("Admin",)),
    Account("210987654321", "Team One", ("Admin",)),
)


@pytest.fixture(params=KINDS, ids=str)
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


@pytest.fixture
def start(kind, home, run_awsexec) -> Iterator[Callable[[str | None], Shell]]:
    """Starts the shell; it loads the completions itself, or by the line that it is given."""
    home.write_config(PROFILES)
    path = path_of(str(home.cache), "corp", START_URL)
    home.cache.mkdir(mode=0o700)
    Path(path).write_bytes(as_kept(AccountList("corp", "-", 0, ACCOUNTS)))
    Path(path).chmod(0o600)
    shells = []

    def starts(load: str | None = None) -> Shell:
        shells.append(Shell(kind, run_awsexec.environment(), load))
        return shells[-1]

    yield starts
    for shell in shells:
        shell.leaves()


@pytest.fixture
def shell(start) -> Shell:
    return start()
