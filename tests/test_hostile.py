"""Whatever files, words and variables hold, a person sees visible characters alone."""

import json

import pytest

from awsexec import cli
from awsexec.commands import accounts
from awsexec.commands.explain import _variables
from awsexec.commands.pick import Choice, Row, screen
from awsexec.errors import AwsexecError
from awsexec.options.table import OPTIONS
from awsexec.profiles.files import Setting
from awsexec.profiles.known import KNOWN
from awsexec.profiles.redact import redacted
from tests.hostile import HOSTILE, is_harmless
from tests.support import KEY_ID, READER, SECRET, SERIAL

KEYS = f"aws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
SSO = (
    "sso_session = corp\nsso_account_id = 123456789012\nsso_role_name = reader\n"
    "[sso-session corp]\nsso_start_url = https://example.com/start\n"
    "sso_region = eu-west-1\n"
)
# what a profile is, besides the setting in question
BASES = {
    "nothing": "",
    "keys": KEYS,
    "role": f"role_arn = {READER}\nsource_profile = alice\nmfa_serial = {SERIAL}\n",
    "sso": SSO,
}
ALICE = f"[profile alice]\n{KEYS}"
ACTIONS = (("--list",), ("--explain", "x"), ("--export", "json", "x"))


@pytest.fixture
def shown(tmp_path, capsys):
    """What awsexec, in this process, shows with a config file; it must be harmless."""
    environ = {
        "HOME": str(tmp_path),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWSEXEC_CACHE_DIR": str(tmp_path / "cache"),
        "AWS_EC2_METADATA_DISABLED": "true",
        # nothing answers there
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_MAX_ATTEMPTS": "1",
    }

    def run(*words, config="", env=None):
        (tmp_path / "config").write_text(config, encoding="utf-8", newline="")
        (tmp_path / "config").chmod(0o600)
        status = cli.main(["--no-prompt", *words], {**environ, **(env or {})})
        out, err = capsys.readouterr()
        assert is_harmless(out + err), (words, config, out, err)
        assert err.count("\n") == err.count("awsexec: "), (words, config, err)
        assert status in (0, AwsexecError.status)
        return out + err

    return run


@pytest.mark.parametrize("base", BASES)
def test_any_setting(shown, base):
    for name in sorted(KNOWN | {"unknown"} - {"credential_process", "mfa_process"}):
        head, *section = BASES[base].partition("[")
        config = f"[profile x]\n{head}{name} = {HOSTILE}\n  more\n{''.join(section)}\n{ALICE}"
        texts = [shown(*words, config=config) for words in ACTIONS]
        # what is no secret is there, harmless
        if "forged" in redacted(Setting.outside(name, HOSTILE, "")):
            assert "forged" in texts[1], name
        # each profile is one line
        assert texts[0].count("\n") == 3
        json.loads(shown("--list", "--json", config=config))
        json.loads(shown("--explain", "--json", "x", config=config))


@pytest.mark.parametrize(
    "config",
    [
        f"[profile {HOSTILE}]\n{KEYS}",
        f'[profile "{HOSTILE}"]\nrole_arn = {READER}\nsource_profile = nobody\n',
        f"[profile x]\nsource_profile = {HOSTILE}\nrole_arn = {READER}\n"
        f"[profile {HOSTILE}]\nsource_profile = x\nrole_arn = {READER}\n",
        f"[profile x]\n{KEYS}{HOSTILE} = {HOSTILE}\n",
        f"[profile x]\n{KEYS}s3 =\n  {HOSTILE} = {HOSTILE}\n",
        f"[profile x]\n{HOSTILE}\n",
        f"[{HOSTILE}]\n{KEYS}",
        f"[profiles {HOSTILE}\n",
        f"[profile x]\n{SSO.replace('corp', HOSTILE)}",
        f"[profile x]\nservices = {HOSTILE}\n{KEYS}[services {HOSTILE}]\nsts =\n  {HOSTILE} = y\n",
        f"[profile x]\ncredential_process = {HOSTILE}\n",
        f"[profile x]\ncredential_process = false {HOSTILE}\n",
    ],
)
def test_any_name(shown, config):
    for name in ("x", HOSTILE):
        for action, *words in ACTIONS:
            shown(
                action,
                *[name if word == "x" else word for word in words],
                config=config,
            )
    shown("--forget", HOSTILE, config=config)
    shown("--list", f"*{HOSTILE}*", config=config)


def test_any_variable(shown):
    paths = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWSEXEC_CACHE_DIR")
    for name in [*_variables(), "AWSEXEC_PROFILE", *paths]:
        # one that is bytes that are no UTF-8, too
        env = {name: f"/{HOSTILE}\udcff"}
        config = f"[profile x]\n{BASES['role']}\n{ALICE}"
        for words in (*ACTIONS, ("--whoami",), ("--explain",)):
            shown(*words, config=config, env=env)


def test_any_word(shown):
    config = f"[profile x]\n{BASES['role']}\n{ALICE}"
    for option in OPTIONS:
        for flag in option.flags:
            if option.value:
                shown("--explain", "x", flag, HOSTILE, config=config)
                shown("--export", "json", "x", flag, HOSTILE, config=config)
            shown(f"{flag}={HOSTILE}" if "--" in flag else f"{flag}{HOSTILE}", "--list")
    shown(f"--{HOSTILE}", "x")


def test_the_picker():
    """What it draws: every line of the screen, also of a profile with a fault."""
    rows = [
        Row(each, HOSTILE, HOSTILE, HOSTILE, HOSTILE, lambda: (HOSTILE, HOSTILE))
        for each in (HOSTILE, "x")
    ]
    for typed in ("", "x", HOSTILE):
        choice = Choice(rows)
        choice.replace(typed)
        for height in (1, 4, 8, 24):
            lines = screen(choice, height, 60)
            text = "".join(part for line in lines for _, part in line)
            assert is_harmless(text) and "\n" not in text


def test_roles_of_identity_center():
    names = ("profile", "session", "account", "account_id", "role")
    (header, _), line = accounts._lines([dict.fromkeys(names, f"{HOSTILE}\n")], {})
    assert is_harmless(line) and "\n" not in line and "forged" in line
