package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/services"
)

// FuzzNormalize: no command line makes normalize panic, the order that it makes
// is one that it leaves alone, and no argument is lost.
func FuzzNormalize(f *testing.F) {
	for _, line := range []string{
		"plan --out plan.json kiso.yaml", "apply plan.json --auto-approve", "--region eu-west-1 plan", "plan --region eu-west-1",
		"plan --sandbox kiso.yaml", "plan --sandbox=state.json -- -x", "help plan", "plan -h x", "fleet plan a b", "plam", "plan --ot x", "--", "-", "", "plan --out",
		"explain --help -- --help", "drift --format=json - -", "completion bash --no-color", "--format plan plan",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := append([]string{"kiso"}, strings.Split(line, " ")...)
		app := (&app{IO: IO{In: strings.NewReader(""), Out: &bytes.Buffer{}, Err: &bytes.Buffer{}}, services: services.All()}).define()
		once, err := normalize(app, args)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		twice, err := normalize(app, once)
		require.NoError(t, err, "%q", once)
		require.Equal(t, once, twice)
		if at := strings.Index(line, "-- "); at == 0 {
			require.Subset(t, once, args[2:])
		}
	})
}
