package reads_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/internal/reads"
)

var key = reads.Key{Service: "guardduty", Region: "eu-west-1", Call: "ListDetectors"}

// loader counts its calls; each takes a second, or ends with its context.
type loader struct {
	calls atomic.Int32
	err   error
}

func (l *loader) load(ctx context.Context) (string, error) {
	l.calls.Add(1)
	select {
	case <-time.After(time.Second):
		return "answer", l.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

type answer struct {
	value string
	err   error
}

// ask asks in a goroutine of its own.
func ask(ctx context.Context, c *reads.Cache, l *loader) <-chan answer {
	out := make(chan answer, 1)
	go func() {
		value, err := reads.Get(ctx, c, key, l.load)
		out <- answer{value, err}
	}()
	return out
}

func TestManyAskersMakeOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache, l := reads.New(), &loader{}
		var answers []<-chan answer
		for range 20 {
			answers = append(answers, ask(t.Context(), cache, l))
		}
		for _, a := range answers {
			assert.Equal(t, answer{value: "answer"}, <-a)
		}
		later, err := reads.Get(t.Context(), cache, key, l.load)
		require.NoError(t, err)
		assert.Equal(t, "answer", later)
		assert.EqualValues(t, 1, l.calls.Load())
	})
}

func TestKeysAreApart(t *testing.T) {
	cache, calls := reads.New(), 0
	load := func(context.Context) (int, error) { calls++; return calls, nil }
	for _, k := range []reads.Key{key, {Service: "guardduty"}, {Region: "guardduty"}, {Call: "guardduty"}, {Arg: "guardduty"}} {
		_, err := reads.Get(t.Context(), cache, k, load)
		require.NoError(t, err)
	}
	assert.Equal(t, 5, calls)
}

func TestAnErrorReachesThoseWhoWaitedAndIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache, l := reads.New(), &loader{err: errors.New("throttled")}
		first, second := ask(t.Context(), cache, l), ask(t.Context(), cache, l)
		assert.ErrorIs(t, (<-first).err, l.err)
		assert.ErrorIs(t, (<-second).err, l.err)
		assert.EqualValues(t, 1, l.calls.Load())

		l.err = nil
		assert.Equal(t, answer{value: "answer"}, <-ask(t.Context(), cache, l))
		assert.EqualValues(t, 2, l.calls.Load())
	})
}

func TestOneKeyWithTwoTypesIsAnError(t *testing.T) {
	cache := reads.New()
	_, err := reads.Get(t.Context(), cache, key, func(context.Context) (string, error) { return "text", nil })
	require.NoError(t, err)
	_, err = reads.Get(t.Context(), cache, key, func(context.Context) (int, error) { return 1, nil })
	assert.ErrorContains(t, err, "two types")
}

func TestANilAnswerIsAnAnswer(t *testing.T) {
	cache := reads.New()
	for range 2 {
		value, err := reads.Get(t.Context(), cache, key, func(context.Context) (*string, error) { return nil, nil })
		require.NoError(t, err)
		assert.Nil(t, value)
	}
}

func TestAWaitingCallerCanGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache, l := reads.New(), &loader{}
		first := ask(t.Context(), cache, l)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		assert.ErrorIs(t, (<-ask(ctx, cache, l)).err, context.DeadlineExceeded)
		assert.Equal(t, answer{value: "answer"}, <-first, "the call goes on for the others")
	})
}

// One resource that gives up, as when a sibling call of the same observation
// failed, must not make another look interrupted.
func TestACallerThatGivesUpDoesNotTakeTheOthersWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache, l := reads.New(), &loader{}
		ctx, cancel := context.WithCancel(t.Context())
		first := ask(ctx, cache, l)
		synctest.Wait()
		second, third := ask(t.Context(), cache, l), ask(t.Context(), cache, l)
		synctest.Wait()
		cancel()
		assert.ErrorIs(t, (<-first).err, context.Canceled)
		assert.Equal(t, answer{value: "answer"}, <-second)
		assert.Equal(t, answer{value: "answer"}, <-third)
		assert.EqualValues(t, 2, l.calls.Load(), "one call more, however many still wait")
	})
}
