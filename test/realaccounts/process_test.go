package realaccounts

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// environment is that of whoever runs the tests, with the caches of the go tool.
var environment = os.Environ()

// binary is the path of a kiso built for the tests of this package.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kiso-test-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "kiso")
	build := exec.Command("go", "build", "-o", file, "github.com/kiso-cli/kiso/cmd/kiso")
	build.Env = environment
	out, err := build.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return file, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built {
		if file, err := binary(); err == nil {
			_ = os.RemoveAll(filepath.Dir(file)) // best effort
		}
	}
	os.Exit(code)
}

var built bool // whether some test asked for the binary

// process is a running kiso.
type process struct {
	*exec.Cmd
	out, err bytes.Buffer
	ended    chan struct{}
}

// start starts the built kiso in a process of its own.
func (w *world) start(args ...string) *process {
	w.Helper()
	built = true
	file, err := binary()
	require.NoError(w, err)
	p := &process{Cmd: exec.Command(file, args...), ended: make(chan struct{})}
	p.Stdout, p.Stderr = &p.out, &p.err
	require.NoError(w, p.Start())
	go func() {
		defer close(p.ended)
		_ = p.Wait() // its code says what there is to know
	}()
	w.Cleanup(func() { p.kill() })
	return p
}

// kill ends the process at once, as the kernel does when memory is short.
func (p *process) kill() {
	_ = p.Process.Kill() // it may have ended by itself
	<-p.ended
}

// wait waits for the process to end, and returns how.
func (p *process) wait(t testing.TB) result {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(2 * time.Minute):
		p.kill()
		require.Fail(t, "kiso does not end", "%s\n%s", p.out.String(), p.err.String())
	}
	r := result{code: p.ProcessState.ExitCode(), out: p.out.String(), err: p.err.String()}
	if os.Getenv("KISO_TEST_SHOW") != "" {
		t.Logf("$ kiso %v -> %d\n--- stdout\n%s\n--- stderr\n%s", p.Args[1:], r.code, r.out, r.err)
	}
	return r
}

// during runs kiso and calls do, with its process, at a write of it: the k-th
// from 0, before or after its effect.
func (w *world) during(k int, after bool, do func(*process), args ...string) result {
	w.Helper()
	started := make(chan *process, 1)
	struck := w.Inject(sandbox.Fault{
		WritesOnly: true, Skip: k, Times: 1, Kind: sandbox.Hook, AfterEffect: after,
		Do: func(sandbox.Call) { do(<-started) },
	})
	p := w.start(args...)
	started <- p
	r := p.wait(w)
	require.Equal(w, 1, struck.Hits(), "there was such a write")
	w.ClearFaults()
	return r
}

// quiet is what an undisturbed apply leaves, and its number of writes.
func quiet(t *testing.T) (held string, writes int) {
	t.Helper()
	w := newWorld(t, sandbox.Options{})
	r := w.apply()
	require.Equal(t, 0, r.code, "%s\n%s", r.out, r.err)
	return essence(t, w.Account), len(w.Writes())
}

// TestKilled kills the first apply at each of its writes: the next one leaves
// what an undisturbed one would have left.
func TestKilled(t *testing.T) {
	held, writes := quiet(t)
	for k := range writes {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("write %d, after its effect: %t", k, after), func(t *testing.T) {
				w := newWorld(t, sandbox.Options{})
				r := w.during(k, after, (*process).kill, "apply", "-f", w.spec, "--auto-approve")
				require.Equal(t, -1, r.code)
				again := w.apply()
				require.Equal(t, 0, again.code, "%s\n%s", again.out, again.err)
				assert.Equal(t, held, essence(t, w.Account))
				w.settled()
			})
		}
	}
}

