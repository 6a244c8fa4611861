"""Strategies for config and credentials files: mostly sensible, in every spelling."""

from hypothesis import strategies as st

from tests.support import READER, SERIAL, WRITER

NAMES = ("default", "a", "b", "c")

_keys = st.sampled_from(["AKIAEXAMPLE1", "AKIAEXAMPLE2"]).map(
    lambda key_id: {
        "aws_access_key_id": key_id,
        "aws_secret_access_key": f"secret/{key_id}",
    }
)
_source = st.sampled_from([*NAMES, *NAMES, "missing"]).map(
    lambda name: {"source_profile": name}
)
_named = st.sampled_from(["Environment", "Ec2InstanceMetadata", "EcsContainer"]).map(
    lambda name: {"credential_source": name}
)
_role = st.tuples(st.sampled_from([READER, WRITER]), _source | _source | _named).map(
    lambda pair: {"role_arn": pair[0], **pair[1]}
)
_SSO = {
    "sso_start_url": "https://example.awsapps.com/start",
    "sso_region": "eu-west-1",
    "sso_account_id": "123456789012",
    "sso_role_name": "reader",
}
_SSO_SESSION = {
    "sso_session": "corp",
    "sso_account_id": "123456789012",
    "sso_role_name": "reader",
}
_others = st.sampled_from(
    [
        {},
        _SSO,
        _SSO_SESSION,
        {"login_session": "arn:aws:iam::123456789012:user/alice"},
        {"credential_process": "tool --for me"},
        {"web_identity_token_file": "TOKEN", "role_arn": READER},
    ]
)
# what a profile is, and what besides; a value of None takes a setting away
_more = st.sampled_from(
    [
        {"region": "eu-west-1"},
        {"external_id": "ext-1"},
        {"external_id": ""},
        {"mfa_serial": SERIAL},
        {"mfa_serial": ""},
        {"role_session_name": "named"},
        {"duration_seconds": "900"},
        {"duration_seconds": "7200"},
        {"duration_seconds": "soon"},
        {"duration_seconds": "60"},
        {"aws_session_token": "token"},
        {"aws_session_token": ""},
        {"aws_security_token": "security"},
        {"aws_access_key_id": None},
        {"aws_secret_access_key": None},
        {"aws_secret_access_key": ""},
        {"role_arn": ""},
        {"role_arn": "no-arn"},
        {"source_profile": ""},
        {"source_profile": None},
        {"credential_source": "Nonsense"},
        {"credential_source": ""},
        {"sso_region": None},
        {"sso_account_id": None},
        {"sso_session": "missing"},
        {"web_identity_token_file": ""},
        {"credential_process": ""},
    ]
)


@st.composite
def _profile(draw: st.DrawFn) -> dict[str, str]:
    kinds = [_keys, _keys, _role, _role, _role, _others]
    settings = dict(draw(st.sampled_from(kinds).flatmap(lambda kind: kind)))
    # seldom two things at once
    if draw(st.integers(0, 4)) == 0:
        settings.update(draw(_keys | _role | _others))
    for more in draw(st.lists(_more, max_size=2)):
        for name, value in more.items():
            if value is None:
                settings.pop(name, None)
            else:
                settings[name] = value
    return settings


_plain = st.sampled_from(["{} = {}", "{} = {}", "{}={}", "{}\t=\t{}", "{}  =  {}  "])


@st.composite
def _file(draw: st.DrawFn, header: str) -> str:
    lines = []
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True)):
        title = name if name == "default" and draw(st.booleans()) else header
        lines.append(f"[{title.format(name)}]")
        spelling = draw(_plain)
        for key, value in draw(_profile()).items():
            if draw(st.integers(0, 9)) == 0:
                key = key.upper()
            lines.append(spelling.format(key, value))
            if draw(st.integers(0, 15)) == 0:
                lines.append(draw(st.sampled_from(["", "# region = x", "\t ", ";"])))
    return "\n".join(lines) + "\n"


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, str]:
    """A config file and a credentials file, with profiles of NAMES."""
    config = draw(_file("profile {}"))
    if draw(st.booleans()):
        config += (
            "[sso-session corp]\nsso_region = eu-west-1\n"
            "sso_start_url = https://example.awsapps.com/start\n"
        )
    return config, draw(_file("{}"))
