package policydoc

import (
	"encoding/json"
	"testing"

	awspolicy "github.com/hashicorp/awspolicyequivalence"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	ours   = "arn:aws:events:us-east-1:123456789012:rule/ours"
	theirs = "arn:aws:events:us-east-1:123456789012:rule/theirs"
)

func publish(sources ...any) Statement {
	return Statement{
		Sid: "Publish", Effect: "Allow", Principal: map[string]any{"Service": "events.amazonaws.com"},
		Action: "sns:Publish", Resource: "arn:aws:sns:us-east-1:123456789012:t",
		Condition: Condition{"ArnEquals": {"aws:SourceArn": sources}},
	}
}

func statement(t *testing.T, text string) Statement {
	t.Helper()
	var s Statement
	require.NoError(t, json.Unmarshal([]byte(text), &s))
	return s
}

func TestEquivalent(t *testing.T) {
	for name, pair := range map[string][2]string{
		"one or a list":        {`{"Action":"s3:GetObject"}`, `{"Action":["s3:GetObject"]}`},
		"order, doubles":       {`{"Resource":["a","b","a"]}`, `{"Resource":["b","a"]}`},
		"case of actions":      {`{"Action":"S3:getobject"}`, `{"Action":"s3:GetObject"}`},
		"everybody":            {`{"Principal":"*"}`, `{"Principal":{"AWS":"*"}}`},
		"account and its root": {`{"Principal":{"AWS":"123456789012"}}`, `{"Principal":{"AWS":["arn:aws-cn:iam::123456789012:root"]}}`},
		"case of keys":         {`{"Condition":{"StringEquals":{"AWS:SourceAccount":"1"}}}`, `{"Condition":{"StringEquals":{"aws:sourceaccount":["1"]}}}`},
		"booleans":             {`{"Condition":{"Bool":{"aws:SecureTransport":false}}}`, `{"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`},
		"numbers":              {`{"Condition":{"NumericLessThan":{"s3:TlsVersion":1.2}}}`, `{"Condition":{"NumericLessThan":{"s3:TlsVersion":"1.2"}}}`},
		"ArnLike":              {`{"Condition":{"ArnLike":{"aws:SourceArn":"a"}}}`, `{"Condition":{"ArnEquals":{"aws:SourceArn":"a"}}}`},
		"no condition":         {`{"Condition":{}}`, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			assert.True(t, statement(t, pair[0]).Equivalent(statement(t, pair[1])))
		})
	}
}

