# Read by an interactive bash in place of ~/.bashrc (--rcfile): the user's own files,
# and the prompt that shows the role and the time left.
# Works with bash 3.2, which macOS has, and under set -u. All functions stand before the
# user's files, whose aliases would change what they say.

# With "keep" notes what this shell was started with, with "restore" puts it back:
# what the user's files select is not what this shell was started for.
__awsexec_identity() {
    local name kept files=''
    if [ "$1" = restore ]; then
        unset AWS_ACCESS_KEY AWS_ACCOUNT_ID AWS_CREDENTIAL_FILE AWS_DEFAULT_PROFILE \
            AWS_PROFILE AWS_ROLE_ARN AWS_ROLE_SESSION_NAME AWS_SECRET_KEY \
            AWS_SECURITY_TOKEN AWS_SESSION_EXPIRATION AWS_WEB_IDENTITY_TOKEN_FILE \
            "${!AWS_CONTAINER_@}"
    fi
    if [ -n "${__awsexec_kept_AWS_CONTAINER_CREDENTIALS_FULL_URI+set}" ] ||
        [ -n "${AWS_CONTAINER_CREDENTIALS_FULL_URI+set}" ]
    then
        # SDKs look into these before they ask the endpoint
        files='AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE BOTO_CONFIG'
    fi
    for name in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN \
        AWS_CREDENTIAL_EXPIRATION AWSEXEC_ISSUED AWSEXEC_PROFILE AWS_PROFILE \
        AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_AUTHORIZATION_TOKEN \
        $files AWS_REGION AWS_DEFAULT_REGION
    do
        kept=__awsexec_kept_$name
        if [ "$1" = keep ]; then
            if [ -n "${!name+set}" ]; then printf -v "$kept" %s "${!name}"; fi
        elif [ -n "${!kept+set}" ]; then
            export "$name=${!kept}"
            unset "$kept"
        elif [ "${name%REGION}" = "$name" ]; then
            unset "$name"
        fi
    done
}

# Sets __awsexec_seconds to seconds since the epoch for 2026-01-31T23:59:59Z, and fails
# for other text. No process: date's options differ between systems. The days are
# counted from March, so that February's length matters to nothing.
__awsexec_epoch() {
    case $1 in
        [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z) ;;
        *) return 1 ;;
    esac
    local year=$((10#${1:0:4})) month=$((10#${1:5:2})) day=$((10#${1:8:2})) days
    if ((month <= 2)); then ((year -= 1, month += 12)); fi
    days=$((365 * year + year / 4 - year / 100 + year / 400 \
        + (153 * (month - 3) + 2) / 5 + day - 719469))
    __awsexec_seconds=$((days * 86400 + 10#${1:11:2} * 3600 \
        + 10#${1:14:2} * 60 + 10#${1:17:2}))
}

__awsexec_prompt() {
    # for what the user may put behind this
    local status=$? now=${EPOCHSECONDS-} expires left total color='' word prefix
    __awsexec_label=${AWSEXEC_PROFILE-} __awsexec_color='' __awsexec_plain=''
    if __awsexec_epoch "${AWS_CREDENTIAL_EXPIRATION-}"; then
        [ -n "$now" ] || now=$(command date +%s)
        expires=$__awsexec_seconds left=$((__awsexec_seconds - now)) total=0
        if __awsexec_epoch "${AWSEXEC_ISSUED-}"; then
            total=$((expires - __awsexec_seconds))
        fi
        if ((left <= 0)); then color=31 word=expired
        elif ((left < 60)); then word='<1m'
        elif ((left < 3600)); then word=$((left / 60))m
        else printf -v word '%dh%02dm' "$((left / 3600))" "$((left % 3600 / 60))"
        fi
        if ((left > 0 && left * 4 <= total)); then color=33; fi
        __awsexec_label="$__awsexec_label $word"
        if [ -n "$color" ] && [ -z "${NO_COLOR-}" ] && [ "${TERM-dumb}" != dumb ]; then
            __awsexec_color=$'\e['$color'm' __awsexec_plain=$'\e[0m'
        fi
        if [ -n "$color" ] && [ "${__awsexec_told-}" != "$color $expires" ]; then
            __awsexec_told="$color $expires"
            if ((left <= 0)); then word='have expired'; else word="expire in $word"; fi
            printf 'awsexec: the credentials of %q %s; for fresh ones: eval "$(awsexec --export sh %q)"\n' \
                "$AWSEXEC_PROFILE" "$word" "$AWSEXEC_PROFILE" >&2
        fi
    fi
    __awsexec_label="(${__awsexec_label//[[:cntrl:]]/?}) "
    if shopt -q promptvars; then
        # by name: what is in a profile's name is not to be expanded
        prefix=$__awsexec_by_name
    else
        prefix="\[$__awsexec_color\]${__awsexec_label//\\/\\\\}\[$__awsexec_plain\]"
    fi
    # the user's own prompt code may have made PS1 anew, and may not
    PS1=${PS1-}
    PS1=${PS1#"${__awsexec_prefix-}"}
    PS1=$prefix${PS1#"$__awsexec_by_name"}
    __awsexec_prefix=$prefix
    return "$status"
}

# What follows the user's files. The hook comes last, after whatever makes the user's
# prompt. A PS1 and a PROMPT_COMMAND that the user exports reach other shells, where
# ours must come to nothing, and an inner shell with a role, where it must not come twice.
__awsexec_begin() {
    local hook=$'\n"${__awsexec_hook-:}"'
    __awsexec_identity restore
    if [ "${AWSEXEC_PROMPT-}" = 0 ]; then return; fi
    __awsexec_hook=__awsexec_prompt
    __awsexec_by_name='\[${__awsexec_color-}\]${__awsexec_label-}\[${__awsexec_plain-}\]'
    case "$(declare -p PROMPT_COMMAND 2>/dev/null) $BASH_VERSION" in
        # of an array, older ones run the first element only
        'declare -a'*\ [1-4].* | 'declare -a'*\ 5.0.*) ;;
        'declare -a'*) PROMPT_COMMAND+=("$hook"); return ;;
    esac
    PROMPT_COMMAND=${PROMPT_COMMAND-}
    PROMPT_COMMAND=${PROMPT_COMMAND//"$hook"/}$hook
}

__awsexec_identity keep
if [ -n "${AWSEXEC_LOGIN_SHELL-}" ]; then
    unset AWSEXEC_LOGIN_SHELL
    # a login shell would not have read this file, so it reads what they read
    if [ -r /etc/profile ]; then . /etc/profile; fi
    if [ -r ~/.bash_profile ]; then . ~/.bash_profile
    elif [ -r ~/.bash_login ]; then . ~/.bash_login
    elif [ -r ~/.profile ]; then . ~/.profile
    fi
elif [ -r ~/.bashrc ]; then
    . ~/.bashrc
fi
__awsexec_begin
