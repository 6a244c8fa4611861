"""What is checked before a call, a prompt or a sign-in, which it would make useless."""

import pytest

from awsexec.errors import ConfigError
from awsexec.plan.chain import chain_of
from awsexec.profiles import files
from awsexec.profiles.profile import Profiles
from tests.support import ALICE, READER_CONFIG

ARN = "arn:aws:iam::123456789012:"
SETTINGS = {
    "sso_start_url": "https://example.awsapps.com/start",
    "sso_region": "eu-west-1",
    "sso_account_id": "123456789012",
    "sso_role_name": "reader",
}
LINES = {name: number for number, name in enumerate(SETTINGS, 2)}


def fault_of(config, name):
    """What is wrong with the profile `name`; None for nothing."""
    profiles = Profiles(
        files.parse(config, "CONFIG", files.CONFIG),
        files.parse(ALICE, "CREDENTIALS", files.CREDENTIALS),
    )
    try:
        chain_of(profiles, profiles.get(name), "me", {})
    except ConfigError as error:
        return str(error)
    return None


def fault_of_serial(serial):
    return fault_of(f"{READER_CONFIG}mfa_serial = {serial}\n", "reader")


@pytest.mark.parametrize(
    "serial",
    [
        f"{ARN}mfa/alice",
        f"{ARN}mfa/team/path/alice@example.com",
        f"{ARN}mfa/root-account-mfa-device",
        f"{ARN}sms-mfa/alice",
        "arn:aws-us-gov:iam::123456789012:mfa/GAHT12345678",
        "arn:aws-cn:iam::123456789012:mfa/alice",
        "GAHT12345678",
        "123456789",
        "X" * 256,
    ],
)
def test_device(serial):
    assert fault_of_serial(serial) is None


@pytest.mark.parametrize(
    ("serial", "line"),
    [
        ("alice", "alice is not an MFA device; write its serial number, or "),
        ("GAHT 12345678", "GAHT 12345678 is not an MFA device; "),
        ("GÄHT12345678", "GÄHT12345678 is not an MFA device; "),
        ("X" * 257, f"{'X' * 257} is not an MFA device; "),
        (f'"{ARN}mfa/alice"', f'"{ARN}mfa/alice" is not an MFA device; '),
        (
            f"{ARN}u2f/user/alice/key-EXAMPLE",
            f"{ARN}u2f/user/alice/key-EXAMPLE is a security key or passkey, which gives no "
            "codes for AWS STS; add an authenticator app to the user, and write ",
        ),
        (
            f"{ARN}user/alice",
            f"{ARN}user/alice is not the ARN of an MFA device; write ",
        ),
        (f"{ARN}mfa/", f"{ARN}mfa/ is not the ARN of an MFA device; write "),
        (
            "arn:aws:iam::1234:mfa/alice",
            "arn:aws:iam::1234:mfa/alice is not the ARN of an MFA device; write ",
        ),
    ],
    ids=range(9),
)
def test_no_device(serial, line):
    found = fault_of_serial(serial)
    assert found.startswith(f"CONFIG:5: {line}")
    quotes = "; remove the quotes, which are part of the value"
    assert found.endswith(
        "arn:aws:iam::ACCOUNT:mfa/NAME" + quotes * ('"' in serial)
    ) or (found.endswith("with the 12 digits of the account"))


def fault_of_sign_in(name, value):
    settings = {**SETTINGS, name: value}
    lines = "".join(f"{key} = {value}\n" for key, value in settings.items())
    return fault_of(f"[profile p]\n{lines}", "p")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sso_account_id", "000000000001"),
        ("sso_region", "us-gov-west-1"),
        ("sso_region", "eusc-de-east-1"),
        ("sso_start_url", "https://d-1234567890.awsapps.com/start/#/?tab=accounts"),
        ("sso_start_url", "https://start.us-gov-home.awsapps.com/directory/example"),
        ("sso_start_url", "https://identitycenter.amazonaws.com/ssoins-EXAMPLE"),
        ("sso_start_url", "HTTPS://example.com:8443"),
        ("sso_start_url", "http://127.0.0.1"),
        ("sso_start_url", "http://localhost:4566/start"),
        ("sso_start_url", "http://[::1]:8080/start"),
    ],
)
def test_sign_in(name, value):
    assert fault_of_sign_in(name, value) is None


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        (
            "sso_account_id",
            "1234",
            "sso_account_id = 1234 is not an account; write its",
        ),
        (
            "sso_account_id",
            "1234-5678-9012",
            "sso_account_id = 1234-5678-9012 is not an",
        ),
        ("sso_account_id", "123456789012 3", "sso_account_id = 123456789012 3 is not"),
        (
            "sso_account_id",
            "my-account",
            "sso_account_id = my-account is not an account",
        ),
        ("sso_account_id", "٣" * 12, f"sso_account_id = {'٣' * 12} is not an account"),
        (
            "sso_region",
            "EU (Ireland)",
            "EU (Ireland) is not an AWS region; write one like",
        ),
        ("sso_region", "eu_west_1", "eu_west_1 is not an AWS region; write one like"),
        (
            "sso_start_url",
            "example",
            "sso_start_url = example is not the URL of an access",
        ),
        (
            "sso_start_url",
            "http://example.com",
            "sso_start_url = http://example.com is",
        ),
        (
            "sso_start_url",
            "http://127.0.0.1@x.com",
            "sso_start_url = http://******@x.com is",
        ),
        ("sso_start_url", "https://", "sso_start_url = https:// is not the URL of an "),
        (
            "sso_start_url",
            "https://a b",
            "sso_start_url = https://a b is not the URL of ",
        ),
    ],
    ids=range(12),
)
def test_no_sign_in(name, value, line):
    assert fault_of_sign_in(name, value).startswith(f"CONFIG:{LINES[name]}: {line}")
