"""Where STS is called and how often, and the region COMMAND gets."""

import pytest

from tests.support import AWSEXEC, READER, READER_CONFIG

REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")


@pytest.mark.parametrize(
    ("words", "env", "region"),
    [
        pytest.param((), {}, "eu-west-1", id="profile"),
        pytest.param(
            (),
            {"AWS_DEFAULT_REGION": "eu-west-2"},
            "eu-west-2",
            id="AWS_DEFAULT_REGION",
        ),
        pytest.param(
            (),
            {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "eu-west-2"},
            "us-east-1",
            id="AWS_REGION",
        ),
        pytest.param(
            ("--region", "ap-south-1"),
            {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "eu-west-2"},
            "ap-south-1",
            id="option",
        ),
    ],
)
def test_region_decides_the_endpoint_and_is_handed_on(
    run_awsexec, home, aws, words, env, region
):
    sts, proxy = aws
    home.write_config(READER_CONFIG, "region = eu-west-1\n")
    child = run_awsexec.child("reader", *words, env=env)
    assert [child[name] for name in REGIONS] == [region] * 2
    assert proxy.targets == [f"sts.{region}.amazonaws.com:443"]
    assert sts.calls[0].host == f"sts.{region}.amazonaws.com"
    assert sts.calls[0].region == region


@pytest.mark.both_ways
@pytest.mark.parametrize(
    ("outer", "region"),
    [
        (("reader", "--"), "eu-west-2"),
        (("--serve", "reader", "--"), "eu-west-2"),
        (("--each", "reader", "--"), "eu-west-2"),
        # who chooses a region chooses it for what runs inside too
        (("--region", "us-east-1", "reader", "--"), "us-east-1"),
        (("--each", "reader", "--regions", "us-east-1", "--"), "us-east-1"),
    ],
)
def test_a_run_inside_has_its_own_region(run_awsexec, home, sts, outer, region):
    """Also where the run around comes from the cache."""
    writer = READER_CONFIG.replace("reader", "writer")
    home.write_config(
        f"{READER_CONFIG}region = eu-west-1\n{writer}region = eu-west-2\n"
    )
    inner = (AWSEXEC, "writer", "--", "sh", "-c", "echo $AWS_REGION $AWSEXEC_PROFILE")
    for _ in range(2):
        result = run_awsexec("-q", *outer, *inner)
        assert result.stdout.rpartition("│ ")[2] == f"{region} writer\n", result


@pytest.mark.parametrize(
    ("partition", "host"),
    [
        ("aws", "sts.us-east-1.amazonaws.com"),
        ("aws-cn", "sts.cn-north-1.amazonaws.com.cn"),
        ("aws-us-gov", "sts.us-gov-west-1.amazonaws.com"),
    ],
)
def test_without_region_the_role_tells_the_partition(
    run_awsexec, home, aws, partition, host
):
    sts, proxy = aws
    arn = READER.replace("aws", partition, 1)
    sts.fail("AccessDenied", "not this one")
    home.write_config(READER_CONFIG.replace(READER, arn))
    run_awsexec("reader", "true")
    assert proxy.targets == [f"{host}:443"]


def test_without_region_command_gets_none(run_awsexec, home, sts):
    home.write_config(READER_CONFIG)
    assert not run_awsexec.child("reader").keys() & set(REGIONS)


SERVICES = """
services = local
[services local]
sts =
    endpoint_url = {url} # on this machine
"""


@pytest.mark.parametrize(
    "names",
    [
        ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL", "services", "endpoint_url"),
        ("AWS_ENDPOINT_URL", "services", "endpoint_url"),
        ("services", "endpoint_url"),
        ("endpoint_url",),
    ],
    ids=lambda names: names[0],
)
def test_the_first_configured_endpoint_is_called(
    run_awsexec, home, sts, dead_port, names
):
    del run_awsexec.environ["AWS_ENDPOINT_URL_STS"]
    # the first is the one that answers
    urls = dict.fromkeys(names, f"http://127.0.0.1:{dead_port}")
    urls[names[0]] = sts.url
    settings = ""
    if "endpoint_url" in urls:
        settings += f"endpoint_url = {urls['endpoint_url']}\n"
    if "services" in urls:
        settings += SERVICES.format(url=urls["services"])
    home.write_config(READER_CONFIG, settings)
    env = {name: url for name, url in urls.items() if name.startswith("AWS_")}
    run_awsexec.child("reader", env=env)
    assert sts.operations == ["AssumeRole reader"]


def test_configured_endpoints_can_be_ignored(run_awsexec, home, aws, dead_port):
    sts, proxy = aws
    home.write_config(READER_CONFIG, "ignore_configured_endpoint_urls = true\n")
    url = f"http://127.0.0.1:{dead_port}"
    run_awsexec.child("reader", env={"AWS_ENDPOINT_URL": url})
    assert proxy.targets == ["sts.us-east-1.amazonaws.com:443"]


