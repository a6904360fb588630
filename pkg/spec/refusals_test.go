package spec

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-multierror"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refusals are bad files, each with every line that Decode says of it.
var refusals = []struct {
	name, in string
	want     []string
}{
	// The file as a whole.
	{"empty", "", []string{"1:1: the file is empty; `kiso init` writes one to start from"}},
	{"comments only", "# nothing\n", []string{"1:1: the file is empty; `kiso init` writes one to start from"}},
	{"null", "---\nnull\n", []string{"1:1: the file is empty; `kiso init` writes one to start from"}},
	{"list", "- version: 1\n", []string{"1:1: the file is a list, not a mapping of keys to values"}},
	{"string", "hello\n", []string{"1:1: the file is a string, not a mapping of keys to values"}},
	{"too large", head + strings.Repeat("#", maxSize), []string{"1:1: the file has 1048615 bytes; a spec has at most 1 MiB"}},
	{"not UTF-8", head + "tags: {héllo: \xff}\n", []string{"3:15: byte 0xff is not UTF-8; save the file as UTF-8"}},
	{"UTF-16", "\xff\xfev\x00", []string{"1:1: byte 0xff is not UTF-8; save the file as UTF-8"}},
	{"two documents", head + "---\n" + head, []string{"3:1: the file holds more than one YAML document; keep one; an account has one file"}},
	{"broken second document", head + "---\na: [\n", []string{"4:1: not YAML: did not find expected node content"}},

	// Not YAML.
	{"tab", head + "cloudtrail:\n\ttrail_name: x\n", []string{"4:1: a tab in the indentation; YAML indents with spaces"}},
	{"tab after spaces", head + "cloudtrail:\n  bucket:\n  \tname: x\n", []string{"5:3: a tab in the indentation; YAML indents with spaces"}},
	{"dedent", head + "cloudtrail:\n    trail_name: x\n  bucket: {}\n", []string{"5:3: not YAML: did not find expected key"}},
	{"no colon", head + "cloudtrail\nguardduty: {}\n", []string{"3:1: not YAML: could not find expected ':'"}},
	{"two colons", head + "cloudtrail: bucket: x\n", []string{"3:1: not YAML: mapping values are not allowed in this context"}},
	{"open bracket", head + "regions:\n  include: [us-east-1\nguardduty: {}\n", []string{"4:3: not YAML: did not find expected ',' or ']'"}},
	{"open quote", "version: 1\nhome_region: 'us-east-1\nguardduty: {}\n", []string{"2:1: not YAML: found unexpected end of stream"}},
	{"reserved character", head + "tags: {a: @b}\n", []string{"3:1: not YAML: found character that cannot start any token"}},
	{"control character", head + "tags: {a: \x01}\n", []string{"3:1: not YAML: control characters are not allowed"}},
	{"unknown alias", head + "tags: *base\n", []string{"3:1: not YAML: unknown anchor 'base' referenced"}},
	{"placeholder unquoted", head + "cloudtrail: {trail_name: a-{account_id}}\n", []string{"3:1: not YAML: did not find expected ',' or '}'; put text that holds {account_id} or {home_region} into quotes: within braces or brackets, YAML takes theirs for its own"}},
	{"broken far down", head + strings.Repeat("# a comment\n", 2000) + "tags: [\n", []string{"2003:1: not YAML: did not find expected node content"}},

	// YAML that a spec does not need.
	{"anchor and alias", head + "guardduty: &g {}\nbare: *g\n", []string{
		"3:12: the anchor &g is not supported here; remove it, and write the value out where it is needed",
		"4:7: the alias *g is not supported here; write the value out"}},
	{"alias as a key", head + "tags: {&k a: b, *k : c}\n", []string{
		"3:8: the anchor &k is not supported here; remove it, and write the value out where it is needed",
		"3:17: the alias *k is not supported here; write the value out"}},
	{"merge key", head + "guardduty: {<<: {}}\n", []string{"3:13: the merge key << is not supported here; write the keys out"}},
	{"tag", head + "cloudtrail: {trail_name: !!str kiso}\n", []string{"3:26: the tag !!str is not supported here; remove it; quotes make a string"}},
	{"own tag", head + "guardduty: !mine {}\n", []string{"3:12: the tag !mine is not supported here; remove it; quotes make a string"}},
	{"key is a number", head + "tags: {2026: x}\n", []string{`3:8: tags: the key 2026 is a number; quote it: "2026"`}},
	{"key is a list", head + "? [a]\n: b\n", []string{"3:3: a key is a list; keys are strings"}},
	{"key twice", head + "guardduty: {}\nguardduty: {}\n", []string{`4:1: guardduty: key "guardduty" is given twice; remove one; the first is on line 3`}},
	{"nested key twice", head + "tags:\n  a: b\n  c: d\n  a: e\n", []string{`6:3: tags.a: key "a" is given twice; remove one; the first is on line 4`}},

	// Unknown keys.
	{"section misspelt", head + "gaurdduty: {}\n", []string{`3:1: gaurdduty: unknown key "gaurdduty"; did you mean guardduty?`}},
	{"camel case", "version: 1\nhomeRegion: us-east-1\n", []string{
		"1:1: home_region: is missing; add home_region: us-east-1",
		`2:1: homeRegion: unknown key "homeRegion"; did you mean home_region?`}},
	{"nested key misspelt", head + "cloudtrail:\n  bucket:\n    object_lock: {mode: GOVERNANCE, dais: 30}\n",
		[]string{`5:37: cloudtrail.bucket.object_lock.dais: unknown key "dais"; did you mean days?`}},
	{"like no key", head + "guardduty: {x: 1}\n", []string{`3:13: guardduty.x: unknown key "x"; valid keys are finding_publishing_frequency, features`}},
	{"no keys at all", head + "bare: {x: 1}\n", []string{`3:8: bare.x: unknown key "x"; no keys are expected here`}},
	{"left-out field", head + "root_login_alarm: {emails: [a@b.de], secret: x}\n",
		[]string{`3:38: root_login_alarm.secret: unknown key "secret"; valid keys are emails, root_api_usage, topic`}},

	// Required keys.
	{"no version", "home_region: us-east-1\n", []string{"1:1: version: is missing; add version: 1"}},
	{"no home region", "# mine\nversion: 1\n", []string{"2:1: home_region: is missing; add home_region: us-east-1"}},
	{"empty home region", "version: 1\nhome_region:\n", []string{"2:1: home_region: is empty; give it a value, such as us-east-1"}},
	{"missing in a section", head + "root_login_alarm: {}\n", []string{"3:1: root_login_alarm.emails: is missing; add emails: [security@example.com]"}},
	{"missing in a null section", head + "root_login_alarm:\n", []string{"3:1: root_login_alarm.emails: is missing; add emails: [security@example.com]"}},
	{"missing in an item", head + "cloudtrail:\n  readers:\n    - level: 1\n", []string{`5:7: cloudtrail.readers[0].account: is missing; add account: "123456789012"`}},

	// Wrong types.
	{"version 2", "version: 2\nhome_region: us-east-1\n", []string{"1:10: version: must be 1, not 2"}},
	{"version quoted", "version: \"1\"\nhome_region: us-east-1\n", []string{`1:10: version: "1" is a string, not a whole number in plain digits; remove the quotes: 1`}},
	{"version with a fraction", "version: 1.0\nhome_region: us-east-1\n", []string{"1:10: version: 1.0 is a number, not a whole number in plain digits"}},
	{"account id unquoted", head + "account_id: 123456789012\n", []string{"3:13: account_id: 123456789012 is a number, not a string; quote it: account ids are strings"}},
	{"account id with leading zero unquoted", head + "account_id: 012345678901\n", []string{"3:13: account_id: 012345678901 is a number, not a string; quote it: account ids are strings"}},
	{"boolean for a string", head + "cloudtrail: {trail_name: true}\n", []string{`3:26: cloudtrail.trail_name: true is a boolean, not a string; quote it: "true"`}},
	{"date for a string", head + "cloudtrail: {bucket: {name: 2026-11-21}}\n", []string{`3:29: cloudtrail.bucket.name: 2026-11-21 is a date, not a string; quote it: "2026-11-21"`}},
	{"mapping for a string", head + "cloudtrail: {trail_name: {}}\n", []string{"3:26: cloudtrail.trail_name: is a mapping of keys to values, not a string"}},
	{"string for a mapping", head + "guardduty: enabled\n", []string{`3:12: guardduty: "enabled" is a string, not a mapping of keys to values`}},
	{"list for a mapping", head + "tags: [a, b]\n", []string{"3:7: tags: is a list, not a mapping of keys to values"}},
	{"string for a list", head + "regions: {include: us-east-1}\n", []string{`3:20: regions.include: "us-east-1" is a string, not a list; write it as a list: [us-east-1]`}},
	{"mapping for a list", head + "regions: {include: {}}\n", []string{"3:20: regions.include: is a mapping of keys to values, not a list"}},
	{"yes for a bool", head + "root_login_alarm: {emails: [a@b.de], root_api_usage: yes}\n", []string{`3:54: root_login_alarm.root_api_usage: "yes" is a string, not true or false; did you mean true?`}},
	{"off for a bool", head + "root_login_alarm: {emails: [a@b.de], root_api_usage: off}\n", []string{`3:54: root_login_alarm.root_api_usage: "off" is a string, not true or false; did you mean false?`}},
	{"word for a bool", head + "root_login_alarm: {emails: [a@b.de], root_api_usage: maybe}\n", []string{`3:54: root_login_alarm.root_api_usage: "maybe" is a string, not true or false`}},
	{"octal", head + "cloudtrail: {bucket: {object_lock: {days: 010}}}\n", []string{"3:43: cloudtrail.bucket.object_lock.days: 010 is a number, not a whole number in plain digits"}},
	{"underscores", head + "cloudtrail: {bucket: {object_lock: {days: 1_000}}}\n", []string{"3:43: cloudtrail.bucket.object_lock.days: 1_000 is a number, not a whole number in plain digits"}},
	{"overflow", head + "cloudtrail: {bucket: {object_lock: {days: 9223372036854775808}}}\n", []string{"3:43: cloudtrail.bucket.object_lock.days: 9223372036854775808 is out of range; valid values are 1 to 36500"}},
	{"overflow beyond YAML's own", head + "cloudtrail: {bucket: {object_lock: {days: 999999999999999999999}}}\n", []string{"3:43: cloudtrail.bucket.object_lock.days: 999999999999999999999 is out of range; valid values are 1 to 36500"}},

	// Null.
	{"null value", head + "cloudtrail:\n  trail_name:\n  bucket: ~\n", []string{
		"4:3: cloudtrail.trail_name: is empty; remove the key to get the default",
		"5:3: cloudtrail.bucket: is empty; remove the key to get the default"}},
	{"null regions", head + "regions:\n", []string{"3:1: regions: is empty; remove the key to get the default"}},
	{"null item", head + "regions:\n  exclude:\n    -\n    - us-east-1\n", []string{"5:6: regions.exclude[0]: is empty; remove the item"}},

	// Constraints.
	{"enum", head + "guardduty:\n  finding_publishing_frequency: HOURLY\n", []string{
		`4:33: guardduty.finding_publishing_frequency: "HOURLY" is not one of FIFTEEN_MINUTES, ONE_HOUR, SIX_HOURS; did you mean ONE_HOUR?`}},
	{"the beginning of a valid value", "version: 1\nhome_region: eu-west-1\nguardduty:\n  finding_publishing_frequency: SIX\n", []string{
		`4:33: guardduty.finding_publishing_frequency: "SIX" is not one of FIFTEEN_MINUTES, ONE_HOUR, SIX_HOURS; did you mean SIX_HOURS?`}},
	{"enum of a named type, letter case", head + "cloudtrail: {bucket: {object_lock: {mode: compliance}}}\n", []string{
		`3:43: cloudtrail.bucket.object_lock.mode: "compliance" is not one of GOVERNANCE, COMPLIANCE; did you mean COMPLIANCE?`}},
	{"enum of a map's values", head + "guardduty: {features: {A: enabled, B: enable}}\n", []string{`3:39: guardduty.features.B: "enable" is not one of enabled, disabled; did you mean enabled?`}},
	{"enum of ints", head + "cloudtrail: {readers: [{account: '123456789012', level: 4}]}\n", []string{"3:57: cloudtrail.readers[0].level: 4 is not one of 1, 2, 5; did you mean 1?"}},
	{"below the minimum", head + "cloudtrail: {bucket: {object_lock: {days: 0}}}\n", []string{"3:43: cloudtrail.bucket.object_lock.days: 0 is too small; the smallest valid value is 1"}},
	{"negative", head + "cloudtrail: {bucket: {object_lock: {days: -7}}}\n", []string{"3:43: cloudtrail.bucket.object_lock.days: -7 is too small; the smallest valid value is 1"}},
	{"above the maximum", head + "cloudtrail: {bucket: {object_lock: {years: 101}}}\n", []string{"3:44: cloudtrail.bucket.object_lock.years: 101 is too large; the largest valid value is 100"}},
	{"too short", head + "cloudtrail: {trail_name: ab}\n", []string{`3:26: cloudtrail.trail_name: "ab" has 2 characters; at least 3 are needed`}},
	{"too long", head + "cloudtrail: {trail_name: abcdefghijklm}\n", []string{`3:26: cloudtrail.trail_name: "abcdefghijklm" has 13 characters; at most 12 are allowed`}},
	{"pattern", head + "cloudtrail: {trail_name: My Trail}\n", []string{`3:26: cloudtrail.trail_name: "My Trail" does not match ^[a-z{}_-]{3,}$`}},
	{"account id too short", head + "account_id: '12345678901'\n", []string{`3:13: account_id: "12345678901" is not an account id; an account id has 12 digits, without dashes or spaces`}},
	{"account id with dashes", head + "account_id: 1234-5678-9012\n", []string{`3:13: account_id: "1234-5678-9012" is not an account id; an account id has 12 digits, without dashes or spaces`}},
	{"emails", head + "root_login_alarm:\n  emails:\n    - me\n    - me@localhost\n    - Me <me@example.com>\n    - me@example.com, you@example.com\n    - me@[10.0.0.1]\n    - me@example..com\n    - \"me@example.com\\n\"\n", []string{
		`5:7: root_login_alarm.emails[0]: "me" is not an e-mail address; write it as name@example.com`,
		`6:7: root_login_alarm.emails[1]: "me@localhost" is not an e-mail address; write it as name@example.com`,
		`7:7: root_login_alarm.emails[2]: "Me <me@example.com>" is not an e-mail address; did you mean me@example.com?`,
		`8:7: root_login_alarm.emails[3]: "me@example.com, you@example.com" is not an e-mail address; write it as name@example.com`,
		`9:7: root_login_alarm.emails[4]: "me@[10.0.0.1]" is not an e-mail address; write it as name@example.com`,
		`10:7: root_login_alarm.emails[5]: "me@example..com" is not an e-mail address; write it as name@example.com`,
		`11:7: root_login_alarm.emails[6]: "me@example.com\n" is not an e-mail address; write it as name@example.com`}},
	{"no e-mail at all", head + "root_login_alarm: {emails: []}\n", []string{"3:28: root_login_alarm.emails: a list of 0 items; name at least 1"}},
	{"e-mail twice", head + "root_login_alarm: {emails: [a@b.de, a@b.de]}\n", []string{`3:37: root_login_alarm.emails[1]: "a@b.de" is already in the list; remove one`}},
	{"a type's own check", head + "root_login_alarm: {emails: [a@b.de], topic: a.b}\n", []string{`3:38: root_login_alarm.topic: "a.b" is not a topic name; use letters and digits`}},
	{"a check that spans fields", head + "cloudtrail:\n  bucket:\n    object_lock:\n      days: 30\n      years: 1\n", []string{
		"7:7: cloudtrail.bucket.object_lock.years: days (30) and years (1) are both given; keep one"}},

	// Regions.
	{"home region misspelt", "version: 1\nhome_region: us-esat-1\n", []string{`2:14: home_region: "us-esat-1" is not an AWS region; did you mean us-east-1?`}},
	{"home region is a city", "version: 1\nhome_region: tokyo\n", []string{`2:14: home_region: "tokyo" is not an AWS region; region names look like us-east-1`}},
	{"included and excluded regions misspelt", head + "regions:\n  include: [us-east-9]\n  exclude: [eu-west-l]\n", []string{
		`4:13: regions.include[0]: "us-east-9" is not an AWS region; did you mean us-east-1?`,
		`5:13: regions.exclude[0]: "eu-west-l" is not an AWS region; did you mean eu-west-1?`}},
	{"included and excluded", head + "regions:\n  include: [us-east-1, eu-west-1]\n  exclude: [eu-west-1]\n", []string{
		`5:13: regions.exclude[0]: "eu-west-1" is included and excluded; remove it from one of the two lists`}},
	{"included twice", head + "regions: {include: [us-east-1, us-east-1]}\n", []string{`3:32: regions.include[1]: "us-east-1" is already in the list; remove one`}},
	{"nothing included", head + "regions: {include: []}\n", []string{"3:20: regions.include: a list of 0 items; name at least 1"}},
	{"partitions mixed", "version: 1\nhome_region: cn-north-1\nregions:\n  include: [cn-northwest-1, us-east-1]\n  exclude: [us-gov-west-1]\n", []string{
		`4:29: regions.include[1]: "us-east-1" is in partition aws, but home_region cn-north-1 is in aws-cn; one file describes one account, and an account lives in one partition`,
		`5:13: regions.exclude[0]: "us-gov-west-1" is in partition aws-us-gov, but home_region cn-north-1 is in aws-cn; one file describes one account, and an account lives in one partition`}},

	// Tags.
	{"tag keys", head + "tags:\n  'aws:owner': a\n  'AWS:owner': a\n  'a*b': a\n  '': a\n  " + strings.Repeat("k", 129) + ": a\n", []string{
		`4:3: tags["aws:owner"]: the tag's key "aws:owner" starts with aws:; AWS reserves that prefix`,
		`5:3: tags["AWS:owner"]: the tag's key "AWS:owner" starts with aws:; AWS reserves that prefix`,
		`6:3: tags["a*b"]: the tag's key "a*b" holds a character that AWS does not allow; use letters, digits, spaces and _ . : / = + - @`,
		`7:3: tags[""]: a tag's key is empty; give it 1 to 128 characters`,
		"8:3: tags." + strings.Repeat("k", 129) + ": the tag's key is 129 characters long; AWS allows 128"}},
	{"tag values", head + "tags: {a: " + strings.Repeat("é", 257) + ", b: '50%', c: 1}\n", []string{
		"3:8: tags.a: the tag's value is 257 characters long; AWS allows 256",
		`3:270: tags.b: the tag's value "50%" holds a character that AWS does not allow; use letters, digits, spaces and _ . : / = + - @`,
		`3:283: tags.c: 1 is a number, not a string; quote it: "1"`}},
	{"too many tags", head + "tags: {" + manyTags(51) + "}\n", []string{"3:1: tags: has 51 tags; AWS allows 50 on a resource"}},
}

