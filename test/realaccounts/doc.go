// Package realaccounts tests kiso as its users meet it: against accounts that
// are not empty, not fully theirs and not reliable. It drives whole command
// lines, or the built binary where a process must die, and looks at what was
// said and at what the account holds afterwards.
package realaccounts
