package render

import (
	"encoding/json"
	"io"

	"github.com/kiso-cli/kiso/pkg/plan"
)

// writeGitLab writes what GitLab's merge-request widget reads from
// artifacts:reports:terraform (GitLab documentation, "Terraform integration in
// merge requests"): three numbers. kiso deletes nothing.
func writeGitLab(w io.Writer, p *plan.Plan, _ Context) error {
	summary := p.Summary()
	return json.NewEncoder(w).Encode(struct {
		Create int `json:"create"`
		Update int `json:"update"`
		Delete int `json:"delete"`
	}{Create: summary.Create, Update: summary.Update})
}
