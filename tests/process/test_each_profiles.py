"""--each: whose credentials each profile gets, whatever happens to the others."""

import json
import time

import pytest

from awsexec.profiles.config import FINE_STEP
from tests.process.test_accounts import CORP, PROD, TEST, assign
from tests.servers.sts import role_arn
from tests.sources import write_token
from tests.support import CODES, KEY_ID, SECRET, SERIAL, entries

PRINT = ("--jobs", "1", "--", "sh", "-c", "echo $AWSEXEC_PROFILE")


def ran(result):
    """The profiles whose command ran."""
    return [line.rpartition(" ")[2] for line in result.stdout.splitlines()]


# one that fails stops no other


def roles(home, sts, *lines, source="alice"):
    for name in "abc":
        sts.add_role(name, mfa=any("mfa_serial" in line for line in lines))
    home.write_config(
        *(
            "\n".join(
                [
                    f"[profile {name}]",
                    f"role_arn = {role_arn(name)}",
                    f"source_profile = {source}",
                    *lines,
                    "",
                ]
            )
            for name in "abc"
        )
    )


def sso(home, portal, sts):
    write_token(home)
    home.write_config(
        CORP,
        *(
            f"[profile {name}]\nsso_session = corp\nsso_account_id = {PROD}\n"
            f"sso_role_name = {name}\n"
            for name in "abc"
        ),
    )
    assign(portal, sts, PROD, "Prod", *"abc")
    # a file just written may change without a trace, and no cache entry counts then
    time.sleep(2 * FINE_STEP)


def _refused_role(run_awsexec, home, portal, sts):
    sso(home, portal, sts)
    assert run_awsexec("b", "true").status == 0
    del portal.roles[PROD, "a"]
    return "refused role a"


def _no_sign_in(run_awsexec, home, portal, sts):
    sso(home, portal, sts)
    assert run_awsexec("b", "true").status == 0
    write_token(home, life=-60)
    return "not signed in"


def _no_network(run_awsexec, home, portal, sts):
    sso(home, portal, sts)
    assert run_awsexec("b", "true").status == 0
    run_awsexec.environ["AWS_MAX_ATTEMPTS"] = "1"
    portal.__exit__()
    return "cannot reach AWS IAM Identity Center"


def _no_code(run_awsexec, home, portal, sts):
    roles(home, sts, f"mfa_serial = {SERIAL}")
    assert run_awsexec("--mfa-token", CODES[0], "b", "true").status == 0
    # the session of the code is gone, the one of the role is there
    found = entries(home)
    min(found, key=lambda path: len(found[path].key)).unlink()
    return "needs an MFA code"


def _failing_process(run_awsexec, home, portal, sts):
    answer = {"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET}
    script = home.script("keys", f"#!/bin/sh\necho '{json.dumps(answer)}'\n")
    roles(home, sts, source="keys")
    with home.config.open("a") as config:
        config.write(f"[profile keys]\ncredential_process = {script}\n")
    assert run_awsexec("b", "true").status == 0
    home.script("keys", "#!/bin/sh\nexit 1\n")
    return "ended with status 1"


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (_refused_role, ["b", "c"]),
        (_no_sign_in, ["b"]),
        (_no_network, ["b"]),
        (_no_code, ["b"]),
        (_failing_process, ["b"]),
    ],
)
def test_a_failure_stops_only_who_needs_the_same(
    run_awsexec, home, portal, sts, spoil, expected
):
    """A session of b is in the cache, and not of a and c."""
    why = spoil(run_awsexec, home, portal, sts)
    result = run_awsexec("--each", "[abc]", "--no-prompt", *PRINT)
    assert ran(result) == expected, result.stderr
    assert result.status == 125
    assert why in result.stderr


def test_a_shared_failure_names_whose_it_is(run_awsexec, home, portal, sts):
    _no_code(run_awsexec, home, portal, sts)
    result = run_awsexec("--each", "[abc]", "--no-prompt", "--json", "--", "true")
    rows = {row["profile"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert rows["a"]["error"].startswith("profile 'a' needs an MFA code")
    assert rows["c"]["error"].startswith("the same as a: profile 'a' needs an MFA code")
