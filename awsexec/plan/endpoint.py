"""Which STS a profile's calls go to, and the region its commands get.

The order is the one of the AWS SDKs ("Service-specific endpoints" in the SDKs and
Tools Reference Guide): the service's variable, the general variable, the profile's
``services`` section, its ``endpoint_url``.
"""

from __future__ import annotations

from awsexec.errors import ConfigError, shown
from awsexec.profiles import files, values
from awsexec.profiles.files import Setting
from awsexec.profiles.values import variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
# how a region's name begins that may be in another partition than "aws"
_NOT_AWS = ("aws", *_PARTITIONS)

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


class Endpoint:
    """Where STS is called: in `region`, at `url` if it is not AWS's own of the region.

    `iam_url` is the same for IAM, which is only asked for an account's alias.
    `ca_bundle` is a file of certificates to trust, or None for the default. `fips` and
    `dualstack` choose among AWS's own endpoints.
    """

    __slots__ = ("region", "url", "ca_bundle", "iam_url", "fips", "dualstack")

    def __init__(
        self,
        region: str,
        url: str | None,
        ca_bundle: str | None,
        iam_url: str | None = None,
        fips: bool = False,
        dualstack: bool = False,
    ) -> None:
        self.region = region
        self.url = url
        self.ca_bundle = ca_bundle
        self.iam_url = iam_url
        self.fips = fips
        self.dualstack = dualstack

    def trusting(self, bundle: str) -> Endpoint:
        """Return the same endpoint with the file `bundle` of certificates to trust."""
        return Endpoint(
            self.region, self.url, bundle, self.iam_url, self.fips, self.dualstack
        )

    @property
    def identity(self) -> str:
        """The part of it that the credentials depend on, for cache keys.

        Sessions from any region's STS are good in every region of the partition, so
        that switching the region costs no MFA code; and so are those from a FIPS or
        dual-stack endpoint, which is another door of the same STS.
        """
        return self.url or partition(self.region)


def partition(region: str) -> str:
    """Return the partition of a region, by the region's name."""
    if not region.startswith(_NOT_AWS):
        return "aws"
    if region.startswith("aws") and region.endswith("-global"):
        # the pseudo-region of a whole partition
        return region.removesuffix("-global")
    for prefix, name in _PARTITIONS.items():
        if region.startswith(prefix):
            return name
    return "aws"


def chosen_region(environ: Mapping[str, str], option: str | None) -> Setting | None:
    """Return the region that the user chose, by option or variable; None for none."""
    if option:
        return Setting.from_option("region", option, "--region")
    return variable("AWS_REGION", environ, "region") or variable(
        "AWS_DEFAULT_REGION", environ, "region"
    )


def endpoint_for(
    profiles: Profiles,
    profile: Profile,
    environ: Mapping[str, str],
    configured: Setting | None,
    role_arns: Sequence[Setting],
) -> Endpoint:
    """Return the endpoint for the calls of `profile`, which assume the roles `role_arns`.

    `configured` is the configured region. Without it, the roles' ARNs decide the
    partition. With it, they must be in its partition. Raises `ConfigError`.
    """
    fips = profile.or_variable("use_fips_endpoint", environ)
    dualstack = profile.or_variable("use_dualstack_endpoint", environ)
    is_fips, is_dualstack = values.is_true(fips), values.is_true(dualstack)
    sts_url = _configured_url("sts", profiles, profile, environ)
    region = _region(configured, role_arns, is_checked=sts_url is None)
    if region.startswith("fips-") or region.endswith("-fips"):
        # a pseudo-region, from before there was a setting
        fips, is_fips = configured, True
        region = region.removeprefix("fips-").removesuffix("-fips")
    address = sts_url.value if sts_url is not None else None
    if sts_url is None:
        _check_partition(region, configured, role_arns)
        setting = profile.or_variable("sts_regional_endpoints", environ)
        is_legacy = values.one_of(setting, ("legacy", "regional")) == "legacy"
        if is_legacy and region in _LEGACY_REGIONS and not (is_fips or is_dualstack):
            address, region = _GLOBAL_URL, _GLOBAL_REGION
    elif is_fips or is_dualstack:
        setting = fips if is_fips else dualstack
        assert setting is not None
        raise ConfigError(
            f"{setting.where}: {setting.name} = {setting.value} and the endpoint "
            f"{shown(sts_url.value)} ({sts_url.where}) exclude each other; name an "
            "endpoint of that kind and turn the setting off"
        )
    bundle = profile.or_variable("ca_bundle", environ)
    return Endpoint(
        region,
        address,
        files.expand(bundle.value, environ) if bundle is not None else None,
        service_url("iam", profiles, profile, environ),
        is_fips,
        is_dualstack,
    )


