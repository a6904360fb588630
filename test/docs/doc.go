// Package docs holds the tests that keep the documents true: every command of
// the README is run, every link leads somewhere, every example is planned.
package docs
