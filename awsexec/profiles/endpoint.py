"""Which STS a profile's calls go to, and the region its commands get.

The order is the one of the AWS SDKs ("Service-specific endpoints" in the SDKs and
Tools Reference Guide): the service's variable, the general variable, the profile's
``services`` section, its ``endpoint_url``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from awsexec.errors import ConfigError, shown
from awsexec.profiles.profile import Profile, Profiles

# where a partition's STS is called when no region is configured
_HOME_REGIONS = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
}


@dataclass(frozen=True)
class Endpoint:
    """Where STS is called: in `region`, at `url` if one is configured.

    `iam_url` is the same for IAM, which is only asked for an account's alias.
    `ca_bundle` is a file of certificates to trust, or None for the default.
    """

    region: str
    url: str | None
    ca_bundle: str | None
    iam_url: str | None = None

    @property
    def identity(self) -> str:
        """What of it the credentials depend on, for cache keys.

        Sessions from any region's STS are good in every region of the partition, so
        that switching the region costs no MFA code.
        """
        return self.url or partition(self.region)


def partition(region: str) -> str:
    """The partition a region lies in, by its name."""
    if region.startswith("cn-"):
        return "aws-cn"
    if region.startswith("us-gov-"):
        return "aws-us-gov"
    for prefix in ("us-iso-", "us-isob-", "us-isof-", "eu-isoe-", "eusc-"):
        if region.startswith(prefix):
            return prefix.rstrip("-")
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
    role_arn: str | None,
) -> Endpoint:
    """The endpoint for the calls of `profile`.

    `role_arn` tells the partition where no region is configured. Raises `ConfigError`.
    """
    if region is None:
        home = role_arn.split(":")[1] if role_arn else "aws"
        region = _HOME_REGIONS.get(home, "us-east-1")
    elif region.strip("abcdefghijklmnopqrstuvwxyz0123456789-"):
        raise ConfigError(f"{shown(region)} is no AWS region; write one like eu-west-1")
    return Endpoint(
        region,
        url("sts", profiles, profile, environ),
        environ.get("AWS_CA_BUNDLE") or profile.value("ca_bundle"),
        url("iam", profiles, profile, environ),
    )


def url(
    service: str, profiles: Profiles, profile: Profile, environ: Mapping[str, str]
) -> str | None:
    """The configured endpoint of a `service`, None for AWS's own.

    The service's name is the one of its block in a ``services`` section, like
    "sso_oidc". Raises `ConfigError`.
    """
    ignored = environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") or profile.value(
        "ignore_configured_endpoint_urls"
    )
    if ignored and ignored.lower() == "true":
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
