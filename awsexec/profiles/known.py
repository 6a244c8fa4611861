"""The settings that profiles have: awsexec's, the SDKs', the AWS CLI's, other tools'.

A setting that awsexec does not know could be a slip of one that limits a session or says
whose credentials are meant. Passed over in silence, it would leave the session with all
of the role's permissions, or give another identity.
"""

from __future__ import annotations

from awsexec.errors import shown
from awsexec.profiles.profile import EXPIRIES, INCLUDE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from awsexec.profiles.files import Setting
    from awsexec.profiles.profile import Profile

# Settings that say whose credentials are meant, or what they may do, and for how long. A
# setting that looks like one of these is an error.
DECISIVE = frozenset(
    "aws_access_key_id aws_secret_access_key aws_session_token aws_security_token "
    "confirm confirm_text "
    "credential_process credential_process_command_decides credential_process_shell "
    "credential_source duration_seconds ec2_metadata_v1_disabled expected_account "
    "external_id "
    "include_profile login_session mfa_process mfa_serial role_arn role_session_name "
    "session_policy session_policy_arns session_read_only session_tags "
    "source_identity source_profile sso_account_id sso_region sso_registration_scopes "
    "sso_role_name sso_session sso_start_url transitive_session_tags use_fips_endpoint "
    "web_identity_token_file".split()
)
# what people may mean as expected_account; other tools may own such a name
_ACCOUNTS = frozenset(
    "account account_id account_ids allowed_account allowed_account_id "
    "allowed_account_ids allowed_accounts require_account required_account "
    "required_account_id target_account target_account_id".split()
)
# the names of options and of AssumeRole's parameters, where those of the settings are
# other ones
_OTHER_NAMES = {
    "duration": "duration_seconds",
    "expect_account": "expected_account",
    "policy": "session_policy",
    "policy_arn": "session_policy_arns",
    "policy_arns": "session_policy_arns",
    "read_only": "session_read_only",
    "serial_number": "mfa_serial",
    "session_name": "role_session_name",
    "tags": "session_tags",
    "transitive_tag": "transitive_session_tags",
    "transitive_tag_keys": "transitive_session_tags",
    "transitive_tags": "transitive_session_tags",
}
# Names that people make up for what guards or limits have a word of each of the first
# sets, and otherwise only words of the next one; the last are the settings that may be
# meant. With another word, like session_id, expected_bucket_owner or confirmation_email,
# a name is another program's.
_MADE_UP = (
    (
        (frozenset("confirm confirmation confirmed confirms".split()),),
        frozenset(
            "account always ask aws awsexec before by command message must name need needs "
            "profile prompt require required requires role run text use with".split()
        ),
        ("confirm",),
    ),
    (
        (frozenset("expect expected expects".split()),),
        frozenset(
            "acc account accounts acct arn aws caller id identity ids number role".split()
        ),
        ("expected_account",),
    ),
    (
        (frozenset({"session"}), frozenset("read readonly ro".split())),
        frozenset("access aws is only".split()),
        ("session_read_only",),
    ),
    (
        (frozenset({"session"}), frozenset("tag tags".split())),
        frozenset("aws file key keys list transitive".split()),
        ("session_tags",),
    ),
    (
        (
            frozenset({"session"}),
            frozenset("limit limited limits permissions policies policy".split()),
        ),
        frozenset(
            "arn arns aws boundary document file iam inline json managed name to".split()
        ),
        ("session_policy", "session_policy_arns"),
    ),
)
# the other settings that awsexec, botocore (configprovider, credentials) and the AWS SDKs
# read (SDKs and Tools Reference Guide, "Settings reference"), and the AWS CLI's
_SDK = frozenset(
    "account_id_endpoint_mode api_versions auth_scheme_preference aws_account_id "
    "ca_bundle csm_client_id csm_enabled csm_host csm_port data_path defaults_mode "
    "disable_host_prefix_injection disable_request_compression ec2_instance_profile_name "
    "ec2_metadata_service_endpoint ec2_metadata_service_endpoint_mode endpoint_discovery_enabled "
    "endpoint_url ignore_configured_endpoint_urls imds_use_ipv6 max_attempts "
    "metadata_service_num_attempts metadata_service_timeout parameter_validation "
    "proxy_ca_bundle proxy_client_cert proxy_use_forwarding_for_https region "
    "request_checksum_calculation request_min_compression_size_bytes "
    "response_checksum_validation retry_mode s3 s3_disable_express_session_auth "
    "s3_disable_multiregion_access_points s3_us_east_1_regional_endpoint "
    "s3_use_arn_region sdk_ua_app_id services sigv4a_signing_region_set sts_regional_endpoints "
    "tcp_keepalive token_provider use_dualstack_endpoint user_agent_appid".split()
)
_CLI = frozenset(
    "cli_auto_prompt cli_binary_format cli_error_format cli_follow_urlparam cli_help_output "
    "cli_history cli_legacy_plugin_path cli_pager cli_timestamp_format cloudsearch "
    "cloudsearchdomain dynamodb emr output plugins preview s3api".split()
)
# Settings of other tools, and those that begin so. Where a text follows the tool's name,
# the setting says to the tool whose credentials are meant, and the text is what to do.
_GRANTED = "granted", "write the sso_ settings, or the credential_process of granted"
_TOOLS = {
    "assume_role_ttl": ("aws-okta", ""),
    "assumed_role": ("aws-mfa", ""),
    "assumed_role_arn": ("aws-mfa", ""),
    "autoawsume": ("awsume", ""),
    "aws_saml_url": ("aws-okta", "write the credential_process of aws-okta"),
    "color": ("the AWS Extend Switch Roles browser extension", ""),
    "credentials_duration": ("aws-runas", ""),
    "federated_username": ("aws-runas", ""),
    "granted_sso_account_id": _GRANTED,
    "granted_sso_region": _GRANTED,
    "granted_sso_role_name": _GRANTED,
    "granted_sso_start_url": _GRANTED,
    "jump_role": ("aws-runas", "write source_profile"),
    "manager": ("awsume", ""),
    "mfa_type": ("aws-runas", ""),
    "parent_profile": ("aws-vault", f"write {INCLUDE}"),
    "role_duration": ("awsume", "write duration_seconds"),
    "saml_auth_url": ("aws-runas", "write the credential_process of aws-runas"),
    "saml_provider": ("aws-runas", ""),
    "saml_username": ("aws-runas", ""),
    "session_token_duration": ("aws-runas", ""),
    "session_ttl": ("aws-okta", ""),
    "sso_account_name": ("aws-sso-util", ""),
    "sso_auto_populated": ("aws-sso-util", ""),
    "sso_interactive_auto_configure": ("aws-sso-util", ""),
    "target_region": ("the AWS Extend Switch Roles browser extension", ""),
    "target_role_name": ("the AWS Extend Switch Roles browser extension", ""),
    "web_identity_auth_url": ("aws-runas", "write the credential_process of aws-runas"),
    "web_identity_token_process": ("aws-vault", "write web_identity_token_file"),
    "x_principal_arn": ("saml2aws", "run saml2aws login first"),
}
_PREFIXES = {
    "adfs_config.": ("aws-adfs", "run aws-adfs login first"),
    "azure_": ("aws-azure-login", "run aws-azure-login first"),
    "common_fate_": ("granted", ""),
    "google_config.": ("aws-google-auth", "run aws-google-auth first"),
    "granted_": ("granted", ""),
    "okta_": ("other tools, for Okta", ""),
    "saml_": ("aws-runas", ""),
    "toolkit_": ("the AWS Toolkits", ""),
    "web_identity_": ("aws-runas", ""),
}
# those that win over what the profile has besides, in the tool that reads them
_OTHER_MEANING = frozenset(
    "jump_role parent_profile role_duration web_identity_token_process".split()
)

