package plan_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/plan"
)

// FuzzDecode: Decode never panics, given documents with a digest that fits, and what it accepts is written out as the
// same plan: reading that again changes nothing.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"format_version":"1.0"}`))
	f.Add([]byte(`{"format_version":"1.0","account_id":"1","partition":"aws","timestamp":"2026-01-01T00:00:00Z","resource_changes":[{"change":{"actions":["create","update"]}}]}`))
	f.Add(write(f, &plan.Plan{AccountID: "123456789012", Partition: "aws"}))
	f.Add(write(f, sample()))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := plan.Decode(bytes.NewReader(plan.Seal(data)))
		if err != nil {
			require.Nil(t, p)
			return
		}
		first := write(t, p)
		again, err := plan.Decode(bytes.NewReader(first))
		require.NoError(t, err)
		require.Equal(t, string(first), string(write(t, again)))
		require.Equal(t, p.Summary(), again.Summary())
		require.Equal(t, p.LiveDigest(), again.LiveDigest())
	})
}

func write(t testing.TB, p *plan.Plan) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, p.Encode(&b))
	return b.Bytes()
}
