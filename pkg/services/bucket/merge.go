package bucket

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/internal/policydoc"
)

// adaptPolicy fits the wanted statements to the bucket that is in use, and keeps
// in them what the live ones allow to the same service for others.
func adaptPolicy(live, want Policy) (Policy, []string) {
	replace := []string{want.Bucket, live.Bucket}
	if live.Prefix != "" {
		replace = append([]string{want.Bucket + "/AWSLogs/", live.Bucket + "/" + live.Prefix + "/AWSLogs/"}, replace...)
	}
	if want.Source != "" && live.Source != "" {
		replace = append(replace, want.Source, live.Source)
	}
	want.Statements = withPrefixes(replaced(want.Statements, strings.NewReplacer(replace...)), live.Bucket, live.Prefixes)
	want.Statements = unsaid(live, besideOthers(live.Statements, want.Statements))
	sharing, open := othersIn(live, want)
	open = open || openToOthers(live.Statements, want.Statements)
	var notes []string
	for sid, s := range want.Statements {
		shared, note := share(live.Statements[sid], s, sharing, open)
		want.Statements[sid] = shared
		if note != "" {
			notes = append(notes, note)
		}
	}
	notes = append(notes, unboundOf(live, want)...)
	slices.Sort(notes)
	return want, notes
}

// unboundOf notes statements of others that let the same service in whomever it
// acts for. They are not kiso's to change.
func unboundOf(live, want Policy) []string {
	doc, err := policydoc.Parse(live.Document)
	if err != nil {
		return nil // which observe has refused
	}
	var notes []string
	for _, s := range doc.Unbound() {
		if _, ours := want.Statements[s.Sid]; ours || !sameService(s, want) {
			continue
		}
		name := "a statement without a Sid"
		if s.Sid != "" {
			name = "the statement " + s.Sid
		}
		notes = append(notes, fmt.Sprintf("%s lets %s do %s whomever it acts for, in this account or another: it is not kiso's and stays; bind it by aws:SourceArn, or take it out where nobody needs it",
			name, strings.Join(s.Services(), ", "), strings.Join(texts(s.Action), ", ")))
	}
	return notes
}

func sameService(s policydoc.Statement, want Policy) bool {
	for _, w := range want.Statements {
		if slices.ContainsFunc(w.Services(), func(service string) bool { return slices.Contains(s.Services(), service) }) {
			return true
		}
	}
	return false
}

// replaced returns the statements with names in their resources and conditions
// replaced.
func replaced(statements map[string]policydoc.Statement, r *strings.Replacer) map[string]policydoc.Statement {
	out := map[string]policydoc.Statement{}
	for sid, s := range statements {
		s.Resource = each(s.Resource, r)
		condition := policydoc.Condition{}
		for operator, keys := range s.Condition {
			condition[operator] = map[string]any{}
			for key, value := range keys {
				condition[operator][key] = each(value, r)
			}
		}
		s.Condition = condition
		out[sid] = s
	}
	return out
}

func each(v any, r *strings.Replacer) any {
	list := texts(v)
	for i := range list {
		list[i] = r.Replace(list[i])
	}
	return oneOrMore(list)
}

// withPrefixes lets the service write below further prefixes what it may write
// below none.
func withPrefixes(statements map[string]policydoc.Statement, bucket string, prefixes []string) map[string]policydoc.Statement {
	for sid, s := range statements {
		for _, object := range texts(s.Resource) {
			below, ok := strings.CutPrefix(object, bucket+"/AWSLogs/")
			for _, prefix := range prefixes {
				if ok {
					s.Resource = union(s.Resource, bucket+"/"+prefix+"/AWSLogs/"+below)
				}
			}
		}
		statements[sid] = s
	}
	return statements
}

// unsaid leaves out what the live policy says already in a statement of another Sid,
// or of none, as the CloudTrail console and other tools write them.
func unsaid(live Policy, want map[string]policydoc.Statement) map[string]policydoc.Statement {
	doc, err := policydoc.Parse(live.Document)
	if err != nil {
		return want // which observe has refused
	}
	for sid, s := range want {
		_, taken := live.Statements[sid]
		said := func(l policydoc.Statement) bool { return says(l, s) }
		if !taken && slices.ContainsFunc(doc.Readable(), said) {
			delete(want, sid)
		}
	}
	return want
}

