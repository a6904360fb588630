// Package services lists the services that kiso knows: one line each, with the
// simulator that stands for the service in the sandbox.
package services

import (
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/services/guardduty"

	accountsim "github.com/kiso-cli/kiso/pkg/sandbox/account"
	ec2sim "github.com/kiso-cli/kiso/pkg/sandbox/ec2"
	guarddutysim "github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
	iamsim "github.com/kiso-cli/kiso/pkg/sandbox/iam"
	stssim "github.com/kiso-cli/kiso/pkg/sandbox/sts"
)

// all is the list: a service is its folder, its simulator's, and a line here.
var all = []struct {
	service   *resource.Service
	simulator sandbox.Simulator
}{
	{guardduty.Service, guarddutysim.New()},
}

// shared are simulators of what every account has and several services use.
var shared = []sandbox.Simulator{stssim.New(), accountsim.New(), ec2sim.New(), iamsim.New()}

// All returns the services in the order of the list.
func All() []*resource.Service {
	services := make([]*resource.Service, len(all))
	for i, s := range all {
		services[i] = s.service
	}
	return services
}

// Simulators returns what the embedded simulated account is made of.
func Simulators() []sandbox.Simulator {
	simulators := append([]sandbox.Simulator{}, shared...)
	for _, s := range all {
		simulators = append(simulators, s.simulator)
	}
	return simulators
}
