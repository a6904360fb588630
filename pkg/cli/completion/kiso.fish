# fish completion for kiso:  kiso completion fish | source
# or save it as ~/.config/fish/completions/kiso.fish. Candidates are what
# `kiso __complete` prints, one a line with its description after a tab. Where it
# has none, file names are completed.
function __kiso_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l current (commandline -ct)
    set -l found (command $program __complete $words "$current" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path "$current"
    end
end
complete -c kiso -k -f -a '(__kiso_complete)'
