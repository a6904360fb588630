package similar_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kiso-cli/kiso/internal/similar"
)

func TestNearest(t *testing.T) {
	for word, want := range map[string]struct {
		best     string
		distance int
	}{
		"regons":  {"regions", 1},
		"REGIONS": {"regions", 0},
		"clo":     {"cloudtrail", 1},
		"cl":      {"tags", 4},
	} {
		best, distance := similar.Nearest(word, []string{"tags", "regions", "cloudtrail"})
		assert.Equal(t, want.best, best, word)
		assert.Equal(t, want.distance, distance, word)
	}
	best, _ := similar.Nearest("word", nil)
	assert.Empty(t, best)
}
