package s3

import (
	"maps"
	"net/http"
	"slices"

	"github.com/kiso-cli/kiso/pkg/sandbox"
)

const (
	enabled             = "Enabled"
	bucketOwnerEnforced = "BucketOwnerEnforced"
	aes256              = "AES256"
)

type versioning struct {
	Status    string `json:"Status,omitempty" enum:"Enabled,Suspended"`
	MFADelete string `json:"MfaDelete,omitempty" enum:"Enabled,Disabled"`
}

type versioningDocument struct {
	Config versioning `json:"VersioningConfiguration"`
}

// getVersioning answers with nothing for a bucket that never had it.
func getVersioning(req *sandbox.Request, in target) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, err
	}
	return versioningDocument{versioning{b.Versioning, b.MFADelete}}, nil
}

type putVersioningInput struct {
	target
	MFA    string     `header:"x-amz-mfa"`
	Config versioning `json:"VersioningConfiguration,required"`
}

func putVersioning(req *sandbox.Request, in putVersioningInput) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, err
	}
	switch {
	case in.Config.Status == "":
		return nil, invalid("IllegalVersioningConfigurationException", "The Versioning element must be specified")
	case in.Config.MFADelete != "" || b.MFADelete == enabled:
		return nil, sandbox.Error("AccessDenied", http.StatusForbidden, "Mfa Authentication must be used for this request")
	case b.Locked && in.Config.Status != enabled:
		return nil, sandbox.Error("InvalidBucketState", http.StatusConflict,
			"An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.")
	}
	b.Versioning = in.Config.Status
	return nil, nil
}

// PublicAccessBlock holds the four flags.
type PublicAccessBlock struct {
	BlockPublicAcls       bool `json:"BlockPublicAcls"`
	IgnorePublicAcls      bool `json:"IgnorePublicAcls"`
	BlockPublicPolicy     bool `json:"BlockPublicPolicy"`
	RestrictPublicBuckets bool `json:"RestrictPublicBuckets"`
}

type publicAccessBlockDocument struct {
	Config *PublicAccessBlock `json:"PublicAccessBlockConfiguration,required"`
}

func getPublicAccessBlock(req *sandbox.Request, in target) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, err
	}
	if b.Public == nil {
		return nil, absent("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")
	}
	return publicAccessBlockDocument{b.Public}, nil
}

type putPublicAccessBlockInput struct {
	target
	publicAccessBlockDocument
}

// putPublicAccessBlock replaces all four flags: one that is not named is off.
func putPublicAccessBlock(req *sandbox.Request, in putPublicAccessBlockInput) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, err
	}
	b.Public = in.Config
	return nil, nil
}

func deletePublicAccessBlock(req *sandbox.Request, in target) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, err
	}
	b.Public = nil
	return nil, nil
}

type ownershipDocument struct {
	Controls *ownershipControls `json:"OwnershipControls,required"`
}

type ownershipControls struct {
	Rules []ownershipRule `json:"Rule,required" range:"1,1"`
}

type ownershipRule struct {
	Ownership string `json:"ObjectOwnership,required" enum:"BucketOwnerPreferred,ObjectWriter,BucketOwnerEnforced"`
}

func getOwnership(req *sandbox.Request, in target) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, err
	}
	if b.Ownership == "" {
		return nil, absent("OwnershipControlsNotFoundError", "The bucket ownership controls were not found")
	}
	return ownershipDocument{&ownershipControls{[]ownershipRule{{b.Ownership}}}}, nil
}

type putOwnershipInput struct {
	target
	ownershipDocument
}

// putOwnership does not turn ACLs off while one gives access to somebody else.
func putOwnership(req *sandbox.Request, in putOwnershipInput) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, err
	}
	ownership := in.Controls.Rules[0].Ownership
	if ownership == bucketOwnerEnforced && len(b.Grants) > 0 {
		return nil, invalid("InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
	}
	b.Ownership = ownership
	return nil, nil
}

func deleteOwnership(req *sandbox.Request, in target) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, err
	}
	b.Ownership = ""
	return nil, nil
}

// EncryptionRule is the default encryption of a bucket.
type EncryptionRule struct {
	Algorithm string   `json:"algorithm"`
	KeyID     string   `json:"keyId,omitempty"`
	BucketKey bool     `json:"bucketKey,omitempty"`
	Blocked   []string `json:"blocked,omitempty"`
}

