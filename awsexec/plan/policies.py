"""Session policies: what limits a role's session below the role's own permissions.

STS API reference, "AssumeRole", parameters Policy and PolicyArns.
"""

from __future__ import annotations

import os

from awsexec import bounded
from awsexec.errors import ConfigError, reason, shown
from awsexec.plan.limits import is_arn
from awsexec.profiles import files, values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from awsexec.profiles.files import Setting

# characters of a Policy, and managed policies, that STS accepts at most
_POLICY, _POLICY_ARNS = 2048, 10
# bytes of a policy's file, with its white space
_LARGEST = 1_048_576


def session_policy(setting: Setting | None, environ: Mapping[str, str]) -> str | None:
    """Return the JSON in the file that `setting` names, without its white space.

    A relative path in a config file starts at that file's directory: if it started at
    the current one, every directory would have another policy. `environ` has the home
    directory of ``~``. Raises `ConfigError`.
    """
    if setting is None:
        return None
    path = files.expand(setting.value, environ)
    if not setting.is_option:
        path = os.path.join(os.path.dirname(setting.file), path)
    # few runs need it
    import json

    try:
        policy = json.loads(
            bounded.read(path, _LARGEST).decode("utf-8-sig"),
            object_pairs_hook=_without_doubles,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"{setting.where}: cannot use the policy {shown(path)}: {reason(error)}"
        ) from None
    if not isinstance(policy, dict) or "Statement" not in policy:
        raise ConfigError(
            f"{setting.where}: {shown(path)} is not a policy; write a JSON object with a "
            "Statement"
        )
    # STS accepts no character above U+00FF; each escape counts as six or more
    text = "".join(
        character if character <= "\xff" else json.dumps(character)[1:-1]
        for character in json.dumps(policy, separators=(",", ":"), ensure_ascii=False)
    )
    if len(text) > _POLICY:
        raise ConfigError(
            f"{setting.where}: the policy {shown(path)} has {len(text)} characters "
            f"without its white space; AWS accepts at most {_POLICY}"
        )
    return text


def _without_doubles(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    # json would use the last of two equal keys; AWS might use the other
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key!r} stands twice in one object")
        found[key] = value
    return found


def _finite(number: str) -> float:
    if float(number) in (float("inf"), float("-inf")):
        raise ValueError(f"the number {number} is too large")
    return float(number)


def _no_constant(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def session_policy_arns(
    setting: Setting | None,
    read_only: Setting | None,
    policy: Setting | None,
    role_arn: str,
) -> tuple[str, ...]:
    """Return the ARNs of the managed policies that limit the session of `role_arn`.

    `setting` lists them with white space between them. `read_only` stands for AWS's
    ReadOnlyAccess, and excludes `setting` and `policy`. Raises `ConfigError`.
    """
    _, partition, _, _, account, _ = role_arn.split(":", 5)
    if read_only is not None and values.is_true(read_only):
        other = setting or policy
        if other is not None:
            # the session may do what any of its policies allows
            raise ConfigError(
                f"{read_only.where}: the session would not be read-only, because AWS "
                f"adds up {read_only.name} and {other.name} ({other.where}); use one of "
                "them"
            )
        return (f"arn:{partition}:iam::aws:policy/ReadOnlyAccess",)
    if setting is None:
        return ()
    words = setting.pieces or [word.rstrip(",") for word in setting.value.split()]
    arns = sorted(set(words))
    for arn in arns:
        # one colon more belongs to the next ARN, after a comma without a blank
        if not is_arn(arn, "policy/") or arn.count(":") > 5:
            raise ConfigError(
                f"{setting.where}: {shown(arn)} is not a policy ARN; write "
                f"arn:{partition}:iam::aws:policy/NAME, or the account instead of aws, "
                "with blanks between several"
            )
        _, where, _, _, owner, _ = arn.split(":", 5)
        if where != partition or owner not in ("aws", account):
            raise ConfigError(
                f"{setting.where}: the policy {arn} belongs to another account than the "
                f"role; AWS accepts policies of {account} and its own, in the partition "
                f"{partition}"
            )
    if len(arns) > _POLICY_ARNS:
        raise ConfigError(
            f"{setting.where}: {len(arns)} managed session policies; AWS accepts at most "
            f"{_POLICY_ARNS}"
        )
    return tuple(arns)
