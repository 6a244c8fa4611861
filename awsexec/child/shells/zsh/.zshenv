# The first of its start-up files that zsh reads when ZDOTDIR names this directory.
# It puts ZDOTDIR back before any of the user's files is read, so that zsh finds them,
# and its history, where they are; the prompt is put up at the first prompt, when all
# of them have been read.

if (( ${+AWSEXEC_ZDOTDIR} )); then
    export ZDOTDIR=$AWSEXEC_ZDOTDIR
    unset AWSEXEC_ZDOTDIR
else
    unset ZDOTDIR
fi
if [[ -o interactive ]]; then
    source ${${(%):-%x}:A:h}/prompt.zsh
fi
if [[ -r ${ZDOTDIR:-$HOME}/.zshenv ]]; then
    source ${ZDOTDIR:-$HOME}/.zshenv
fi
