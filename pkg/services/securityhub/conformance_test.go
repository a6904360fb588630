package securityhub_test

import (
	"testing"

	"github.com/kiso-cli/kiso/pkg/resource"
	"github.com/kiso-cli/kiso/pkg/sandbox"
	sim "github.com/kiso-cli/kiso/pkg/sandbox/securityhub"
	"github.com/kiso-cli/kiso/pkg/services/securityhub"
	"github.com/kiso-cli/kiso/pkg/services/servicetest"
)

func TestConformance(t *testing.T) {
	servicetest.Run(t, servicetest.Case{
		Service: securityhub.Service,
		Spec:    "config: {}\nsecurityhub:\n  standards: [" + fsbp + ", " + cis120 + "]\n",
		Drift: map[string]servicetest.Tamper{
			"securityhub.hub/*/hub":         hub(func(s *sim.State) { s.Hub = nil }),
			"securityhub.hub/*/hub enabled": nil, // a hub that is there is enabled

			"securityhub.standards/*/standards":                     hub(func(s *sim.State) { s.Hub.Standards = nil }),
			"securityhub.standards/*/standards standards." + fsbp:   hub(func(s *sim.State) { delete(s.Hub.Standards, fsbp) }),
			"securityhub.standards/*/standards standards." + cis120: hub(func(s *sim.State) { delete(s.Hub.Standards, cis120) }),

			"securityhub.finding_aggregator/*/aggregator":        aggregator(func(s *sim.AccountState) { s.Aggregator = nil }),
			"securityhub.finding_aggregator/*/aggregator region": nil, // elsewhere it is managed elsewhere
			"securityhub.finding_aggregator/*/aggregator region_linking_mode": aggregator(func(s *sim.AccountState) {
				s.Aggregator.Mode = "NO_REGIONS"
			}),
		},
		Foreign: func(a *sandbox.Account) {
			sim.Edit(a, servicetest.Home, func(s *sim.State) {
				s.Hub.Tags["theirs"], s.Hub.AutoEnableControls, s.Hub.Generator = "yes", false, "STANDARD_CONTROL"
			})
		},
		Stricter: func(a *sandbox.Account) {
			sim.Edit(a, servicetest.Home, func(s *sim.State) { s.Hub.Standards[nist] = &sim.Subscription{} })
		},
	})
}

func hub(change func(*sim.State)) servicetest.Tamper {
	return func(a *sandbox.Account, id resource.ID) { sim.Edit(a, string(id.Scope), change) }
}

func aggregator(change func(*sim.AccountState)) servicetest.Tamper {
	return func(a *sandbox.Account, _ resource.ID) { sim.EditAccount(a, change) }
}
