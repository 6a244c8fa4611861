# What `awsexec --init zsh` makes a start-up file read: the prompt, the completions, and the
# function named $1 ("" for none). $2 is the file of the completions, "" for none. The
# user's aliases, which would change the functions, are off meanwhile.

__awsexec_aliases=${options[aliases]}
\builtin unsetopt aliases

# for awsexec --doctor
export AWSEXEC_INIT=$$

source ${${(%):-%x}:A:h}/prompt.zsh

# Change this shell to the role that the words name; if that fails, change nothing.
__awsexec_assume() {
    emulate -L zsh
    local __awsexec_lines
    __awsexec_lines=$(command awsexec --export sh "$@") || return
    eval "$__awsexec_lines"
}

# Define the function $1, unless another thing of that name exists.
__awsexec_define() {
    emulate -L zsh
    local what=''
    if [[ ${__awsexec_function-} == $1 ]]; then :
    elif (( ${+aliases[$1]} || ${+galiases[$1]} )); then what=alias
    elif (( ${+functions[$1]} )); then what=function
    elif whence -- $1 >/dev/null; then what=command
    fi
    if [[ -z $what ]]; then
        # assigned, so that no alias of the name matters
        functions[$1]='__awsexec_assume "$@"'
        typeset -g __awsexec_function=$1
    elif [[ -o interactive ]]; then
        print -ru2 -- "awsexec: no function $1 is defined, because there is another $what of that name; choose another name with --init zsh --function NAME"
    fi
}

# Read the completions from the file $1, also for the function $2. They need compinit,
# which the user's files may run later.
__awsexec_complete() {
    emulate -L zsh
    (( ${+functions[compdef]} )) || return
    source $1
    [[ -z $2 || $2 != ${__awsexec_function-} ]] || compdef $2=awsexec
}

[[ -n $1 ]] && __awsexec_define $1
if [[ -o interactive ]]; then
    __awsexec_show
    if [[ -z $2 ]]; then :
    elif (( ${+functions[compdef]} )); then
        __awsexec_complete $2 $1
    else
        zmodload zsh/sched
        sched +0 __awsexec_complete ${(q)2} ${(qq)1}
    fi
fi
[[ $__awsexec_aliases == on ]] && setopt aliases
unset __awsexec_aliases
