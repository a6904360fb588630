package apply_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// lamp is the model of a kind that exists in these tests alone.
type lamp struct {
	Colour string            `json:"colour,omitzero"`
	Level  int               `json:"level"`
	Plug   *plug             `json:"plug,omitzero"`
	Tags   map[string]string `json:"tags,omitzero"`
}

// plug compares as a whole, as policy statements do; its members are not in
// the order of their names.
type plug struct {
	Type  string `json:"type"`
	Earth bool   `json:"earth"`
}

func (p plug) Raise(live plug) plug { return p }

// house is what is live, and what happens when it is looked at or changed.
type house struct {
	kind *resource.Type[lamp]

	mu      sync.Mutex
	lamps   map[string]lamp
	written []string                                            // names, in the order of their writes
	busy    int                                                 // writes under way
	busiest int                                                 // at once
	events  []apply.Event                                       // in order
	seen    func(name string) (*lamp, error)                    // instead of what is there; nil: that
	change  func(ctx context.Context, name string, n int) error // before the nth write of a lamp takes effect
	done    func(ctx context.Context, name string, n int) error // after it
	lost    bool                                                // writes have no effect
	tries   map[string]int
}

func newHouse(lamps map[string]lamp) *house {
	h := &house{lamps: lamps, tries: map[string]int{}}
	if h.lamps == nil {
		h.lamps = map[string]lamp{}
	}
	h.kind = &resource.Type[lamp]{
		Kind:    "house.lamp",
		Observe: func(ctx context.Context, _ resource.Env, id resource.ID) (*lamp, error) { return h.look(ctx, id.Name) },
		Apply:   h.write,
		Settle: resource.Settle{RetryOn: []resource.Transient{
			{Code: "TooDark"}, {Code: "NotNow", Message: "settling"},
		}},
	}
	return h
}

func (h *house) look(ctx context.Context, name string) (*lamp, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if h.seen != nil {
		return h.seen(name)
	}
	return h.get(name), nil
}

func (h *house) get(name string) *lamp {
	h.mu.Lock()
	defer h.mu.Unlock()
	if l, ok := h.lamps[name]; ok {
		return &l
	}
	return nil
}

func (h *house) put(name string, l lamp) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lamps[name] = l
}

func (h *house) write(ctx context.Context, _ resource.Env, d resource.Delta[lamp]) error {
	name := d.ID.Name
	n := h.begin(name)
	defer h.end()
	if h.change != nil {
		if err := h.change(ctx, name, n); err != nil {
			return err
		}
	}
	h.mu.Lock()
	if !h.lost {
		h.lamps[name] = d.After
	}
	h.mu.Unlock()
	if h.done != nil {
		return h.done(ctx, name, n)
	}
	return nil
}

func (h *house) begin(name string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.written = append(h.written, name)
	h.tries[name]++
	h.busy++
	h.busiest = max(h.busiest, h.busy)
	return h.tries[name]
}

func (h *house) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.busy--
}

func id(name string) resource.ID {
	return resource.ID{Kind: "house.lamp", Scope: resource.Global, Name: name}
}

var red = lamp{Colour: "red", Level: 3}

// plan plans red lamps that need each other as given: name -> needs.
func (h *house) plan(t *testing.T, needs map[string][]resource.Ref) []resource.Change {
	t.Helper()
	var declared []resource.Resource
	for name, refs := range needs {
		declared = append(declared, h.kind.New(resource.Global, name, "", red, refs...))
	}
	changes, err := plan.Build(t.Context(), resource.Env{}, declared)
	require.NoError(t, err)
	return changes
}

// run applies, and returns the steps by name.
func (h *house) run(t *testing.T, ctx context.Context, changes []resource.Change, o apply.Options) (map[string]apply.Step, *apply.Result) {
	t.Helper()
	o.Registry = resource.NewRegistry([]*resource.Service{{Name: "house", Kinds: []resource.KindInfo{h.kind}}})
	tell := o.Events
	o.Events = func(e apply.Event) {
		h.events = append(h.events, e)
		if tell != nil {
			tell(e)
		}
	}
	result, err := apply.Run(ctx, changes, o)
	require.NoError(t, err)
	return byName(result), result
}

func byName(result *apply.Result) map[string]apply.Step {
	steps := map[string]apply.Step{}
	for _, s := range result.Steps {
		steps[s.ID.Name] = s
	}
	return steps
}

func outcomes(steps map[string]apply.Step) map[string]apply.Outcome {
	all := map[string]apply.Outcome{}
	for name, s := range steps {
		all[name] = s.Outcome
	}
	return all
}

// takes makes writes last, by name; other writes take no time.
func takes(d map[string]time.Duration) func(context.Context, string, int) error {
	return func(ctx context.Context, name string, _ int) error {
		select {
		case <-time.After(d[name]):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// refuses fails the writes of one lamp with an AWS error code.
func refuses(lamp, code string) func(context.Context, string, int) error {
	return func(_ context.Context, name string, _ int) error {
		if name == lamp {
			return awsError(code, "no")
		}
		return nil
	}
}

func awsError(code, message string) error {
	return fmt.Errorf("operation error: %w", &smithy.GenericAPIError{Code: code, Message: message})
}
