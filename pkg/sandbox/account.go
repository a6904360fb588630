package sandbox

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"sync"
	"time"
)

// Options describe an account and how it behaves.
type Options struct {
	AccountID string            // default 123456789012
	Partition string            // default aws
	Principal string            // ARN of whoever signs; default an IAM user of the account
	Regions   map[string]string // opt-in status by region; default DefaultRegions of the partition

	// Clock tells the time; default time.Now, which inside a testing/synctest
	// bubble is the bubble's.
	Clock func() time.Time

	// PageSize bounds every page of a list; 0 leaves the services' own sizes.
	PageSize int
	// EmptyFirst makes the first page of every list empty, as AWS's may be: only
	// the token says that there is more.
	EmptyFirst bool
	// Reversed turns the order of every list around.
	Reversed bool

	// Latency is how long a call takes; nil means no time.
	Latency func(Call) time.Duration
	// ReadLag is how long reads do not see a write of the same service and region.
	ReadLag time.Duration
	// Propagation is how long other services do not see a write, as when
	// CloudTrail checks a bucket policy that was just put.
	Propagation time.Duration
}

// Account is one simulated AWS account. It is safe for concurrent use.
type Account struct {
	services map[string]*service

	mu      sync.Mutex // guards everything below; never held while waiting
	options Options
	states  store
	seq     int // of the last call
	calls   []*Call
	faults  []*Injected
	history []Recorded
	file    string      // where the state is saved after each write; empty: nowhere
	saved   fs.FileInfo // what file was when this account last read or wrote it
}

// New makes an empty account that simulates the given services. It panics when
// the options or the simulators make no sense: both are written by programmers.
func New(options Options, simulators ...Simulator) *Account {
	a := &Account{services: map[string]*service{}, states: store{}, options: withDefaults(options)}
	for _, sim := range simulators {
		if a.services[sim.Name] != nil {
			panic("sandbox: two simulators of " + sim.Name)
		}
		a.services[sim.Name] = newService(sim)
	}
	return a
}

func withDefaults(o Options) Options {
	o.AccountID = cmp.Or(o.AccountID, "123456789012")
	o.Partition = cmp.Or(o.Partition, "aws")
	o.Principal = cmp.Or(o.Principal, fmt.Sprintf("arn:%s:iam::%s:user/kiso", o.Partition, o.AccountID))
	if _, ok := partitions[o.Partition]; !ok {
		panic("sandbox: unknown partition " + o.Partition)
	}
	o.Regions = maps.Clone(o.Regions)
	if o.Regions == nil {
		o.Regions = DefaultRegions(o.Partition)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return o
}

// AccountID returns the account's id.
func (a *Account) AccountID() string { return a.options.AccountID }

// Partition returns the account's partition.
func (a *Account) Partition() string { return a.options.Partition }

// Adjust changes how the account behaves from now on: latency, lag, paging, the
// status of a region. Id and partition must stay as they are.
func (a *Account) Adjust(change func(*Options)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	id, partition := a.options.AccountID, a.options.Partition
	change(&a.options)
	if a.options.AccountID != id || a.options.Partition != partition {
		panic("sandbox: an account cannot change its id or partition")
	}
}
