"""Where STS is called."""

import itertools
import os

import botocore.args
import botocore.config
import botocore.session
import pytest

from awsexec.errors import ConfigError
from awsexec.plan.endpoint import (
    _LEGACY_REGIONS,
    chosen_region,
    endpoint_for,
    partition,
)
from awsexec.profiles import files
from awsexec.profiles.files import Setting
from awsexec.profiles.profile import Profiles
from tests.support import READER


def resolve(config="", environ=(), region=None, roles=()):
    """The endpoint of a profile; `region` is from an option, `roles` from ROLES."""
    text = f"[profile p]\n{config}"
    profiles = Profiles(
        files.parse(text, "CONFIG", files.CONFIG),
        files.parse("", "CREDENTIALS", files.CREDENTIALS),
    )
    profile = profiles.get("p")
    given = chosen_region(dict(environ), region) or profile.get("region")
    arns = [Setting("role_arn", arn, "ROLES", n) for n, arn in enumerate(roles, 1)]
    return endpoint_for(profiles, profile, dict(environ), given, arns)


@pytest.mark.parametrize(
    ("region", "name"),
    [
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("us-isof-south-1", "aws-iso-f"),
        ("eusc-de-east-1", "aws-eusc"),
        ("aws-global", "aws"),
        ("aws-cn-global", "aws-cn"),
        ("aws-us-gov-global", "aws-us-gov"),
    ],
)
def test_partition(region, name):
    assert partition(region) == name
    assert resolve(region=region).identity == name


@pytest.mark.parametrize(
    ("role_arn", "region"),
    [
        (None, "us-east-1"),
        (READER, "us-east-1"),
        (READER.replace("aws", "aws-cn", 1), "cn-north-1"),
        (READER.replace("aws", "aws-us-gov", 1), "us-gov-west-1"),
    ],
)
def test_home_region(role_arn, region):
    assert resolve(roles=[role_arn] if role_arn else []).region == region


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_a_role_and_the_region_agree(partition):
    roles = [READER, READER.replace("aws", partition, 1)]
    if partition == "aws":
        assert resolve(region="eu-west-1", roles=roles).region == "eu-west-1"
        return
    with pytest.raises(ConfigError) as caught:
        resolve(region="eu-west-1", roles=roles)
    home = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}[partition]
    assert str(caught.value) == (
        f"ROLES:2: the role {roles[1]} is in the partition {partition}, and the region "
        f"eu-west-1 (--region) in aws; choose a region of {partition}, like {home}"
    )
    for config, environ, where in (
        ("region = eu-west-1\n", {}, "CONFIG:2"),
        ("", {"AWS_REGION": "eu-west-1"}, "AWS_REGION"),
        ("", {"AWS_DEFAULT_REGION": "eu-west-1"}, "AWS_DEFAULT_REGION"),
    ):
        with pytest.raises(ConfigError) as caught:
            resolve(config, environ, roles=roles)
        assert f"the region eu-west-1 ({where}) in aws" in str(caught.value)
    # another STS may have its own idea of regions
    resolve(environ={"AWS_ENDPOINT_URL": "http://x"}, region="eu-west-1", roles=roles)


def test_roles_of_two_partitions_have_no_region():
    roles = [READER.replace("aws", "aws-iso", 1), READER]
    with pytest.raises(ConfigError) as caught:
        resolve(roles=roles)
    assert str(caught.value) == (
        f"ROLES:2: the role {READER} is in the partition aws, and the role {roles[0]} "
        "(ROLES:1) in aws-iso; a role cannot be assumed across partitions"
    )


@pytest.mark.parametrize("partition", ["aws-eusc", "aws-iso", "aws-iso-b"])
def test_partition_whose_region_nobody_can_guess(partition):
    arn = READER.replace("aws", partition, 1)
    with pytest.raises(ConfigError) as caught:
        resolve(roles=[arn])
    assert str(caught.value) == (
        f"ROLES:1: the role {arn} is in the partition {partition}, and no region is "
        "configured; set one of that partition (region, AWS_REGION or --region)"
    )
    environ = {"AWS_ENDPOINT_URL": "http://x"}
    assert resolve(environ=environ, roles=[arn]).region == "us-east-1"


GLOBAL = "https://sts.amazonaws.com"


