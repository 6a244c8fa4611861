# Makes the prompt of bash show the role and the time left, in every shell where
# AWSEXEC_PROFILE is set. The shell with a role and --init read this file. It works with
# bash 3.2, which macOS has, and under set -u.

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

# Set __awsexec_visible to $1 without characters that a terminal acts on, or that change
# the order of others (the bidirectional ones, and C1). The patterns are bytes of UTF-8,
# which bash matches in every locale.
__awsexec_make_visible() {
    local each
    __awsexec_visible=${1//[[:cntrl:]]/?}
    for each in $'\xc2'[$'\x80'-$'\x9f'] $'\xd8\x9c' \
        $'\xe2\x80'[$'\x8e\x8f\xa8'-$'\xae'] $'\xe2\x81'[$'\xa6'-$'\xa9']
    do
        __awsexec_visible=${__awsexec_visible//$each/?}
    done
}

__awsexec_prompt() {
    # the user's own prompt code may run later and show the status
    local status=$? now=${EPOCHSECONDS-} expires left total color='' word prefix line
    __awsexec_make_visible "${AWSEXEC_PROFILE-}"
    __awsexec_label=$__awsexec_visible __awsexec_color='' __awsexec_plain=''
    case ${AWSEXEC_LIMITS-} in
        '') ;;
        arn:aws:iam::aws:policy/ReadOnlyAccess) __awsexec_label+=' read-only' ;;
        *) __awsexec_label+=' limited' ;;
    esac
    if [ -z "$__awsexec_visible" ] || [ "${AWSEXEC_PROMPT-}" = 0 ]; then
        __awsexec_label=''
    fi
    if [ -n "$__awsexec_label" ] && __awsexec_epoch "${AWS_CREDENTIAL_EXPIRATION-}"; then
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
            line="awsexec: the credentials of $__awsexec_visible $word"
            # nobody could copy the command of a name that is not shown as it is
            if [ "$__awsexec_visible" = "$AWSEXEC_PROFILE" ]; then
                printf -v line 'awsexec: the credentials of %q %s; to get new ones: eval "$(awsexec --export sh %q)"' \
                    "$AWSEXEC_PROFILE" "$word" "$AWSEXEC_PROFILE"
            fi
            printf '%s\n' "$line" >&2
        fi
    fi
    if [ -n "$__awsexec_label" ]; then
        __awsexec_label="($__awsexec_label) "
    fi
    if [ -z "$__awsexec_label" ]; then
        prefix=''
    elif shopt -q promptvars; then
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
    # a theme that came later may have taken this hook into its own
    __awsexec_is_last || __awsexec_show
    return "$status"
}

# The hook comes last, after the code that makes the user's prompt. If the user exports PS1
# and PROMPT_COMMAND, other shells inherit them: there the hook must do nothing. It must
# not run twice where this file is read again.
__awsexec_show() {
    local each all=()
    __awsexec_hook=__awsexec_prompt
    __awsexec_by_name='\[${__awsexec_color-}\]${__awsexec_label-}\[${__awsexec_plain-}\]'
    PROMPT_COMMAND=${PROMPT_COMMAND-}
    if __awsexec_is_array; then
        for each in "${PROMPT_COMMAND[@]}"; do
            each=${each//"$__awsexec_call"/}
            if [ -n "$each" ]; then all+=("$each"); fi
        done
        PROMPT_COMMAND=(${all[@]+"${all[@]}"} "$__awsexec_call")
    else
        PROMPT_COMMAND=${PROMPT_COMMAND//"$__awsexec_call"/}$__awsexec_call
    fi
}

__awsexec_is_last() {
    local last=${PROMPT_COMMAND-}
    if __awsexec_is_array; then last=${PROMPT_COMMAND[${#PROMPT_COMMAND[@]} - 1]}; fi
    case $last in *"$__awsexec_call") ;; *) return 1 ;; esac
}

# older versions of bash run only the first element of an array
__awsexec_is_array() {
    case "$(declare -p PROMPT_COMMAND 2>/dev/null) $BASH_VERSION" in
        'declare -a'*\ [1-4].* | 'declare -a'*\ 5.0.*) return 1 ;;
        'declare -a'*) ;;
        *) return 1 ;;
    esac
}

__awsexec_call=$'\n"${__awsexec_hook-:}"'
