// Package services lists the services that kiso knows: one line each, with the
// simulator that stands for the service in the sandbox.
package services

import (
	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/services/cloudtrail"
	"github.com/kiso-cli/kiso/pkg/services/config"
	"github.com/kiso-cli/kiso/pkg/services/guardduty"
	"github.com/kiso-cli/kiso/pkg/services/rootlogin"
	"github.com/kiso-cli/kiso/pkg/services/securityhub"

	accountsim "github.com/kiso-cli/kiso/pkg/sandbox/account"
	cloudtrailsim "github.com/kiso-cli/kiso/pkg/sandbox/cloudtrail"
	configsim "github.com/kiso-cli/kiso/pkg/sandbox/config"
	ec2sim "github.com/kiso-cli/kiso/pkg/sandbox/ec2"
	eventssim "github.com/kiso-cli/kiso/pkg/sandbox/events"
	guarddutysim "github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
	iamsim "github.com/kiso-cli/kiso/pkg/sandbox/iam"
	organizationssim "github.com/kiso-cli/kiso/pkg/sandbox/organizations"
	s3sim "github.com/kiso-cli/kiso/pkg/sandbox/s3"
	securityhubsim "github.com/kiso-cli/kiso/pkg/sandbox/securityhub"
	snssim "github.com/kiso-cli/kiso/pkg/sandbox/sns"
	stssim "github.com/kiso-cli/kiso/pkg/sandbox/sts"
)

// all is the list: a service is its folder, its simulator's, and a line here.
var all = []struct {
	service   *resource.Service
	simulator sandbox.Simulator
}{
	{cloudtrail.Service, cloudtrailsim.New()},
	{guardduty.Service, guarddutysim.New()},
	{config.Service, configsim.New()},
	{securityhub.Service, securityhubsim.New()},
	{rootlogin.Service, eventssim.New()},
}

// shared are simulators of what every account has and several services use.
var shared = []sandbox.Simulator{stssim.New(), accountsim.New(), ec2sim.New(), iamsim.New(), organizationssim.New(), s3sim.New(), snssim.New()}

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
