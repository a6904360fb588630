package cli

import (
	"fmt"
	"sync"
	"time"
)

// quiet is how long nothing need be said while the account is read.
const quiet = 10 * time.Second

// signsOfLife says now and then that something goes on of which nothing else is
// heard, as when AWS throttles. The function that it returns ends that.
func (a *app) signsOfLife(what string) (stop func()) {
	start, done := time.Now(), make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		ticker := time.NewTicker(quiet)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				fmt.Fprintf(a.Err, "Still %s... (%s)\n", what, time.Since(start).Round(time.Second))
			case <-done:
				return
			}
		}
	})
	return func() { close(done); ended.Wait() }
}
