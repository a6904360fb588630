package render_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/kiso-cli/kiso/pkg/apply"
	"github.com/kiso-cli/kiso/pkg/render"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// TestWaitsAreShownNowAndThen: a wait is shown when it begins and every ten
// seconds, however often the account is looked at.
func TestWaitsAreShownNowAndThen(t *testing.T) {
	var out, progress bytes.Buffer
	text := render.NewApplyText(&out, &progress, false, false)
	for at := range 25 {
		for _, name := range []string{"a", "b"} {
			text.Event(apply.Event{Type: apply.Waiting, ID: resource.ID{Kind: "house.lamp", Scope: "global", Name: name}, Action: resource.Create, Elapsed: time.Duration(at) * time.Second, Message: "written"})
		}
	}
	assert.Equal(t, 6, strings.Count(progress.String(), "\n"), progress.String())
	assert.Contains(t, progress.String(), "house.lamp/global/b: Still creating... [20s elapsed] written\n")
}
