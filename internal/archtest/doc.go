// Package archtest holds tests that read kiso's own source and prove from it
// what no single package can promise: that imports point one way, and that
// nothing which works on an account can delete or switch off anything there.
package archtest
