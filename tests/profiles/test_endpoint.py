"""Where STS is called."""

import pytest

from awsexec.errors import ConfigError
from awsexec.profiles import endpoint as endpoints
from awsexec.profiles import files
from awsexec.profiles.profile import Profiles
from tests.support import READER


def resolve(config="", environ=(), region=None, role_arn=None):
    text = f"[profile p]\n{config}"
    profiles = Profiles(
        files.parse(text, "CONFIG", files.CONFIG),
        files.parse("", "CREDENTIALS", files.CREDENTIALS),
    )
    profile = profiles.get("p")
    return endpoints.resolve(profiles, profile, dict(environ), region, role_arn)


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "us-iso"),
        ("us-isob-east-1", "us-isob"),
        ("eusc-de-east-1", "eusc"),
    ],
)
def test_partition(region, partition):
    assert endpoints.partition(region) == partition
    assert resolve(region=region).identity == partition


@pytest.mark.parametrize(
    ("role_arn", "region"),
    [
        (None, "us-east-1"),
        (READER, "us-east-1"),
        (READER.replace("aws", "aws-cn", 1), "cn-north-1"),
        (READER.replace("aws", "aws-us-gov", 1), "us-gov-west-1"),
        (READER.replace("aws", "aws-iso", 1), "us-east-1"),
    ],
)
def test_home_region(role_arn, region):
    assert resolve(role_arn=role_arn).region == region


SERVICES = "services = s\n[services s]\nsts =\n  endpoint_url = http://services\n"


@pytest.mark.parametrize(
    ("config", "environ", "url"),
    [
        ("", {}, None),
        ("endpoint_url = http://profile\n", {}, "http://profile"),
        ("endpoint_url = http://profile\n" + SERVICES, {}, "http://services"),
        (SERVICES, {"AWS_ENDPOINT_URL": "https://all"}, "https://all"),
        (
            SERVICES,
            {"AWS_ENDPOINT_URL": "https://all", "AWS_ENDPOINT_URL_STS": "https://sts"},
            "https://sts",
        ),
        (SERVICES, {"AWS_ENDPOINT_URL": ""}, "http://services"),
        # a services section that says nothing of STS
        (
            "endpoint_url = http://profile\nservices = s\n[services s]\ns3 =\n"
            "  endpoint_url = http://s3\n",
            {},
            "http://profile",
        ),
        (SERVICES, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, None),
        (SERVICES, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"}, "http://services"),
        ("ignore_configured_endpoint_urls = TRUE\n" + SERVICES, {}, None),
    ],
)
def test_url(config, environ, url):
    endpoint = resolve(config, environ)
    assert endpoint.url == url
    assert endpoint.identity == (url or "aws")


@pytest.mark.parametrize(
    ("config", "environ", "region", "message"),
    [
        ("", {}, "EU West", "EU West is no AWS region; write one like eu-west-1"),
        ("", {}, "a/b", "a/b is no AWS region; write one like eu-west-1"),
        (
            "endpoint_url = localhost\n",
            {},
            None,
            "CONFIG:2: localhost is no URL; write http(s)://HOST:PORT",
        ),
        (
            "",
            {"AWS_ENDPOINT_URL_STS": "ftp://x"},
            None,
            "AWS_ENDPOINT_URL_STS: ftp://x is no URL; write http(s)://HOST:PORT",
        ),
        (
            "services = s\n",
            {},
            None,
            "CONFIG:2: there is no [services s] section; add it or remove the setting",
        ),
    ],
)
def test_error(config, environ, region, message):
    with pytest.raises(ConfigError) as caught:
        resolve(config, environ, region)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("config", "environ", "bundle"),
    [
        ("", {}, None),
        ("ca_bundle = /of/profile\n", {}, "/of/profile"),
        ("ca_bundle = /of/profile\n", {"AWS_CA_BUNDLE": "/of/env"}, "/of/env"),
    ],
)
def test_ca_bundle(config, environ, bundle):
    assert resolve(config, environ).ca_bundle == bundle
