"""What a yes to a profile's confirm is for."""

import pytest

from awsexec.plan.chain import chain_of
from awsexec.plan.guardrails import ExpectedAccounts, confirmation
from awsexec.profiles import files
from awsexec.profiles.profile import Profiles
from tests.support import ALICE

ARN = "arn:aws:iam::123456789012:role/"
SSO = """\
sso_start_url = https://example.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = reader
"""
OTHER_KEY = ("AKIAIOSFODNN7EXAMPLE", "AKIAI44QH8DHBEXAMPLE")


def mark(settings, credentials=ALICE):
    """What a shell of a profile of these settings says that was confirmed."""
    profiles = Profiles(
        files.parse(f"[profile p]\nconfirm = true\n{settings}", "C", files.CONFIG),
        files.parse(credentials, "CREDENTIALS", files.CREDENTIALS),
    )
    profile = profiles.get("p")
    chain = chain_of(profiles, profile, "me", {})
    found = confirmation(profile, chain.source, chain.steps, ExpectedAccounts())
    assert found is not None
    return found.mark


@pytest.mark.parametrize(
    ("settings", "old", "new"),
    [
        (f"role_arn = {ARN}r\nsource_profile = alice\n", "role/r", "role/s"),
        (f"role_arn = {ARN}r\nweb_identity_token_file = /t\n", "role/r", "role/s"),
        (SSO, "123456789012", "111122223333"),
        (SSO, "= reader", "= admin"),
        ("credential_process = tool a\n", "tool a", "tool b"),
        ("credential_process = awsexec --export process a\n", "ss a", "ss b"),
        (f"login_session = {ARN}a\n", "role/a", "role/b"),
        (
            "credential_source = Ec2InstanceMetadata\n",
            "Ec2InstanceMetadata",
            "EcsContainer",
        ),
        (SSO, SSO, "credential_process = tool\n"),
    ],
)
def test_a_yes_is_not_for_another_identity_of_the_profile(settings, old, new):
    assert mark(settings) == mark(settings + "region = eu-west-1\n")
    assert mark(settings) != mark(settings.replace(old, new))
    if "process" in settings:
        # a command line may hold a secret
        assert "tool" not in mark(settings)


def test_a_yes_is_not_for_another_key_of_the_profile():
    keys = ALICE.replace("[alice]", "[p]")
    assert mark("", keys) == mark("region = eu-west-1\n", keys)
    assert mark("", keys) != mark("", keys.replace(*OTHER_KEY))
