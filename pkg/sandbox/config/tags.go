package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

type tag struct {
	Key   string `json:"Key" range:"1,128"`
	Value string `json:"Value" range:"0,256"`
}

// checkTags returns tags as a map.
func checkTags(list []tag) (map[string]string, error) {
	tags := map[string]string{}
	for _, t := range list {
		if _, twice := tags[t.Key]; twice {
			return nil, invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		if t.Key == "" || strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return nil, invalid("The tag key '%s' is not valid: it is empty, or has the reserved prefix aws:.", t.Key)
		}
		tags[t.Key] = t.Value
	}
	return tags, nil
}

// tagged returns the recorder with that ARN, the only thing here that has tags.
func tagged(req *sandbox.Request, arn string) (*Recorder, error) {
	if r := sandbox.State[State](req).Recorder; r != nil && r.ARN == arn {
		return r, nil
	}
	return nil, refuse("ResourceNotFoundException", "ResourceArn '%s' does not exist", arn)
}

type tagResourceInput struct {
	ARN  string `json:"ResourceArn,required" range:"1,1000"`
	Tags []tag  `json:"Tags,required" range:"1,50"`
}

func tagResource(req *sandbox.Request, in tagResourceInput) (any, error) {
	r, err := tagged(req, in.ARN)
	if err != nil {
		return nil, err
	}
	tags, err := checkTags(in.Tags)
	if err != nil {
		return nil, err
	}
	all := maps.Clone(r.Tags)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, tags)
	if len(all) > 50 {
		return nil, refuse("TooManyTagsException", "You have reached the limit of the number of tags you can use: 50.")
	}
	r.Tags = all
	return nil, nil
}

type untagResourceInput struct {
	ARN  string   `json:"ResourceArn,required" range:"1,1000"`
	Keys []string `json:"TagKeys,required" range:"1,50"`
}

func untagResource(req *sandbox.Request, in untagResourceInput) (any, error) {
	r, err := tagged(req, in.ARN)
	if err != nil {
		return nil, err
	}
	for _, k := range in.Keys {
		delete(r.Tags, k)
	}
	return nil, nil
}

type listTagsInput struct {
	ARN       string `json:"ResourceArn,required" range:"1,1000"`
	Limit     int    `json:"Limit" range:"0,100"`
	NextToken string `json:"NextToken"`
}

type listTagsOutput struct {
	Tags      []tag  `json:"Tags"`
	NextToken string `json:"NextToken,omitempty"`
}

func listTags(req *sandbox.Request, in listTagsInput) (any, error) {
	r, err := tagged(req, in.ARN)
	if err != nil {
		return nil, err
	}
	var tags []tag
	for _, k := range slices.Sorted(maps.Keys(r.Tags)) {
		tags = append(tags, tag{k, r.Tags[k]})
	}
	page, next, err := sandbox.Page(req, tags, in.NextToken, in.Limit, 100)
	return listTagsOutput{page, next}, err
}
