// Package heartbeat gives a sign of life while something takes long. It must not
// know what takes long, nor how that is said.
package heartbeat

import (
	"sync"
	"time"
)

// Interval is how long nothing need be heard.
const Interval = 10 * time.Second

// Start calls say after each Interval, one call at a time. The function that it
// returns ends that, and returns when no call is under way.
func Start(say func()) (stop func()) {
	done := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		ticker := time.NewTicker(Interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				say()
			case <-done:
				return
			}
		}
	})
	return func() { close(done); ended.Wait() }
}
