package s3

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

type listBucketsInput struct {
	Max    *int   `query:"max-buckets" range:"1,10000"`
	Token  string `query:"continuation-token"`
	Prefix string `query:"prefix"`
	Region string `query:"bucket-region"`
}

type listBucketsOutput struct {
	Result listBucketsResult `json:"ListAllMyBucketsResult"`
}

type listBucketsResult struct {
	Owner   owner       `json:"Owner"`
	Buckets bucketsList `json:"Buckets"`
	Token   string      `json:"ContinuationToken,omitempty"`
	Prefix  string      `json:"Prefix,omitempty"`
}

type bucketsList struct {
	Buckets []bucketEntry `json:"Bucket"`
}

type bucketEntry struct {
	Name    string    `json:"Name"`
	Created time.Time `json:"CreationDate"`
	Region  string    `json:"BucketRegion"`
	ARN     string    `json:"BucketArn"`
}

type owner struct {
	ID          string `json:"ID"`
	DisplayName string `json:"DisplayName,omitempty"`
}

// ownerOf makes up the account's canonical user id.
func ownerOf(req *sandbox.Request) owner {
	return owner{ID: strings.Repeat(req.AccountID, 6)[:64]}
}

func listBuckets(req *sandbox.Request, in listBucketsInput) (any, error) {
	var entries []bucketEntry
	buckets := state(req).Buckets
	for _, name := range slices.Sorted(maps.Keys(buckets)) {
		b := buckets[name]
		if b.Owner == "" && strings.HasPrefix(name, in.Prefix) && (in.Region == "" || in.Region == b.Region) {
			entries = append(entries, bucketEntry{Name: name, Created: b.Created, Region: b.Region, ARN: arn(req, name)})
		}
	}
	limit := 0
	if in.Max != nil {
		limit = *in.Max
	}
	page, next, err := sandbox.Page(req, entries, in.Token, limit, 10000)
	return listBucketsOutput{listBucketsResult{Owner: ownerOf(req), Buckets: bucketsList{page}, Token: next, Prefix: in.Prefix}}, err
}

func arn(req *sandbox.Request, name string) string { return "arn:" + req.Partition + ":s3:::" + name }

type headBucketOutput struct {
	ARN    string `header:"x-amz-bucket-arn"`
	Region string `header:"x-amz-bucket-region"`
}

func headBucket(req *sandbox.Request, in target) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, err
	}
	return headBucketOutput{ARN: arn(req, in.Bucket), Region: b.Region}, nil
}

type createBucketInput struct {
	Bucket    string              `uri:"Bucket"`
	ACL       string              `header:"x-amz-acl" enum:"private,public-read,public-read-write,authenticated-read"`
	Lock      bool                `header:"x-amz-bucket-object-lock-enabled"`
	Ownership string              `header:"x-amz-object-ownership" enum:"BucketOwnerPreferred,ObjectWriter,BucketOwnerEnforced"`
	Config    *createBucketConfig `json:"CreateBucketConfiguration"`
}

type createBucketConfig struct {
	Location string `json:"LocationConstraint"`
	Tags     tagSet `json:"Tags"`
}

type createBucketOutput struct {
	Location string `header:"Location"`
	ARN      string `header:"x-amz-bucket-arn"`
}

// createBucket gives a new bucket what S3 gives to all since 2023: every public
// access block, no ACLs, SSE-S3.
func createBucket(req *sandbox.Request, in createBucketInput) (any, error) {
	config := createBucketConfig{}
	if in.Config != nil {
		config = *in.Config
	}
	if !validName(in.Bucket) {
		return nil, invalid("InvalidBucketName", "The specified bucket is not valid.")
	}
	if err := checkLocation(req.Region, config.Location); err != nil {
		return nil, err
	}
	tags, err := config.Tags.tags()
	if err != nil {
		return nil, err
	}
	out := createBucketOutput{Location: "/" + in.Bucket, ARN: arn(req, in.Bucket)}
	buckets := state(req)
	if b := buckets.Buckets[in.Bucket]; b != nil {
		return out, recreate(req, b)
	}
	b := newBucket(req)
	b.Tags = tags
	if in.Ownership != "" {
		b.Ownership = in.Ownership
	}
	if in.ACL != "" && in.ACL != "private" {
		return nil, invalid("InvalidBucketAclWithBlockPublicAccessError", "Bucket cannot have public ACLs set with BlockPublicAccess enabled")
	}
	if in.Lock {
		b.Locked, b.Versioning = true, enabled
	}
	if buckets.Buckets == nil {
		buckets.Buckets = map[string]*Bucket{}
	}
	buckets.Buckets[in.Bucket] = b
	return out, nil
}

