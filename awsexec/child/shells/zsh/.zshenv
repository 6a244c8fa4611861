# The start-up file that zsh reads first when ZDOTDIR is this directory. It sets ZDOTDIR
# back before zsh reads any of the user's files, so that zsh finds them and its history.

if (( ${+AWSEXEC_ZDOTDIR} )); then
    export ZDOTDIR=$AWSEXEC_ZDOTDIR
    unset AWSEXEC_ZDOTDIR
else
    unset ZDOTDIR
fi
source ${${(%):-%x}:A:h}/identity.zsh
source ${${(%):-%x}:A:h:h}/prompt.zsh
if [[ -r ${ZDOTDIR:-$HOME}/.zshenv ]]; then
    source ${ZDOTDIR:-$HOME}/.zshenv
fi
if [[ -o interactive ]]; then
    # At the first prompt zsh has read all of the user's files. After the precmd functions
    # of that prompt, because the user's files may replace the list of these functions.
    zmodload zsh/sched
    sched +0 __awsexec_start
else
    __awsexec_identity restore
fi
