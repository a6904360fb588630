package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A defect whose place was changed is one that nobody tries any more.
func TestDefectsFindTheirPlace(t *testing.T) {
	require.NoError(t, check("../.."))
	assert.GreaterOrEqual(t, len(defects), 25)
	names := map[string]bool{}
	for _, d := range defects {
		assert.False(t, names[d.name], "%s stands twice", d.name)
		names[d.name] = true
		assert.NotEqual(t, d.old, d.new, d.name)
		assert.NotEmpty(t, d.tests, d.name)
		assert.NotEmpty(t, d.why, d.name)
	}
}
