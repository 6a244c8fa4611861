"""A plan that cannot be made names the cause: the file, the variable, the line, the quotes."""

import pytest

from awsexec.credentials.sources import static
from awsexec.errors import AwsexecError
from awsexec.options.arguments import parse
from awsexec.plan import overrides
from awsexec.plan.command_line import is_for_shell, not_filled_in
from awsexec.plan.plan import make_plan
from tests.support import ALICE, KEY_ID, READER, SECRET

OFF = {"AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture
def fault(tmp_path):
    """What is said of a run of `words` whose files are these; paths begin with "~"."""

    def of(words, config=None, credentials=None, **environ):
        folder = tmp_path / ".aws"
        folder.mkdir(exist_ok=True)
        for name, data in (("config", config), ("credentials", credentials)):
            if data is not None:
                data = data.encode() if isinstance(data, str) else data
                (folder / name).write_bytes(data)
        with pytest.raises(AwsexecError) as caught:
            plan = make_plan(parse(words.split()), {"HOME": str(tmp_path), **environ})
            static.load(plan.chain.source, None)
        return str(caught.value).replace(str(tmp_path), "~")

    return of


# --- The files --------------------------------------------------------------------------

IN_BOTH = "no profile 'p' in {} and {}; add it there, or check the spelling"
NO_FILE = "AWS_CONFIG_FILE: there is no such file"


def test_file_of_a_variable_that_is_not_there(fault, tmp_path):
    missing = str(tmp_path / "gone")
    assert fault("p true", AWS_CONFIG_FILE=missing) == IN_BOTH.format(
        f"~/gone ({NO_FILE})", "~/.aws/credentials"
    )
    assert fault("p true", AWS_SHARED_CREDENTIALS_FILE=missing) == IN_BOTH.format(
        "~/.aws/config", "~/gone (AWS_SHARED_CREDENTIALS_FILE: there is no such file)"
    )
    # nobody asked for this file
    said = fault("p true", credentials=ALICE)
    assert said == IN_BOTH.format("~/.aws/config", "~/.aws/credentials")


def test_file_that_is_a_folder(fault, tmp_path):
    assert fault("p true", AWS_CONFIG_FILE=str(tmp_path)) == IN_BOTH.format(
        "~ (AWS_CONFIG_FILE: it is a folder)", "~/.aws/credentials"
    )
    (tmp_path / ".aws" / "config").mkdir(parents=True)
    assert fault("p true") == IN_BOTH.format(
        "~/.aws/config (it is a folder)", "~/.aws/credentials"
    )


def test_file_without_the_session_of_a_sign_in(fault, tmp_path):
    credentials = "[p]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n"
    missing = str(tmp_path / "gone")
    assert f"there is no [sso-session corp] in ~/gone ({NO_FILE}); " in fault(
        "p true", credentials=credentials, AWS_CONFIG_FILE=missing
    )


def test_no_profile_at_all(fault, tmp_path):
    environ = {"AWS_CONFIG_FILE": str(tmp_path / "gone")}
    files = f"~/gone ({NO_FILE}) or ~/.aws/credentials"
    assert f"no PROFILE, no profile in {files}, and " in fault(
        "-- true", **OFF, **environ
    )
    plan = make_plan(parse(["--", "true"]), {"HOME": str(tmp_path), **environ})
    label = plan.chain.source.label.replace(str(tmp_path), "~")
    assert label == f"ec2 (no PROFILE, and no profile in ~/gone ({NO_FILE}))"


@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_profile_of_a_variable(fault, name):
    said = IN_BOTH.format("~/.aws/config", "~/.aws/credentials")
    environ = {"AWS_DEFAULT_PROFILE": "p", name: "p"}
    assert fault("-- true", credentials=ALICE, **environ) == f"{name}: {said}"
    assert fault("--duration 1h -- true", credentials=ALICE, **environ) == (
        f"{name}: {said}"
    )
    # the word on the command line was the one that counts
    assert fault("p true", credentials=ALICE, AWS_PROFILE="x") == said


UTF_16 = (
    "the file is UTF-16 text, as > in Windows PowerShell writes it; save it as UTF-8"
)
BOM = (
    "a byte order mark (U+FEFF) in the middle of the file, as two joined files have it; "
    "write the line again"
)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (ALICE.encode("utf-16"), f"1: {UTF_16}"),
        (b"\xfe\xff" + ALICE.encode("utf-16-be"), f"1: {UTF_16}"),
        (ALICE.strip().encode("utf-16-le"), f"1: {UTF_16}"),
        (ALICE.strip().encode("utf-16-be"), f"1: {UTF_16}"),
        (b"\xff\xfe", f"1: {UTF_16}"),
        (b"[a]\n\n\0", "3: the file has a NUL character; is it a text file?"),
        (b"[a]\nx = \xe9\n", "2: the file is not UTF-8 text; save it as UTF-8"),
        (b"\xef\xbb\xbf[a]\n\xef\xbb\xbf[p]\n", f"2: {BOM}"),
    ],
    ids=range(8),
)
def test_encoding(fault, data, line):
    assert fault("p true", credentials=data) == f"~/.aws/credentials:{line}"
    assert fault("p true", config=data, credentials="") == f"~/.aws/config:{line}"


def test_mark_at_the_beginning_is_none_of_the_text(fault):
    said = fault("p true", credentials=b"\xef\xbb\xbf[p]\nregion = x\n")
    assert said.startswith("~/.aws/credentials:1: profile 'p' has no credentials ")


