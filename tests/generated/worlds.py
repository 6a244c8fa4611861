"""Made-up config files and environments: mostly sensible, in every spelling.

A `World` holds what its files mean and, apart from that, how they are spelled, so that
it can be written in an awkward spelling and in a plain one.
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from tests.servers.container import PATH
from tests.servers.identity_center import START_URL
from tests.support import KEY_ID, READER, SECRET, SERIAL, WRITER

NAMES = ("default", "a", "b", "two words", "Ünï/x@y", "o'neill")
# of one account, as tools for IAM Identity Center write them; before Python 3.11, its
# parser made one section of the two
if configparser.RawConfigParser.SECTCRE.match("[a]b]")["header"] == "a]b":
    NAMES += ("Acme-[prod]/ReadOnly", "Acme-[prod]/Admin")
# AWS's other example, and a session that is there before anything is asked for
BOB_ID, BOB_SECRET = "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
SESSION_ID = "ASIAEXAMPLE000000001"
SESSION_SECRET = "wJalrXUtnFEMI/EXAMPLESESSIONSECRET/00001"
SESSION_TOKEN = "EXAMPLESESSIONTOKEN00001//////////"
WEB_TOKEN = "EXAMPLEWEBTOKEN"
LOGIN = "arn:aws:iam::123456789012:user/alice"
CHINESE = READER.replace("aws", "aws-cn", 1)

# ports of loopback where a world's metadata and its configured endpoints are
METADATA, CONTAINER = 1111, 2222
ENDPOINTS = (4444, 5555, 6666, 7777)

# a block of nested settings, or a value; {home} stands for the home directory
Settings = dict[str, "str | dict[str, str]"]
Sections = tuple[tuple[str, Settings], ...]

ALICE: Settings = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET}
BOB: Settings = {"aws_access_key_id": BOB_ID, "aws_secret_access_key": BOB_SECRET}
SESSION: Settings = {
    "aws_access_key_id": SESSION_ID,
    "aws_secret_access_key": SESSION_SECRET,
    "aws_session_token": SESSION_TOKEN,
}
# what a setting is that the same section sets again
TWICE: Settings = {"region": "ap-south-1"}
COLON = "role_session_name : x = named"
DEFAULT: Settings = {"region": "ap-south-1", "external_id": "of-default"}

# Ways to spell a file. The second kind is one that botocore and the SDKs read alike.
AWKWARD = ("twice", "comments", "colon", "mark", "blanks", "DEFAULT", "both defaults")
AWKWARD += ("behind",)
PLAIN = ("CRLF", "tight", "tabs", "capitals", "nested", "lines", "nobodys", "prefix")


@dataclass(frozen=True)
class World:
    """Two files, an environment, and the PROFILE that is named, None for no word.

    `config` and `credentials` are the sections by their headers, as they are meant;
    `spellings` are those of both files.
    """

    config: Sections = ()
    credentials: Sections = ()
    spellings: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    environ: Mapping[str, str] | None = None
    profile: str | None = "a"

    @property
    def variables(self) -> dict[str, str]:
        return dict(self.environ or {})

    @property
    def selected(self) -> str | None:
        """The profile that awsexec takes."""
        variables = self.variables
        of_environment = variables.get("AWS_PROFILE") or variables.get(
            "AWS_DEFAULT_PROFILE"
        )
        return self.profile or of_environment

    def texts(self) -> tuple[str, str]:
        """The config file and the credentials file."""
        return (
            write(self.config, self.spellings[0]),
            write(self.credentials, self.spellings[1] - {"both defaults"}),
        )

    def without(self, spelling: str) -> World:
        """The same in other words."""
        config, credentials = (spellings - {spelling} for spellings in self.spellings)
        return replace(self, spellings=(config, credentials))

    def settings_of(self, name: str) -> Settings:
        """What the two files say of a profile, without empty values."""
        found: Settings = {}
        for sections, forms in (
            (self.config, (f"profile {name}", name if name == "default" else "")),
            (self.credentials, (name,)),
        ):
            for header, settings in sections:
                if header in forms:
                    found |= {key: value for key, value in settings.items() if value}
        return found

    def changed(self, change) -> World:
        """With the settings of each section made into what `change` returns of them."""
        config, credentials = (
            tuple((header, change(header, settings)) for header, settings in sections)
            for sections in (self.config, self.credentials)
        )
        return replace(self, config=config, credentials=credentials)


def write(sections: Sections, spelling: frozenset[str]) -> str:
    """The text of a file with these sections."""
    equals = "=" if "tight" in spelling else "\t=\t" if "tabs" in spelling else " = "
    lines = []
    if "nobodys" in spelling:
        lines += ["[plugins]", "cli_legacy = x", "[profile]", f"role_arn = {WRITER}"]
    for number, (header, settings) in enumerate(sections):
        own = number == 0
        if "both defaults" in spelling and header == "default":
            header = "profile default"
        word, _, name = header.partition(" ")
        if word in ("profile", "sso-session", "services") and " " in name:
            header = f'{word} "{name}"'
        header = f"[ {header} ]" if "blanks" in spelling else f"[{header}]"
        if own and "behind" in spelling:
            header += " text"
        if own and "twice" in spelling:
            lines += [header, *(f"{key} = {value}" for key, value in TWICE.items())]
        lines.append(header)
        if own and "colon" in spelling:
            lines.append(COLON)
        for key, value in settings.items():
            if "capitals" in spelling:
                key = key.upper()
            if "lines" in spelling:
                lines += ["# region = us-west-1", " \t", "; [profile x]"]
            if isinstance(value, dict):
                lines.append(f"{key}{equals}".rstrip(" "))
                lines += [f"  {name}{equals}{inner}" for name, inner in value.items()]
            else:
                note = " # note = 1" if value and "comments" in spelling else ""
                lines.append(f"{key}{equals}{value}{note}")
        if own and "nested" in spelling:
            lines += ["s3 =", "  region = us-west-1", f"  role_arn = {WRITER}"]
    if "both defaults" in spelling:
        lines += ["[default]", "region = ap-south-1"]
    if "DEFAULT" in spelling:
        lines += ["[DEFAULT]", *(f"{key} = {value}" for key, value in DEFAULT.items())]
    if "prefix" in spelling:
        lines += ["[profile x]" if "tight" in spelling else "[profile x y]"]
        lines += ["region = us-west-1"]
    text = "".join(f"{line}\n" for line in lines)
    if "CRLF" in spelling:
        text = text.replace("\n", "\r\n")
    return "\ufeff" + text if "mark" in spelling else text


_source = st.sampled_from([*NAMES, *NAMES, *NAMES, "missing"]).map(
    lambda name: {"source_profile": name}
)
_named = st.sampled_from(["Environment", "Ec2InstanceMetadata", "EcsContainer"]).map(
    lambda name: {"credential_source": name}
)
_keys = st.sampled_from([ALICE, ALICE, BOB, SESSION])
_role = st.tuples(
    st.sampled_from([*[READER, WRITER] * 5, CHINESE]),
    _source | _source | _source | _named,
).map(lambda pair: {"role_arn": pair[0], **pair[1]})
SSO = {
    "sso_start_url": START_URL,
    "sso_region": "eu-west-1",
    "sso_account_id": "123456789012",
    "sso_role_name": "reader",
}
SSO_SESSION = {
    "sso_session": "corp",
    "sso_account_id": "123456789012",
    "sso_role_name": "reader",
}
OF_SESSION = {"sso_account_id": "123456789012", "sso_role_name": "reader"}
_others = st.sampled_from(
    [
        {},
        {"credential_source": "Environment"},
        {"credential_source": "Ec2InstanceMetadata"},
        SSO,
        SSO_SESSION,
        {"login_session": LOGIN},
        {"credential_process": "{home}/tool alice"},
        {"credential_process": '{home}/tool "two words"'},
        {"credential_process": "{home}/tool fail"},
        {"credential_process": "{home}/tool alice | cat"},
        {"web_identity_token_file": "{home}/token", "role_arn": READER},
        {"web_identity_token_file": "~/token", "role_arn": READER},
        {"web_identity_token_file": "{home}/nothing", "role_arn": READER},
    ]
)
# what a profile has besides
_more = st.sampled_from(
    [
        {"region": "eu-west-1"},
        {"region": "eu-west-2"},
        {"external_id": "ext-1"},
        {"external_id": "ext-2"},
        {"mfa_serial": SERIAL},
        {"role_session_name": "named"},
        {"role_session_name": "other"},
        {"duration_seconds": "900"},
        {"endpoint_url": "http://127.0.0.1:4444"},
        {"services": "local"},
        {"sts_regional_endpoints": "legacy"},
        {"use_dualstack_endpoint": "TRUE"},
        {"ignore_configured_endpoint_urls": "true"},
    ]
)
# and what makes it another or a wrong one; None takes a setting away
_less = st.sampled_from(
    [
        ALICE,
        BOB,
        {"role_arn": READER, "source_profile": "a"},
        {"credential_source": "EcsContainer"},
        {"external_id": ""},
        {"mfa_serial": ""},
        {"mfa_serail": SERIAL},
        {"include_profile": "b"},
        {"include_profile": "missing"},
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
        {"sso_account_id": None, "sso_role_name": None},
        {"sso_session": "missing"},
        {"web_identity_token_file": ""},
        {"credential_process": ""},
        {"region": "cn-north-1"},
        {"region": "EU-WEST-1"},
        {"services": "missing"},
        {"use_fips_endpoint": "true"},
        {"use_fips_endpoint": "yes"},
    ]
)


@st.composite
def _profile(draw: st.DrawFn, source: str | None) -> Settings:
    """A role that `source` may assume, or with None what begins a chain."""
    if source is None:
        settings = dict(draw(_keys | _keys | _keys | _others))
    else:
        settings = dict(draw(_role))
        if "source_profile" in settings and draw(st.integers(0, 7)):
            settings["source_profile"] = source
    changes = draw(st.lists(_more, max_size=4))
    if draw(st.integers(0, 4)) == 4:
        changes.append(draw(_less))
    for change in changes:
        for name, value in change.items():
            if value is None:
                settings.pop(name, None)
            else:
                settings[name] = value
    return settings


_names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)
_spelling = st.frozensets(st.sampled_from([*AWKWARD, *PLAIN, *PLAIN]), max_size=2)
_SESSION_SECTION: tuple[str, Settings] = (
    "sso-session corp",
    {"sso_region": "eu-west-1", "sso_start_url": START_URL},
)
_SERVICES_SECTION: tuple[str, Settings] = (
    "services local",
    {"sts": {"endpoint_url": "http://127.0.0.1:5555"}, "sso": {"other": "1"}},
)


# what an environment is made of
_variables = st.sampled_from(
    [
        {"AWS_REGION": "us-east-1"},
        {"AWS_DEFAULT_REGION": "eu-west-2"},
        {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"},
        {"AWS_ACCESS_KEY_ID": BOB_ID, "AWS_SECRET_ACCESS_KEY": BOB_SECRET},
        {"AWS_ACCESS_KEY_ID": BOB_ID, "AWS_SECRET_ACCESS_KEY": BOB_SECRET},
        {
            "AWS_ACCESS_KEY_ID": SESSION_ID,
            "AWS_SECRET_ACCESS_KEY": SESSION_SECRET,
            "AWS_SESSION_TOKEN": SESSION_TOKEN,
        },
        {"AWS_ACCESS_KEY_ID": BOB_ID},
        {"AWS_SESSION_TOKEN": SESSION_TOKEN},
        {"AWS_ROLE_ARN": READER, "AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token"},
        {
            "AWS_ROLE_ARN": READER,
            "AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token",
            "AWS_ROLE_SESSION_NAME": "pod",
        },
        {"AWS_ROLE_ARN": READER},
        {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": PATH},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:2222{PATH}"},
        {"AWS_EC2_METADATA_DISABLED": "true"},
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1111"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:6666"},
        {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:7777"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_USE_FIPS_ENDPOINT": "true"},
        {"AWS_STS_REGIONAL_ENDPOINTS": "legacy"},
        {"AWS_STS_REGIONAL_ENDPOINTS": "regional"},
    ]
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A world, whose PROFILE is mostly the last role of a chain."""
    config: list[tuple[str, Settings]] = []
    credentials: list[tuple[str, Settings]] = []
    names = draw(_names)
    for name, source in zip(names, [*names[1:], None], strict=True):
        header = f"profile {name}"
        if name == "default" and draw(st.booleans()):
            header = name
        where = draw(st.integers(0, 5))
        if where < 5:
            config.append((header, draw(_profile(source))))
        if where > 2:
            credentials.append((name, draw(_profile(source))))
    if draw(st.integers(0, 3)):
        name, settings = _SESSION_SECTION
        more = draw(st.sampled_from([{}, {}, OF_SESSION, {"sso_role_name": "reader"}]))
        config += [(name, settings | more), _SERVICES_SECTION]
    environ: dict[str, str] = {}
    for more in draw(st.lists(_variables, max_size=3)):
        environ |= more
    if draw(st.integers(0, 19)) == 0:
        # what many have on an instance
        config, credentials, names = (
            [("default", {"region": "eu-west-2"})],
            [],
            ["default"],
        )
    profile = draw(st.sampled_from([names[0]] * 6 + [names[-1], "missing"]))
    how = draw(st.integers(0, 19))
    if how < 6:
        environ["AWS_PROFILE"] = profile
    if how in (5, 6):
        environ["AWS_DEFAULT_PROFILE"] = names[-1]
    return World(
        tuple(config),
        tuple(credentials),
        (draw(_spelling), draw(_spelling)),
        environ,
        # seldom neither
        None if how < 8 else profile,
    )
