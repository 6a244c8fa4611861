"""What the README says differs from botocore does, there and here."""

import os
import re
from pathlib import Path

import botocore.configloader
import botocore.exceptions
import botocore.session
import botocore.utils
import pytest

from awsexec.errors import ConfigError
from awsexec.options import arguments
from awsexec.plan.chain import chain_of
from awsexec.plan.endpoint import endpoint_for
from awsexec.profiles import files
from awsexec.profiles.profile import Profiles
from tests.support import KEY_ID, READER, SECRET

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ERROR = "an error"

GRAMMAR = [
    (
        "a section or a setting that stands twice",
        "[profile p]\na = 1\n[profile p]\na = 2\nb = 3\n",
        ERROR,
        {"p": {"a": "2", "b": "3"}},
    ),
    (
        "`#` or `;` after white space in a value",
        "[profile p]\na = 1 # one\n",
        {"p": {"a": "1 # one"}},
        {"p": {"a": "1"}},
    ),
    (
        "`:` between name and value",
        "[profile p]\na : b = 1\n",
        {"p": {"a": "b = 1"}},
        {"p": {"a : b": "1"}},
    ),
    ("a byte order mark", "\ufeff[profile p]\na = 1\n", ERROR, {"p": {"a": "1"}}),
    ("blanks inside the brackets", "[ profile p ]\na = 1\n", {}, {"p": {"a": "1"}}),
    (
        "`[DEFAULT]`",
        "[DEFAULT]\na = 1\n[profile p]\nb = 2\n",
        {"p": {"a": "1", "b": "2"}},
        {"p": {"b": "2"}},
    ),
    (
        "`[default]` and `[profile default]`",
        "[profile default]\na = 1\n[default]\nb = 2\n",
        {"default": {"b": "2"}},
        {"default": {"a": "1"}},
    ),
    (
        "a name with `'`, `\"` or `\\` in it",
        "[profile o'neill]\na = 1\n[profile x\\y]\na = 2\n",
        {"xy": {"a": "2"}},
        {"o'neill": {"a": "1"}, "x\\y": {"a": "2"}},
    ),
]


def values(profiles):
    return {
        name: {setting.name: setting.value for setting in section.settings.values()}
        for name, section in profiles.items()
    }


@pytest.mark.parametrize(
    ("row", "text", "theirs", "ours"), GRAMMAR, ids=[case[0] for case in GRAMMAR]
)
def test_grammar(tmp_path, row, text, theirs, ours):
    assert f"| {row} |" in README
    path = tmp_path / "config"
    path.write_text(text, encoding="utf-8")
    try:
        found = botocore.configloader.load_config(str(path))["profiles"]
    except botocore.exceptions.ConfigParseError:
        found = ERROR
    assert found == theirs
    assert values(files.read(str(path), files.CONFIG).profiles) == ours


def test_prefix_in_the_credentials_file(tmp_path):
    assert "| `[profile p]` in the credentials file |" in README
    path = tmp_path / "credentials"
    path.write_text("[profile p]\na = 1\n[q]\na = 2\n")
    assert botocore.configloader.raw_config_parse(str(path)).keys() == {
        "profile p",
        "q",
    }
    profiles = Profiles.load((str(tmp_path / "config"), str(path)))
    assert profiles.names() == ["q"]


class Sent(Exception):
    """A request of botocore's, at the point where it would go out."""


@pytest.fixture
def sent_by_botocore(tmp_path, monkeypatch):
    """Where botocore sends a call with the settings of a profile, and signs it for."""
    path = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)

    def send(request, **_):
        scope = re.search(r"Credential=\w+/\d+/([^/]+)/", str(request.headers))
        raise Sent(request.url, scope[1])

    def of(settings):
        path.write_text(f"[profile p]\n{settings}")
        session = botocore.session.Session(profile="p")
        client = session.create_client(
            "sts", aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET
        )
        client.meta.events.register("before-send.sts", send)
        try:
            client.get_caller_identity()
        except Sent as sent:
            return sent.args
        except botocore.exceptions.NoRegionError:
            return ERROR

    return of


def endpoint(settings):
    """The same of awsexec, for a profile without roles."""
    parsed = files.parse(f"[profile p]\n{settings}", "CONFIG", files.CONFIG)
    profiles = Profiles(parsed, files.AwsFile(""))
    profile = profiles.get("p")
    try:
        found = endpoint_for(profiles, profile, {}, profile.get("region"), [])
    except ConfigError:
        return ERROR
    return found.url or f"AWS's in {found.region}", found.region


GLOBAL = ("https://sts.amazonaws.com/", "us-east-1")
LOCAL = "endpoint_url = http://127.0.0.1:9\n"


@pytest.mark.parametrize(
    ("row", "settings", "theirs", "ours"),
    [
        ("no region", "output = json\n", GLOBAL, ("AWS's in us-east-1", "us-east-1")),
        ("no region", LOCAL, ERROR, ("http://127.0.0.1:9", "us-east-1")),
        (
            "a region in upper case, like EU-WEST-1",
            "region = EU-WEST-1\n",
            ("https://sts.EU-WEST-1.amazonaws.com/", "EU-WEST-1"),
            ERROR,
        ),
    ]
    + [
        (
            "use_fips_endpoint or use_dualstack_endpoint with an endpoint_url",
            f"{LOCAL}region = eu-west-1\n{name} = true\n",
            ("http://127.0.0.1:9/", "eu-west-1"),
            ERROR,
        )
        for name in ("use_fips_endpoint", "use_dualstack_endpoint")
    ],
)
def test_endpoint(sent_by_botocore, row, settings, theirs, ours):
    assert f"| {row} |" in README
    assert sent_by_botocore(settings) == theirs
    assert endpoint(settings) == ours


def test_selected_profile(monkeypatch):
    row = "| AWS_PROFILE beside AWS_DEFAULT_PROFILE | the latter | the former |"
    assert row in README
    environ = {"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert botocore.session.Session().profile == "b"
    assert arguments.parse([]).named_profile(environ) == "a"
    assert arguments.parse([]).named_profile({**environ, "AWS_PROFILE": ""}) == "b"
    assert arguments.parse(["p"]).named_profile(environ) == "p"


def test_home_directory_in_the_path_of_a_token(tmp_path, monkeypatch):
    row = (
        "| `~` or `$VARIABLE` in web_identity_token_file, also of the environment, and in "
        "ca_bundle | as it stands | filled in |"
    )
    assert row in README
    (tmp_path / "token").write_text("EXAMPLEWEBTOKEN")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError):
        botocore.utils.FileWebIdentityTokenLoader("~/token")()
    settings = f"role_arn = {READER}\nweb_identity_token_file = ~/token\n"
    parsed = files.parse(f"[profile p]\n{settings}", "CONFIG", files.CONFIG)
    profiles = Profiles(parsed, files.AwsFile(""))
    chain = chain_of(profiles, profiles.get("p"), "me", {"HOME": str(tmp_path)})
    assert chain.source.value("web_identity_token_file") == str(tmp_path / "token")
