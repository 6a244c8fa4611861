"""What each call asks for, and AWS's limits."""

import json

import pytest

from awsexec.errors import ConfigError
from awsexec.plan import calls, limits
from awsexec.plan.calls import AssumeRole, MfaSession
from awsexec.profiles import files
from awsexec.profiles.files import Setting
from awsexec.profiles.profile import Profile, Profiles
from tests.support import READER, READER_CONFIG, SERIAL

MANAGED = "arn:aws:iam::aws:policy/"
OWN = "arn:aws:iam::123456789012:policy/"


def assume(settings="", config=READER_CONFIG, path="CONFIG"):
    profiles = Profiles(
        files.parse(config + settings, path, files.CONFIG),
        files.parse("", "CREDENTIALS", files.CREDENTIALS),
    )
    return calls.assume_role(profiles.get("reader"), "me", {"HOME": "/home/u"})


def refusal(settings, config=READER_CONFIG, path="CONFIG"):
    """The message about the setting in line 5 of the config file."""
    with pytest.raises(ConfigError) as caught:
        assume(settings, config, path)
    where, _, message = str(caught.value).partition(": ")
    assert where == f"{path}:5"
    return message


def test_request_with_everything():
    step = AssumeRole(
        role_arn=READER,
        session_name="me",
        profile="reader",
        external_id="ext",
        duration=900,
        mfa_serial=SERIAL,
        source_identity="alice",
        tags=(("a", "1"), ("b", "")),
        transitive_tags=("a",),
        policy="{}",
        policy_arns=(f"{MANAGED}One", f"{OWN}two"),
    )
    assert step.parameters() == {
        "RoleArn": READER,
        "RoleSessionName": "me",
        "ExternalId": "ext",
        "DurationSeconds": 900,
        "SerialNumber": SERIAL,
        "SourceIdentity": "alice",
        "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}],
        "TransitiveTagKeys": ["a"],
        "Policy": "{}",
        "PolicyArns": [{"arn": f"{MANAGED}One"}, {"arn": f"{OWN}two"}],
    }
    assert str(step) == f"role {READER}"


def test_request_with_nothing_but_the_role():
    assert assume().parameters() == {"RoleArn": READER, "RoleSessionName": "me"}


def test_mfa_session():
    session = MfaSession(SERIAL, 3600, "reader")
    assert session.parameters() == {"SerialNumber": SERIAL, "DurationSeconds": 3600}
    assert str(session) == f"MFA session with {SERIAL}"


@pytest.mark.parametrize(
    ("setting", "attribute", "expected"),
    [
        ("role_session_name = x=@", "session_name", "x=@"),
        ("external_id = a:/b", "external_id", "a:/b"),
        ("external_id = " + "x" * 1224, "external_id", "x" * 1224),
        ("duration_seconds = 900", "duration", 900),
        ("duration_seconds = 43200", "duration", 43_200),
        ("source_identity = alice@example.com", "source_identity", "alice@example.com"),
        ("source_identity = " + "x" * 64, "source_identity", "x" * 64),
        ("session_tags = b=2, a=1", "tags", (("a", "1"), ("b", "2"))),
        ("session_tags = a=1,\n  b = 2\n  c=3", "tags", tuple(zip("abc", "123"))),
        (
            "session_tags =\n  Team = blue\n\n  cost center = a=b # of 2026\n",
            "tags",
            (("Team", "blue"), ("cost center", "a=b")),
        ),
        (
            f"session_policy_arns = {OWN}b\n  {OWN}a\n",
            "policy_arns",
            (f"{OWN}a", f"{OWN}b"),
        ),
        ("session_tags = a=b=c,d=", "tags", (("a", "b=c"), ("d", ""))),
        ("session_tags = Käse Ⅷ=x y/z:+@-_.", "tags", (("Käse Ⅷ", "x y/z:+@-_."),)),
        (f"session_tags = {'k' * 128}={'v' * 256}", "tags", (("k" * 128, "v" * 256),)),
        (
            "session_tags = a=1,b=2\ntransitive_session_tags = b , a, b",
            "transitive_tags",
            ("a", "b"),
        ),
        (f"session_policy_arns = {MANAGED}X", "policy_arns", (f"{MANAGED}X",)),
        (
            f"session_policy_arns = {OWN}b, {OWN}a\n  {OWN}b",
            "policy_arns",
            (f"{OWN}a", f"{OWN}b"),
        ),
        ("session_read_only = true", "policy_arns", (f"{MANAGED}ReadOnlyAccess",)),
        ("session_read_only = False", "policy_arns", ()),
        (
            f"session_read_only = false\nsession_policy_arns = {OWN}a",
            "policy_arns",
            (f"{OWN}a",),
        ),
    ],
)
def test_setting(setting, attribute, expected):
    assert getattr(assume(setting), attribute) == expected


