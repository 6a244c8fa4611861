# An interactive bash reads this file instead of ~/.bashrc (--rcfile). It reads the user's
# own files, and makes the prompt show the role and the time left.
# It works with bash 3.2, which macOS has, and under set -u. All functions are defined
# before the user's files are read, because the user's aliases would change the functions.

# With "keep", remember the role that this shell was started with. With "restore", set it
# again, because the user's files may select another one.
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
        # SDKs read these before they ask the endpoint
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

# Set __awsexec_seconds to the seconds since the epoch for a time like
# 2026-01-31T23:59:59Z. Fail for other text. The options of date differ between systems, so
# this is done by hand. Years begin in March here, so that the leap day is the last day.
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
    # the user's own prompt code may run later and show the status
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
            printf 'awsexec: the credentials of %q %s; to get new ones: eval "$(awsexec --export sh %q)"\n' \
                "$AWSEXEC_PROFILE" "$word" "$AWSEXEC_PROFILE" >&2
        fi
    fi
    __awsexec_label="(${__awsexec_label//[[:cntrl:]]/?}) "
    if shopt -q promptvars; then
        # by name, so that bash does not expand the profile's name
        prefix=$__awsexec_by_name
    else
        prefix="\[$__awsexec_color\]${__awsexec_label//\\/\\\\}\[$__awsexec_plain\]"
    fi
    # the user's own prompt code may or may not have set PS1 again
    PS1=${PS1-}
    PS1=${PS1#"${__awsexec_prefix-}"}
    PS1=$prefix${PS1#"$__awsexec_by_name"}
    __awsexec_prefix=$prefix
    return "$status"
}

# This runs after the user's files. The hook comes last, after the code that makes the
# user's prompt. If the user exports PS1 and PROMPT_COMMAND, other shells inherit them:
# there the hook must do nothing. In an inner shell with a role it must not run twice.
__awsexec_begin() {
    local hook=$'\n"${__awsexec_hook-:}"'
    __awsexec_identity restore
    if [ "${AWSEXEC_PROMPT-}" = 0 ]; then return; fi
    __awsexec_hook=__awsexec_prompt
    __awsexec_by_name='\[${__awsexec_color-}\]${__awsexec_label-}\[${__awsexec_plain-}\]'
    case "$(declare -p PROMPT_COMMAND 2>/dev/null) $BASH_VERSION" in
        # older versions of bash run only the first element of an array
        'declare -a'*\ [1-4].* | 'declare -a'*\ 5.0.*) ;;
        'declare -a'*) PROMPT_COMMAND+=("$hook"); return ;;
    esac
    PROMPT_COMMAND=${PROMPT_COMMAND-}
    PROMPT_COMMAND=${PROMPT_COMMAND//"$hook"/}$hook
}

__awsexec_identity keep
if [ -n "${AWSEXEC_LOGIN_SHELL-}" ]; then
    unset AWSEXEC_LOGIN_SHELL
    # a login shell ignores --rcfile, so this file reads what a login shell reads
    if [ -r /etc/profile ]; then . /etc/profile; fi
    if [ -r ~/.bash_profile ]; then . ~/.bash_profile
    elif [ -r ~/.bash_login ]; then . ~/.bash_login
    elif [ -r ~/.profile ]; then . ~/.profile
    fi
elif [ -r ~/.bashrc ]; then
    . ~/.bashrc
fi
__awsexec_begin