@pytest.mark.parametrize(
    ("config", "environ", "region", "expected"),
    [
        ("", {}, "eu-west-1", ("eu-west-1", None)),
        ("", {"variable": "legacy"}, "eu-west-1", ("us-east-1", GLOBAL)),
        ("legacy", {}, "eu-west-1", ("us-east-1", GLOBAL)),
        ("legacy", {"variable": "regional"}, "eu-west-1", ("eu-west-1", None)),
        ("regional", {"variable": ""}, "eu-west-1", ("eu-west-1", None)),
        # there is no old way for a newer region, or in another partition
        ("legacy", {}, "af-south-1", ("af-south-1", None)),
        ("legacy", {}, "cn-north-1", ("cn-north-1", None)),
        ("legacy", {"AWS_USE_FIPS_ENDPOINT": "true"}, "us-east-1", ("us-east-1", None)),
        (
            "legacy",
            {"AWS_ENDPOINT_URL": "http://x"},
            "eu-west-1",
            ("eu-west-1", "http://x"),
        ),
    ],
)
def test_sts_regional_endpoints(config, environ, region, expected):
    variable = environ.pop("variable", None)
    if variable is not None:
        environ = {**environ, "AWS_STS_REGIONAL_ENDPOINTS": variable}
    if config:
        config = f"sts_regional_endpoints = {config}\n"
    endpoint = resolve(config, environ, region)
    assert (endpoint.region, endpoint.url) == expected


def test_sessions_of_the_global_endpoint_are_others():
    environ = {"AWS_STS_REGIONAL_ENDPOINTS": "legacy"}
    assert resolve(environ=environ, region="eu-west-1").identity == GLOBAL
    # where they would not be valid
    assert resolve(environ=environ, region="af-south-1").identity == "aws"


@pytest.mark.parametrize("kind", ["fips", "dualstack"])
@pytest.mark.parametrize(
    ("setting", "variable", "is_on"),
    [
        ("", "", False),
        ("true", "", True),
        ("TRUE", "", True),
        ("false", "", False),
        ("false", "true", True),
        ("true", "false", False),
    ],
)
def test_kind_of_endpoint(kind, setting, variable, is_on):
    name = f"use_{kind}_endpoint"
    endpoint = resolve(
        f"{name} = {setting}\n", {f"AWS_{name.upper()}": variable}, "eu-west-1"
    )
    assert getattr(endpoint, kind) == is_on
    assert endpoint.identity == "aws"


@pytest.mark.parametrize("region", ["fips-us-gov-west-1", "us-gov-west-1-fips"])
def test_pseudo_region(region):
    endpoint = resolve(region=region)
    assert (endpoint.region, endpoint.fips) == ("us-gov-west-1", True)


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


NO_REGION = "is not an AWS region; write one like eu-west-1"
EACH_OTHER = "each other; name an endpoint of that kind and turn the setting off"


