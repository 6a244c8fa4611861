# What `awsexec --init bash` makes a start-up file read: the prompt, the completions, and
# the function named $1 ("" for none). $2 is the file of the completions, "" for none. The
# user's aliases, which would change the functions, are off meanwhile.

\builtin shopt -q expand_aliases && __awsexec_aliases=-s || __awsexec_aliases=-u
\builtin shopt -u expand_aliases

# for awsexec --doctor
export AWSEXEC_INIT=$$
. "${BASH_SOURCE[0]%/*}/prompt.bash"

# Change this shell to the role that the words name; if that fails, change nothing.
__awsexec_assume() {
    local __awsexec_lines
    __awsexec_lines=$(command awsexec --export sh "$@") || return
    eval "$__awsexec_lines"
}

# Define the function $1, unless another thing of that name exists.
__awsexec_define() {
    local what=''
    if [ "${__awsexec_function-}" = "$1" ]; then :
    elif alias -- "$1" >/dev/null 2>&1; then what=alias
    elif declare -F -- "$1" >/dev/null; then what=function
    elif type -- "$1" >/dev/null 2>&1; then what=command
    fi
    if [ -z "$what" ]; then
        eval "function $1 { __awsexec_assume \"\$@\"; }"
        __awsexec_function=$1
        if [ -n "$2" ]; then complete -o default -F _awsexec -- "$1"; fi
    elif [[ $- == *i* ]]; then
        printf '%s\n' "awsexec: no function $1 is defined, because there is another $what of that name; choose another name with --init bash --function NAME" >&2
    fi
}

if [[ $- == *i* ]]; then
    if [ -n "$2" ]; then . "$2"; fi
    __awsexec_show
fi
if [ -n "$1" ]; then __awsexec_define "$1" "$2"; fi
\builtin shopt "$__awsexec_aliases" expand_aliases
unset __awsexec_aliases