func manyTags(n int) string {
	var tags []string
	for i := range n {
		tags = append(tags, fmt.Sprintf("t%d: v", i))
	}
	return strings.Join(tags, ", ")
}

func TestRefusals(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			s, err := Decode("kiso.yaml", []byte(c.in), sections)
			require.Error(t, err)
			assert.Nil(t, s)
			assert.Equal(t, "kiso.yaml:"+strings.Join(c.want, "\nkiso.yaml:"), err.Error())
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	const file = `# everything wrong
version: 3
account_id: 123456789012
home_region: us-eest-1
regions:
  include: [mars-north-1, us-east-1]
tags: {"aws:x": y}
guardduty:
  finding_publishing_frequency: HOURLY
  featurs: {}
cloudtrail:
  bucket:
    object_lock: {mode: COMPLIANCE, days: 0}
root_login_alarm:
  emails: [nobody]
securityhbu: {}
`
	_, err := Decode("dir/kiso.yaml", []byte(file), sections)
	all, ok := err.(*multierror.Error)
	require.True(t, ok)
	var got []string
	for _, e := range all.Errors {
		problem := e.(*Error)
		assert.Equal(t, "dir/kiso.yaml", problem.File)
		got = append(got, fmt.Sprintf("%d:%d %s", problem.Line, problem.Column, problem.Path))
	}
	assert.Equal(t, []string{
		"2:10 version", "3:13 account_id", "4:14 home_region", "6:13 regions.include[0]", `7:8 tags["aws:x"]`,
		"9:33 guardduty.finding_publishing_frequency", "10:3 guardduty.featurs", "13:43 cloudtrail.bucket.object_lock.days",
		"15:12 root_login_alarm.emails[0]", "16:1 securityhbu",
	}, got)
}