# --- The lines --------------------------------------------------------------------------

NO_WAY = "profile 'p' has no credentials and no way to get any; give it "


@pytest.mark.parametrize("word", ["export ", "set ", "setx ", "$env:"])
def test_line_for_a_shell(fault, word):
    line = f"[p]\n{word}AWS_ACCESS_KEY_ID={KEY_ID}\n"
    said = fault("p true", credentials=line)
    assert said.startswith(f"~/.aws/credentials:1: {NO_WAY}")
    end = said.rpartition("; ~/.aws/credentials:2: ")[2]
    name = f"{word}aws_access_key_id"
    if " " in word:
        assert end == (
            f"{name} is a line for a shell, which AWS's tools do not read; write "
            "aws_access_key_id = …"
        )
    else:
        assert end.startswith(
            f"unknown setting {name}; did you mean aws_access_key_id?"
        )


def test_line_for_a_shell_beside_what_counts(fault):
    said = fault(
        "p true",
        credentials=ALICE.replace("alice", "p") + "export AWS_SESSION_TOKEN=x\n",
    )
    assert said == (
        "~/.aws/credentials:5: export aws_session_token is a line for a shell, which AWS's "
        "tools do not read; write aws_session_token = …"
    )


def test_file_for_a_shell(fault):
    said = fault("p true", credentials=f"export AWS_ACCESS_KEY_ID={KEY_ID}\n")
    assert said == (
        "~/.aws/credentials:1: the setting stands before the first [section], as a line for "
        "a shell; put it below its profile, without export"
    )


@pytest.mark.parametrize(
    "name", ["role_arn", "credential_process", "aws_access_key_id", "sso_session"]
)
def test_setting_without_a_value(fault, name):
    said = fault("p true", config=f"[profile p]\nregion = eu-west-1\n{name} =\n")
    assert said.startswith(f"~/.aws/config:1: {NO_WAY}")
    assert said.endswith(f"; {name} (~/.aws/config:3) is empty")


@pytest.mark.parametrize("quote", "\"'")
@pytest.mark.parametrize(
    ("line", "name"),
    [(2, "aws_access_key_id"), (3, "aws_secret_access_key"), (4, "aws_session_token")],
)
def test_key_in_quotes(fault, quote, line, name):
    pairs = {
        "aws_access_key_id": KEY_ID,
        "aws_secret_access_key": SECRET,
        "aws_session_token": "EXAMPLE",
    }
    pairs[name] = f"{quote}{pairs[name]}{quote}"
    text = "[p]\n" + "".join(f"{key} = {value}\n" for key, value in pairs.items())
    assert fault("p true", credentials=text) == (
        f"~/.aws/credentials:{line}: {name} is in quotes, which AWS would take for a part "
        "of it; remove the quotes"
    )


QUOTES = "; remove the quotes, which are part of the value"
CUT = (
    "; a # or ; after a blank begins a comment, also between quotes, and cut this value"
)


@pytest.mark.parametrize(
    ("line", "end"),
    [
        (f'role_arn = "{READER}"', QUOTES),
        ("region = 'eu-west-1'", QUOTES),
        ("duration_seconds = '900'", QUOTES),
        ('use_fips_endpoint = "true"', QUOTES),
        ('retry_mode = "standard"', QUOTES),
        ('endpoint_url = "http://localhost:4566"', QUOTES),
        ('role_session_name = "me"', QUOTES),
        ('external_id = "an # id"', CUT),
        ("role_session_name = 'me ; and you'", CUT),
        ("role_session_name = it's # don't", CUT),
        ("role_session_name = me and # 'you'", ""),
        ("role_session_name = me 'and' you # 'you'", ""),
        ("role_session_name = me'and you # x", ""),
    ],
    ids=range(13),
)
def test_quotes(fault, line, end):
    config = {"role_arn": READER, "source_profile": "alice"}
    name, _, value = line.partition(" = ")
    config[name] = value
    text = "[profile p]\n" + "".join(
        f"{key} = {value}\n" for key, value in config.items()
    )
    said = fault("p true", config=text, credentials=ALICE)
    assert said.startswith(f"~/.aws/config:{2 + list(config).index(name)}: ")
    assert said.endswith(end) and (end or not said.endswith((QUOTES, CUT)))


def test_variable_is_named_once(fault):
    """A variable stands for a setting, which the user has not written anywhere."""
    said = fault("alice true", credentials=ALICE, AWS_RETRY_MODE="x")
    assert said == "AWS_RETRY_MODE=x: write legacy or standard or adaptive"


# --- Commands ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("tool ~/x", None),
        ("~/tool x", None),
        ("tool --file=~/x", "--file=~/x"),
        ("tool '~/x'", "'~/x'"),
        ("tool --a ~/x --file=~/y", "--file=~/y"),
        ("tool https://example.com/~/x", None),
        ("tool x~y", None),
        ("tool --file=$HOME/x", None),
    ],
)
def test_tilde(line, word):
    assert not_filled_in(line, by_shell=is_for_shell(line)) == word


def test_tilde_without_a_shell():
    assert not_filled_in("~/tool x", by_shell=False) == "~/tool"


def test_user_without_a_name(monkeypatch):
    """In a container that runs with a number for a user, the number is the name."""
    import getpass
    import os
    import pwd

    def unknown(*_):
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(getpass, "getuser", unknown)
    assert overrides.local_user() == f"uid-{os.getuid()}"
