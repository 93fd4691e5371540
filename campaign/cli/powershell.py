"""Completion in PowerShell, which click does not bring: it has bash, zsh and fish (click.shell_completion)."""

from __future__ import annotations

import os

from click.shell_completion import CompletionItem, ShellComplete, add_completion_class

_SOURCE = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($word, $line, $cursor)
    $env:COMP_WORDS = ($line.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursor }) -join "`n"
    $env:COMP_WORD = $word
    $env:%(complete_var)s = "powershell_complete"
    try {
        %(prog_name)s | Where-Object { $_ } | ForEach-Object {
            $value, $help = $_ -split "`t", 2
            [System.Management.Automation.CompletionResult]::new($value, $value, "ParameterValue", $help)
        }
    } finally {
        Remove-Item Env:COMP_WORDS, Env:COMP_WORD, Env:%(complete_var)s
    }
}
"""
"""Where nothing is printed, PowerShell completes the names of files by itself."""


class PowerShellComplete(ShellComplete):
    """Windows PowerShell 5.1 and PowerShell 7: Register-ArgumentCompleter -Native hands over the words of the line."""

    name = "powershell"
    source_template = _SOURCE

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is completed, and that one as far as it is typed."""
        words, incomplete = os.environ.get("COMP_WORDS", "").split("\n")[1:], os.environ.get("COMP_WORD", "")
        return (words[:-1] if incomplete and words[-1:] == [incomplete] else words), incomplete

    def complete(self) -> str:
        """A line for each completion; none for files."""
        args, incomplete = self.get_completion_args()
        found = self.get_completions(args, incomplete)
        return "\n".join(self.format_completion(each) for each in found if each.type == "plain")

    def format_completion(self, item: CompletionItem) -> str:
        """The word and its help, which PowerShell wants not to be empty."""
        return f"{item.value}\t{item.help or item.value}"


def offer_powershell() -> None:
    """Let click know of it."""
    add_completion_class(PowerShellComplete)
