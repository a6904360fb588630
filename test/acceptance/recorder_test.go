package acceptance

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// recorder notes every request that passes, and judges by itself whether it
// writes: it does not ask the sandbox, which might be wrong about it.
type recorder struct {
	next http.Handler

	mu   sync.Mutex
	seen []request
}

type request struct {
	service, region, operation string
	writes                     bool
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	body, err := io.ReadAll(in.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	in.Body = io.NopCloser(bytes.NewReader(body))
	r.mu.Lock()
	r.seen = append(r.seen, judge(in, body))
	r.mu.Unlock()
	r.next.ServeHTTP(w, in)
}

// drain returns what was seen since the last call.
func (r *recorder) drain() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.seen
	r.seen = nil
	return seen
}

// scope is the credential scope of a signature: date/region/service/aws4_request.
var scope = regexp.MustCompile(`Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request`)

// reading are the first words of operations that only read.
var reading = regexp.MustCompile(`^(Get|List|Describe|Head|Lookup|AssumeRole)`)

// readingPosts are reads that REST services take as a POST.
var readingPosts = []string{"/listRegions", "/standards/get"}

func judge(in *http.Request, body []byte) request {
	var seen request
	if m := scope.FindStringSubmatch(in.Header.Get("Authorization")); m != nil {
		seen.region, seen.service = m[1], m[2]
	}
	if target := in.Header.Get("X-Amz-Target"); target != "" {
		_, seen.operation, _ = strings.Cut(target, ".")
		seen.writes = !reading.MatchString(seen.operation)
		return seen
	}
	if strings.HasPrefix(in.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		if form, err := url.ParseQuery(string(body)); err == nil {
			seen.operation = form.Get("Action")
			seen.writes = !reading.MatchString(seen.operation)
			return seen
		}
	}
	seen.operation = in.Method + " " + in.URL.Path
	if in.URL.RawQuery != "" {
		seen.operation += "?" + in.URL.RawQuery
	}
	seen.writes = in.Method != http.MethodGet && in.Method != http.MethodHead && !slices.Contains(readingPosts, in.URL.Path)
	return seen
}

// writesOf returns those requests that write.
func writesOf(requests []request) []request {
	return slices.DeleteFunc(slices.Clone(requests), func(r request) bool { return !r.writes })
}
