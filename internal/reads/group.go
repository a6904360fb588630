package reads

import "sync"

// Group makes reads at once. The zero value is usable. Unlike errgroup's, it reports
// the failure of the read that was given first, not of the one that failed first, so
// that two observations of one account say the same; and it cancels none for
// another's sake, since somebody else may wait for the same answer.
type Group struct {
	wg   sync.WaitGroup
	errs []*error
}

// Go starts a read. It is not for concurrent use.
func (g *Group) Go(read func() error) {
	failure := new(error)
	g.errs = append(g.errs, failure)
	g.wg.Go(func() { *failure = read() })
}

// Wait returns when all reads have ended.
func (g *Group) Wait() error {
	g.wg.Wait()
	for _, failure := range g.errs {
		if *failure != nil {
			return *failure
		}
	}
	return nil
}
