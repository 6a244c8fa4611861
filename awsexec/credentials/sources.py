"""The first credentials of a chain, before any role."""

from __future__ import annotations

from awsexec.credentials.credentials import Credentials
from awsexec.errors import CredentialsError
from awsexec.profiles.chain import Source

# botocore's names for its providers of what credential_source may name
_PROVIDERS = {
    "ec2 metadata": "iam-role",
    "container": "container-role",
}


def load(source: Source) -> Credentials:
    """The credentials of `source`. Raises `CredentialsError`."""
    if source.keys is not None:
        keys = source.keys
        token = keys.token.value if keys.token is not None else None
        return Credentials(keys.key_id.value, keys.secret.value, token)
    return _from_botocore(source)


def _from_botocore(source: Source) -> Credentials:
    # loaded only for the sources that need it
    import botocore.credentials
    import botocore.exceptions
    import botocore.session

    try:
        session = botocore.session.Session(profile=source.profile.name)
        if source.kind == "environment":
            # a session of a named profile does not look at the environment
            found = botocore.credentials.EnvProvider().load()
        elif source.kind in _PROVIDERS:
            resolver = session.get_component("credential_provider")
            found = resolver.get_provider(_PROVIDERS[source.kind]).load()
        else:
            found = session.get_credentials()
        if found is None:
            raise CredentialsError(
                f"{source.setting.where}: {source.label} gave no credentials; "
                "check that it is set up on this machine"
            )
        frozen = found.get_frozen_credentials()
    except (botocore.exceptions.BotoCoreError, OSError, ValueError) as error:
        raise CredentialsError(
            f"{source.setting.where}: {source.label}: {error}"
        ) from None
    expires = getattr(found, "_expiry_time", None)
    return Credentials(
        frozen.access_key,
        frozen.secret_key,
        frozen.token or None,
        int(expires.timestamp()) if expires is not None else None,
    )
