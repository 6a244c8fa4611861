"""Settings that awsexec does not know, and what they may have been meant to be."""

import pytest

from awsexec.options import sections
from awsexec.profiles import files, known
from awsexec.profiles.near import distance
from awsexec.profiles.profile import Profiles


def profile(text):
    return Profiles(
        files.parse(f"[profile p]\n{text}", "CONFIG", files.CONFIG),
        files.parse("", "CREDENTIALS", files.CREDENTIALS),
    ).get("p")


@pytest.mark.parametrize(
    ("word", "other", "expected"),
    [
        ("same", "same", 0),
        ("mfa_serail", "mfa_serial", 1),
        ("mfa_seral", "mfa_serial", 1),
        ("mfa_seriaal", "mfa_serial", 1),
        ("mfa_serixl", "mfa_serial", 1),
        ("kitten", "sitting", 3),
        ("", "ab", 2),
        ("ab", "", 2),
        ("short", "very much longer", 4),
        ("abcdefgh", "hgfedcba", 4),
    ],
)
def test_distance(word, other, expected):
    assert distance(word, other, 3) == expected
    assert distance(other, word, 3) == expected


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("session_readonly", "session_read_only"),
        ("session-read-only", "session_read_only"),
        ("session_policy_arn", "session_policy_arns"),
        ("policy_arns", "session_policy_arns"),
        ("session_tag", "session_tags"),
        ("session_policies", "session_policy"),
        ("session_managed_policy", "session_policy"),
        ("sesion_policies", "session_policy"),
        ("session_ro", "session_read_only"),
        ("session-tag-keys", "session_tags"),
        ("mfa_serail", "mfa_serial"),
        ("aws_mfa_serial", "mfa_serial"),
        ("external-id", "external_id"),
        ("duration_second", "duration_seconds"),
        ("duration", "duration_seconds"),
        ("readonly", "session_read_only"),
        ("read-olny", "session_read_only"),
        ("policy_anrs", "session_policy_arns"),
        ("tags", "session_tags"),
        ("transitive_tag_keys", "transitive_session_tags"),
        ("serial_number", "mfa_serial"),
        ("role-session-name", "role_session_name"),
        ("session_name", "role_session_name"),
        ("rolearn", "role_arn"),
        ("transitive_tags", "transitive_session_tags"),
        ("source-identity", "source_identity"),
        ("aws_acess_key_id", "aws_access_key_id"),
        *((name, "confirm") for name in ("confirmed", "confrim", "confirmation")),
        *((name, "confirm") for name in ("confirm_name", "require_confirm")),
        *((name, "confirm") for name in ("confrim_name", "needs_confirmation")),
        ("confirm-text", "confirm_text"),
        *(
            (f"expect{end}", "expected_account")
            for end in ("", "_account", "ed", "s_account_id", "_acc")
        ),
    ],
)
def test_slip(name, right):
    ((setting, found),) = known.misspelt(profile(f"{name} = 1\n"))
    assert (setting.name, setting.where, found) == (name, "CONFIG:2", right)
    assert known.note_on(name) == f"unknown setting; did you mean {right}?"


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("region", None),
        ("s3", None),
        ("cli_pager", None),
        ("session_tags", None),
        ("regoin", "unknown setting; did you mean region?"),
        *(
            (name, "unknown setting; awsexec checks the account with expected_account")
            for name in ("required_account", "allowed_account_ids", "account_id")
        ),
        ("account_name", "unknown setting"),
        ("role_name", "unknown setting"),
        # other programs own such names
        *(
            (
                name,
                "unknown setting; awsexec reads how long a session lasts from "
                "duration_seconds",
            )
            for name in ("session_duration", "aws_session_duration")
        ),
        *(
            (name, "unknown setting")
            for name in (
                "session_id",
                "session_expiration",
                "session_file",
                "session_read_timeout",
                "expected_bucket_owner",
                "confirmation_email",
                "confirm_timeout",
            )
        ),
        ("session_token_duration", "a setting of aws-runas; awsexec does not use it"),
        ("granted_sso_region", "a setting of granted; awsexec does not use it"),
        (
            "azure_default_role_arn",
            "a setting of aws-azure-login; awsexec does not use it",
        ),
        ("x_principal_arn", "a setting of saml2aws; awsexec does not use it"),
        ("x_security_token_expires", None),
    ],
)
def test_no_slip(name, note):
    assert list(known.misspelt(profile(f"{name} = 1\n"))) == []
    assert known.note_on(name) == note


def test_slip_without_a_value_says_nothing():
    assert list(known.misspelt(profile("session_readonly =\n"))) == []


def test_documented_settings_are_known():
    names = {
        name
        for _, rows in sections.SETTINGS
        for words, _ in rows
        for name in words.split(", ")
    }
    assert names <= known.KNOWN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("parent_profile = q\n", [("parent_profile", "aws-vault", True)]),
        ("granted_sso_region = x\n", [("granted_sso_region", "granted", True)]),
        (
            "granted_sso_region = x\ncredential_process = granted credential-process\n",
            [("granted_sso_region", "granted", False)],
        ),
        ("x_principal_arn = x\n", [("x_principal_arn", "saml2aws", False)]),
        ("session_token_duration = 1h\n", []),
        ("parent_profile =\n", []),
    ],
)
def test_settings_of_other_tools(text, expected):
    found = known.of_other_tools(profile(text))
    assert [(one.name, tool, other) for one, tool, _, other in found] == expected
