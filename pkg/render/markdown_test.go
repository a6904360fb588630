package render_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"pgregory.net/rapid"

	"github.com/kiso-cli/kiso/internal/diff"
	"github.com/kiso-cli/kiso/pkg/plan"
	"github.com/kiso-cli/kiso/pkg/render"
	"github.com/kiso-cli/kiso/pkg/resource"
)

var gfm = goldmark.New(goldmark.WithExtensions(extension.GFM))

// reading is what a reader of markdown sees.
type reading struct {
	html   []string   // raw HTML, which kiso alone may write
	links  int        // links, images and autolinks
	prose  string     // text outside of code
	fences []string   // the content of fenced code
	spans  []string   // code spans
	tables [][]string // rows of tables, cells joined
	titles []string
}

func read(t require.TestingT, markdown string) reading {
	source := []byte(markdown)
	var r reading
	err := ast.Walk(gfm.Parser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.HTMLBlock:
			r.html = append(r.html, strings.TrimSpace(string(n.Lines().Value(source))))
		case *ast.RawHTML:
			r.html = append(r.html, string(n.Segments.Value(source)))
		case *ast.Link, *ast.Image, *ast.AutoLink:
			r.links++
		case *ast.FencedCodeBlock:
			r.fences = append(r.fences, string(n.Lines().Value(source)))
		case *ast.Heading:
			r.titles = append(r.titles, plainText(n, source))
		case *ast.CodeSpan:
			r.spans = append(r.spans, plainText(n, source))
			return ast.WalkSkipChildren, nil
		case *east.TableRow:
			var cells []string
			for c := n.FirstChild(); c != nil; c = c.NextSibling() {
				cells = append(cells, plainText(c, source))
			}
			r.tables = append(r.tables, cells)
		case *ast.Text:
			r.prose += string(n.Segment.Value(source)) + "\n"
		}
		return ast.WalkContinue, nil
	})
	require.NoError(t, err)
	return r
}

func plainText(n ast.Node, source []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if leaf, ok := c.(*ast.Text); ok {
			b.Write(leaf.Segment.Value(source))
		} else {
			b.WriteString(plainText(c, source))
		}
	}
	return b.String()
}

// ours is the HTML that kiso writes itself.
var ours = regexp.MustCompile(`^(<!-- kiso:plan account=[0-9A-Za-z]* -->|</?sub>|</details>|` +
	`<details open><summary>(Blocked: could not be read, or needs what could not be|Managed elsewhere: left as it is) \(\d+\)</summary>|` +
	`<details><summary>Changes \(\d+ resources?\)</summary>)$`)

// mention is what GitHub makes a mention or an issue's link of.
var mention = regexp.MustCompile(`[@#][0-9A-Za-z]`)

// harmless fails if anything but kiso's own words has a meaning.
func harmless(t require.TestingT, markdown string) reading {
	r := read(t, markdown)
	for _, html := range r.html {
		assert.Regexp(t, ours, html)
	}
	assert.Zero(t, r.links, "links")
	assert.NotRegexp(t, mention, r.prose)
	assert.LessOrEqual(t, len(r.titles), 1, "titles")
	assert.LessOrEqual(t, len(r.fences), 1, "fences")
	assert.Equal(t, strings.Count(strings.Join(r.html, " "), "<details"), strings.Count(strings.Join(r.html, " "), "</details>"))
	return r
}

func TestMarkdownReadsAsMeant(t *testing.T) {
	r := harmless(t, write(t, "markdown", sample()))
	assert.Equal(t, []string{"kiso plan: account 123456789012"}, r.titles)
	assert.Equal(t, [][]string{
		{"global", "!~", "-", "-", "-"},
		{"ap-northeast-1", "-", "=", "+", "."},
		{"eu-west-1", "-", "=", "+", "-"},
		{"us-east-1", "-", "x", "~", "-"},
	}, r.tables)
	require.Len(t, r.fences, 1)
	for line := range strings.Lines(r.fences[0]) {
		assert.Contains(t, "+-!#\n", line[:1], "a forge colours by the first character")
	}
	var html bytes.Buffer
	require.NoError(t, gfm.Convert([]byte(write(t, "markdown", sample())), &html))
	assert.Contains(t, html.String(), "<strong>Plan: 2 to add, 2 to change, 0 to destroy.</strong>")
}

func TestMarkdownFoldsRegionsThatAreAlike(t *testing.T) {
	p := empty(t, 3)
	r := harmless(t, write(t, "markdown", p))
	require.Len(t, r.tables, 1)
	assert.Regexp(t, `^\d+ regions: .*ap-northeast-1.*us-west-2`, r.tables[0][0])
	assert.Equal(t, []string{"+", "+", "+"}, r.tables[0][1:])
}

func TestMarkdownOfAnEmptyAccountFitsWithEveryDetail(t *testing.T) {
	got := write(t, "markdown", empty(t, 8))
	assert.LessOrEqual(t, len(got), render.MarkdownLimit)
	assert.NotContains(t, got, "fit")
	harmless(t, got)
}