func newBucket(req *sandbox.Request) *Bucket {
	return &Bucket{
		Region: req.Region, Created: req.Now.UTC().Truncate(time.Second),
		Public:     &PublicAccessBlock{true, true, true, true},
		Ownership:  bucketOwnerEnforced,
		Encryption: []EncryptionRule{{Algorithm: aes256}},
	}
}

// recreate answers for a bucket that is there already. In us-east-1 an account's
// own bucket is "created" once more, which resets its ACL.
func recreate(req *sandbox.Request, b *Bucket) error {
	switch {
	case b.Owner != "":
		return sandbox.Error("BucketAlreadyExists", http.StatusConflict,
			"The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.")
	case b.Region == "us-east-1" && req.Region == "us-east-1":
		b.Grants = nil
		return nil
	default:
		return sandbox.Error("BucketAlreadyOwnedByYou", http.StatusConflict,
			"Your previous request to create the named bucket succeeded and you already own it.")
	}
}

// checkLocation wants the endpoint's own region, which us-east-1 leaves unsaid.
func checkLocation(region, constraint string) error {
	switch {
	case region == "us-east-1" && constraint == "", region != "us-east-1" && constraint == region:
		return nil
	case region == "us-east-1" && constraint == region:
		return invalid("InvalidLocationConstraint", "The specified location-constraint is not valid")
	case constraint == "":
		constraint = "unspecified"
	}
	return invalid("IllegalLocationConstraintException",
		"The "+constraint+" location constraint is incompatible for the region specific endpoint this request was sent to.")
}

var (
	nameShape = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	ipShape   = regexp.MustCompile(`^\d+\.\d+\.\d+\.\d+$`)
)

// validName checks the rules of the user guide's "Bucket naming rules".
func validName(name string) bool {
	if !nameShape.MatchString(name) || ipShape.MatchString(name) || strings.Contains(name, "..") {
		return false
	}
	for _, prefix := range []string{"xn--", "sthree-", "amzn-s3-demo-"} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	for _, suffix := range []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"} {
		if strings.HasSuffix(name, suffix) {
			return false
		}
	}
	return true
}

func deleteBucket(req *sandbox.Request, in target) (any, error) {
	if _, err := in.find(req); err != nil {
		return nil, err
	}
	delete(state(req).Buckets, in.Bucket)
	return nil, nil
}

type locationOutput struct {
	Location string `json:"LocationConstraint"`
}

// getLocation answers with nothing for us-east-1.
func getLocation(req *sandbox.Request, in target) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, err
	}
	if b.Region == "us-east-1" {
		return locationOutput{}, nil
	}
	return locationOutput{b.Region}, nil
}

type aclOutput struct {
	Policy acl `json:"AccessControlPolicy"`
}

type acl struct {
	Owner  owner  `json:"Owner"`
	Grants grants `json:"AccessControlList"`
}

type grants struct {
	Grants []grantOutput `json:"Grant"`
}

type grantOutput struct {
	Grantee    grantee `json:"Grantee"`
	Permission string  `json:"Permission"`
}

type grantee struct {
	Namespace string `json:"@xmlns:xsi"`
	Type      string `json:"@xsi:type"`
	ID        string `json:"ID"`
}

func getACL(req *sandbox.Request, in target) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, err
	}
	self := ownerOf(req)
	all := append([]Grant{{Grantee: self.ID, Permission: "FULL_CONTROL"}}, b.Grants...)
	out := acl{Owner: self}
	for _, g := range all {
		who := grantee{Namespace: "http://www.w3.org/2001/XMLSchema-instance", Type: "CanonicalUser", ID: g.Grantee}
		out.Grants.Grants = append(out.Grants.Grants, grantOutput{who, g.Permission})
	}
	return aclOutput{out}, nil
}
