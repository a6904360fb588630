package bucket

import (
	"context"
	"errors"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Foreign returns a *resource.ManagedError if the bucket that p.Source delivers
// to belongs to another account; nil if it is this account's, or is not there.
// The same bucket asked for from several regions is looked up once.
func Foreign(ctx context.Context, env resource.Env, p Place) error {
	p.Adopted = true
	key := reads.Key{Service: "s3", Call: "HeadBucket in use", Arg: p.Name}
	_, err := reads.Get(ctx, env.Reads, key, func(ctx context.Context) (string, error) { return regionOf(ctx, env, p) })
	return err
}

// Holder says whose a bucket's name is.
type Holder int

// Nobody's, this account's, another account's, or there is no telling.
const (
	Nobody Holder = iota
	Us
	Others
	Hidden
)

// HolderOf looks a bucket up by name, from the region where it is expected. That it
// may not be looked at is no error.
func HolderOf(ctx context.Context, env resource.Env, name, region string) (Holder, error) {
	b, err := find(ctx, env, Place{Name: name, Region: region})
	var taken *takenError
	var closed *closedError
	switch {
	case errors.As(err, &taken):
		return Others, nil
	case errors.As(err, &closed) && closed.ours:
		return Us, nil
	case errors.As(err, &closed):
		return Hidden, nil
	case err != nil || b == nil:
		return Nobody, err
	default:
		return Us, nil
	}
}
