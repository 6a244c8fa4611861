# Makes the prompt of zsh show the role and the time left, in every shell where
# AWSEXEC_PROFILE is set. The shell with a role and --init read this file.

# At the first prompt zsh has read all of the user's files. After the precmd functions of
# that prompt, because the user's files may replace the list of these functions.
__awsexec_show() {
    emulate -L zsh
    zmodload zsh/sched
    sched +0 __awsexec_begin_prompt
}

__awsexec_begin_prompt() {
    # After the functions of the user's files, a theme's for example. They have run for
    # this prompt already, so run this one now.
    autoload -Uz add-zsh-hook
    add-zsh-hook -d precmd __awsexec_prompt
    add-zsh-hook precmd __awsexec_prompt
    __awsexec_prompt
}

# Set REPLY to $1 without characters that a terminal acts on, or that change the order of
# others (the bidirectional ones, and C1). The patterns are bytes of UTF-8, which match in
# every locale.
__awsexec_make_visible() {
    emulate -L zsh
    REPLY=${1//[[:cntrl:]]/?}
    setopt no_multibyte
    REPLY=${REPLY//$'\xc2'[$'\x80'-$'\x9f']/?}
    REPLY=${REPLY//$'\xd8\x9c'/?}
    REPLY=${REPLY//$'\xe2\x80'[$'\x8e\x8f\xa8'-$'\xae']/?}
    REPLY=${REPLY//$'\xe2\x81'[$'\xa6'-$'\xa9']/?}
}

__awsexec_prompt() {
    local percent=$options[promptpercent] subst=$options[promptsubst]
    local bang=$options[promptbang]
    emulate -L zsh
    __awsexec_make_visible "$AWSEXEC_PROFILE"
    local visible=$REPLY label=$REPLY color='' word='' prefix='' line=''
    local -i expires issued left
    case $AWSEXEC_LIMITS in
        ('') ;;
        (arn:aws:iam::aws:policy/ReadOnlyAccess) label+=' read-only' ;;
        (*) label+=' limited' ;;
    esac
    [[ -z $visible || $AWSEXEC_PROMPT == 0 ]] && label=''
    if [[ -n $label ]] && __awsexec_epoch "$AWS_CREDENTIAL_EXPIRATION"; then
        expires=$REPLY issued=$REPLY
        __awsexec_epoch "$AWSEXEC_ISSUED" && issued=$REPLY
        (( left = expires - EPOCHSECONDS ))
        if (( left <= 0 )); then word=expired color=red
        elif (( left < 60 )); then word='<1m'
        elif (( left < 3600 )); then word=$(( left / 60 ))m
        else word=$(( left / 3600 ))h${(l:2::0:)$(( left % 3600 / 60 ))}m
        fi
        (( left > 0 && left * 4 <= expires - issued )) && color=yellow
        label+=" $word"
        if [[ -n $color && $__awsexec_told != "$color $expires" ]]; then
            typeset -g __awsexec_told="$color $expires"
            [[ $color == red ]] && word='have expired' || word="expire in $word"
            line="awsexec: the credentials of $visible $word"
            # nobody could copy the command of a name that is not shown as it is
            [[ $visible == "$AWSEXEC_PROFILE" ]] &&
                line="awsexec: the credentials of ${(q+)AWSEXEC_PROFILE} $word; to get new ones: eval \"\$(awsexec --export sh ${(q+)AWSEXEC_PROFILE})\""
            print -ru2 -- "$line"
        fi
    fi
    [[ -n $label ]] && label="($label) "
    [[ -n $NO_COLOR || $TERM == dumb ]] && color=''
    # zsh shows an element of psvar as it is, and does not expand the profile's name.
    # Prompts use the low elements, so these are high. psvar is not exported: a PS1 that
    # the user exports shows nothing of it in other shells.
    psvar[73]=$label psvar[74]=$color psvar[75]=${(M)color:#red}
    if [[ -z $label ]]; then
        prefix=''
    elif [[ $percent == on ]]; then
        prefix=$__awsexec_by_number
    elif [[ $subst == on ]]; then
        prefix='${psvar[73]}'
    else
        [[ $bang == on ]] && label=${label//!/!!}
        prefix=$label
    fi
    # the user's own prompt code may or may not have set PS1 again
    PS1=${PS1#"$__awsexec_prefix"}
    PS1=$prefix${PS1#"$__awsexec_by_number"}
    typeset -g __awsexec_prefix=$prefix
}

# Set REPLY to the seconds since the epoch for a time like 2026-01-31T23:59:59Z. Fail for
# other text. By hand, because strftime uses the local time zone. Years begin in March
# here, so that the leap day is the last day.
__awsexec_epoch() {
    emulate -L zsh
    [[ $1 == <0-9999>-<1-12>-<1-31>T<0-23>:<0-59>:<0-60>Z ]] || return
    local -i 10 year month day
    local -a part=(${(s.-.)1//[TZ:]/-})
    year=$part[1] month=$part[2] day=$part[3]
    if (( month <= 2 )); then (( year -= 1, month += 12 )); fi
    (( REPLY = (365 * year + year / 4 - year / 100 + year / 400
        + (153 * (month - 3) + 2) / 5 + day - 719469) * 86400
        + part[4] * 3600 + part[5] * 60 + part[6] ))
}

zmodload zsh/datetime
typeset -g __awsexec_told=${__awsexec_told-} __awsexec_prefix=${__awsexec_prefix-}
typeset -g __awsexec_by_number='%(75V.%F{red}.%(74V.%F{yellow}.))%73v%(74V.%f.)'
