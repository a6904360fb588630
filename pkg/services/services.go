// Package services lists the services that kiso knows: one line each.
package services

import (
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/services/guardduty"
)

// All returns the services in the order in which they are shown.
func All() []*resource.Service {
	return []*resource.Service{
		guardduty.Service,
	}
}