def _region(
    configured: Setting | None, role_arns: Sequence[Setting], is_checked: bool
) -> str:
    """Return the configured region, else the one in which the roles' partition is called.

    With `is_checked` an AWS partition must be called in one of its own regions. An STS
    that is not AWS's may have regions of its own.
    """
    if configured is not None:
        name = configured.value
        if not _is_region(name):
            raise ConfigError(
                f"{configured.where}: {shown(name)} is not an AWS region; write one like "
                "eu-west-1"
            )
        return name
    if not role_arns:
        return _HOME_REGIONS["aws"]
    first, last = role_arns[0], role_arns[-1]
    home = _partition_of(last)
    if is_checked and home not in _HOME_REGIONS:
        raise ConfigError(
            f"{last.where}: the role {last.value} is in the partition {home}, and no "
            "region is configured; set one of that partition (region, AWS_REGION or "
            "--region)"
        )
    if is_checked and _partition_of(first) != home:
        raise ConfigError(
            f"{last.where}: the role {last.value} is in the partition {home}, and the role "
            f"{first.value} ({first.where}) in {_partition_of(first)}; a role cannot be "
            "assumed across partitions"
        )
    return _HOME_REGIONS.get(home, _HOME_REGIONS["aws"])


def _is_region(text: str) -> bool:
    """Return whether it may be a region: a host label (RFC 1123) in lower case."""
    return (
        1 <= len(text) <= 63
        and not text.strip("abcdefghijklmnopqrstuvwxyz0123456789-")
        and not text.isdigit()
        and text == text.strip("-")
    )


def _partition_of(role_arn: Setting) -> str:
    return role_arn.value.split(":")[1]


def _check_partition(
    region: str, configured: Setting | None, role_arns: Sequence[Setting]
) -> None:
    for arn in role_arns:
        of_role, of_region = _partition_of(arn), partition(region)
        if configured is not None and of_role != of_region:
            home = _HOME_REGIONS.get(of_role)
            raise ConfigError(
                f"{arn.where}: the role {arn.value} is in the partition {of_role}, and the "
                f"region {configured.value} ({configured.where}) in {of_region}; choose a "
                f"region of {of_role}" + (f", like {home}" if home else "")
            )


def service_url(
    service: str, profiles: Profiles, profile: Profile, environ: Mapping[str, str]
) -> str | None:
    """Return the configured endpoint of a `service`, None for AWS's own.

    The service is named as in a ``services`` section: "sso_oidc". Raises `ConfigError`.
    """
    found = _configured_url(service, profiles, profile, environ)
    return found.value if found is not None else None


def _configured_url(
    service: str, profiles: Profiles, profile: Profile, environ: Mapping[str, str]
) -> Setting | None:
    if values.is_true(profile.or_variable("ignore_configured_endpoint_urls", environ)):
        return None
    found = (
        variable(f"AWS_ENDPOINT_URL_{service.upper()}", environ)
        or variable("AWS_ENDPOINT_URL", environ)
        or _url_in_services(service, profiles, profile)
        or profile.get("endpoint_url")
    )
    if found is not None and not found.value.startswith(("http://", "https://")):
        raise ConfigError(
            f"{found.where}: {shown(found.value)} is not a URL; write http(s)://HOST:PORT"
        )
    return found


def _url_in_services(
    service: str, profiles: Profiles, profile: Profile
) -> Setting | None:
    named = profile.get("services")
    if named is None:
        return None
    services = profiles.config.services.get(named.value)
    if services is None:
        raise ConfigError(
            f"{named.where}: there is no [services {named.value}] section; "
            + (
                profiles.config.why_not(named.value, "services")
                or "add it or remove the setting"
            )
        )
    block = services.settings.get(service)
    found = block.nested.get("endpoint_url") if block is not None else None
    return found if found is not None and found.value else None
