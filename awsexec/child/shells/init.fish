# What `awsexec --init fish` makes a start-up file read: the prompt, the completions, and
# the function named $argv[1] ("" for none). $argv[2] is the file of the completions, ""
# for none.

# for awsexec --doctor
set -gx AWSEXEC_INIT $fish_pid

# Change this shell to the role that the words name; if that fails, change nothing.
function __awsexec_assume
    set -l lines (command awsexec --export fish $argv)
    or return
    string join \n -- $lines | source
end

# Define the function $argv[1], unless another thing of that name exists.
function __awsexec_define
    set -l what
    if test "$__awsexec_function" = $argv[1]
    else if functions -q $argv[1]
        set what function
    else if abbr -q $argv[1]
        set what abbreviation
    else if type -q $argv[1]
        set what command
    end
    if test -z "$what"
        function $argv[1] --wraps awsexec
            __awsexec_assume $argv
        end
        set -g __awsexec_function $argv[1]
    else if status is-interactive
        printf '%s\n' "awsexec: no function $argv[1] is defined, because there is another $what of that name; choose another name with --init fish --function NAME" >&2
    end
end

if status is-interactive
    if test -n "$argv[2]"
        source $argv[2]
    end
    source (status dirname)/prompt.fish
    __awsexec_show
end
if test -n "$argv[1]"
    __awsexec_define $argv[1]
end