def test_read_only_in_another_partition():
    config = READER_CONFIG.replace("aws", "aws-cn", 1)
    assert assume("session_read_only = true", config).policy_arns == (
        "arn:aws-cn:iam::aws:policy/ReadOnlyAccess",
    )


TAG_RULE = "letters, digits, blanks and _.:/=+-@"


def tag_key_refusal(key):
    return f"AWS does not accept the tag key {key}; use 1 to 128 characters: {TAG_RULE}"


def tag_value_refusal(key):
    return (
        f"AWS does not accept the value of the tag {key}; use at most 256 characters: "
        f"{TAG_RULE}"
    )


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            "role_session_name = a b",
            "a b is not a role session name; use 2 to 64 characters: letters, digits "
            "and _+=,.@-",
        ),
        (
            "source_identity = a/b",
            "a/b is not a source identity; use 2 to 64 characters: letters, digits and "
            "_+=,.@-",
        ),
        (
            f"source_identity = {'x' * 65}",
            f"{'x' * 65} is not a source identity; use 2 to 64 characters: letters, "
            "digits and _+=,.@-",
        ),
        (
            "external_id = a b",
            "AWS does not accept this external id; use 2 to 1224 characters: letters, "
            "digits and _+=,.@:/-",
        ),
        (
            "duration_seconds = 899",
            "AssumeRole does not accept 14m59s; use 15m to 12h (900 to 43200 seconds)",
        ),
        ("session_tags = a", "the tag a has no value; add =VALUE"),
        ("session_tags = =v", tag_key_refusal("''")),
        ("session_tags = a*=v", tag_key_refusal("a*")),
        (f"session_tags = {'k' * 129}=v", tag_key_refusal("k" * 129)),
        (
            "session_tags = AWS:x=v",
            "AWS does not accept the tag key AWS:x; keys that begin with aws: are AWS's "
            "own",
        ),
        (f"session_tags = k={'v' * 257}", tag_value_refusal("k")),
        (
            "session_tags = Team=1,team=2",
            "two session tags team; remove one of them",
        ),
        (
            "session_tags = " + ",".join(f"k{n}=v" for n in range(51)),
            "51 session tags; AWS accepts at most 50",
        ),
        (
            "transitive_session_tags = a",
            "the transitive tag a is not a session tag of this role; add it to "
            "session_tags, or with --session-tag",
        ),
        (
            "session_policy_arns = ReadOnlyAccess",
            "ReadOnlyAccess is not a policy ARN; write arn:aws:iam::aws:policy/NAME, or "
            "the account instead of aws, with blanks between several",
        ),
        (
            f"session_policy_arns = {MANAGED}X,{MANAGED}Y",
            "arn:aws:iam::aws:policy/X,arn:aws:iam::aws:policy/Y is not a policy ARN; "
            "write arn:aws:iam::aws:policy/NAME, or the account instead of aws, with "
            "blanks between several",
        ),
        (
            "session_policy_arns = arn:aws:iam::210987654321:policy/x",
            "the policy arn:aws:iam::210987654321:policy/x belongs to another account "
            "than the role; AWS accepts policies of 123456789012 and its own, in the "
            "partition aws",
        ),
        (
            "session_policy_arns = arn:aws-cn:iam::aws:policy/x",
            "the policy arn:aws-cn:iam::aws:policy/x belongs to another account than the "
            "role; AWS accepts policies of 123456789012 and its own, in the partition aws",
        ),
        (
            "session_policy_arns = " + " ".join(f"{OWN}{n}" for n in range(11)),
            "11 managed session policies; AWS accepts at most 10",
        ),
        ("session_read_only = 1", "session_read_only = 1: write true or false"),
        (
            f"session_read_only = true\nsession_policy_arns = {OWN}a",
            "the session would not be read-only, because AWS adds up session_read_only "
            "and session_policy_arns (CONFIG:6); use one of them",
        ),
    ],
)
def test_setting_beyond_the_limits(setting, message):
    assert refusal(setting) == message


