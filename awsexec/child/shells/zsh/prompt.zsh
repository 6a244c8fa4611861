# The prompt that shows the role and the time left.

zmodload zsh/datetime
typeset -gA __awsexec=(
    key_id "$AWS_ACCESS_KEY_ID" secret "$AWS_SECRET_ACCESS_KEY"
    token "$AWS_SESSION_TOKEN" prefix '' told ''
)

# Once, at the first prompt: what the user's files select is not what this shell was
# started for.
__awsexec_start() {
    emulate -L zsh
    add-zsh-hook -d precmd __awsexec_start
    unset AWS_ACCESS_KEY AWS_ACCOUNT_ID AWS_CREDENTIAL_FILE AWS_DEFAULT_PROFILE \
        AWS_PROFILE AWS_ROLE_ARN AWS_ROLE_SESSION_NAME AWS_SECRET_KEY \
        AWS_SECURITY_TOKEN AWS_SESSION_EXPIRATION AWS_SESSION_TOKEN \
        AWS_WEB_IDENTITY_TOKEN_FILE
    export AWS_ACCESS_KEY_ID=$__awsexec[key_id]
    export AWS_SECRET_ACCESS_KEY=$__awsexec[secret]
    [[ -n $__awsexec[token] ]] && export AWS_SESSION_TOKEN=$__awsexec[token]
    unset "__awsexec[key_id]" "__awsexec[secret]" "__awsexec[token]"
    [[ $AWSEXEC_PROMPT == 0 ]] && return
    # behind what the user's files have put there, a theme's for one; and for this
    # first prompt, whose round of hooks has begun already, when the line is edited
    add-zsh-hook precmd __awsexec_prompt
    autoload -Uz add-zle-hook-widget
    add-zle-hook-widget line-init __awsexec_first
}

__awsexec_first() {
    add-zle-hook-widget -d line-init __awsexec_first
    __awsexec_prompt
    zle reset-prompt
}

__awsexec_prompt() {
    emulate -L zsh
    local label=$AWSEXEC_PROFILE color='' word='' prefix=''
    if [[ -n $AWS_CREDENTIAL_EXPIRATION ]]; then
        local -i expires issued left
        __awsexec_epoch $AWS_CREDENTIAL_EXPIRATION && expires=$REPLY
        __awsexec_epoch ${AWSEXEC_ISSUED:-$AWS_CREDENTIAL_EXPIRATION} && issued=$REPLY
        (( left = expires - EPOCHSECONDS ))
        if (( left <= 0 )); then word=expired color=red
        elif (( left < 60 )); then word='<1m'
        elif (( left < 3600 )); then word=$(( left / 60 ))m
        else word=$(( left / 3600 ))h${(l:2::0:)$(( left % 3600 / 60 ))}m
        fi
        (( left > 0 && left * 4 <= expires - issued )) && color=yellow
        label+=" $word"
        if [[ -n $color && $__awsexec[told] != $color$AWS_CREDENTIAL_EXPIRATION ]]; then
            __awsexec[told]=$color$AWS_CREDENTIAL_EXPIRATION
            [[ $color == red ]] && word='have expired' || word="expire in $word"
            print -ru2 -- "awsexec: the credentials of $AWSEXEC_PROFILE $word; for fresh ones: eval \"\$(awsexec --export sh ${(q)AWSEXEC_PROFILE})\""
        fi
    fi
    # %v shows an element of psvar as it is: what is in a profile's name is not to be
    # expanded. A high one, because prompts use the low ones.
    psvar[73]="($label)"
    prefix='%73v '
    [[ -n $color && -z $NO_COLOR ]] && prefix="%F{$color}%73v%f "
    # the user's own prompt code may have made PS1 anew, and may not
    PS1=$prefix${PS1#$__awsexec[prefix]}
    __awsexec[prefix]=$prefix
}

# Sets REPLY to seconds since the epoch for 2026-01-31T23:59:59Z.
__awsexec_epoch() {
    emulate -L zsh
    TZ=UTC0 strftime -r -s REPLY '%Y-%m-%dT%H:%M:%SZ' $1
}

autoload -Uz add-zsh-hook
add-zsh-hook precmd __awsexec_start
