"""The console's pages and the URL that signs in to it."""

import urllib.parse

import pytest

from awsexec.credentials.federation import Console
from awsexec.errors import ConfigError, UsageError

EU = "https://eu-west-1.console.aws.amazon.com"


@pytest.mark.parametrize(
    ("region", "service", "destination", "page"),
    [
        (None, None, None, "https://console.aws.amazon.com/"),
        (None, "s3", None, "https://console.aws.amazon.com/s3/home"),
        (None, None, "/iam/home", "https://console.aws.amazon.com/iam/home"),
        ("eu-west-1", None, None, f"{EU}/console/home?region=eu-west-1"),
        ("eu-west-1", "ec2", None, f"{EU}/ec2/home?region=eu-west-1"),
        ("eu-west-1", "dynamodb", None, f"{EU}/dynamodbv2/home?region=eu-west-1"),
        ("eu-west-1", None, "/s3/buckets?a=b#c", f"{EU}/s3/buckets?a=b#c"),
        ("eu-west-1", None, "//example.com/", f"{EU}//example.com/"),
        (None, None, f"{EU}/x", f"{EU}/x"),
    ],
)
def test_page(region, service, destination, page):
    console = Console.of("eu-west-1", None)
    assert console.page(region, service, destination) == page


@pytest.mark.parametrize(
    "destination",
    [
        "https://example.com/",
        "https://console.aws.amazon.com.example.com/",
        "https://evilconsole.aws.amazon.com/",
        "https://console.amazonaws.cn/",
        "https://user@console.aws.amazon.com/",
        "https://console.aws.amazon.com:8443/",
        "https://example.com\\@console.aws.amazon.com/",
        "http://console.aws.amazon.com/",
        "javascript:alert(1)",
        "console.aws.amazon.com",
        "https:///s3",
    ],
)
def test_page_elsewhere(destination):
    with pytest.raises(UsageError):
        Console.of("eu-west-1", None).page("eu-west-1", None, destination)


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "signin.aws.amazon.com"),
        ("cn-northwest-1", "signin.amazonaws.cn"),
        ("us-gov-east-1", "signin.amazonaws-us-gov.com"),
    ],
)
def test_url(region, host):
    url = Console.of(region, None).url("T+/=", f"{EU}/?a=b&c", sign_out=False)
    parts = urllib.parse.urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", host, "/federation")
    assert urllib.parse.parse_qs(parts.query, strict_parsing=True) == {
        "Action": ["login"],
        "Issuer": ["awsexec"],
        "Destination": [f"{EU}/?a=b&c"],
        "SigninToken": ["T+/="],
    }


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "us-east-1.signin.aws.amazon.com"),
        ("cn-northwest-1", "signin.amazonaws.cn"),
        ("us-gov-east-1", "signin.amazonaws-us-gov.com"),
    ],
)
def test_url_that_signs_out(region, host):
    url = Console.of(region, None).url("T+/=", EU, sign_out=True)
    base, _, query = url.partition("?")
    assert base == f"https://{host}/oauth"
    found = urllib.parse.parse_qs(query, strict_parsing=True)
    assert found["Action"] == ["logout"]
    (back,) = found["redirect_uri"]
    assert back.startswith(f"https://{host}/federation?Action=login&")
    assert urllib.parse.parse_qs(back)["SigninToken"] == ["T+/="]


def test_configured():
    console = Console.of("us-iso-east-1", "https://signin.example.com/")
    assert console.url("T", EU, sign_out=False).startswith(
        "https://signin.example.com/federation?"
    )
    assert console.page(None, None, "https://x.example.com/") == (
        "https://x.example.com/"
    )


@pytest.mark.parametrize(
    "region", ["us-iso-east-1", "us-isob-east-1", "eusc-de-east-1"]
)
def test_no_such_console(region):
    with pytest.raises(ConfigError, match=f"partition aws-.*{region}"):
        Console.of(region, None)
