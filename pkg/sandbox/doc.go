// Package sandbox is a simulated AWS account, spoken to over HTTP by the real
// SDKs and the AWS CLI. It knows HTTP, AWS's wire protocols, regions, the call
// log, faults and persistence. It must not know what any service means: each
// simulated service is a package of its own below this one, passed to New.
//
//	acct := sandbox.New(sandbox.Options{}, guardduty.New(), sts.New())
//	client := guardduty.NewFromConfig(acct.Config("eu-west-1")) // in process, no socket
//	http.Serve(listener, acct)                                  // or for anybody, on loopback
//
// Requests are routed by the credential scope of their signature, not by host.
//
// # Writing a simulator
//
// A simulator is a value: name, protocol, and a table of operations.
//
//	func New() sandbox.Simulator {
//		return sandbox.Simulator{
//			Name:     "thing",                          // as in the credential scope
//			Protocol: sandbox.AWSJSON{Target: "Thing"}, // or RESTJSON, Query, EC2, RESTXML
//			Invalid:  "InvalidParameterException",      // code for input that breaks the model
//			Operations: map[string]sandbox.Operation{
//				"DescribeThing": sandbox.Read(describeThing),
//				"PutThing":      sandbox.Write(putThing),
//				// REST protocols: sandbox.Write(putThing).At("PUT /thing/{Name}?acl").Status(204)
//				// where the IAM action has another name: .Action("thing:SetThing")
//			},
//		}
//	}
//
//	type State struct { // one per region; a plain struct, kept as JSON
//		Things map[string]*Thing `json:"things,omitempty"`
//	}
//
//	type putThingInput struct {
//		Name string   `json:"name,required" range:"1,64"` // length of strings and lists, value of numbers
//		Mode string   `json:"mode" enum:"ON,OFF"`
//		Size *int     `json:"size"`                       // a pointer tells absent from zero
//		Tags []tag    `json:"tags"`
//	}
//
//	func putThing(req *sandbox.Request, in putThingInput) (any, error) {
//		state := sandbox.State[State](req) // change it in place; an error undoes everything
//		if state.Things[in.Name] != nil {
//			return nil, sandbox.Error("ThingExistsException", 400, "...") // the code on the wire
//		}
//		bucket := sandbox.Peek[s3.State](req, "s3", sandbox.Global) // another service, as this one sees it
//		...
//		return putThingOutput{ID: req.NewID("thing", 32)}, nil // nil: an empty answer
//	}
//
// Names in json tags are those of the wire, exactly: in botocore's service-2.json
// the locationName where there is one (EC2: capitalised). Members that a struct
// does not have are refused, so list all that clients may send. In REST protocols
// `uri:"Name"`, `query:"name"`, `header:"x-amz-name"` and, for a raw body,
// `payload:"Name"` say where else a member stands. In RESTXML the body's member is
// named by its root element and lists are repeated elements; see there. Times are
// time.Time, or whatever string the service uses.
//
// Outputs are structs with the same tags; omitempty leaves out zero values, nil
// pointers are always left out. Send lists through Page (or List, or Shuffled, for
// those that AWS does not page), which honour Options.PageSize and Reversed.
//
// In reaches any other state to change it (a service-linked role); Peek sees it as
// old as Options.Propagation says. Time is req.Now: keep "pending until" in the
// state and compare, do not wait. Export State, and for tests that tamper
//
//	func Get(a *sandbox.Account, region string) State             { return sandbox.Get[State](a, "thing", region) }
//	func Edit(a *sandbox.Account, region string, f func(*State)) { sandbox.Edit(a, "thing", region, f) }
//
// Latency, lag, throttles, denials and all other faults come from the core.
package sandbox
