package cli

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestWhatCutsARunShortIsSaidInTheUsersWords(t *testing.T) {
	late, cancel := context.WithTimeoutCause(t.Context(), 0, timeIsUp{90 * time.Second})
	defer cancel()
	<-late.Done()
	assert.EqualError(t, cutShort(late), "--timeout 1m30s is over; raise it and run again")
	assert.ErrorIs(t, context.Cause(late), context.DeadlineExceeded)

	stop := make(chan struct{})
	interrupted, done := (&app{stop: stop}).untilStopped(t.Context())
	defer done()
	close(stop)
	<-interrupted.Done()
	assert.EqualError(t, cutShort(interrupted), "interrupted; run again")
	assert.False(t, errors.Is(context.Cause(interrupted), context.DeadlineExceeded))
}
