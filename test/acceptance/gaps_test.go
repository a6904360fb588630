package acceptance

// gaps are things that an emulator does not do as AWS does, so that the
// acceptance goes without them there. Each says why. The sandbox has none.
type gaps map[gap]string

type gap string

const (
	noStandards  gap = "Security Hub standards"
	noAggregator gap = "Security Hub finding aggregator"
)

// motoGaps is what is skipped on moto, all of it.
var motoGaps = gaps{}

// skips says whether a gap is skipped here, and logs why.
func (w *world) skips(g gap) bool {
	why, skipped := w.gaps[g]
	if skipped {
		w.Logf("skipped: %s: %s", g, why)
	}
	return skipped
}
