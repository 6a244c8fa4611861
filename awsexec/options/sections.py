"""What the manual says besides the options and the formats of --export.

--help, the man page and docs/reference.md are made from these rows: a name and a text
each, in groups where there are many. After a change run ``make completions``.
"""

from __future__ import annotations

from awsexec.fastpath import REMOVED, REMOVED_PREFIX

USAGE = (
    ("awsexec PROFILE -- COMMAND [ARG]...", "run COMMAND as PROFILE"),
    ("awsexec PROFILE", "start a shell as PROFILE"),
    ("awsexec ACTION [PROFILE]", "do something else, like --list"),
)
GRAMMAR = "awsexec [OPTION]... [PROFILE] [[--] COMMAND [ARG]...]"

IN_SHORT = "run a command with the temporary credentials of an AWS role"

ABOUT = (
    "awsexec gets the temporary credentials of PROFILE, puts them in the environment of "
    "COMMAND and becomes COMMAND. PROFILE is a profile of ~/.aws/config or "
    "~/.aws/credentials, the NAME of a key in the keyring, or a role of IAM Identity Center: "
    "SESSION/ACCOUNT/ROLE. If it needs an MFA code or a sign-in, awsexec asks on the "
    "terminal. awsexec caches the credentials, so that the next run neither asks you nor "
    "calls AWS.",
    "Without PROFILE, awsexec uses AWS_PROFILE, else the profile that the file .awsexec of "
    "the directory names, if you trust that file (--trust). If there is neither, you "
    "choose a profile on the terminal. If the config files have no profile, or only a [default] without "
    "credentials, awsexec uses the credentials of the machine: environment variables, a "
    "web identity, a container or an EC2 instance.",
    "Options stand before or after PROFILE. All words after -- or after the first word of "
    "COMMAND belong to COMMAND.",
)

# what the values in the usage of options are, where the help text does not say it
VALUES = (
    ("TIME", "seconds, or a number with s, m, h or d: 900, 15m, 1h30m; at most 7d"),
    (
        "PATTERN",
        "a shell pattern with *, ? or [ for a whole name, or a part of a name; --each and "
        "--except take no part, but the whole name",
    ),
)

STATUS = (
    ("COMMAND's own", "COMMAND ran; a signal that ends COMMAND is passed on"),
    ("123", "--each: some COMMAND failed; --doctor: something is wrong"),
    ("125", "awsexec failed: usage, configuration, credentials, or AWS refused"),
    ("126", "COMMAND was found but cannot be run"),
    ("127", "COMMAND was not found"),
    ("130", "you interrupted a question of awsexec"),
)

# the topic of what decides neither the credentials nor how awsexec gets them
LOOKS = "Shells, browser and colours"
KEYRING = "The keyring"

