#compdef kiso
# zsh completion for kiso:  source <(kiso completion zsh)
# or save it as _kiso in a folder of $fpath. Candidates are what `kiso __complete`
# prints, one a line with its description after a tab. Where it has none, file
# names are completed.
_kiso() {
    local line value about
    local -a values open
    for line in "${(@f)$(${(Q)words[1]} __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
        [[ -n $line ]] || continue
        value=${${line%%$'\t'*}//:/\\:}
        about=${line#*$'\t'}
        if [[ $value == *= ]]; then
            open+=("$value${about:+:$about}")
        else
            values+=("$value${about:+:$about}")
        fi
    done
    if (( $#values + $#open )); then
        _describe -V kiso values -- open -S ''
    else
        compset -P '*='
        _files
    fi
}
if [[ $funcstack[1] == _kiso ]]; then
    _kiso "$@"
else
    compdef _kiso kiso
fi