KNOWN = DECISIVE.union(_SDK, _CLI, EXPIRIES)
# how a line begins that sets a variable in a shell: of Unix, of Windows, of PowerShell
_SHELL = ("export ", "set ", "setx ", "$env:")
# a slip is looked up once, however many profiles have it
_SLIPS: dict[str, str | None] = {}


def slip_of(name: str) -> str | None:
    """Return the decisive setting that the unknown setting `name` looks like, or None."""
    if name not in _SLIPS:
        _SLIPS[name] = _decisive(name)
    return _SLIPS[name]


def tool_of(name: str) -> tuple[str, str] | None:
    """Return the other tool whose setting `name` is, and what to do where it is missed.

    The advice is "" for a setting that does not say whose credentials are meant.
    """
    found = _TOOLS.get(name)
    if found is None:
        starts = (prefix for prefix in _PREFIXES if name.startswith(prefix))
        found = next((_PREFIXES[prefix] for prefix in starts), None)
    return found


def note_on(name: str) -> str | None:
    """Return what --explain says of a setting that awsexec does not use; None for nothing."""
    if name in KNOWN:
        return None
    tool = tool_of(name)
    if tool is not None:
        return f"a setting of {tool[0]}; awsexec does not use it"
    near = slip_of(name) or _nearest(name, _SDK | _CLI)
    if near is None and name in _ACCOUNTS:
        return "unknown setting; awsexec checks the account with expected_account"
    if near is None and name.removeprefix("aws_") == "session_duration":
        return "unknown setting; awsexec reads how long a session lasts from duration_seconds"
    return "unknown setting" + (f"; did you mean {near}?" if near else "")