// says whether a live statement means what a wanted one does, for further resources
// and sources perhaps.
func says(live, want policydoc.Statement) bool {
	live.Sid = want.Sid
	if want.Effect == "Allow" {
		want.Resource = union(want.Resource, live.Resource)
	}
	return want.Raise(live).Equivalent(live)
}

// besideOthers gives a wanted statement another Sid where the live one of its Sid
// is for others too, or denies more, in a form that ours cannot take in: that one
// stays as it is.
func besideOthers(live, want map[string]policydoc.Statement) map[string]policydoc.Statement {
	out := map[string]policydoc.Statement{}
	for sid, s := range want {
		if l, taken := live[sid]; taken && stays(l, s) {
			s.Sid += "Kiso"
		}
		out[s.Sid] = s
	}
	return out
}

// stays says whether a live statement of a wanted one's Sid is somebody else's, and
// is not to be replaced. One that does the contrary of ours, or lets everybody in,
// or lets in none but our own sources, is ours, whatever has become of it.
func stays(live, want policydoc.Statement) bool {
	switch {
	case live.Effect != want.Effect:
		live.Effect = want.Effect
		return !alike(live, want)
	case want.Effect == "Deny":
		return deniesElse(live, want)
	default:
		return forOthersToo(live, want) || !alike(live, want) && !letsEverybodyIn(live, want) && !oursAlone(live, want)
	}
}

// alike says whether two statements differ in their resources and binding at most.
func alike(live, want policydoc.Statement) bool {
	want.Resource = union(want.Resource, live.Resource)
	return sameButBinding(live, want)
}

// letsEverybodyIn says whether a statement has any principal, on no conditions but ours.
func letsEverybodyIn(live, want policydoc.Statement) bool {
	everybody := policydoc.Statement{Principal: "*", Condition: live.Condition}
	return everybody.Equivalent(policydoc.Statement{Principal: live.Principal, Condition: live.Condition}) && knows(want.Condition, live.Condition)
}

// oursAlone says whether a statement lets services act for our sources, and for no
// others.
func oursAlone(live, want policydoc.Statement) bool {
	ours, theirs := want.Condition.Sources(), live.Condition.Sources()
	for key, sources := range theirs {
		if slices.ContainsFunc(sources, func(s string) bool { return !slices.Contains(ours[key], s) }) {
			return false
		}
	}
	return len(theirs) > 0 && servicesAlone(live)
}

// othersIn returns the sources of others, by key, that other statements of a live
// policy let the same service act for, and whether there are others that it does
// not name as ours are named: an account's statement may rest on the check of the
// bucket in one that has our Sid.
func othersIn(live, want Policy) (sharing map[string][]string, open bool) {
	sharing = map[string][]string{sourceARN: live.Sharing}
	doc, err := policydoc.Parse(live.Document)
	if err != nil {
		return sharing, false // which observe has refused
	}
	keys, objects := map[string]bool{}, []string{}
	for _, s := range want.Statements {
		for key := range s.Condition.Sources() {
			keys[key] = true
		}
		objects = append(objects, texts(s.Resource)...)
	}
	for _, s := range doc.Allows() {
		if _, ours := want.Statements[s.Sid]; ours || !sameService(s, want) {
			continue
		}
		if !s.Bound() {
			open = open || slices.ContainsFunc(texts(s.Resource), func(r string) bool { return !slices.Contains(objects, r) })
			continue
		}
		for key, sources := range s.Condition.Sources() {
			sharing[key] = append(sharing[key], sources...)
			open = open || !keys[key]
		}
	}
	return sharing, open
}

// sourceARN is the condition key of the resource that a service acts for.
const sourceARN = "aws:sourcearn"

// forOthersToo says whether a live statement lets services write that are others
// than ours, or is bound to sources by another key or operator than ours.
func forOthersToo(live, want policydoc.Statement) bool {
	if live.Effect != "Allow" || want.Effect != "Allow" || !servicesAlone(live) {
		return false
	}
	if !slices.Equal(live.Services(), want.Services()) {
		return true
	}
	_, alike := shareSources(live.Condition, want.Condition)
	return live.Bound() && !alike
}

// deniesElse says whether a live statement denies something on a condition that ours
// does not know, as an old version of TLS.
func deniesElse(live, want policydoc.Statement) bool {
	if live.Effect != "Deny" || want.Effect != "Deny" {
		return false
	}
	return !knows(want.Condition, live.Condition) || !knows(live.Condition, want.Condition)
}

