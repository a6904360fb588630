# PowerShell completion for kiso:
#   kiso completion powershell | Out-String | Invoke-Expression
# Candidates are what `kiso __complete` prints, one a line with its description
# after a tab. Where it has none, PowerShell completes file names.
Register-ArgumentCompleter -Native -CommandName 'kiso' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.Extent.Text.Trim('"', "'") })
    # An empty argument would get lost on its way to the program: a blank stands for it.
    $current = if ($wordToComplete) { $wordToComplete } else { ' ' }
    & $commandAst.CommandElements[0].Extent.Text __complete @before $current 2>$null | ForEach-Object {
        $value, $description = $_ -split "`t", 2
        if (-not $description) { $description = $value }
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $description)
    }
}
