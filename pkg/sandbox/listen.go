package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Listen serves the account on a loopback address ("127.0.0.1:0", "[::1]:4566",
// "localhost:4566") until ctx is done, then ends the calls that are still running.
// It calls ready once with the endpoint's URL. Any other address is refused: the
// sandbox checks no signatures, so it must not be reachable from elsewhere.
func (a *Account) Listen(ctx context.Context, address string, ready func(url string)) error {
	listener, err := listenLoopback(ctx, address)
	if err != nil {
		return err
	}
	calls, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	server := &http.Server{
		Handler:           a,
		BaseContext:       func(net.Listener) context.Context { return calls },
		ReadHeaderTimeout: 10 * time.Second,
	}
	closed := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		hangUp()
		closed <- server.Close()
	})
	defer stop()
	ready("http://" + listener.Addr().String())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("sandbox: serving on %s: %w", address, err)
	}
	return <-closed
}

func listenLoopback(ctx context.Context, address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("sandbox: cannot listen on %q: %w; give an address such as 127.0.0.1:4566", address, err)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("sandbox: cannot listen on %q: only loopback addresses are served, such as 127.0.0.1:%s", address, port)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("sandbox: cannot listen on %q: %w", address, err)
	}
	return listener, nil
}