@pytest.mark.parametrize(
    ("config", "environ", "region", "message"),
    [
        ("", {}, "EU West", f"--region: EU West {NO_REGION}"),
        ("", {}, "EU-WEST-1", f"--region: EU-WEST-1 {NO_REGION}"),
        ("", {"AWS_REGION": "a/b"}, None, f"AWS_REGION: a/b {NO_REGION}"),
        ("region = -\n", {}, None, f"CONFIG:2: - {NO_REGION}"),
        ("region = 123\n", {}, None, f"CONFIG:2: 123 {NO_REGION}"),
        ("region = fips-\n", {}, None, f"CONFIG:2: fips- {NO_REGION}"),
        (f"region = {'x' * 64}\n", {}, None, f"CONFIG:2: {'x' * 64} {NO_REGION}"),
        (
            "endpoint_url = localhost\n",
            {},
            None,
            "CONFIG:2: localhost is not a URL; write http(s)://HOST:PORT",
        ),
        (
            "",
            {"AWS_ENDPOINT_URL_STS": "ftp://x"},
            None,
            "AWS_ENDPOINT_URL_STS: ftp://x is not a URL; write http(s)://HOST:PORT",
        ),
        (
            "use_fips_endpoint = yes\n",
            {},
            None,
            "CONFIG:2: use_fips_endpoint = yes: write true or false",
        ),
        (
            "",
            {"AWS_USE_DUALSTACK_ENDPOINT": "on"},
            None,
            "AWS_USE_DUALSTACK_ENDPOINT=on: write true or false",
        ),
        (
            "sts_regional_endpoints = global\n",
            {},
            None,
            "CONFIG:2: sts_regional_endpoints = global: write legacy or regional",
        ),
        (
            "use_fips_endpoint = true\nendpoint_url = http://x\n",
            {},
            None,
            "CONFIG:2: use_fips_endpoint = true and the endpoint http://x (CONFIG:3) "
            f"exclude {EACH_OTHER}",
        ),
        (
            "endpoint_url = http://x\n",
            {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
            None,
            "AWS_USE_DUALSTACK_ENDPOINT=true and the endpoint "
            f"http://x (CONFIG:2) exclude {EACH_OTHER}",
        ),
        (
            "",
            {"AWS_ENDPOINT_URL": "http://x"},
            "fips-us-east-1",
            "--region fips-us-east-1 and the endpoint http://x "
            f"(AWS_ENDPOINT_URL) exclude {EACH_OTHER}",
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
        ("ca_bundle = ~/of/profile\n", {"HOME": "/home/u"}, "/home/u/of/profile"),
        ("ca_bundle = /of/profile\n", {"AWS_CA_BUNDLE": "/of/env"}, "/of/env"),
        ("ca_bundle = /of/profile\n", {"REQUESTS_CA_BUNDLE": "/x"}, "/of/profile"),
        ("", {"REQUESTS_CA_BUNDLE": "/of/requests"}, "/of/requests"),
    ],
)
def test_ca_bundle(config, environ, bundle):
    assert resolve(config, environ).ca_bundle == bundle


@pytest.fixture(scope="module")
def of_botocore():
    """Where botocore calls STS, and the region it signs for."""
    session = botocore.session.Session(include_builtin_handlers=False)
    loader = session.get_component("data_loader")

    def resolve(region, fips, dualstack, legacy):
        session = botocore.session.Session(include_builtin_handlers=False)
        session.register_component("data_loader", loader)
        session.set_config_variable("config_file", os.devnull)
        session.set_config_variable("credentials_file", os.devnull)
        session.set_config_variable(
            "sts_regional_endpoints", "legacy" if legacy else "regional"
        )
        client = session.create_client(
            "sts",
            region_name=region,
            aws_access_key_id="AKIAEXAMPLE",
            aws_secret_access_key="secret",
            config=botocore.config.Config(
                use_fips_endpoint=fips, use_dualstack_endpoint=dualstack
            ),
        )
        # the endpoint of a request, which is resolved only for it
        context = {"client_region": client.meta.region_name}
        context.update(client_config=client.meta.config, auth_type="v4")
        model = client.meta.service_model.operation_model("AssumeRole")
        url, *_ = client._resolve_endpoint_ruleset(model, {}, context)
        signing = context.get("signing", {}).get("region")
        return url, signing or client.meta.config.region_name or region

    return resolve


@pytest.mark.parametrize(
    "region",
    [
        "us-east-1",
        "eu-west-1",
        "us-west-2",
        "af-south-1",
        "cn-north-1",
        "us-gov-west-1",
    ],
)
def test_as_botocore(of_botocore, region):
    for fips, dualstack, legacy in itertools.product([False, True], repeat=3):
        environ = {
            "AWS_USE_FIPS_ENDPOINT": str(fips),
            "AWS_USE_DUALSTACK_ENDPOINT": str(dualstack),
            "AWS_STS_REGIONAL_ENDPOINTS": "legacy" if legacy else "regional",
        }
        endpoint = resolve("", environ, region)
        if endpoint.url is None:
            # botocore resolves what is left, from these three
            url, signed_for = of_botocore(
                endpoint.region, endpoint.fips, endpoint.dualstack, False
            )
        else:
            url, signed_for = endpoint.url, endpoint.region
        assert (url, signed_for) == of_botocore(region, fips, dualstack, legacy)


def test_regions_as_botocore_knows_them():
    assert _LEGACY_REGIONS == set(botocore.args.LEGACY_GLOBAL_STS_REGIONS)
    session = botocore.session.Session(include_builtin_handlers=False)
    for name in session.get_available_partitions():
        for region in session.get_available_regions("sts", name):
            assert partition(region) == name
