// Package bench measures what a plan of an account with 17 regions costs: round
// trips one after the other, requests, memory. The tests hold what can be counted
// without a stopwatch; the benchmarks report the rest (make bench).
package bench
