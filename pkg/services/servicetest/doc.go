// Package servicetest is the conformance suite that every service passes: plan,
// apply, drift, crash, denial, paging, lag and permissions, all through the real
// SDK against the simulated account. It knows no single service; what it must be
// told of one stands in a Case.
//
//	package thing_test // external: the suite imports the services
//
//	func TestConformance(t *testing.T) {
//		servicetest.Run(t, servicetest.Case{
//			Service: thing.Service,
//			Spec:    "thing: {mode: strict}\nconfig: {}\n", // sections: its own, and those it rests on
//			Drift: map[string]servicetest.Tamper{ // each leaf set to something weaker, behind the API's back
//				"thing.thing/*/thing mode": func(a *sandbox.Account, id resource.ID) {
//					sim.Edit(a, string(id.Scope), func(s *sim.State) { s.Thing.Mode = "lax" })
//				},
//				"thing.thing/*/thing limit": nil, // nothing live could be worse than the spec's value
//				"thing.thing/*/thing":       remove, // no path: the resource is taken away
//			},
//			Foreign:  func(a *sandbox.Account) { ... }, // what others have in the same things: tags, statements
//			Stricter: func(a *sandbox.Account) { ... }, // live values that are better than the spec's
//		})
//	}
//
// A key of Drift is a pattern of addresses ("*" is anything), a space, and the
// path of the field as plans show it. The suite finds the leaves by itself and
// fails for those without an entry and for entries without a leaf. The account
// has the regions of Regions, all specs say Home and Tags. Accounts are compared
// to the generated id: ask for one thing of each kind and region, so that which of
// two is made first makes no difference. Every scenario runs in
// a testing/synctest bubble: waiting costs nothing, and time.Now starts in 2000.
// Run one scenario with -run 'TestConformance/drift.*/thing.thing.*mode'.
package servicetest
