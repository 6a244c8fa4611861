"""The copy of the config file in which no profile hides the endpoint."""

import pytest

from awsexec.options.sections import SETTINGS
from awsexec.profiles import files
from awsexec.profiles.profile import Profiles
from awsexec.serve import config_copy

KEYS = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n"


def profiles(config="", credentials=""):
    return Profiles(
        files.parse(config, "config", files.CONFIG),
        files.parse(credentials, "credentials", files.CREDENTIALS),
    )


@pytest.mark.parametrize(
    "config, credentials, needed",
    [
        ("", "", False),
        ("[default]\nregion = eu-west-1\n", "[default]\n", False),
        (f"[profile other]\n{KEYS}", f"[other]\n{KEYS}", False),
        # of an unknown profile
        (f"[profiles]\n{KEYS}", "", False),
        ("", f"[default]\n{KEYS}", True),
        (f"[default]\n{KEYS}", "", True),
        (f"[profile default]\n{KEYS}", "", True),
        ("", "[default]\naws_session_token =\n", True),
        ("[default]\nrole_arn = x\n", "", True),
        ("[default]\nSSO_Session = x\n", "", True),
        ("[default]\nlogin_session = x\n", "", True),
        ("[default]\nweb_identity_token_file = x\n", "", True),
        # to the SDK for JavaScript a header, to others a setting that goes on
        (f"[profile x]\na = b\n  [default]\n{KEYS}", "", True),
        (f"[DEFAULT]\n{KEYS}", "", True),
        ("", f"[DEFAULT]\n{KEYS}", True),
    ],
)
def test_is_needed(config, credentials, needed):
    texts = [config.encode(), credentials.encode()]
    assert config_copy.needs_copy(profiles(config, credentials), texts) is needed


# what limits a run of the profile, and gives nobody credentials
OF_A_RUN = ("expected_account", "confirm", "confirm_text")
NAMED = [
    (name, name not in OF_A_RUN and ("session" in topic or "Credentials" in topic))
    for topic, rows in SETTINGS
    for names, _ in rows
    for name in names.split(", ")
]


@pytest.mark.parametrize("name, is_identity", NAMED)
def test_command_keeps_a_setting_that_is_not_for_credentials(name, is_identity):
    found = profiles(f"[default]\n{name} = example\n[profile example]\n")
    assert config_copy.needs_copy(found, []) is is_identity
    copy = config_copy.copied(found, b"")
    assert (f"{name} = example".encode() not in copy) is is_identity


def test_name_is_nobodys():
    assert config_copy.unused_name(profiles()) == "awsexec"
    taken = profiles("[profile awsexec]\n[profile awsexec-3]\n", "[awsexec-2]\n")
    assert config_copy.unused_name(taken) == "awsexec-4"


def test_config():
    """All that the default profile says of anything but an identity, of both files."""
    original = (
        f"[default]\n{KEYS}region = eu-west-1\ns3 =\n  max_queue_size = 7\n"
        "cli_pager =\nuser_agent = one\n  two\n[profile other]\nregion = us-west-2"
    )
    found = profiles(
        original, f"[default]\n{KEYS}mfa_serial = x\nregion = us-east-1\noutput = é\n"
    )
    copy = config_copy.copied(found, original.encode())
    assert copy.startswith(original.encode() + b"\n")
    read = files.parse(copy.decode(), "copy", files.CONFIG)
    settings = read.profiles["awsexec"].settings
    assert {name: setting.value for name, setting in settings.items()} == {
        "region": "us-east-1",
        "s3": "",
        "user_agent": "one\ntwo",
        "output": "é",
    }
    assert settings["s3"].nested["max_queue_size"].value == "7"
    assert read.profiles["other"].settings["region"].value == "us-west-2"


def test_config_of_nothing():
    copy = config_copy.copied(profiles(), b"")
    assert files.parse(copy.decode(), "copy", files.CONFIG).profiles["awsexec"]


def test_what_botocore_gives_to_every_profile():
    original = f"[DEFAULT]\n{KEYS}[ DEFAULT ]\n{KEYS}[default]\nregion = x\n"
    copy = config_copy.copied(profiles(original), original.encode())
    assert b"DEFAULT]" not in copy.replace(b" ", b"")


def test_without_keys():
    text = (
        f"[a]\n{KEYS}AWS_Session_Token=y\n  aws_security_token = z\n"
        "# aws_access_key_id are needed\nregion = x\naws_access_key_identity = y\n"
        "role = aws_secret_access_key = no"
    )
    assert config_copy.without_keys(text.encode()).decode() == (
        "[a]\n# aws_access_key_id are needed\nregion = x\n"
        "aws_access_key_identity = y\nrole = aws_secret_access_key = no"
    )


def test_keys_of_boto(tmp_path):
    environ = {"HOME": str(tmp_path)}
    assert not config_copy.has_boto_keys(environ)
    (tmp_path / ".boto").write_text("[Credentials]\nAWS_Access_Key_Id = x\n")
    assert config_copy.has_boto_keys(environ)
    other = tmp_path / "other"
    assert not config_copy.has_boto_keys({**environ, "BOTO_CONFIG": str(other)})
    other.write_text("[Credentials]\naws_access_key_id = x\n")
    assert config_copy.has_boto_keys({**environ, "BOTO_CONFIG": str(other)})