# the variables that awsexec reads, by topic: those that --help shows too
ENVIRONMENT = (
    (
        "The profile and its files",
        (
            (
                "AWS_PROFILE, AWS_DEFAULT_PROFILE",
                "the profile if no PROFILE is given; AWS_PROFILE wins, also over .awsexec",
            ),
            ("AWS_CONFIG_FILE", "the config file (default: ~/.aws/config)"),
            (
                "AWS_SHARED_CREDENTIALS_FILE",
                "the credentials file (default: ~/.aws/credentials)",
            ),
            (
                "AWS_REGION, AWS_DEFAULT_REGION",
                "the region, instead of the profile's; AWS_REGION wins",
            ),
        ),
    ),
    (
        "MFA",
        (
            ("AWSEXEC_MFA_TOKEN", "the MFA code, as with --mfa-token"),
            (
                "AWSEXEC_MFA_PROCESS",
                "a command that prints the MFA code, instead of mfa_process",
            ),
        ),
    ),
    (
        "The cache and waiting",
        (
            ("AWSEXEC_CACHE_DIR", "the directory of the cache"),
            (
                "XDG_CACHE_HOME",
                "on Linux, the directory that holds awsexec's cache directory",
            ),
            (
                "AWSEXEC_REFRESH_AHEAD",
                "when to renew a session in the background: with this much time left "
                "(10m), or this part of its lifetime (default: 25%); 0 for never",
            ),
            (
                "AWSEXEC_PROCESS_TIMEOUT",
                "how long a credential_process or mfa_process may take (default: 5m)",
            ),
            (
                "AWSEXEC_FASTPATH",
                "0 turns off the short way of a cached run; only the speed changes",
            ),
        ),
    ),
    (
        "The record",
        (
            (
                "AWSEXEC_LOG",
                "a file, by an absolute path or one that begins with ~/: awsexec appends "
                "a line for each session obtained and each COMMAND started or refused",
            ),
            (
                "AWSEXEC_LOG_ARGV",
                "1 records all words of COMMAND; they may hold secrets",
            ),
            ("AWSEXEC_LOG_REQUIRED", "1 stops a run without a record"),
        ),
    ),
    (
        LOOKS,
        (
            ("SHELL", "the shell to start (on Windows: COMSPEC)"),
            (
                "AWSEXEC_INIT",
                "the process number of the shell that has read the line of --init, which "
                "sets it, for --doctor",
            ),
            ("AWSEXEC_PROMPT", "0 leaves the prompt of the shell as it is"),
            ("BROWSER", "the browser to open (default: the system's)"),
            ("NO_COLOR", "any value turns colours off"),
        ),
    ),
)
# and those that it reads as the AWS SDKs do
SDK_ENVIRONMENT = (
    (
        "Calls to AWS",
        (
            (
                "AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL",
                "the URL of AWS STS; AWS_ENDPOINT_URL is for all services",
            ),
            ("AWS_ENDPOINT_URL_IAM", "the URL of IAM, for --whoami and --rotate-keys"),
            (
                "AWS_ENDPOINT_URL_SSO, AWS_ENDPOINT_URL_SSO_OIDC",
                "the URLs of IAM Identity Center",
            ),
            (
                "AWS_ENDPOINT_URL_SIGNIN",
                "the URL of AWS Sign-In, for --console and login_session",
            ),
            (
                "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                "true ignores the endpoint URLs of variables and settings",
            ),
            (
                "AWS_STS_REGIONAL_ENDPOINTS",
                "regional (default) or legacy, which is the global AWS STS",
            ),
            ("AWS_USE_FIPS_ENDPOINT", "true uses the FIPS endpoints"),
            ("AWS_USE_DUALSTACK_ENDPOINT", "true uses the dual-stack endpoints"),
            ("AWS_CA_BUNDLE", "a file of certificates to trust"),
            ("HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "the proxy for calls to AWS"),
            (
                "AWS_RETRY_MODE, AWS_MAX_ATTEMPTS",
                "how, and how often, the SDK tries a call",
            ),
        ),
    ),
    (
        KEYRING,
        (
            (
                "PYTHON_KEYRING_BACKEND",
                "the backend of the library keyring (default: its choice)",
            ),
            (
                "DBUS_SESSION_BUS_ADDRESS",
                "on Linux, where the programs of the keyring answer",
            ),
            (
                "XDG_DATA_HOME",
                "on Linux, the directory that holds awsexec's directory for the index and for "
                "what you trust",
            ),
        ),
    ),
    (
        "Sources of credentials",
        (
            (
                "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, "
                "AWS_SECURITY_TOKEN, AWS_CREDENTIAL_EXPIRATION",
                "the credentials of credential_source = Environment",
            ),
            (
                "AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME",
                "a web identity, and the role that it assumes",
            ),
            (
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, "
                "AWS_CONTAINER_CREDENTIALS_FULL_URI, "
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, "
                "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                "the credentials of credential_source = EcsContainer",
            ),
            (
                "AWS_EC2_METADATA_DISABLED",
                "true turns off the metadata service of the EC2 instance",
            ),
            (
                "AWS_EC2_METADATA_SERVICE_ENDPOINT, "
                "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE, AWS_EC2_METADATA_V1_DISABLED, "
                "AWS_IMDS_USE_IPV6, AWS_METADATA_SERVICE_TIMEOUT, "
                "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
                "how to reach the metadata service, as the settings of these names",
            ),
            (
                "AWS_LOGIN_CACHE_DIRECTORY",
                "the tokens of aws login (default: ~/.aws/login/cache)",
            ),
        ),
    ),
)

# the variables of COMMAND: what --help shows too
CHILD = (
    ("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY", "the credentials"),
    ("AWS_SESSION_TOKEN", "their token, if they have one; else not set"),
    (
        "AWS_CREDENTIAL_EXPIRATION",
        "the end of the session (ISO 8601, UTC), if there is one; else not set",
    ),
    ("AWSEXEC_PROFILE", "the name of the profile"),
    (
        "AWSEXEC_ACCOUNT",
        "the id of the AWS account, if the profile's settings tell it; else not set",
    ),
    (
        "AWS_REGION, AWS_DEFAULT_REGION",
        "the region: of --region, else the caller's, else the profile's; else not set",
    ),
)
# and the rest
CHILD_TOO = (
    (
        "AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "with --serve: the endpoint, instead of the credentials",
    ),
    (
        "AWS_CONFIG_FILE, AWS_PROFILE",
        "with --serve, if [default] has credentials: a copy of the config file, and a "
        "profile in it without credentials",
    ),
    ("BOTO_CONFIG", "with --serve, if boto's file has keys: an empty file"),
    (
        "AWSEXEC_BARE_PROFILE, AWSEXEC_BARE_CONFIG, AWSEXEC_OWN_CONFIG",
        "with --serve: how an awsexec in COMMAND finds your own config file",
    ),
    (
        "AWSEXEC_PROFILE_REGION",
        "the region if it is the profile's: an awsexec inside does not take it for others",
    ),
    ("AWSEXEC_ISSUED", "in a shell: the start of the session, for the prompt"),
    (
        "AWSEXEC_LOGIN_SHELL, AWSEXEC_STARTED_WITH, AWSEXEC_ZDOTDIR",
        "in a shell, while it starts: what its start-up files need",
    ),
    (
        "AWSEXEC_LIMITS",
        "if the session has policies (--read-only and the like): these, which limit each "
        "awsexec inside too; else kept",
    ),
    (
        "AWSEXEC_CONFIRMED",
        "if confirm asked: the process, the profile, and its role or a digest of its "
        "source, for which an awsexec inside does not ask",
    ),
    (
        "AWSEXEC_CALLERS",
        "in a credential_process or mfa_process: the profiles that wait for it",
    ),
    (
        f"{', '.join(sorted(REMOVED))}, {REMOVED_PREFIX}*",
        "removed unless a row above sets it: it would select another identity",
    ),
    ("all others", "kept"),
)

# the settings of a profile, by topic; --help leaves them out
SETTINGS = (
    (
        "Credentials of a profile",
        (
            ("aws_access_key_id, aws_secret_access_key", "a key pair"),
            (
                "aws_session_token, aws_security_token",
                "the token of a key pair that is a session",
            ),
            (
                "x_security_token_expires, aws_session_expiration, "
                "aws_credential_expiration, aws_expiration, expiration",
                "the end of that session, as saml2aws and other tools write it",
            ),
            (
                "credential_source",
                "Environment, Ec2InstanceMetadata or EcsContainer; without role_arn, the "
                "profile uses that source directly, which only awsexec does",
            ),
            ("credential_process", "a command that prints credentials"),
            (
                "credential_process_command_decides",
                "true keeps the credentials of credential_process for every environment "
                "and directory: its command line alone decides whose they are (only "
                "awsexec)",
            ),
            (
                "credential_process_shell",
                "true runs the command by /bin/sh, false without a shell (default: by "
                "/bin/sh if the line has operators of a shell; only awsexec)",
            ),
            (
                "web_identity_token_file",
                "the file of a token that assumes role_arn",
            ),
            ("sso_session", "the name of an [sso-session] section"),
            (
                "sso_account_id, sso_role_name",
                "the account and the permission set of IAM Identity Center",
            ),
            (
                "sso_start_url, sso_region",
                "where to sign in to IAM Identity Center; in an [sso-session] section, "
                "or in the profile without sso_session",
            ),
            (
                "sso_registration_scopes",
                "the scopes of the sign-in, in an [sso-session] section",
            ),
            ("login_session", "the session of aws login"),
        ),
    ),
    (
        "Guardrails",
        (
            (
                "expected_account",
                "the account that the profile's credentials must be of (only awsexec); "
                "--expect-account counts besides",
            ),
            (
                "confirm",
                "true asks before each use, name wants the profile's name typed (only "
                "awsexec)",
            ),
            ("confirm_text", "what that question shows besides (only awsexec)"),
        ),
    ),
    (
        "The role and its session",
        (
            ("role_arn", "the role to assume"),
            (
                "include_profile",
                "another profile; this one has its settings too, except the keys, and its "
                "own win (as in aws-vault)",
            ),
            ("source_profile", "the profile whose credentials assume the role"),
            ("duration_seconds", "the lifetime of the session, in seconds"),
            ("external_id", "the external id that the trust policy requires"),
            ("role_session_name", "the session name (default: your login name)"),
            ("mfa_serial", "the MFA device, by its ARN or serial number"),
            (
                "mfa_process",
                "a command whose first line of output is the MFA code (only awsexec)",
            ),
            ("source_identity", "the source identity (only awsexec)"),
            (
                "session_tags",
                "session tags: KEY=VALUE, with commas between them, or a line each "
                "(only awsexec)",
            ),
            (
                "transitive_session_tags",
                "the keys of the session tags to keep through role chaining, with "
                "commas between them (only awsexec)",
            ),
            (
                "session_policy",
                "a JSON file; limits the session to that policy (only awsexec)",
            ),
            (
                "session_policy_arns",
                "ARNs, with blanks between them; limits the session to these managed "
                "policies (only awsexec)",
            ),
            (
                "session_read_only",
                "true limits the session to AWS's ReadOnlyAccess policy (only awsexec)",
            ),
        ),
    ),
    (
        "Calls to AWS",
        (
            ("region", "the AWS region, for COMMAND and for AWS STS"),
            ("endpoint_url", "the URL of all services"),
            ("services", "the name of a [services] section with the URLs of services"),
            (
                "ignore_configured_endpoint_urls",
                "true ignores the endpoint URLs of variables and settings",
            ),
            (
                "sts_regional_endpoints",
                "regional (default) or legacy, which is the global AWS STS",
            ),
            (
                "use_fips_endpoint, use_dualstack_endpoint",
                "true uses the FIPS or dual-stack endpoints",
            ),
            ("ca_bundle", "a file of certificates to trust"),
            (
                "retry_mode, max_attempts",
                "how, and how often, the SDK tries a call",
            ),
        ),
    ),
    (
        "The metadata service of an EC2 instance",
        (
            (
                "ec2_metadata_service_endpoint, ec2_metadata_service_endpoint_mode, "
                "imds_use_ipv6",
                "the address of the metadata service",
            ),
            ("ec2_metadata_v1_disabled", "true allows only IMDSv2"),
            (
                "metadata_service_timeout, metadata_service_num_attempts",
                "how long to wait for an answer, and how often to try",
            ),
        ),
    ),
)
SETTINGS_NOTE = (
    "awsexec reads these settings of a profile in ~/.aws/config and ~/.aws/credentials. "
    "It has no config file of its own. An option wins over its setting. A variable wins "
    "over the setting of the same name, as AWS_CA_BUNDLE over ca_bundle, in calls to AWS "
    "and to the metadata service."
)

FILES = (
    (
        "~/.aws/config, ~/.aws/credentials",
        "your profiles; awsexec reads these files and never writes to them",
    ),
    (
        "~/.cache/awsexec (Linux), ~/Library/Caches/awsexec (macOS), "
        "%LOCALAPPDATA%\\awsexec\\Cache (Windows)",
        "the cache: temporary credentials, in files that only you can read",
    ),
    (
        ".awsexec",
        "the name of the profile for its directory; it counts after awsexec --trust",
    ),
    (
        "~/.local/share/awsexec/*.trust (Linux), "
        "~/Library/Application Support/awsexec/*.trust (macOS), "
        "%LOCALAPPDATA%\\awsexec\\*.trust (Windows)",
        "which files .awsexec you trust, and the profile that each names",
    ),
    (
        "~/.local/share/awsexec/keys (Linux), "
        "~/Library/Application Support/awsexec/keys (macOS), "
        "%LOCALAPPDATA%\\awsexec\\keys (Windows)",
        "the index of the keys in the keyring, without their secrets",
    ),
    (
        "~/.aws/sso/cache",
        "the tokens of IAM Identity Center, shared with the AWS CLI; awsexec reads, "
        "renews and adds tokens",
    ),
    (
        "~/.aws/login/cache",
        "the tokens of aws login, shared with the AWS CLI; awsexec reads and renews them",
    ),
    (
        "~/.boto, /etc/boto.cfg",
        "boto's files; with --serve, awsexec checks whether they have keys, which botocore "
        "would prefer to the endpoint",
    ),
    (
        "awsexec-*.config in the directory for temporary files (not on Linux)",
        "with --serve, the copy of the config file for COMMAND, without keys; deleted "
        "when COMMAND ends",
    ),
)

EXAMPLES = (
    (
        "Run one command with a role, and see who it is:",
        ("awsexec deploy -- aws sts get-caller-identity",),
    ),
    ("Start a shell with a role; exit leaves it:", ("awsexec deploy",)),
    (
        "See all profiles, and what a run of one would do:",
        ("awsexec --list", "awsexec --explain deploy"),
    ),
    (
        "Run a command that takes longer than a session lives:",
        ("awsexec --serve deploy -- terraform apply",),
    ),
    (
        "Run a command that may only read:",
        ("awsexec --read-only deploy -- aws s3 ls",),
    ),
    (
        "Assume a role that no config file has:",
        (
            "awsexec --role-arn arn:aws:iam::123456789012:role/once \\",
            "    --source-profile alice -- aws s3 ls",
        ),
    ),
    (
        "Put the credentials in this shell, and remove them again:",
        (
            'eval "$(awsexec --export sh deploy)"',
            'eval "$(awsexec --export sh --unset)"',
        ),
    ),
    (
        "Give every AWS SDK credentials by awsexec, in ~/.aws/config:",
        (
            "[profile deploy-sdk]",
            "credential_process = awsexec --export process deploy",
        ),
    ),
    (
        "A role with MFA, in ~/.aws/config:",
        (
            "[profile deploy]",
            "role_arn = arn:aws:iam::123456789012:role/deploy",
            "source_profile = alice",
            "mfa_serial = arn:aws:iam::123456789012:mfa/alice",
        ),
    ),
)
