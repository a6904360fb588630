package securityhub

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"

	"github.com/kiso-cli/kiso/internal/reads"
	"github.com/kiso-cli/kiso/pkg/awsx"
	"github.com/kiso-cli/kiso/pkg/resource"
)

// Standards is the model of a region's enabled standards. Those that the spec
// does not name are not managed.
type Standards struct {
	Standards map[string]State `json:"standards"`
	// Unsettled says of standards that are not plainly enabled what AWS says.
	Unsettled map[string]string `json:"unsettled,omitzero" diff:"-"`
}

// State is whether a standard is enabled. PENDING and INCOMPLETE ones are: to
// enable them again does nothing (Security Hub API reference, BatchEnableStandards),
// so that they are noted and are no difference.
type State string

const enabled State = "enabled"

var standards = &resource.Type[Standards]{
	Kind: "securityhub.standards",
	Doc: resource.Doc{
		Summary: "The standards of the spec enabled in the region. AWS Config records there first, if it is in the spec: a standard that finds no recorder stays incomplete.",
		Reads: []resource.Permission{
			{Action: "securityhub:GetEnabledStandards"}, administratorRead,
			{Action: "securityhub:DescribeStandards"}, // asked where one is missing
		},
		Writes: []resource.Permission{{Action: "securityhub:BatchEnableStandards"}},
		// What enables others takes none away.
		Changers: []resource.Changer{
			{Event: "BatchDisableStandards", Parameter: "standardsSubscriptionArns", Names: resource.Below("standards")}, {Event: "DisableSecurityHub"},
		},
	},
	Observe:  observeStandards,
	LeaveOut: notOffered,
	Apply:    applyStandards,
	Notes:    standardsNotes,
	Busy:     standardsPending,
	Settle: resource.Settle{RetryFor: patience, RetryOn: []resource.Transient{
		{Code: "InvalidInputException"}, // a standard is changing: "please try later"
		{Code: "ResourceInUseException"},
		{Code: "ResourceConflictException"},
		notSubscribed,
		limitExceeded,
	}},
}

// observeStandards takes no standard at all for no resource, so that a fresh hub
// is to this one what a missing hub is.
func observeStandards(ctx context.Context, env resource.Env, id resource.ID) (*Standards, error) {
	return observe(ctx, env, id.Scope, func() (*Standards, error) {
		live, err := subscriptions(ctx, env, id.Scope)
		if err != nil {
			return nil, err
		}
		m := &Standards{Standards: map[string]State{}, Unsettled: map[string]string{}}
		for name, s := range live {
			if s.StandardsStatus != types.StandardsStatusDeleting {
				m.Standards[name] = enabled
			}
			if s.StandardsStatus != types.StandardsStatusReady {
				m.Unsettled[name] = status(s)
			}
		}
		if len(m.Standards) == 0 {
			return nil, nil
		}
		return m, nil
	})
}

// subscriptions reads the region's standards by name; none if the hub is off.
func subscriptions(ctx context.Context, env resource.Env, region resource.Scope) (map[string]types.StandardsSubscription, error) {
	key := reads.Key{Service: "securityhub", Region: string(region), Call: "GetEnabledStandards"}
	return reads.Get(ctx, env.Reads, key, func(ctx context.Context) (map[string]types.StandardsSubscription, error) {
		live := map[string]types.StandardsSubscription{}
		err := awsx.Pages(func(token *string) (*string, error) {
			page, err := client(env, region).GetEnabledStandards(ctx, &securityhub.GetEnabledStandardsInput{NextToken: token})
			if err != nil {
				return nil, err
			}
			for _, s := range page.StandardsSubscriptions {
				live[standardName(aws.ToString(s.StandardsArn))] = s
			}
			return page.NextToken, nil
		})
		if off(err) {
			return nil, nil
		}
		return live, err
	})
}

// status words a subscription's status, with its reason if AWS gives one.
func status(s types.StandardsSubscription) string {
	if s.StandardsStatusReason == nil {
		return string(s.StandardsStatus)
	}
	return string(s.StandardsStatus) + " " + string(s.StandardsStatusReason.StatusReasonCode)
}

// meanings say what a status means to the user, by the words that it begins with
// (Security Hub API reference, StandardsSubscription).
var meanings = []struct{ status, meaning string }{
	{"PENDING", "AWS is still enabling it or adding controls to it; nothing is to be done"},
	{"INCOMPLETE NO_AVAILABLE_CONFIGURATION_RECORDER", "no AWS Config recorder recorded when it was enabled. Once one records, disable the standard and run kiso apply: enabling it again alone does not heal it"},
	{"INCOMPLETE MAXIMUM_NUMBER_OF_CONFIG_RULES_EXCEEDED", "the account has too many AWS Config rules. Raise that quota, disable the standard and run kiso apply: enabling it again alone does not heal it"},
	{"INCOMPLETE", "AWS could not enable all of it. Disable the standard and run kiso apply: enabling it again alone does not heal it"},
	{"FAILED", "AWS could not disable it, and it is still enabled"},
	{"DELETING", "it is being disabled"},
}

func standardsNotes(live Standards) []string {
	var notes []string
	for _, name := range slices.Sorted(maps.Keys(live.Unsettled)) {
		for _, m := range meanings {
			if strings.HasPrefix(live.Unsettled[name], m.status) {
				notes = append(notes, fmt.Sprintf("the standard %s is %s: %s", name, live.Unsettled[name], m.meaning))
				break
			}
		}
	}
	return notes
}

// standardsPending names the standards that AWS is still enabling, which takes
// minutes. They are in force from the start, so that this is only waited for.
func standardsPending(live Standards) string {
	var pending []string
	for _, name := range slices.Sorted(maps.Keys(live.Unsettled)) {
		if strings.HasPrefix(live.Unsettled[name], string(types.StandardsStatusPending)) {
			pending = append(pending, name)
		}
	}
	if pending == nil {
		return ""
	}
	return "AWS to finish enabling " + strings.Join(pending, ", ")
}