type encryptionDocument struct {
	Config *encryptionConfig `json:"ServerSideEncryptionConfiguration,required"`
}

type encryptionConfig struct {
	Rules []encryptionRule `json:"Rule,required" range:"1,1"`
}

type encryptionRule struct {
	Default   *encryptionDefault `json:"ApplyServerSideEncryptionByDefault"`
	BucketKey bool               `json:"BucketKeyEnabled"`
	Blocked   *blockedEncryption `json:"BlockedEncryptionTypes"`
}

type encryptionDefault struct {
	Algorithm string `json:"SSEAlgorithm,required" enum:"AES256,aws:kms,aws:kms:dsse"`
	KeyID     string `json:"KMSMasterKeyID,omitempty"`
}

type blockedEncryption struct {
	Types []string `json:"EncryptionType" enum:"NONE,SSE-C"`
}

func getEncryption(req *sandbox.Request, in target) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, err
	}
	if len(b.Encryption) == 0 {
		return nil, absent("ServerSideEncryptionConfigurationNotFoundError", "The server side encryption configuration was not found")
	}
	config := &encryptionConfig{}
	for _, r := range b.Encryption {
		rule := encryptionRule{Default: &encryptionDefault{r.Algorithm, r.KeyID}, BucketKey: r.BucketKey}
		if r.Blocked != nil {
			rule.Blocked = &blockedEncryption{r.Blocked}
		}
		config.Rules = append(config.Rules, rule)
	}
	return encryptionDocument{config}, nil
}

type putEncryptionInput struct {
	target
	encryptionDocument
}

// putEncryption does not look whether a KMS key exists, as S3 does not.
func putEncryption(req *sandbox.Request, in putEncryptionInput) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, err
	}
	rule := in.Config.Rules[0]
	if rule.Default == nil {
		return nil, malformedXML()
	}
	if rule.Default.Algorithm == aes256 && rule.Default.KeyID != "" {
		return nil, invalid("InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse")
	}
	kept := EncryptionRule{Algorithm: rule.Default.Algorithm, KeyID: rule.Default.KeyID, BucketKey: rule.BucketKey}
	if rule.Blocked != nil {
		kept.Blocked = rule.Blocked.Types
	}
	b.Encryption = []EncryptionRule{kept}
	return nil, nil
}

type tagSet struct {
	Tags []tag `json:"Tag"`
}

type tag struct {
	Key   string `json:"Key,required" range:"1,128"`
	Value string `json:"Value" range:"0,256"`
}

// tags returns the set as a map, nil for none.
func (s tagSet) tags() (map[string]string, error) {
	if len(s.Tags) > 50 {
		return nil, invalid("BadRequest", "Bucket tag count cannot be greater than 50")
	}
	var tags map[string]string
	for _, t := range s.Tags {
		if _, twice := tags[t.Key]; twice {
			return nil, invalid("InvalidTag", "Cannot provide multiple Tags with the same key")
		}
		if len(t.Key) >= 4 && t.Key[:4] == "aws:" {
			return nil, invalid("InvalidTag", "System tags cannot be added/updated by requester")
		}
		if tags == nil {
			tags = map[string]string{}
		}
		tags[t.Key] = t.Value
	}
	return tags, nil
}

type taggingDocument struct {
	Tagging tagging `json:"Tagging,required"`
}

type tagging struct {
	Set tagSet `json:"TagSet"`
}

func getTagging(req *sandbox.Request, in target) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, err
	}
	if len(b.Tags) == 0 {
		return nil, absent("NoSuchTagSet", "The TagSet does not exist")
	}
	var set tagSet
	for _, k := range slices.Sorted(maps.Keys(b.Tags)) {
		set.Tags = append(set.Tags, tag{k, b.Tags[k]})
	}
	return taggingDocument{tagging{set}}, nil
}

type putTaggingInput struct {
	target
	taggingDocument
}

func putTagging(req *sandbox.Request, in putTaggingInput) (any, error) {
	b, err := in.find(req)
	if err != nil {
		return nil, err
	}
	b.Tags, err = in.Tagging.Set.tags()
	return nil, err
}
