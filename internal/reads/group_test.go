package reads_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/kiso-cli/kiso/internal/reads"
)

func TestGroupReportsTheFirstThatWasGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g reads.Group
		first, second, done := errors.New("first"), errors.New("second"), false
		g.Go(func() error { time.Sleep(time.Second); return nil })
		g.Go(func() error { time.Sleep(time.Minute); return first })
		g.Go(func() error { return second })
		g.Go(func() error { time.Sleep(time.Hour); done = true; return nil })
		assert.Equal(t, first, g.Wait())
		assert.True(t, done)
		assert.NoError(t, new(reads.Group).Wait())
	})
}
