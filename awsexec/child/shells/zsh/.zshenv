# The first of its start-up files that zsh reads when ZDOTDIR names this directory.
# It puts ZDOTDIR back before any of the user's files is read, so that zsh finds them,
# and its history, where they are.

if (( ${+AWSEXEC_ZDOTDIR} )); then
    export ZDOTDIR=$AWSEXEC_ZDOTDIR
    unset AWSEXEC_ZDOTDIR
else
    unset ZDOTDIR
fi
source ${${(%):-%x}:A:h}/prompt.zsh
if [[ -r ${ZDOTDIR:-$HOME}/.zshenv ]]; then
    source ${ZDOTDIR:-$HOME}/.zshenv
fi
if [[ -o interactive ]]; then
    # At the first prompt, when all of the user's files have been read, and after that
    # prompt's precmd functions: the user's files may set that list anew.
    zmodload zsh/sched
    sched +0 __awsexec_start
else
    __awsexec_identity restore
fi