// TestKilledWithASavedPlan kills the apply of a saved plan now and then: the
// same plan then finishes, or says what has moved; a new apply finishes.
func TestKilledWithASavedPlan(t *testing.T) {
	held, writes := quiet(t)
	for k := 1; k < writes; k += 4 {
		t.Run(fmt.Sprintf("write %d", k), func(t *testing.T) {
			w := newWorld(t, sandbox.Options{})
			saved := filepath.Join(t.TempDir(), "plan.json")
			require.Equal(t, 0, w.kiso("plan", "-f", w.spec, "--out", saved).code)
			require.Equal(t, -1, w.during(k, k%8 == 1, (*process).kill, "apply", saved).code)
			before := essence(t, w.Account)
			r := w.kiso("apply", saved)
			if r.code != 0 {
				assert.Equal(t, 1, r.code)
				says(t, r.err, "is stale, nothing was changed; plan again")
				assert.Equal(t, before, essence(t, w.Account), "a plan that is refused changes nothing")
			}
			if r.code != 0 {
				t.Log(r.err)
			}
			require.Equal(t, 0, w.apply().code)
			assert.Equal(t, held, essence(t, w.Account))
		})
	}
}

// TestInterrupted sends the signals that terminals and schedulers send.
func TestInterrupted(t *testing.T) {
	for name, signal := range map[string]syscall.Signal{"SIGINT": syscall.SIGINT, "SIGTERM": syscall.SIGTERM} {
		send := func(p *process) {
			_ = p.Process.Signal(signal) // it may have ended
			time.Sleep(100 * time.Millisecond)
		}
		t.Run(name+" once", func(t *testing.T) {
			held, _ := quiet(t)
			w := newWorld(t, sandbox.Options{})
			r := w.during(4, false, send, "apply", "-f", w.spec, "--auto-approve")
			assert.Equal(t, 130, r.code)
			says(t, r.err, "Interrupted: what has begun is finished, nothing else is started.")
			says(t, r.out, "not started", "interrupted before it began; run apply again", "Apply incomplete.")
			require.Equal(t, 0, w.apply().code)
			assert.Equal(t, held, essence(t, w.Account))
		})
		t.Run(name+" twice", func(t *testing.T) {
			w := newWorld(t, sandbox.Options{})
			w.Inject(sandbox.Fault{Operation: "CreateTrail", Kind: sandbox.Hang})
			start := time.Now()
			r := w.during(4, false, func(p *process) { send(p); send(p) }, "apply", "-f", w.spec, "--auto-approve")
			assert.Equal(t, 130, r.code)
			assert.Less(t, time.Since(start), 10*time.Second)
		})
		t.Run(name+" while reading", func(t *testing.T) {
			w := newWorld(t, sandbox.Options{})
			started := make(chan *process, 1)
			w.Inject(sandbox.Fault{Operation: "ListDetectors", Kind: sandbox.Hook, Times: 1, Do: func(sandbox.Call) { send(<-started) }})
			w.Inject(sandbox.Fault{Service: "cloudtrail", Kind: sandbox.Hang})
			p := w.start("plan", "-f", w.spec)
			started <- p
			r := p.wait(t)
			assert.Equal(t, 130, r.code)
			says(t, r.err, "the account was not read to the end, nothing was changed")
			assert.Empty(t, r.out)
		})
	}
}

// TestTwoAtOnce runs two applies on an empty account.
func TestTwoAtOnce(t *testing.T) {
	held, _ := quiet(t)
	for i := range 2 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			w := newWorld(t, sandbox.Options{})
			w.Adjust(func(o *sandbox.Options) {
				o.Latency = func(c sandbox.Call) time.Duration { return time.Duration(1+c.Seq*7%5) * 3 * time.Millisecond }
			})
			one, two := w.start("apply", "-f", w.spec, "--auto-approve"), w.start("apply", "-f", w.spec, "--auto-approve")
			for _, p := range []*process{one, two} {
				r := p.wait(t)
				assert.Equal(t, 0, r.code, "%s\n%s", r.out, r.err)
			}
			// Seldom both ask for the subscription before either sees it: there is one,
			// and its owner gets the mail to confirm it twice.
			assert.Equal(t, held, strings.Replace(essence(t, w.Account), `"security@example.com": 2`, `"security@example.com": 1`, 1))
			w.settled()
		})
	}
}