@pytest.mark.parametrize(
    ("settings", "line", "message"),
    [
        ("session_tags =\n  a = 1\n  b* = 2\n", 7, tag_key_refusal("b*")),
        (
            "session_tags =\n  a = 1\n  A = 2\n",
            7,
            "two session tags A; remove one of them",
        ),
        ("session_tags =\n  a = 1,b=2\n", 6, tag_value_refusal("a")),
    ]
    + [
        (
            f"{name} =\n  {text}\n",
            6,
            f"{name} takes no indented lines; put the value on the same line",
        )
        for name, text in (
            ("transitive_session_tags", "a = 1"),
            ("session_policy_arns", f"{OWN}a=b"),
            ("session_policy", "a=b"),
            ("source_identity", "a = b"),
            ("session_read_only", "a = true"),
        )
    ],
)
def test_lines_below_a_setting(settings, line, message):
    with pytest.raises(ConfigError) as caught:
        assume(settings)
    assert str(caught.value).startswith(f"CONFIG:{line}: {message}")


@pytest.mark.parametrize(
    ("name", "words", "attribute", "expected"),
    [
        ("session_tags", ("a= 1", "b=x=y"), "tags", (("a", "1"), ("b", "x=y"))),
        ("session_policy_arns", (f"{OWN}a,",), "policy_arns", (f"{OWN}a,",)),
    ],
)
def test_words_of_a_repeated_option(name, words, attribute, expected):
    assert getattr(assume_with(name, words), attribute) == expected


def assume_with(name, words):
    """The call for a role of options, of which `name` is repeated for its `words`."""
    option = Setting.from_option(name, "\n".join(words), "--it", words)
    role = Setting.from_option("role_arn", READER, "--role-arn")
    profile = Profile("p", options=[role, option])
    return calls.assume_role(profile, "me", {})


@pytest.mark.parametrize("word", ["team=a,admin=yes", "team=a\nadmin=yes"])
def test_a_word_of_a_repeated_option_is_one_tag(word):
    with pytest.raises(ConfigError) as caught:
        assume_with("session_tags", (word,))
    assert str(caught.value) == f"--it: {tag_value_refusal('team')}"


ALLOW = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}
POLICY = {"Version": "2012-10-17", "Statement": [ALLOW]}
MINIFIED = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*",'
    '"Resource":"*"}]}'
)


@pytest.mark.parametrize("path", ["policy.json", "{folder}/policy.json"])
def test_policy(tmp_path, path):
    (tmp_path / "policy.json").write_text("\ufeff" + json.dumps(POLICY, indent=4))
    # seen from the config file, wherever awsexec runs
    setting = f"session_policy = {path.format(folder=tmp_path)}"
    assert assume(setting, path=f"{tmp_path}/config").policy == MINIFIED


