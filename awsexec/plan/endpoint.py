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

_HOME = _HOME_REGIONS["aws"]
# where a setting stands that nobody wrote
DEFAULT = "the default"

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

    For messages: `made_by` are the settings that make the host of STS, and `region_by` and
    `kind_by` the ones that make the region and the kind of AWS's own endpoints.
    `bundle_by` is the setting that names `ca_bundle`.
    """

    __slots__ = (
        "region",
        "url",
        "ca_bundle",
        "iam_url",
        "fips",
        "dualstack",
        "made_by",
        "region_by",
        "kind_by",
        "bundle_by",
    )

    def __init__(
        self,
        region: str,
        url: str | None,
        ca_bundle: str | None,
        iam_url: str | None = None,
        fips: bool = False,
        dualstack: bool = False,
        *,
        url_by: Setting | None = None,
        region_by: Setting | None = None,
        kind_by: tuple[Setting, ...] = (),
        bundle_by: Setting | None = None,
    ) -> None:
        self.region = region
        self.url = url
        self.ca_bundle = ca_bundle
        self.iam_url = iam_url
        self.fips = fips
        self.dualstack = dualstack
        self.region_by = region_by or _default_region(region)
        self.kind_by = kind_by
        self.made_by = self.host_made_by(url_by)
        self.bundle_by = bundle_by

    def host_made_by(
        self, url: Setting | None, region: Setting | None = None
    ) -> tuple[Setting, ...]:
        """Return the settings that make the host of a service.

        `url` is its configured URL, and `region` what says its region, by default the
        region of the endpoint.
        """
        return (url,) if url is not None else (region or self.region_by, *self.kind_by)

    def trusting(self, bundle: str) -> Endpoint:
        """Return the same endpoint with the file `bundle` of certificates to trust."""
        return Endpoint(
            self.region, self.url, bundle, self.iam_url, self.fips, self.dualstack
        )

    @property
    def key(self) -> tuple[object, ...]:
        """What decides how AWS is called, for clients that several plans share."""
        urls = self.url, self.iam_url
        return (self.region, *urls, self.ca_bundle, self.fips, self.dualstack)

    @property
    def identity(self) -> str:
        """The part of it that the credentials depend on, for cache keys.

        Sessions from any region's STS are good in every region of the partition, so
        that switching the region costs no MFA code; and so are those from a FIPS or
        dual-stack endpoint, which is another door of the same STS.
        """
        return self.url or partition(self.region)


def _default_region(region: str) -> Setting:
    return Setting.outside("region", region, DEFAULT)


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
    sts_url = configured_url("sts", profiles, profile, environ)
    region = _region(configured, role_arns, is_checked=sts_url is None)
    if region.startswith("fips-") or region.endswith("-fips"):
        # a pseudo-region, from before there was a setting
        fips, is_fips = configured, True
        region = region.removeprefix("fips-").removesuffix("-fips")
    setting = profile.or_variable("sts_regional_endpoints", environ)
    # the SDK reads it too, whatever the endpoint is
    is_legacy = values.one_of(setting, ("legacy", "regional")) == "legacy"
    address, url_by = (sts_url.value if sts_url is not None else None), sts_url
    if sts_url is None:
        _check_partition(region, configured, role_arns)
        if is_legacy and region in _LEGACY_REGIONS and not (is_fips or is_dualstack):
            address, region, url_by = _GLOBAL_URL, _GLOBAL_REGION, setting
    elif is_fips or is_dualstack:
        kind = fips if is_fips else dualstack
        assert kind is not None
        raise ConfigError(
            f"{values.stated(kind)} and the endpoint "
            f"{shown(sts_url.value)} ({sts_url.where}) exclude each other; name an "
            "endpoint of that kind and turn the setting off"
        )
    bundle = profile.or_variable("ca_bundle", environ) or variable(
        # botocore's last resort
        "REQUESTS_CA_BUNDLE",
        environ,
    )
    iam_url = configured_url("iam", profiles, profile, environ)
    kinds = ((is_fips, fips), (is_dualstack, dualstack))
    return Endpoint(
        region,
        address,
        files.expand(bundle.value, environ) if bundle is not None else None,
        iam_url.value if iam_url is not None else None,
        is_fips,
        is_dualstack,
        url_by=url_by,
        region_by=configured or (role_arns[-1] if region != _HOME else None),
        kind_by=tuple(by for is_on, by in kinds if is_on and by and by != configured),
        bundle_by=bundle,
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
        if not is_region(name):
            raise not_a_region(configured)
        return name
    if not role_arns:
        return _HOME
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
    return _HOME_REGIONS.get(home, _HOME)


def is_region(text: str) -> bool:
    """Return whether it may be a region: a host label (RFC 1123) in lower case."""
    return (
        1 <= len(text) <= 63
        and not text.strip("abcdefghijklmnopqrstuvwxyz0123456789-")
        and not text.isdigit()
        and text == text.strip("-")
    )


def not_a_region(setting: Setting) -> ConfigError:
    """Return the error of a `setting` whose value cannot be a region."""
    return values.wrong(
        setting,
        f"{shown(setting.value)} is not an AWS region; write one like eu-west-1",
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


def configured_url(
    service: str, profiles: Profiles, profile: Profile, environ: Mapping[str, str]
) -> Setting | None:
    """Return the setting or variable with the endpoint of a `service`; None for AWS's own.

    The service is named as in a ``services`` section: "sso_oidc". Raises `ConfigError`.
    """
    if values.is_true(profile.or_variable("ignore_configured_endpoint_urls", environ)):
        return None
    found = (
        variable(f"AWS_ENDPOINT_URL_{service.upper()}", environ)
        or variable("AWS_ENDPOINT_URL", environ)
        or _url_in_services(service, profiles, profile)
        or profile.get("endpoint_url")
    )
    if found is not None and not found.value.startswith(("http://", "https://")):
        raise values.wrong(
            found, f"{shown(found.value)} is not a URL; write http(s)://HOST:PORT"
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
