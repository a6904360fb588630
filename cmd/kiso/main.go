// Command kiso takes an AWS account to a secure baseline and keeps it there.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/kiso-cli/kiso/pkg/cli"
	"github.com/kiso-cli/kiso/pkg/lambda"
	"github.com/kiso-cli/kiso/pkg/services"
)

// version is set by the linker for releases.
var version = "0.1.0-dev"

func main() {
	if lambda.Running() {
		lambda.Start(services.All(), version)
		return
	}
	ctx, stop, release := interruptible()
	code := cli.Run(ctx, stop, os.Args, cli.System(), version)
	release()
	os.Exit(code)
}

const (
	// grace is for what can be ended: a read of a pipe or of a terminal cannot.
	grace       = 2 * time.Second
	interrupted = 130
)

// interruptible returns what the first interrupt closes, to start nothing new,
// and what the second cancels, to end at once.
func interruptible() (ctx context.Context, stop <-chan struct{}, release func()) {
	ctx, cancel := context.WithCancel(context.Background())
	stopping := make(chan struct{})
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		<-signals
		close(stopping)
		<-signals
		cancel()
		time.Sleep(grace)
		os.Exit(interrupted)
	}()
	return ctx, stopping, func() { signal.Stop(signals); cancel() }
}
