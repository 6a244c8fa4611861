"""Which STS a profile's calls go to, and the region its commands get.

The order is the one of the AWS SDKs ("Service-specific endpoints" in the SDKs and
Tools Reference Guide): the service's variable, the general variable, the profile's
``services`` section, its ``endpoint_url``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from awsexec.errors import ConfigError, shown
from awsexec.profiles.files import Setting
from awsexec.profiles import values
from awsexec.profiles.profile import Profile, Profiles

# where a partition's STS is called when no region is configured
_HOME_REGIONS = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
}

# how the names of a partition's regions begin; all others are of "aws"
_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "eusc-": "aws-eusc",
}

# The one global STS and its region, and the regions whose calls go to it where
# sts_regional_endpoints is legacy (SDKs and Tools Reference Guide, "AWS STS Regional
# endpoints"). Its sessions are not valid in the regions that are switched on by hand.
_GLOBAL_URL, _GLOBAL_REGION = "https://sts.amazonaws.com", "us-east-1"
_LEGACY_REGIONS = frozenset(
    {
        "ap-northeast-1",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "aws-global",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    }
)


@dataclass(frozen=True)
class Endpoint:
    """Where STS is called: in `region`, at `url` if it is not AWS's own of the region.

    `iam_url` is the same for IAM, which is only asked for an account's alias.
    `ca_bundle` is a file of certificates to trust, or None for the default. `fips` and
    `dualstack` choose among AWS's own endpoints.
    """

    region: str
    url: str | None
    ca_bundle: str | None
    iam_url: str | None = None
    fips: bool = False
    dualstack: bool = False

    @property
    def identity(self) -> str:
        """What of it the credentials depend on, for cache keys.

        Sessions from any region's STS are good in every region of the partition, so
        that switching the region costs no MFA code; and so are those from a FIPS or
        dual-stack endpoint, which is another door of the same STS.
        """
        return self.url or partition(self.region)


def partition(region: str) -> str:
    """The partition a region lies in, by its name."""
    for prefix, name in _PARTITIONS.items():
        if region.startswith(prefix):
            return name
    return "aws"


def region_of(
    profile: Profile, environ: Mapping[str, str], option: str | None
) -> str | None:
    """The region the command is to use: option, environment, profile, or none."""
    return (
        option
        or environ.get("AWS_REGION")
        or environ.get("AWS_DEFAULT_REGION")
        or profile.value("region")
    )


def resolve(
    profiles: Profiles,
    profile: Profile,
    environ: Mapping[str, str],
    region: str | None,
    role_arns: Sequence[str],
) -> Endpoint:
    """The endpoint for the calls of `profile`, which assume the roles `role_arns`.

    The roles tell the partition where no region is configured, and must agree with it
    where one is. Raises `ConfigError`.
    """
    fips = values.is_true(profile.or_variable("use_fips_endpoint", environ))
    dualstack = values.is_true(profile.or_variable("use_dualstack_endpoint", environ))
    if region is None:
        home = role_arns[-1].split(":")[1] if role_arns else "aws"
        region = _HOME_REGIONS.get(home, "us-east-1")
    elif region.strip("abcdefghijklmnopqrstuvwxyz0123456789-"):
        raise ConfigError(f"{shown(region)} is no AWS region; write one like eu-west-1")
    elif region.startswith("fips-") or region.endswith("-fips"):
        # a pseudo-region, from before there was a setting
        fips = True
        region = region.removeprefix("fips-").removesuffix("-fips")
    sts_url = url("sts", profiles, profile, environ)
    if sts_url is None:
        _check_partition(region, role_arns)
        setting = profile.or_variable("sts_regional_endpoints", environ)
        is_legacy = values.one_of(setting, ("legacy", "regional")) == "legacy"
        if is_legacy and region in _LEGACY_REGIONS and not (fips or dualstack):
            sts_url, region = _GLOBAL_URL, _GLOBAL_REGION
    elif fips or dualstack:
        name = "use_fips_endpoint" if fips else "use_dualstack_endpoint"
        raise ConfigError(
            f"{name} and the endpoint {shown(sts_url)} exclude each other; name an "
            "endpoint of that kind and turn the setting off"
        )
    return Endpoint(
        region,
        sts_url,
        environ.get("AWS_CA_BUNDLE") or profile.value("ca_bundle"),
        url("iam", profiles, profile, environ),
        fips,
        dualstack,
    )


def _check_partition(region: str, role_arns: Sequence[str]) -> None:
    for arn in role_arns:
        of_role, of_region = arn.split(":")[1], partition(region)
        if of_role != of_region:
            home = _HOME_REGIONS.get(of_role)
            raise ConfigError(
                f"the role {arn} is in the partition {of_role}, and the region {region} "
                f"in {of_region}; choose a region of {of_role}"
                + (f", like {home}" if home else "")
            )


def url(
    service: str, profiles: Profiles, profile: Profile, environ: Mapping[str, str]
) -> str | None:
    """The configured endpoint of a `service`, None for AWS's own.

    The service's name is the one of its block in a ``services`` section, like
    "sso_oidc". Raises `ConfigError`.
    """
    if values.is_true(profile.or_variable("ignore_configured_endpoint_urls", environ)):
        return None
    found, where = _configured_url(service, profiles, profile, environ)
    if found is not None and not found.startswith(("http://", "https://")):
        raise ConfigError(
            f"{where}: {shown(found)} is no URL; write http(s)://HOST:PORT"
        )
    return found


def _configured_url(
    service: str, profiles: Profiles, profile: Profile, environ: Mapping[str, str]
) -> tuple[str | None, str]:
    for name in (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL"):
        if environ.get(name):
            return environ[name], name
    named = profile.get("services")
    if named is not None:
        services = profiles.config.services.get(named.value)
        if services is None:
            raise ConfigError(
                f"{named.where}: there is no [services {named.value}] section; "
                "add it or remove the setting"
            )
        block = services.settings.get(service)
        url = block.nested.get("endpoint_url") if block is not None else None
        if url is not None and url.value:
            return url.value, url.where
    setting = profile.get("endpoint_url")
    return (setting.value, setting.where) if setting is not None else (None, "")