// A typo is reported once: what it brings about in a check that spans fields is not.
func TestConsequencesAreNotReported(t *testing.T) {
	_, err := Decode("f", []byte(head+"cloudtrail: {bucket: {object_lock: {days: 30, years: many}}}\n"), sections)
	assert.EqualError(t, err, `f:3:54: cloudtrail.bucket.object_lock.years: "many" is a string, not a whole number in plain digits`)
}

func TestMessagesStayShort(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	_, err := Decode("f", []byte("version: "+long+"\nhome_region: "+long+"\n"), sections)
	require.Error(t, err)
	assert.Less(t, len(err.Error()), 500)
}

// Small or large, no file keeps Decode busy for long.
func TestHostileFiles(t *testing.T) {
	bomb := "a0: &a0 [x, x]\n"
	for i := 1; i < 60; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
	}
	var manyKeys strings.Builder
	for i := 0; manyKeys.Len() < maxSize/4; i++ {
		fmt.Fprintf(&manyKeys, "k%d: 1\n", i)
	}
	for name, file := range map[string]string{
		"alias bomb":        bomb,
		"alias of itself":   "guardduty: &a {features: *a}\n",
		"deep flow":         strings.Repeat("[", maxSize-1),
		"deep mapping":      strings.Repeat("{a: ", 9000),
		"many keys":         manyKeys.String(),
		"many tags":         "tags: {" + manyTags(20_000) + "}\n",
		"many regions":      head + "regions: {include: [" + strings.Repeat("us-moon-1, ", 10_000) + "]}\n",
		"one long value":    "home_region: " + strings.Repeat("é", maxSize/2-20) + "\n",
		"many open quotes":  strings.Repeat("a: 'b\n", 2_000),
		"many comments":     strings.Repeat("# c\n", maxSize/4),
		"many blank lines":  strings.Repeat("\n", maxSize),
		"many dashes":       strings.Repeat("- ", maxSize/2),
		"many duplicates":   strings.Repeat("version: 1\n", 20_000),
		"many merge keys":   strings.Repeat("<<: {}\n", 20_000),
		"many broken lines": strings.Repeat("a: b: c\n", 2_000),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := Decode("f", []byte(file), sections)
			assert.Error(t, err)
			assert.Less(t, time.Since(start), 20*time.Second)
		})
	}
}