// knows says whether a condition has all the keys of another.
func knows(c, other policydoc.Condition) bool {
	for operator, keys := range other {
		for key := range keys {
			if lookup(c, operator, key) == nil {
				return false
			}
		}
	}
	return true
}

// servicesAlone says whether a statement has no principals but services.
func servicesAlone(s policydoc.Statement) bool {
	principals, _ := s.Principal.(map[string]any)
	return len(principals) == 1 && s.Services() != nil
}

// share keeps what a live statement allows besides the wanted one, if it is that
// otherwise: a bucket may collect the logs of several writers. Where such a
// statement is not bound to sources as ours is, it is bound to those that are
// known to use it. In a policy that is open to others it stays as it is, because
// binding it would end their delivery.
func share(live, want policydoc.Statement, sharing map[string][]string, open bool) (policydoc.Statement, string) {
	wide := want
	wide.Resource = union(want.Resource, live.Resource)
	if want.Effect != "Allow" || !alike(live, want) {
		return want, ""
	}
	condition, bound := shareSources(live.Condition, want.Condition)
	unbound := live
	unbound.Resource = union(live.Resource, want.Resource)
	switch {
	case bound:
	case open && len(texts(wide.Resource)) > len(texts(want.Resource)):
		return unbound, fmt.Sprintf("the statement %s lets the service write for other accounts too (%s) and is not bound to sources one by one: it stays, because binding it would end their delivery; add the sources of all of them by hand",
			want.Sid, strings.Join(texts(live.Resource), ", "))
	case open:
		return unbound, fmt.Sprintf("the statement %s is not bound to sources, and other statements let the service write for others: it stays, because their delivery may rest on it; add the sources of all of them by hand", want.Sid)
	default:
		condition = withSources(condition, sharing)
	}
	wide.Condition = condition
	return wide, ""
}

// openToOthers says whether a live statement lets the service write for others
// that it does not name.
func openToOthers(live, want map[string]policydoc.Statement) bool {
	for sid, w := range want {
		wide := w
		wide.Resource = union(w.Resource, live[sid].Resource)
		if w.Effect != "Allow" || len(texts(wide.Resource)) == len(texts(w.Resource)) || !sameButBinding(live[sid], wide) {
			continue
		}
		if _, bound := shareSources(live[sid].Condition, w.Condition); !bound {
			return true
		}
	}
	return false
}

// withSources adds sources to those that a condition names, by key in lower case.
func withSources(c policydoc.Condition, sources map[string][]string) policydoc.Condition {
	for _, keys := range c {
		for key, value := range keys {
			if policydoc.IsSource(key) {
				keys[key] = union(value, sources[strings.ToLower(key)])
			}
		}
	}
	return c
}

// sameButBinding says whether two statements differ in their conditions at most,
// and those of live ask for nothing that want's do not.
func sameButBinding(live, want policydoc.Statement) bool {
	for operator, keys := range live.Condition {
		for key := range keys {
			if !policydoc.IsSource(key) && lookup(want.Condition, operator, key) == nil {
				return false
			}
		}
	}
	live.Condition, want.Condition = nil, nil
	live.Resource = union(want.Resource, live.Resource)
	return live.Equivalent(want)
}

// shareSources returns the wanted condition with the live sources added, and
// whether there are any.
func shareSources(live, want policydoc.Condition) (condition policydoc.Condition, bound bool) {
	condition = policydoc.Condition{}
	for operator, keys := range want {
		condition[operator] = maps.Clone(keys)
		for key, value := range keys {
			if sources := lookup(live, operator, key); policydoc.IsSource(key) && sources != nil {
				condition[operator][key], bound = union(value, sources), true
			}
		}
	}
	return condition, bound
}

// lookup returns the value of a condition key, whose case does not matter.
func lookup(c policydoc.Condition, operator, key string) any {
	for k, value := range c[operator] {
		if strings.EqualFold(k, key) {
			return value
		}
	}
	return nil
}

// union returns the texts of a, then those of b that a lacks.
func union(a, b any) any {
	all := texts(a)
	for _, t := range texts(b) {
		if !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return oneOrMore(all)
}

func oneOrMore(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// texts lists the strings of a member that may be one or a list.
func texts(v any) []string {
	var list []string
	switch v := v.(type) {
	case string:
		list = []string{v}
	case []string:
		list = append(list, v...)
	case []any:
		for _, item := range v {
			if s, ok := item.(string); ok {
				list = append(list, s)
			}
		}
	}
	return list
}
