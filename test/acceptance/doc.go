// Package acceptance holds the tests that take an account from nothing to the
// whole foundation through kiso's command line, over HTTP, and then look with
// clients of their own whether every setting is there in every region.
//
// They run against the embedded sandbox, and, when KISO_TEST_MOTO_ENDPOINT
// names one (make test-moto), against a moto server: an emulator that others
// wrote from their own reading of AWS's documentation. What moto cannot show
// stands in gaps_test.go, with the reason.
package acceptance
