"""The forms in which a user gives an access key."""

import json

import pytest

from awsexec.credentials.keys import given
from awsexec.errors import AwsexecError
from tests.support import KEY_ID, SECRET

PAIR = {"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET}
NEW = f"Access key ID,Secret access key\r\n{KEY_ID},{SECRET}\r\n"
OLD = (
    "User name,Password,Access key ID,Secret access key,Console login link\r\n"
    f"alice,,{KEY_ID},{SECRET},https://123456789012.signin.aws.amazon.com/console\r\n"
)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(PAIR),
        json.dumps({"AccessKey": {"UserName": "alice", "Status": "Active", **PAIR}}),
        "\n  " + json.dumps({"AccessKey": PAIR}, indent=4) + "\n",
        json.dumps({"Version": 1, **PAIR}),
        NEW,
        "\ufeff" + NEW,
        NEW.replace("\r", ""),
        NEW.rstrip(),
        OLD,
        "\ufeff" + OLD + "\r\n",
    ],
)
def test_forms(text):
    assert given.parse(text) == (KEY_ID, SECRET)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no access key that awsexec can read"),
        ("{", "no access key that awsexec can read"),
        ("[]", "no access key that awsexec can read"),
        ("{}", "no access key that awsexec can read"),
        ('{"AccessKey": []}', "no access key that awsexec can read"),
        (f"{KEY_ID} {SECRET}", "no access key that awsexec can read"),
        (f"{KEY_ID},{SECRET}", "no access key that awsexec can read"),
        ("{" * 100_000, "no access key that awsexec can read"),
        (NEW + f"AKIAI44QH8DHBEXAMPLE,{SECRET}\r\n", "several keys"),
        (json.dumps({**PAIR, "SessionToken": "x"}), "session, which expires soon"),
        (json.dumps({**PAIR, "AccessKeyId": "ASIAIOSFODNN7EXAMPLE"}), "is a session's"),
        (json.dumps({**PAIR, "AccessKeyId": "AKIA"}), "16 to 128 letters and digits"),
        (json.dumps({**PAIR, "AccessKeyId": 1}), "access key id is not text"),
        (json.dumps({**PAIR, "SecretAccessKey": ""}), "secret access key is empty"),
        (json.dumps({**PAIR, "SecretAccessKey": f"{SECRET} x"}), "has a blank in it"),
        (json.dumps({**PAIR, "SecretAccessKey": f"{SECRET}é"}), "not printable ASCII"),
    ],
)
def test_what_is_no_key(text, why):
    with pytest.raises(AwsexecError, match=why) as caught:
        given.parse(text)
    # also not as what the error was raised from
    assert SECRET not in repr(caught.value) and caught.value.__cause__ is None
    assert SECRET not in str(caught.value)
