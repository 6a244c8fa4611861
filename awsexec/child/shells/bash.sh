# An interactive bash reads this file instead of ~/.bashrc (--rcfile). It reads the user's
# own files, and makes the prompt show the role and the time left.
# It works with bash 3.2, which macOS has, and under set -u. All functions are defined
# before the user's files are read, because the user's aliases would change the functions.

. "${BASH_SOURCE[0]%/*}/prompt.bash"

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
        AWS_CREDENTIAL_EXPIRATION AWSEXEC_ISSUED AWSEXEC_PROFILE AWSEXEC_ACCOUNT \
        AWSEXEC_CONFIRMED AWS_PROFILE \
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

# This runs after the user's files.
__awsexec_begin() {
    __awsexec_identity restore
    if [ "${AWSEXEC_PROMPT-}" != 0 ]; then __awsexec_show; fi
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
