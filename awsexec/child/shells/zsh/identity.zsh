# Keeps the role that this zsh was started with.

# With "keep", remember the role that this shell was started with. With "restore", set it
# again, because the user's files may select another one.
__awsexec_identity() {
    emulate -L zsh
    local name
    local -a names=(AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
        AWS_CREDENTIAL_EXPIRATION AWSEXEC_ISSUED AWSEXEC_PROFILE AWSEXEC_ACCOUNT
        AWSEXEC_CONFIRMED AWS_PROFILE
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
        # SDKs read these before they ask the endpoint
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
    [[ ${AWSEXEC_PROMPT-} == 0 ]] || __awsexec_begin_prompt
}

typeset -gA __awsexec_kept
__awsexec_identity keep
