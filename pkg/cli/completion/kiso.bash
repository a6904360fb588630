# bash completion for kiso:  source <(kiso completion bash)
# Candidates are what `kiso __complete` prints, one a line with its description
# after a tab. Where it has none, bash completes file names.
_kiso() {
    local line=${COMP_LINE:0:COMP_POINT} part=${COMP_WORDS[COMP_CWORD]} program whole head candidate
    local -a words
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    program=${words[0]/#\~/$HOME}
    whole=${words[${#words[@]}-1]}
    # bash breaks words at = and @ too, and replaces only what is behind that.
    [[ $part == [=:@] ]] && part=""
    head=${whole%"$part"}
    COMPREPLY=()
    while IFS=$'\t' read -r candidate _; do
        [[ $candidate == "$head"* ]] && COMPREPLY+=("${candidate#"$head"}")
    done < <("$program" __complete "${words[@]:1}" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace 2>/dev/null # bash 3 has no compopt
    fi
    return 0
}
complete -o default -F _kiso kiso