def knows_all(profile: Profile) -> bool:
    """Return whether awsexec knows each setting of `profile`, as in nearly all of them."""
    return KNOWN.issuperset(profile.settings)


def misspelt(profile: Profile) -> Iterator[tuple[Setting, str]]:
    """Yield the settings of `profile` that look like decisive ones, with these."""
    for name in profile.settings.keys() - KNOWN:
        setting = profile.settings[name]
        if not (setting.value or setting.block) or tool_of(name) is not None:
            continue
        right = slip_of(name)
        if right is not None:
            yield setting, right


def of_other_tools(profile: Profile) -> Iterator[tuple[Setting, str, str, bool]]:
    """Yield the settings that say to another tool whose credentials are meant.

    Each comes with the tool, with what to write or do instead, and whether the tool takes
    `profile` for something else than awsexec does.
    """
    for name in sorted(profile.settings.keys() - KNOWN):
        tool, setting = tool_of(name), profile.settings[name]
        if tool is None or not tool[1] or not setting.value:
            continue
        is_other = name in _OTHER_MEANING or (
            name.startswith("granted_sso_")
            and profile.get("credential_process") is None
        )
        yield setting, *tool, is_other


def correction(setting: Setting, right: str) -> str:
    """Return what is wrong with `setting`, which looks like the decisive setting `right`."""
    word, blank, _ = setting.name.partition(" ")
    if blank and f"{word} " in _SHELL:
        return (
            f"{shown(setting.name)} is a line for a shell, which AWS's tools do not read; "
            f"write {right} = …"
        )
    return (
        f"unknown setting {shown(setting.name)}; did you mean {right}? Correct it, or "
        "remove it"
    )


def explanation(profile: Profile) -> str:
    """Return the end of a message that says that `profile` has no credentials.

    It names what may be the cause: a setting that is empty or misspelt, or that says to
    another tool where the credentials come from.
    """
    for setting, right in misspelt(profile):
        return f"; {setting.where}: {correction(setting, right)}"
    for setting in profile.empty():
        if setting.name in DECISIVE:
            return f"; {setting.name} ({setting.where}) is empty"
    found = next(of_other_tools(profile), None)
    if found is None:
        return ""
    setting, tool, advice, _ = found
    return f"; {setting.name} ({setting.where}) is a setting of {tool}: {advice}"


def _decisive(name: str) -> str | None:
    from awsexec.profiles.near import distance

    for word in _SHELL:
        name = name.removeprefix(word)
    plain = name.strip().replace("-", "_").replace(" ", "_")
    names = DECISIVE.union(_OTHER_NAMES)
    for form in (plain, plain.removeprefix("aws_")):
        near = form if form in names else _nearest(form, names)
        if near is not None:
            return _OTHER_NAMES.get(near, near)
    for needed, others, ours in _MADE_UP:
        wanted = frozenset().union(*needed)
        words = {_nearest(word, wanted) or word for word in plain.split("_") if word}
        if words <= wanted | others and not any(map(words.isdisjoint, needed)):
            return min(ours, key=lambda one: distance(plain, one, 100))
    return None


def _nearest(name: str, names: frozenset[str]) -> str | None:
    """Return which of `names` is a slip or two from `name`; short ones allow one."""
    # few profiles have a setting that is not known
    from awsexec.profiles.near import distance

    joined = name.replace("_", "")
    found: tuple[int, str] | None = None
    for one in sorted(names):
        if one.replace("_", "") == joined:
            return one
        limit = 2 if len(one) > 9 else 1 if len(one) > 5 else 0
        slips = distance(name, one, limit)
        if slips <= limit and (found is None or slips < found[0]):
            found = slips, one
    return found[1] if found is not None else None
