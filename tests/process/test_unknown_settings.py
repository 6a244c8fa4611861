"""What a run makes of settings that are not awsexec's."""

import json

import pytest

from tests.support import READER, READER_CONFIG, SERIAL

MISSPELT = (
    "session_readonly = true",
    "session-read-only = true",
    "session_policy_arn = arn:aws:iam::aws:policy/ReadOnlyAccess",
    "policy_arns = arn:aws:iam::aws:policy/ReadOnlyAccess",
    "session_tag = a=b",
    f"mfa_serail = {SERIAL}",
    f"aws_mfa_serial = {SERIAL}",
    "external-id = 1234",
    "duration_second = 900",
    "role-session-name = me",
)


@pytest.mark.parametrize("line", MISSPELT)
@pytest.mark.parametrize("name", ["reader", "chained"])
def test_misspelt_limit_is_an_error(run_awsexec, home, sts, line, name):
    chained = f"[profile chained]\nrole_arn = {READER}\nsource_profile = reader\n"
    home.write_config(chained, READER_CONFIG, f"{line}\n")
    error = run_awsexec(name, "true").error()
    word = line.partition(" ")[0]
    assert error.startswith(f"{home.config}:8: unknown setting {word}; did you mean ")
    assert sts.calls == []


def test_unknown_settings_are_marked(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, "regoin = x\nsession_token_duration = 1h\n")
    run_awsexec.child("reader")
    facts = json.loads(run_awsexec("--explain", "reader", "--json").stdout)
    notes = {item["name"]: item["note"] for item in facts["profiles"][0]["settings"]}
    assert notes == {
        "role_arn": None,
        "source_profile": None,
        "regoin": "unknown setting; did you mean region?",
        "session_token_duration": "a setting of aws-runas; awsexec does not use it",
    }
    lines = run_awsexec("--explain", "reader").stdout.splitlines()
    (line,) = (line for line in lines if "regoin" in line)
    assert line.endswith(":5  unknown setting; did you mean region?")


def test_other_tool_would_mean_another_identity(run_awsexec, home, sts):
    home.write_config(READER_CONFIG, "parent_profile = base\n")
    warning = (
        f"awsexec: {home.config}:5: parent_profile is a setting of aws-vault, which "
        "awsexec does not use; write include_profile\n"
    )
    # and the fast path, which says nothing, does not take the second run
    for _ in range(2):
        finished = run_awsexec("reader", "true")
        assert (finished.status, finished.stderr) == (0, warning)
    assert run_awsexec("--quiet", "reader", "true").stderr == ""
    assert len(sts.calls) == 1


@pytest.mark.parametrize(
    ("config", "end"),
    [
        (
            "[profile p]\ngranted_sso_start_url = https://x\n",
            "; granted_sso_start_url ({config}:2) is a setting of granted: write the sso_ "
            "settings, or the credential_process of granted",
        ),
        (
            f"[profile p]\nrole_arn = {READER}\nparent_profile = q\n",
            "; parent_profile ({config}:3) is a setting of aws-vault: write "
            "include_profile",
        ),
    ],
)
def test_other_tool_explains_the_error(run_awsexec, home, config, end):
    home.write_config(config)
    assert run_awsexec("p", "true").error().endswith(end.format(config=home.config))


def test_include_profile(run_awsexec, home, sts):
    home.write_config(
        f"[profile p]\ninclude_profile = base\nrole_arn = {READER}\n"
        "[profile base]\nsource_profile = alice\nexternal_id = base-id\n"
    )
    run_awsexec.child("p")
    assert sts.operations == ["AssumeRole reader"]
    assert sts.calls[0].parameters["ExternalId"] == "base-id"
    # a change of the included profile is another session
    home.config.write_text(home.config.read_text().replace("base-id", "other-id"))
    run_awsexec.child("p")
    assert sts.calls[1].parameters["ExternalId"] == "other-id"


def test_bad_include_is_explained(run_awsexec, home):
    home.write_config("[profile p]\ninclude_profile = p\n")
    result = run_awsexec("--explain", "p")
    assert result.status == 125
    assert "include_profile is a loop: p → p" in result.stdout
