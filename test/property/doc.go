// Package property holds kiso to what it promises of any account. Rapid makes
// accounts that others have lived in, and specs; each is planned, applied, planned
// and applied again, and what the account was is compared with what it has become.
// The comparison reads the simulated services' own state and knows none of kiso's
// models: what it lets change is written down here a second time.
//
// A run checks more than a hundred accounts. For thousands:
//
//	go test ./test/property -rapid.checks=5000 -timeout 1h
//
// A failure prints how to run that very account again.
package property
