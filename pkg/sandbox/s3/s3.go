// Package s3 simulates Amazon S3's buckets of a sandbox account: their creation
// and their configuration, not the objects in them. Names are one namespace for
// the partition, and some may be other accounts'; every bucket lives in a region
// and is reached through that region's endpoint alone.
//
// Facts are from the Amazon S3 API reference and user guide unless said otherwise.
package s3

import (
	"net/http"
	"strings"
	"time"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

// Service is the name of the service in the sandbox.
const Service = "s3"

// New returns the simulator.
func New() sandbox.Simulator {
	return sandbox.Simulator{
		Name:       Service,
		Protocol:   sandbox.RESTXML{Namespace: "http://s3.amazonaws.com/doc/2006-03-01/"},
		Invalid:    "InvalidRequest",
		Rewrite:    pathStyle,
		Operations: operations(),
	}
}

func operations() map[string]sandbox.Operation {
	return map[string]sandbox.Operation{
		"ListBuckets":       sandbox.Read(listBuckets).At("GET /").Action("s3:ListAllMyBuckets"),
		"HeadBucket":        sandbox.Read(headBucket).At("HEAD /{Bucket}").Action("s3:ListBucket"),
		"CreateBucket":      sandbox.Write(createBucket).At("PUT /{Bucket}"),
		"DeleteBucket":      sandbox.Write(deleteBucket).At("DELETE /{Bucket}").Status(http.StatusNoContent),
		"GetBucketLocation": sandbox.Read(getLocation).At("GET /{Bucket}?location"),
		"GetBucketAcl":      sandbox.Read(getACL).At("GET /{Bucket}?acl"),

		"GetBucketVersioning":           sandbox.Read(getVersioning).At("GET /{Bucket}?versioning"),
		"PutBucketVersioning":           sandbox.Write(putVersioning).At("PUT /{Bucket}?versioning"),
		"GetPublicAccessBlock":          sandbox.Read(getPublicAccessBlock).At("GET /{Bucket}?publicAccessBlock").Action("s3:GetBucketPublicAccessBlock"),
		"PutPublicAccessBlock":          sandbox.Write(putPublicAccessBlock).At("PUT /{Bucket}?publicAccessBlock").Action("s3:PutBucketPublicAccessBlock"),
		"DeletePublicAccessBlock":       sandbox.Write(deletePublicAccessBlock).At("DELETE /{Bucket}?publicAccessBlock").Status(http.StatusNoContent).Action("s3:PutBucketPublicAccessBlock"),
		"GetBucketOwnershipControls":    sandbox.Read(getOwnership).At("GET /{Bucket}?ownershipControls"),
		"PutBucketOwnershipControls":    sandbox.Write(putOwnership).At("PUT /{Bucket}?ownershipControls"),
		"DeleteBucketOwnershipControls": sandbox.Write(deleteOwnership).At("DELETE /{Bucket}?ownershipControls").Status(http.StatusNoContent).Action("s3:PutBucketOwnershipControls"),
		"GetBucketEncryption":           sandbox.Read(getEncryption).At("GET /{Bucket}?encryption").Action("s3:GetEncryptionConfiguration"),
		"PutBucketEncryption":           sandbox.Write(putEncryption).At("PUT /{Bucket}?encryption").Action("s3:PutEncryptionConfiguration"),
		"GetBucketTagging":              sandbox.Read(getTagging).At("GET /{Bucket}?tagging"),
		"PutBucketTagging":              sandbox.Write(putTagging).At("PUT /{Bucket}?tagging").Status(http.StatusNoContent),
		"GetBucketPolicy":               sandbox.Read(getPolicy).At("GET /{Bucket}?policy"),
		"PutBucketPolicy":               sandbox.Write(putPolicy).At("PUT /{Bucket}?policy").Status(http.StatusNoContent),
		"DeleteBucketPolicy":            sandbox.Write(deletePolicy).At("DELETE /{Bucket}?policy").Status(http.StatusNoContent),
		"GetObjectLockConfiguration":    sandbox.Read(getLock).At("GET /{Bucket}?object-lock").Action("s3:GetBucketObjectLockConfiguration"),
		"PutObjectLockConfiguration":    sandbox.Write(putLock).At("PUT /{Bucket}?object-lock").Action("s3:PutBucketObjectLockConfiguration"),
	}
}

// pathStyle moves a bucket from the host name, where SDKs put it, into the path.
func pathStyle(host, path string) string {
	host, _, _ = strings.Cut(host, ":")
	for _, endpoint := range []string{".s3.", ".s3-", ".localhost"} {
		if i := strings.LastIndex(host, endpoint); i > 0 {
			return "/" + host[:i] + path
		}
	}
	return path
}

// State is what S3 keeps for the account: every bucket it can stumble over.
type State struct {
	Buckets map[string]*Bucket `json:"buckets,omitempty"`
}

// Bucket is one bucket. What is nil or empty is not configured.
type Bucket struct {
	Region     string             `json:"region"`
	Owner      string             `json:"owner,omitempty"` // another account; empty: this one
	Created    time.Time          `json:"created,omitzero"`
	Versioning string             `json:"versioning,omitempty"` // Enabled or Suspended
	MFADelete  string             `json:"mfaDelete,omitempty"`
	Public     *PublicAccessBlock `json:"publicAccessBlock,omitempty"`
	Ownership  string             `json:"ownership,omitempty"`
	Encryption []EncryptionRule   `json:"encryption,omitempty"`
	Policy     string             `json:"policy,omitempty"`
	Locked     bool               `json:"locked,omitempty"` // Object Lock is on, for good
	Retention  *Retention         `json:"retention,omitempty"`
	Tags       map[string]string  `json:"tags,omitempty"`
	Grants     []Grant            `json:"grants,omitempty"` // of the ACL, besides the owner's
}

// Grant is an entry of a bucket's ACL that gives somebody else access.
type Grant struct {
	Grantee    string `json:"grantee"` // canonical user id
	Permission string `json:"permission"`
}

// Get returns a copy of the state.
func Get(a *sandbox.Account) State { return sandbox.Get[State](a, Service, sandbox.Global) }

// Edit changes the state behind the API's back.
func Edit(a *sandbox.Account, change func(*State)) {
	sandbox.Edit(a, Service, sandbox.Global, func(s *State) {
		if s.Buckets == nil {
			s.Buckets = map[string]*Bucket{}
		}
		change(s)
	})
}

// Peek returns the buckets as another simulated service sees them.
func Peek(req *sandbox.Request) map[string]*Bucket {
	return sandbox.Peek[State](req, Service, sandbox.Global).Buckets
}

func state(req *sandbox.Request) *State { return sandbox.In[State](req, Service, sandbox.Global) }

// target is the input that every operation on a bucket has.
type target struct {
	Bucket string `uri:"Bucket"`
	Owner  string `header:"x-amz-expected-bucket-owner"`
}

// find returns the bucket that a request is about, if this is the endpoint of
// its region and it is this account's.
func (t target) find(req *sandbox.Request) (*Bucket, error) {
	b := state(req).Buckets[t.Bucket]
	if b == nil {
		return nil, absent("NoSuchBucket", "The specified bucket does not exist")
	}
	var refusal *sandbox.APIError
	switch {
	case b.Region != req.Region:
		refusal = sandbox.Error("PermanentRedirect", http.StatusMovedPermanently,
			"The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.")
		refusal.Members = map[string]string{"Bucket": t.Bucket, "Endpoint": t.Bucket + ".s3." + b.Region + "." + req.DNSSuffix}
	case b.Owner != "", t.Owner != "" && t.Owner != req.AccountID:
		refusal = sandbox.Error("AccessDenied", http.StatusForbidden, "Access Denied")
	default:
		return b, nil
	}
	refusal.Header = map[string]string{"X-Amz-Bucket-Region": b.Region}
	return nil, refusal
}

// absent is the answer for something that is not configured.
func absent(code, message string) error { return sandbox.Error(code, http.StatusNotFound, message) }

func malformedXML() error {
	return sandbox.Error("MalformedXML", http.StatusBadRequest, "The XML you provided was not well-formed or did not validate against our published schema")
}

func invalid(code, message string) error {
	return sandbox.Error(code, http.StatusBadRequest, message)
}