KINDS = {
    "use_fips_endpoint = true\nregion = us-east-1\n": "sts-fips.us-east-1.amazonaws.com",
    "use_dualstack_endpoint = true\nregion = eu-west-1\n": "sts.eu-west-1.api.aws",
    "use_fips_endpoint = true\nuse_dualstack_endpoint = true\nregion = us-east-1\n": (
        "sts-fips.us-east-1.api.aws"
    ),
    "region = fips-us-east-1\n": "sts-fips.us-east-1.amazonaws.com",
    "sts_regional_endpoints = legacy\nregion = eu-west-1\n": "sts.amazonaws.com",
    "sts_regional_endpoints = regional\nregion = eu-west-1\n": (
        "sts.eu-west-1.amazonaws.com"
    ),
}


@pytest.mark.parametrize(("settings", "host"), KINDS.items(), ids=KINDS.values())
@pytest.mark.parametrize("as_variables", [False, True], ids=["settings", "variables"])
def test_kind_of_endpoint(run_awsexec, home, aws, settings, host, as_variables):
    sts, proxy = aws
    env = {}
    if as_variables:
        names = settings.replace(" = ", "=").split()
        env = {f"AWS_{k.upper()}": v for k, _, v in (n.partition("=") for n in names)}
        settings = ""
    home.write_config(READER_CONFIG, settings)
    run_awsexec.child("reader", env=env)
    assert proxy.targets == [f"{host}:443"]
    (call,) = sts.calls
    signed_for = "us-east-1" if host == "sts.amazonaws.com" else host.split(".")[1]
    assert (call.host, call.region) == (host, signed_for)


def test_the_global_endpoint_s_sessions_are_others(run_awsexec, home, aws):
    sts, proxy = aws
    home.write_config(READER_CONFIG, "region = eu-west-1\n")
    for mode in ("regional", "legacy", "regional"):
        run_awsexec.child("reader", env={"AWS_STS_REGIONAL_ENDPOINTS": mode})
    assert proxy.targets == ["sts.eu-west-1.amazonaws.com:443", "sts.amazonaws.com:443"]


def test_ca_bundle_of_profile(run_awsexec, home, tls_sts, certificate):
    home.write_config(
        READER_CONFIG,
        f"endpoint_url = {tls_sts.url}\nca_bundle = {certificate[1]}\n",
    )
    run_awsexec.child("reader")
    assert tls_sts.operations == ["AssumeRole reader"]


def test_no_proxy(run_awsexec, home, tls_sts, certificate):
    # the fixture's proxy answers nobody
    env = {
        "AWS_ENDPOINT_URL": tls_sts.url,
        "AWS_CA_BUNDLE": str(certificate[1]),
        "NO_PROXY": "127.0.0.1",
    }
    home.write_config(READER_CONFIG)
    run_awsexec.child("reader", env=env)
    assert tls_sts.operations == ["AssumeRole reader"]


@pytest.mark.parametrize(
    ("setting", "env", "attempts"),
    [
        ("max_attempts = 1\n", {}, 1),
        ("max_attempts = 1\n", {"AWS_MAX_ATTEMPTS": "2"}, 2),
    ],
    ids=["profile", "environment"],
)
def test_number_of_attempts(run_awsexec, home, sts, setting, env, attempts):
    for _ in range(3):
        sts.fail("InternalFailure", "try again", 500)
    home.write_config(READER_CONFIG, setting)
    assert run_awsexec("reader", "true", env=env).status == 125
    assert sts.operations == ["AssumeRole reader"] * attempts


@pytest.mark.parametrize(
    ("words", "operation"),
    [
        (("--whoami", "alice"), "GetCallerIdentity"),
        (("--console", "alice"), "GetFederationToken"),
    ],
)
def test_number_of_attempts_of_an_action(run_awsexec, home, sts, words, operation):
    for _ in range(5):
        sts.fail("InternalFailure", "try again", 500)
    home.write_config("[profile alice]\nmax_attempts = 2\n")
    assert run_awsexec(*words).status == 125
    assert [call.operation for call in sts.calls] == [operation] * 2


@pytest.mark.parametrize(
    ("setting", "env", "mode"),
    [
        ("", {}, "standard"),
        ("retry_mode = legacy\n", {}, "legacy"),
        ("retry_mode = legacy\n", {"AWS_RETRY_MODE": "adaptive"}, "adaptive"),
    ],
    ids=["usual", "profile", "environment"],
)
def test_retry_mode(run_awsexec, home, sts, setting, env, mode):
    home.write_config(READER_CONFIG, setting)
    run_awsexec.child("reader", env=env)
    (call,) = sts.calls
    assert f"cfg/retry-mode#{mode}" in call.agent
    assert "awsexec/" in call.agent
