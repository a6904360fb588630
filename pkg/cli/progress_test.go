package cli

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestALongReadIsNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var errs bytes.Buffer
		a := &app{IO: IO{Err: &oneAtATime{w: &errs}}}
		stop := a.signsOfLife("reading the account")
		time.Sleep(25 * time.Second)
		stop()
		time.Sleep(time.Minute)
		assert.Equal(t, "Still reading the account... (10s)\nStill reading the account... (20s)\n", errs.String())
	})
}
