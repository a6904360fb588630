package bench

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkBinary runs the built binary, process start and all, over loopback.
func BenchmarkBinary(b *testing.B) {
	binary, err := filepath.Abs("../../bin/kiso")
	require.NoError(b, err)
	if _, err := os.Stat(binary); err != nil {
		b.Skip("make build first")
	}
	file := filepath.Join(b.TempDir(), "kiso.yaml")
	require.NoError(b, os.WriteFile(file, []byte(specText), 0o600))
	for name, account := range accounts(b) {
		server := httptest.NewServer(account)
		defer server.Close()
		environment := []string{
			"AWS_ENDPOINT_URL=" + server.URL, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
			"AWS_EC2_METADATA_DISABLED=true", "HOME=" + b.TempDir(),
		}
		b.Run(name, func(b *testing.B) {
			var took, peak float64
			for b.Loop() {
				run := exec.CommandContext(b.Context(), binary, "plan", "-f", file)
				run.Env = environment
				start := time.Now()
				out, err := run.CombinedOutput()
				require.NoError(b, err, "%s", out)
				took += time.Since(start).Seconds()
				peak = max(peak, peakMiB(run.ProcessState))
			}
			b.ReportMetric(took/float64(b.N), "s/plan")
			b.ReportMetric(peak, "peak-MiB")
		})
	}
}

// peakMiB is the most memory that a process had; Linux counts it in KiB.
func peakMiB(p *os.ProcessState) float64 {
	usage, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return float64(usage.Maxrss) / 1024
}
