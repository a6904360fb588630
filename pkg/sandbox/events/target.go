package events

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// maxTargets is how many targets a rule may have.
const maxTargets = 5

type putTargetsInput struct {
	bus
	Rule    string   `json:"Rule,required" range:"1,64"`
	Targets []Target `json:"Targets,required" range:"1,100"`
}

type failedEntry struct {
	TargetID     string `json:"TargetId"`
	ErrorCode    string `json:"ErrorCode"`
	ErrorMessage string `json:"ErrorMessage"`
}

type targetsOutput struct {
	Count  int           `json:"FailedEntryCount"`
	Failed []failedEntry `json:"FailedEntries"`
}

// putTargets adds targets, or replaces those of the same id. Single entries may
// fail in an answer that says 200.
func putTargets(req *sandbox.Request, in putTargetsInput) (any, error) {
	state, rule, err := in.changeable(req, in.Rule)
	if err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	out := targetsOutput{Failed: []failedEntry{}}
	for _, target := range in.Targets {
		if err := target.check(req); err != nil {
			return nil, err
		}
		if ids[target.ID] {
			return nil, invalid("Target id %s is given more than once.", target.ID)
		}
		ids[target.ID] = true
		if state.FailEntries > 0 {
			state.FailEntries--
			out.Failed = append(out.Failed, failedEntry{target.ID, "ConcurrentModificationException", "Rule " + in.Rule + " was modified concurrently."})
			continue
		}
		rule.put(target)
	}
	if len(rule.Targets) > maxTargets {
		return nil, limitExceeded("targets per rule", maxTargets)
	}
	out.Count = len(out.Failed)
	return out, nil
}

func (r *Rule) put(target Target) {
	at := slices.IndexFunc(r.Targets, func(t Target) bool { return t.ID == target.ID })
	if at < 0 {
		r.Targets = append(r.Targets, target)
		return
	}
	r.Targets[at] = target
}

var (
	arnPattern  = regexp.MustCompile(`^arn:[\w-]+:([\w-]+):([\w-]*):(\d*):.+$`)
	pathKey     = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	jsonPath    = regexp.MustCompile(`^\$(\.[A-Za-z0-9_/*-]+(\[(\d+|\*)\])?)*$`)
	placeholder = regexp.MustCompile(`<([A-Za-z0-9._-]+)>`)
	predefined  = []string{"aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time", "aws.events.event", "aws.events.event.json"}
)

func (t Target) check(req *sandbox.Request) error {
	m := arnPattern.FindStringSubmatch(t.ARN)
	switch {
	case !ruleName.MatchString(t.ID):
		return invalid("Target id %q is not valid.", t.ID)
	case m == nil:
		return invalid("Parameter %s is not valid. Reason: Provided Arn is not in correct format.", t.ARN)
	case m[2] != req.Region && m[1] != Service:
		return invalid("Parameter %s is not valid. Reason: The target must be in the region of the rule.", t.ARN)
	case m[1] == "kinesis" && t.RoleARN == "":
		return invalid("RoleArn is required for target %s.", t.ARN)
	}
	return t.checkInput()
}

func (t Target) checkInput() error {
	ways := 0
	for _, given := range []bool{t.Input != "", t.InputPath != "", t.InputTransformer != nil} {
		if given {
			ways++
		}
	}
	switch {
	case ways > 1:
		return invalid("Only one of Input, InputPath, or InputTransformer must be provided for target %s.", t.ID)
	case t.Input != "" && !json.Valid([]byte(t.Input)):
		return invalid("JSON syntax error in input for target %s.", t.ID)
	case t.InputTransformer != nil:
		return t.InputTransformer.check(t.ID)
	}
	return nil
}

// check refuses paths that are none, variables that have no path, and templates
// that are neither a JSON object nor quoted lines.
func (x *Transformer) check(id string) error {
	for key, path := range x.Paths {
		if !pathKey.MatchString(key) || strings.HasPrefix(key, "AWS.") {
			return invalid("Invalid InputPathsMap key %q for target %s.", key, id)
		}
		if !jsonPath.MatchString(path) {
			return invalid("Invalid JSON path %q in InputPathsMap for target %s.", path, id)
		}
	}
	for _, m := range placeholder.FindAllStringSubmatch(x.Template, -1) {
		if x.Paths[m[1]] == "" && !slices.Contains(predefined, m[1]) {
			return invalid("InputTemplate for target %s contains the placeholder %s, which is not in InputPathsMap.", id, m[0])
		}
	}
	filled := placeholder.ReplaceAllString(x.Template, "0")
	if json.Valid([]byte(filled)) {
		return nil
	}
	for line := range strings.Lines(filled) {
		if !json.Valid([]byte(line)) {
			return invalid("Invalid InputTemplate for target %s: %s", id, strings.TrimSpace(line))
		}
	}
	return nil
}

type removeTargetsInput struct {
	bus
	Rule  string   `json:"Rule,required" range:"1,64"`
	IDs   []string `json:"Ids,required" range:"1,100"`
	Force bool     `json:"Force"`
}

func removeTargets(req *sandbox.Request, in removeTargetsInput) (any, error) {
	_, rule, err := in.changeable(req, in.Rule)
	if err != nil {
		return nil, err
	}
	rule.Targets = slices.DeleteFunc(rule.Targets, func(t Target) bool { return slices.Contains(in.IDs, t.ID) })
	return targetsOutput{Failed: []failedEntry{}}, nil
}

type listTargetsByRuleInput struct {
	bus
	Rule      string `json:"Rule,required" range:"1,64"`
	NextToken string `json:"NextToken" range:"1,2048"`
	Limit     int    `json:"Limit" range:"1,100"`
}

type listTargetsOutput struct {
	Targets   []Target `json:"Targets"`
	NextToken string   `json:"NextToken,omitempty"`
}

func listTargetsByRule(req *sandbox.Request, in listTargetsByRuleInput) (any, error) {
	_, rule, err := in.rule(req, in.Rule)
	if err != nil {
		return nil, err
	}
	page, next, err := sandbox.Page(req, rule.Targets, in.NextToken, in.Limit, 100)
	return listTargetsOutput{page, next}, err
}