func TestNotEquivalent(t *testing.T) {
	for name, pair := range map[string][2]string{
		"effect":             {`{"Effect":"Allow"}`, `{"Effect":"Deny"}`},
		"sid":                {`{"Sid":"a"}`, `{"Sid":"b"}`},
		"everybody, nobody":  {`{"Principal":"*"}`, `{"Principal":{}}`},
		"everybody, a user":  {`{"Principal":"*"}`, `{"Principal":{"AWS":"arn:aws:iam::123456789012:user/u"}}`},
		"kinds of principal": {`{"Principal":{"AWS":"a"}}`, `{"Principal":{"Service":"a"}}`},
		"negation":           {`{"Action":"a"}`, `{"NotAction":"a"}`},
		"case of resources":  {`{"Resource":"a"}`, `{"Resource":"A"}`},
		"a missing key":      {`{"Condition":{"Bool":{"a":"true","b":"true"}}}`, `{"Condition":{"Bool":{"a":"true"}}}`},
		"another operator":   {`{"Condition":{"StringEquals":{"a":"x"}}}`, `{"Condition":{"StringLike":{"a":"x"}}}`},
		"another value":      {`{"Condition":{"Bool":{"a":"true"}}}`, `{"Condition":{"Bool":{"a":"false"}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			assert.False(t, statement(t, pair[0]).Equivalent(statement(t, pair[1])))
		})
	}
}

func TestRaise(t *testing.T) {
	open := publish(ours)
	open.Condition = nil
	denied := publish(ours)
	denied.Effect = "Deny"
	for name, c := range map[string]struct{ live, want, raised Statement }{
		"the same":           {publish(ours), publish(ours), publish(ours)},
		"nothing":            {Statement{}, publish(ours), publish(ours)},
		"further sources":    {publish(theirs, ours), publish(ours), publish(theirs, ours)},
		"other sources":      {publish(theirs), publish(ours), publish(ours, theirs)},
		"pattern of account": {publish("arn:aws:events:*:123456789012:rule/*"), publish(ours), publish(ours, "arn:aws:events:*:123456789012:rule/*")},
		"any source":         {publish("*"), publish(ours), publish(ours)},
		"any account":        {publish(ours, "arn:aws:events:*:*:rule/*"), publish(ours), publish(ours)},
		"no condition":       {open, publish(ours), publish(ours)},
		"another effect":     {denied, publish(ours), publish(ours)},
		"a deny":             {denied, publish(theirs), publish(theirs)},
	} {
		t.Run(name, func(t *testing.T) {
			raised := c.want.Raise(c.live)
			assert.True(t, raised.Equivalent(c.raised), "%+v", raised)
			assert.Equal(t, raised, c.want.Raise(raised), "raising again changes nothing")
		})
	}
}

func TestWithKeepsTheRest(t *testing.T) {
	text := `{"Version":"2008-10-17","Id":"mine","Statement":[{"Effect":"Allow","Action":"a","Future":{"x":12345678901234567890}},` +
		`{"Sid":"Publish","Effect":"Allow","Action":"sns:Publish"},{"Sid":"Other","Effect":"Deny","Action":"b"}]}`
	doc, err := Parse(text)
	require.NoError(t, err)
	assert.Equal(t, text, doc.String(), "untouched")

	again, err := Parse(doc.With(map[string]Statement{"Publish": publish(ours), "New": {Effect: "Allow"}}).String())
	require.NoError(t, err)
	assert.Equal(t, text, doc.String(), "the original is left alone")
	require.Len(t, again.Statements, 4)
	assert.Equal(t, "2008-10-17", again.Version)
	assert.Equal(t, "mine", again.ID)
	assert.Equal(t, doc.Statements[0], again.Statements[0])
	assert.Equal(t, doc.Statements[2], again.Statements[2])
	assert.True(t, again.BySid()["Publish"].Equivalent(publish(ours)))
	assert.Equal(t, Statement{Sid: "New", Effect: "Allow"}, again.BySid()["New"])
	assert.NotContains(t, again.BySid(), "")
}

func TestWithLeavesEquivalentAsWritten(t *testing.T) {
	text := `{"Statement":{"Sid":"S","Effect":"Allow","Action":["B","a"]}}`
	doc, err := Parse(text)
	require.NoError(t, err)
	doc = doc.With(map[string]Statement{"S": {Effect: "Allow", Action: []string{"a", "b"}}})
	assert.Equal(t, `{"Statement":[{"Sid":"S","Effect":"Allow","Action":["B","a"]}]}`, doc.String())
}

func TestParse(t *testing.T) {
	doc, err := Parse("")
	require.NoError(t, err)
	assert.Equal(t, `{"Version":"2012-10-17","Statement":[]}`, doc.String())
	for _, bad := range []string{"x", "[]", `{"Statement":"s"}`} {
		_, err := Parse(bad)
		assert.ErrorContains(t, err, "not a policy document", bad)
	}
}

func TestAdmits(t *testing.T) {
	for text, admits := range map[string]bool{
		``: false,
		`{"Statement":{"Effect":"Allow","Principal":{"Service":"a"}}}`:           true,
		`{"Statement":[1,{"Effect":"Allow","Principal":{"Service":["b","a"]}}]}`: true,
		`{"Statement":[{"Effect":"Deny","Principal":{"Service":"a"}}]}`:          false,
		`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"a"}}]}`:             false,
		`{"Statement":[{"Effect":"Allow","Principal":"*"},{"Effect":"Allow"}]}`:  false,
	} {
		doc, err := Parse(text)
		require.NoError(t, err)
		assert.Equal(t, admits, doc.Admits("a"), text)
	}
}

func TestUnbound(t *testing.T) {
	for text, admits := range map[string]bool{
		``: false,
		`{"Statement":{"Effect":"Allow","Principal":{"Service":"a"}}}`:                                                                            true,
		`{"Statement":[{"Effect":"Allow","Principal":{"Service":"a"},"Condition":{"StringEquals":{"s3:x-amz-acl":"private"}}}]}`:                  true,
		`{"Statement":[{"Effect":"Allow","Principal":{"Service":"a"},"Condition":{"StringEquals":{"AWS:sourceaccount":"111122223333"}}}]}`:        false,
		`{"Statement":[{"Effect":"Allow","Principal":{"Service":"a"},"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:a:*:111122223333:x/*"}}}]}`: false,
		`{"Statement":[{"Effect":"Allow","Principal":{"Service":"a"},"Condition":{"StringEquals":{"aws:SourceOrgID":"o-abc"}}}]}`:                 false,
		`{"Statement":[{"Effect":"Allow","Principal":{"Service":"a"},"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:a:*:*:x/*"}}}]}`:            true,
		`{"Statement":[{"Effect":"Allow","Principal":{"Service":"a"},"Condition":{"StringNotEquals":{"aws:SourceAccount":"111122223333"}}}]}`:     true,
		`{"Statement":[1,{"Effect":"Deny","Principal":{"Service":"a"}},{"Effect":"Allow","Principal":"*"},{"Effect":"Allow"}]}`:                   false,
	} {
		doc, err := Parse(text)
		require.NoError(t, err)
		assert.Equal(t, admits, len(doc.Unbound()) == 1, text)
	}
}

// FuzzMerge merges a statement into any policy: nothing that was there is lost
// or changed, and doing it twice is doing it once. What HashiCorp's comparison
// calls equal is equal here too.
func FuzzMerge(f *testing.F) {
	f.Add(`{"Version":"2008-10-17","Statement":[{"Effect":"Allow"},{"Sid":"Publish"}]}`)
	f.Add(`{"Statement":{"Sid":"Publish","Condition":{"ArnLike":{"AWS:sourcearn":["a","b"]}}}}`)
	f.Add(`{"Statement":[1,null,{"Sid":"Publish","Action":[{}]},{"Sid":"Publish"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := Parse(text)
		if err != nil {
			return
		}
		want := publish(ours)
		if live, ok := doc.BySid()["Publish"]; ok {
			want = want.Raise(live)
		}
		merged := doc.With(map[string]Statement{"Publish": want})
		reread, err := Parse(merged.String())
		require.NoError(t, err)
		assert.True(t, reread.BySid()["Publish"].Equivalent(want))
		assert.True(t, publish(ours).Raise(want).Equivalent(want), "stays as it is")
		assert.Equal(t, merged.String(), reread.With(map[string]Statement{"Publish": want}).String())
		assertKept(t, doc, reread)
	})
}

