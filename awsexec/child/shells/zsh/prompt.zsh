# The role that this zsh was started with, and the prompt that shows it and the time left.

# With "keep" notes what this shell was started with, with "restore" puts it back:
# what the user's files select is not what this shell was started for.
__awsexec_identity() {
    emulate -L zsh
    local name
    local -a names=(AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
        AWS_CREDENTIAL_EXPIRATION AWSEXEC_ISSUED AWSEXEC_PROFILE AWS_PROFILE
        AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_AUTHORIZATION_TOKEN
        AWS_REGION AWS_DEFAULT_REGION)
    if [[ $1 == restore ]]; then
        unset AWS_ACCESS_KEY AWS_ACCOUNT_ID AWS_CREDENTIAL_FILE AWS_DEFAULT_PROFILE \
            AWS_PROFILE AWS_ROLE_ARN AWS_ROLE_SESSION_NAME AWS_SECRET_KEY \
            AWS_SECURITY_TOKEN AWS_SESSION_EXPIRATION AWS_WEB_IDENTITY_TOKEN_FILE
        unset -m 'AWS_CONTAINER_*'
    fi
    if (( ${+AWS_CONTAINER_CREDENTIALS_FULL_URI} ||
        ${+__awsexec_kept[AWS_CONTAINER_CREDENTIALS_FULL_URI]} )); then
        # SDKs look into these before they ask the endpoint
        names+=(AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE BOTO_CONFIG)
    fi
    for name in $names; do
        if [[ $1 == keep ]]; then
            (( ${(P)+name} )) && __awsexec_kept[$name]=${(P)name}
        elif (( ${+__awsexec_kept[$name]} )); then
            export $name=$__awsexec_kept[$name]
        elif [[ $name != *REGION ]]; then
            unset $name
        fi
    done
    [[ $1 == restore ]] && unset __awsexec_kept
    return 0
}

__awsexec_start() {
    __awsexec_identity restore
    [[ ${AWSEXEC_PROMPT-} == 0 ]] && return
    # behind what the user's files have put there, a theme's for one; its round for
    # this prompt is over
    autoload -Uz add-zsh-hook
    add-zsh-hook precmd __awsexec_prompt
    __awsexec_prompt
}

__awsexec_prompt() {
    local percent=$options[promptpercent] subst=$options[promptsubst]
    local bang=$options[promptbang]
    emulate -L zsh
    local label=$AWSEXEC_PROFILE color='' word='' prefix=''
    local -i expires issued left
    if __awsexec_epoch "$AWS_CREDENTIAL_EXPIRATION"; then
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
            print -ru2 -- "awsexec: the credentials of ${(q+)AWSEXEC_PROFILE} $word; for fresh ones: eval \"\$(awsexec --export sh ${(q+)AWSEXEC_PROFILE})\""
        fi
    fi
    label="(${label//[[:cntrl:]]/?}) "
    [[ -n $NO_COLOR || $TERM == dumb ]] && color=''
    # An element of psvar is shown as it is: what is in a profile's name is not to be
    # expanded. High ones, because prompts use the low ones; and since they are this
    # shell's own, a PS1 that the user exports shows nothing in the shells in here.
    psvar[73]=$label psvar[74]=$color psvar[75]=${(M)color:#red}
    if [[ $percent == on ]]; then
        prefix=$__awsexec_by_number
    elif [[ $subst == on ]]; then
        prefix='${psvar[73]}'
    else
        [[ $bang == on ]] && label=${label//!/!!}
        prefix=$label
    fi
    # the user's own prompt code may have made PS1 anew, and may not
    PS1=${PS1#"$__awsexec_prefix"}
    PS1=$prefix${PS1#"$__awsexec_by_number"}
    typeset -g __awsexec_prefix=$prefix
}

# Sets REPLY to seconds since the epoch for 2026-01-31T23:59:59Z, and fails for other
# text. By hand, because strftime goes by the time zone. The days are counted from
# March, so that February's length matters to nothing.
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
typeset -g __awsexec_told='' __awsexec_prefix=''
typeset -g __awsexec_by_number='%(75V.%F{red}.%(74V.%F{yellow}.))%73v%(74V.%f.)'
typeset -gA __awsexec_kept
__awsexec_identity keep
