package cli

import (
	"fmt"
	"io"
	"os/signal"
	"sync"
	"syscall"
)

// watched is standard output. What is printed there tells what was done, so that
// it must not be lost without a word; and a change under way must not end because
// nobody can be told of it.
type watched struct {
	io.Writer
	err error // the first that a write met with
}

// Write remembers what went wrong.
func (w *watched) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil && w.err == nil {
		w.err = err
	}
	return n, err
}

// lost returns the error of a command whose output nobody saw the whole of.
func (w *watched) lost() error {
	if w.err == nil {
		return nil
	}
	return fmt.Errorf("not all of the output could be written: %w", w.err)
}

// oneAtATime is standard error, where progress, warnings and prompts meet.
type oneAtATime struct {
	mu sync.Mutex
	w  io.Writer
}

func (o *oneAtATime) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Write(p)
}

// surviveClosedPipe keeps a command that changes things from being killed when the
// reader of its output goes away, as `| head` does.
func surviveClosedPipe() { signal.Ignore(syscall.SIGPIPE) }
