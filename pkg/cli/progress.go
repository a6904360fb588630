package cli

import (
	"fmt"
	"time"

	"github.com/kiso-cli/kiso/internal/heartbeat"
)

// signsOfLife says now and then that something goes on of which nothing else is
// heard, as when AWS throttles. The function that it returns ends that.
func (a *app) signsOfLife(what string) (stop func()) {
	start := time.Now()
	return heartbeat.Start(func() {
		fmt.Fprintf(a.Err, "Still %s... (%s)\n", what, time.Since(start).Round(time.Second))
	})
}
