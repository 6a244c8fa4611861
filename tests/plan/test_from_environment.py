"""--whoami and --console without PROFILE, where the environment has credentials."""

import pytest

from awsexec.errors import ConfigError
from awsexec.options import arguments
from awsexec.plan.from_environment import plan_here
from tests.support import KEY_ID, SECRET

NOTHING = {
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
}
ID, KEY, TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
SESSION = {ID: "ASIAIOSFODNN7EXAMPLE", KEY: SECRET}
ENDPOINT = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/"}


def plan(environ):
    whole = {**NOTHING, **environ}
    return plan_here(arguments.parse(["--whoami"]), whole, lambda: pytest.fail("no"))


@pytest.mark.parametrize(
    "environ",
    [
        {**SESSION, TOKEN: "x"},
        {**SESSION, "AWS_SECURITY_TOKEN": "x"},
        {ID: KEY_ID, KEY: SECRET},
        {**SESSION, TOKEN: "x", "AWSEXEC_PROFILE": "p"},
        {ID: KEY_ID, KEY: SECRET, "AWSEXEC_PROFILE": "p"},
        {**ENDPOINT, "AWSEXEC_PROFILE": "p"},
    ],
)
def test_whole(environ):
    assert plan(environ).chain.source.kind.label in ("environment", "container")


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        ({}, f"{ID} and {KEY} are not set"),
        ({ID: KEY_ID}, f"{KEY} is not set"),
        ({KEY: SECRET}, f"{ID} is not set"),
        (SESSION, f"{TOKEN} is not set"),
        ({**SESSION, ID: ""}, f"{ID} is not set"),
        ({**SESSION, TOKEN: ""}, f"{TOKEN} is not set"),
        ({**ENDPOINT, ID: KEY_ID}, f"{KEY} is not set"),
    ],
)
def test_a_part_of_a_role(environ, missing):
    """As where a start-up file unsets a variable."""
    with pytest.raises(ConfigError) as caught:
        plan({**environ, "AWSEXEC_PROFILE": "two words"})
    assert str(caught.value) == (
        f"this shell had the role of profile 'two words', but {missing}; for the role, "
        "name the profile, as in: awsexec --whoami 'two words'"
    )
    if not environ:
        return
    with pytest.raises(ConfigError, match="a part of some credentials") as caught:
        plan(environ)
    assert missing in str(caught.value)