def test_policy_of_an_option_is_seen_from_the_current_directory(tmp_path, monkeypatch):
    policy = '{"Statement": "üÿĀ€😀\\ud800\\n\\u007f"}'
    (tmp_path / "p").write_text(policy, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    profile = Profile("p").with_options(
        [
            Setting.from_option("role_arn", READER, "--role-arn"),
            Setting.from_option("session_policy", "p", "--policy"),
        ]
    )
    step = calls.assume_role(profile, "me", {})
    # what STS takes as it is, and what only as an escape
    assert step.policy == (
        '{"Statement":"üÿ\\u0100\\u20ac\\ud83d\\ude00\\ud800\\n\x7f"}'
    )


def test_policy_in_the_home_directory(tmp_path):
    message = refusal("session_policy = ~/none.json")
    assert message == (
        "cannot use the policy /home/u/none.json: No such file or directory"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "is not a policy; write a JSON object with a Statement"),
        ("{}", "is not a policy; write a JSON object with a Statement"),
        (
            '{"Version": "2012-10-17", "statement": []}',
            "is not a policy; write a JSON object with a Statement",
        ),
        ('{"a": 1e999}', ": the number 1e999 is too large"),
        ('{"a": ' + "1" * 5000 + "}", ": "),
        ("{", ": Expecting property name enclosed in double quotes"),
        ('{"a": 1, "a": 2}', ": 'a' stands twice in one object"),
        ('{"a": NaN}', ": NaN is not JSON"),
        ("\xff", ": "),
        ("[" * 100_000, ": "),
        (
            '{"Statement": "' + "x" * 2033 + '"}',
            "has 2049 characters without its white space; AWS accepts at most 2048",
        ),
    ],
)
def test_policy_that_is_none(tmp_path, text, message):
    path = tmp_path / "policy.json"
    path.write_text(text, encoding="latin-1")
    found = refusal(f"session_policy = {path}")
    assert found.partition(str(path))[2].strip().startswith(message)


def test_longest_policy(tmp_path):
    path = tmp_path / "policy.json"
    path.write_text('{ "Statement" : "' + "é" * 2032 + '" }', encoding="utf-8")
    assert len(assume(f"session_policy = {path}").policy) == 2048


@pytest.mark.parametrize(
    "arn",
    [
        "reader",
        "arn:aws:iam::123456789012:user/reader",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::12345678901x:role/reader",
        "arn:aws:iam::１２３４５６７８９０１２:role/reader",
        "arn:aws:iam::aws:role/reader",
        "arn:aws:sts::123456789012:role/reader",
        "arn:gcp:iam::123456789012:role/reader",
        "arn:aws:iam::123456789012:role/a b",
    ],
)
def test_arn_of_no_role(arn):
    with pytest.raises(ConfigError) as caught:
        assume(config=READER_CONFIG.replace(READER, arn))
    assert str(caught.value) == (
        f"CONFIG:3: {arn} is not a role ARN; write arn:aws:iam::ACCOUNT:role/NAME with "
        "the 12 digits of the account"
    )


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws-cn:iam::123456789012:role/reader",
        "arn:aws-us-gov:iam::123456789012:role/path/to/reader",
    ],
)
def test_arn_of_a_role(arn):
    assert assume(config=READER_CONFIG.replace(READER, arn)).role_arn == arn


@pytest.mark.parametrize("serial", ["x" * 8, "x" * 257, "arn:aws:iam::1:mfa/a b"])
def test_serial_of_no_device(serial):
    with pytest.raises(
        ConfigError, match="is not an MFA device; write its serial number"
    ):
        limits.checked_serial(Setting("mfa_serial", serial, "CONFIG", 1))


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("alice", "alice"),
        ("DOMAIN\\Alice Ü", "DOMAIN-Alice--"),
        ("a", "awsexec-a"),
        ("", "awsexec"),
        ("x" * 70, "x" * 64),
        ("a@b_c+d=e,f.g-h", "a@b_c+d=e,f.g-h"),
    ],
)
def test_clean_session_name(text, cleaned):
    assert limits.clean_session_name(text) == cleaned
    assert limits.is_session_name(cleaned)


@pytest.mark.parametrize("name", ["", "a", "x" * 65, "a b", "ü-", "a/b"])
def test_no_session_name(name):
    assert not limits.is_session_name(name)
