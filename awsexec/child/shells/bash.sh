# Read by an interactive bash in place of ~/.bashrc (--rcfile): the user's own files
# first, then the prompt that shows the role and the time left.
# Works with bash 3.2, which macOS has, and under set -u.

__awsexec_key_id=${AWS_ACCESS_KEY_ID-}
__awsexec_secret=${AWS_SECRET_ACCESS_KEY-}
__awsexec_token=${AWS_SESSION_TOKEN-}

if [ -n "${AWSEXEC_LOGIN_SHELL-}" ]; then
    unset AWSEXEC_LOGIN_SHELL
    # a login shell would not have read this file, so it reads what they read
    [ -r /etc/profile ] && . /etc/profile
    if [ -r ~/.bash_profile ]; then . ~/.bash_profile
    elif [ -r ~/.bash_login ]; then . ~/.bash_login
    elif [ -r ~/.profile ]; then . ~/.profile
    fi
elif [ -r ~/.bashrc ]; then
    . ~/.bashrc
fi

# What those files select is not what this shell was started for.
unset AWS_ACCESS_KEY AWS_ACCOUNT_ID AWS_CREDENTIAL_FILE AWS_DEFAULT_PROFILE \
    AWS_PROFILE AWS_ROLE_ARN AWS_ROLE_SESSION_NAME AWS_SECRET_KEY \
    AWS_SECURITY_TOKEN AWS_SESSION_EXPIRATION AWS_SESSION_TOKEN \
    AWS_WEB_IDENTITY_TOKEN_FILE
export AWS_ACCESS_KEY_ID=$__awsexec_key_id AWS_SECRET_ACCESS_KEY=$__awsexec_secret
[ -n "$__awsexec_token" ] && export AWS_SESSION_TOKEN=$__awsexec_token
unset __awsexec_key_id __awsexec_secret __awsexec_token

# Prints seconds since the epoch for 2026-01-31T23:59:59Z, without a process: date's
# options differ between systems. The days are counted from March, so that February's
# length matters to nothing.
__awsexec_epoch() {
    local year=$((10#${1:0:4})) month=$((10#${1:5:2})) day=$((10#${1:8:2}))
    if ((month <= 2)); then ((year -= 1, month += 12)); fi
    local days=$((365 * year + year / 4 - year / 100 + year / 400 \
        + (153 * (month - 3) + 2) / 5 + day - 719469))
    __awsexec_seconds=$((days * 86400 + 10#${1:11:2} * 3600 \
        + 10#${1:14:2} * 60 + 10#${1:17:2}))
}

__awsexec_prompt() {
    local now=${EPOCHSECONDS-} left total state color='' word
    __awsexec_label=${AWSEXEC_PROFILE-} __awsexec_color='' __awsexec_plain=''
    if [ -n "${AWS_CREDENTIAL_EXPIRATION-}" ]; then
        [ -n "$now" ] || now=$(date +%s)
        __awsexec_epoch "$AWS_CREDENTIAL_EXPIRATION"
        left=$((__awsexec_seconds - now)) total=$__awsexec_seconds
        __awsexec_epoch "${AWSEXEC_ISSUED-$AWS_CREDENTIAL_EXPIRATION}"
        total=$((total - __awsexec_seconds))
        if ((left <= 0)); then state=over color='31' word=expired
        elif ((left < 60)); then word='<1m'
        elif ((left < 3600)); then word=$((left / 60))m
        else printf -v word '%dh%02dm' $((left / 3600)) $((left % 3600 / 60))
        fi
        if ((left > 0)) && ((left * 4 <= total)); then state=near color='33'; fi
        __awsexec_label="$__awsexec_label $word"
        if [ -n "$color" ] && [ -z "${NO_COLOR-}" ]; then
            __awsexec_color=$'\e['$color'm' __awsexec_plain=$'\e[0m'
        fi
        state=${state-}$AWS_CREDENTIAL_EXPIRATION
        if [ -n "$color" ] && [ "$state" != "${__awsexec_told-}" ]; then
            __awsexec_told=$state
            [ "$word" = expired ] && word='have expired' || word="expire in $word"
            printf 'awsexec: the credentials of %s %s; for fresh ones: eval "$(awsexec --export sh %q)"\n' \
                "$AWSEXEC_PROFILE" "$word" "$AWSEXEC_PROFILE" >&2
        fi
    fi
    # the user's own prompt code may have made PS1 anew, and may not
    if shopt -q promptvars; then
        # by name: what is in a profile's name is not to be expanded
        PS1=${PS1#"${__awsexec_prefix-}"}
        __awsexec_prefix='\[${__awsexec_color}\](${__awsexec_label})\[${__awsexec_plain}\] '
    else
        PS1=${PS1#"${__awsexec_prefix-}"}
        __awsexec_prefix="\[$__awsexec_color\](${__awsexec_label//\\/\\\\})\[$__awsexec_plain\] "
    fi
    PS1=$__awsexec_prefix$PS1
}

if [ "${AWSEXEC_PROMPT-}" != 0 ]; then
    # last, after whatever makes the user's prompt
    case "$(declare -p PROMPT_COMMAND 2>/dev/null)" in
        'declare -a'*) PROMPT_COMMAND+=(__awsexec_prompt) ;;
        *) PROMPT_COMMAND=${PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}__awsexec_prompt ;;
    esac
fi