// TestMarkdownAlwaysFits: what does not fit is left out, the least important
// first, and the document says so and still reads as meant.
func TestMarkdownAlwaysFits(t *testing.T) {
	long := strings.Repeat("word ", 2000)
	for name, c := range map[string]struct {
		plan *plan.Plan
		says string
	}{
		"long values": {base(detector("us-east-1", resource.Create, diff.Field{Path: "p", After: strings.Split(long, " ")}, diff.Field{Path: "q", After: strings.Repeat("x", 60_000)})), "Long values are cut"},
		"many values": {empty(t, 40), "The values do not fit here"},
		"many names":  {empty(t, 250), "changes fit here"},
		"many refusals": {many(600, func(c *resource.Change) {
			c.Action, c.Reason = resource.Blocked, c.ID.Name+long
		}), "more do not fit here"},
		"many warnings": {many(600, func(c *resource.Change) {
			c.Action, c.Risks = resource.Update, []resource.Risk{{Kind: resource.Irreversible, Text: c.ID.Name + long}}
		}), "more do not fit here"},
		"many notes": {many(600, func(c *resource.Change) { c.Notes = []string{c.ID.Name + long} }), "more do not fit here"},
	} {
		t.Run(name, func(t *testing.T) {
			got := write(t, "markdown", c.plan)
			assert.LessOrEqual(t, len(got), render.MarkdownLimit)
			assert.Contains(t, got, c.says)
			assert.Contains(t, got, "**Plan: ")
			assert.Contains(t, got, "planned 2026-11-21 12:00 UTC")
			harmless(t, got)
		})
	}
}

func many(n int, change func(*resource.Change)) *plan.Plan {
	p := base(detector("us-east-1", resource.Create))
	for i := range n {
		c := resource.Change{ID: id("sns.topic", "us-east-1", strings.Repeat("t", i%7)+string(rune('a'+i%26))), Action: resource.None}
		change(&c)
		p.Changes = append(p.Changes, c)
	}
	return p
}

func TestMarkdownHasTheRoomThatItIsGiven(t *testing.T) {
	p := empty(t, 40)
	got := writeWith(t, "markdown", p, render.Context{Limit: 900 << 10})
	assert.Greater(t, len(got), render.MarkdownLimit)
	assert.NotContains(t, got, "fit")
}

// hostile is what somebody may call a bucket, a tag or a role.
var hostile = []string{
	"</details><img src=x onerror=alert(1)>", "<!-- --><script>", "--> <b>", "@org/team", "a@b.example", "#1", "owner/repo#12",
	"a|b|c", "`x`", "```\n</details>\n```", "````````", "~~~", "line\nbreak", "\r\n# heading", "\n\n---\n", "[x](https://evil.example)",
	"![x](https://evil.example/p.png)", "https://evil.example", "www.evil.example", "<https://evil.example>", "\\", "\\`", "*b* _i_ ~~s~~",
	"&lt;b&gt;", "&#64;org", "\u202eabc", "\x1b[31m", "\x00", "\xff", "- x", "1. x", "> x", "    x", "| a | b |\n|---|---|", "$x$", "[^1]", "[ ] x", "",
}

func hostilePlan(pick func(label string) string) *plan.Plan {
	named := func(kind, region string, action resource.Action) resource.Change {
		return resource.Change{
			ID: id(kind, region, pick("name")), Action: action, Reason: pick("reason"), Owner: pick("owner"),
			Fields: []diff.Field{{Path: pick("path"), Before: pick("before"), After: map[string]any{pick("key"): pick("after")}}},
			Notes:  []string{pick("note")}, Risks: []resource.Risk{{Kind: pick("risk"), Text: pick("text")}},
		}
	}
	p := base(
		named("s3.bucket", "us-east-1", resource.Create), named("s3.bucket", "eu-west-1", resource.Update),
		named("s3.bucket", pick("region"), resource.Managed), named("s3.bucket", "eu-west-2", resource.Blocked),
		named(pick("kind"), "eu-west-3", resource.Create),
	)
	p.AccountID, p.KisoVersion, p.HomeRegion, p.SpecDigest = pick("account"), pick("version"), pick("home"), "sha256:"+pick("digest")
	p.Notes = []string{pick("plan note")}
	return p
}

func TestNothingInAnAccountBecomesMarkup(t *testing.T) {
	for _, text := range hostile {
		p := hostilePlan(func(string) string { return text })
		got := writeWith(t, "markdown", p, render.Context{Source: text})
		r := harmless(t, got)
		assert.Len(t, r.titles, 1, "%q", text)
		assert.Len(t, r.fences, 1, "%q", text)
		for _, row := range r.tables {
			assert.Len(t, row, len(r.tables[0]), "%q", text)
		}
		assert.True(t, utf8.ValidString(got))
	}
}

func TestNothingRandomBecomesMarkup(t *testing.T) {
	word := rapid.OneOf(rapid.SampledFrom(hostile), rapid.String(), rapid.StringMatching("[-\\[\\]()<>@#`|~*_!$:./a \n]{0,30}"))
	rapid.Check(t, func(rt *rapid.T) {
		p := hostilePlan(func(label string) string {
			return strings.Join(rapid.SliceOfN(word, 1, 3).Draw(rt, label), "")
		})
		harmless(rt, writeWith(t, "markdown", p, render.Context{Source: word.Draw(rt, "source")}))
	})
}

func TestFenceIsLongerThanWhatIsInside(t *testing.T) {
	p := base(detector("us-east-1", resource.Create, diff.Field{Path: "p", After: "````````"}))
	assert.Contains(t, write(t, "markdown", p), "\n`````````diff\n")
}

func TestWhatIsNamedCanStillBeRead(t *testing.T) {
	p := base(resource.Change{ID: id("s3.bucket", "us-east-1", "a`b|c"), Action: resource.Blocked, Reason: "x <y> *z*"})
	got := write(t, "markdown", p)
	assert.Contains(t, read(t, got).spans, "s3.bucket/us-east-1/a`b|c")
	var html bytes.Buffer
	require.NoError(t, gfm.Convert([]byte(got), &html))
	assert.Contains(t, html.String(), "x &lt;y&gt; *z*")
}