// applyStandards enables what is missing in one request: AWS takes one a second
// (Security Hub API reference, quotas). What is being disabled must be gone first.
func applyStandards(ctx context.Context, env resource.Env, d resource.Delta[Standards]) error {
	live, err := subscriptions(ctx, env, d.ID.Scope)
	if err != nil {
		return err
	}
	var missing, leaving []string
	for _, name := range slices.Sorted(maps.Keys(d.After.Standards)) {
		switch {
		case !d.Has("standards." + name):
		case live[name].StandardsStatus == types.StandardsStatusDeleting:
			leaving = append(leaving, name)
		default:
			missing = append(missing, name)
		}
	}
	if err := enable(ctx, env, d.ID.Scope, missing); err != nil {
		return err
	}
	if len(leaving) > 0 {
		return resource.Pending("AWS is still disabling " + strings.Join(leaving, ", ") + ", and can enable it again only afterwards")
	}
	return nil
}

// notOffered finds the missing standards that a region does not have, though
// others do: AWS offers most of them in most regions. A name that this kiso does
// not know may be misspelt, and stays. What no region has and is all that is missing
// is an error, since nothing could be done about it. While the hub is off AWS does
// not tell.
func notOffered(ctx context.Context, env resource.Env, d resource.Delta[Standards]) (paths, notes []string, err error) {
	missing := slices.DeleteFunc(slices.Sorted(maps.Keys(d.After.Standards)), func(name string) bool {
		return !d.Has("standards."+name) || name == foundational
	})
	if len(missing) == 0 {
		return nil, nil, nil
	}
	if live, err := subscriptions(ctx, env, d.ID.Scope); err != nil || live == nil {
		return nil, nil, err
	}
	there, err := offered(ctx, env, d.ID.Scope)
	if err != nil || len(there) == 0 {
		return nil, nil, err
	}
	var nowhere []string
	for _, name := range missing {
		switch {
		case slices.Contains(there, name):
		case !elsewhere(ctx, env, d.ID.Scope, name):
			nowhere = append(nowhere, name)
			notes = append(notes, "AWS offers the standard "+name+" in no managed region, and will refuse it: correct securityhub.standards in the spec")
		case slices.Contains(known, name):
			paths = append(paths, "standards."+name)
			notes = append(notes, "AWS does not offer the standard "+name+" in this region: it is left out")
		}
	}
	if len(nowhere) > 0 && len(nowhere)+len(paths) == len(d.Fields) {
		return nil, nil, fmt.Errorf("AWS offers %s in no managed region: correct securityhub.standards in the spec; on offer here are %s", strings.Join(nowhere, ", "), strings.Join(there, ", "))
	}
	return paths, notes, nil
}

// elsewhere says whether another managed region offers a standard, or may: one that
// cannot be asked yet is given the benefit of the doubt.
func elsewhere(ctx context.Context, env resource.Env, here resource.Scope, name string) bool {
	return slices.ContainsFunc(env.Regions, func(r string) bool {
		region := resource.Scope(r)
		if region == here {
			return false
		}
		if live, err := subscriptions(ctx, env, region); err != nil || live == nil {
			return true
		}
		there, err := offered(ctx, env, region)
		return err != nil || slices.Contains(there, name)
	})
}

// enable enables standards. One that the region does not offer makes AWS refuse
// all of them with the code that it has for passing states too: then the region's
// list decides, and what is offered is enabled without the rest.
func enable(ctx context.Context, env resource.Env, region resource.Scope, names []string) error {
	err := batchEnable(ctx, env, region, names)
	if !awsx.IsCode(err, "InvalidInputException") {
		return explain(err)
	}
	there, listErr := offered(ctx, env, region)
	if listErr != nil {
		return err
	}
	unknown := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(there, name) })
	if len(unknown) == 0 {
		return err
	}
	rest := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(unknown, name) })
	if err := batchEnable(ctx, env, region, rest); err != nil {
		return explain(err)
	}
	return fmt.Errorf("securityhub:BatchEnableStandards refused %s, which AWS does not offer in %s: correct securityhub.standards in the spec; on offer are %s",
		strings.Join(unknown, ", "), region, strings.Join(there, ", "))
}

func batchEnable(ctx context.Context, env resource.Env, region resource.Scope, names []string) error {
	if len(names) == 0 {
		return nil
	}
	input := &securityhub.BatchEnableStandardsInput{}
	for _, name := range names {
		arn := standardARN(env.Identity.Partition, region, name)
		input.StandardsSubscriptionRequests = append(input.StandardsSubscriptionRequests, types.StandardsSubscriptionRequest{StandardsArn: &arn})
	}
	_, err := client(env, region).BatchEnableStandards(ctx, input)
	return err
}

// offered lists the standards that a region has, sorted.
func offered(ctx context.Context, env resource.Env, region resource.Scope) ([]string, error) {
	key := reads.Key{Service: "securityhub", Region: string(region), Call: "DescribeStandards"}
	return reads.Get(ctx, env.Reads, key, func(ctx context.Context) ([]string, error) {
		var names []string
		err := awsx.Pages(func(token *string) (*string, error) {
			page, err := client(env, region).DescribeStandards(ctx, &securityhub.DescribeStandardsInput{NextToken: token})
			if err != nil {
				return nil, err
			}
			for _, s := range page.Standards {
				names = append(names, standardName(aws.ToString(s.StandardsArn)))
			}
			return page.NextToken, nil
		})
		slices.Sort(names)
		return names, err
	})
}
