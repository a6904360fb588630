package apply

import (
	"time"

	"github.com/kiso-cli/kiso/pkg/resource"
)

// EventType says what happened.
type EventType string

const (
	Started  EventType = "apply_start"
	Waiting  EventType = "apply_progress" // AWS has not come round yet; Message says to what
	Finished EventType = "apply_complete" // Outcome says how
)

// Event is one thing that happened to one resource. Events are delivered one
// at a time.
type Event struct {
	Type    EventType
	ID      resource.ID
	Action  resource.Action
	Elapsed time.Duration // since the step started
	Message string
	Outcome Outcome // of a Finished step
}