// assertKept says that all statements but the first one called Publish are in
// after, in their order.
func assertKept(t *testing.T, before, after Document) {
	t.Helper()
	replaced := false
	for i, raw := range before.Statements {
		if sidOf(raw) == "Publish" && !replaced {
			replaced = true
			continue
		}
		assert.JSONEq(t, string(raw), string(after.Statements[i]))
	}
}

func TestAgreesWithHashiCorp(t *testing.T) {
	texts := []string{
		`{"Sid":"a","Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"s3:*","Resource":"x"}`,
		`{"Sid":"a","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::123456789012:root"]},"Action":["s3:*"],"Resource":["x"]}`,
		`{"Sid":"a","Effect":"Allow","Principal":{"Service":["b","a"]},"Action":"s3:*","Resource":"x","Condition":{"Bool":{"k":false}}}`,
		`{"Sid":"a","Effect":"Allow","Principal":{"Service":["a","b"]},"Action":"s3:*","Resource":"x","Condition":{"Bool":{"k":["false"]}}}`,
		`{"Sid":"a","Effect":"Deny","Principal":{"Service":["a","b"]},"Action":"s3:*","Resource":"x"}`,
	}
	for _, a := range texts {
		for _, b := range texts {
			equal, err := awspolicy.PoliciesAreEquivalent(`{"Statement":[`+a+`]}`, `{"Statement":[`+b+`]}`)
			require.NoError(t, err)
			assert.Equal(t, equal, statement(t, a).Equivalent(statement(t, b)), "%s\n%s", a, b)
		}
	}
}
