package sandbox

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Page cuts one page out of a list. Token is the client's (empty: the first
// page), max what the client asked for (0: nothing), limit the service's own page
// size. It returns the token of the next page, empty on the last one, and an
// error for a token that this operation did not give out.
//
// Page is where Options.PageSize and Options.Reversed take effect: send every
// list through it, those that AWS does not page through List.
func Page[T any](r *Request, items []T, token string, max, limit int) ([]T, string, error) {
	start, err := r.parseToken(token, len(items))
	if err != nil {
		return nil, "", err
	}
	if token == "" && len(items) > 0 && r.tx.account.options.EmptyFirst {
		return []T{}, r.pageToken(0), nil
	}
	size := limit
	for _, bound := range []int{max, r.tx.account.options.PageSize} {
		if bound > 0 {
			size = min(size, bound)
		}
	}
	end := min(start+size, len(items))
	next := ""
	if end < len(items) {
		next = r.pageToken(end)
	}
	return List(r, items)[start:end], next, nil
}

// List returns the items in the order that the account is set to give.
func List[T any](r *Request, items []T) []T {
	items = slices.Clone(items)
	if r.tx.account.options.Reversed {
		slices.Reverse(items)
	}
	return items
}

// Shuffled returns the items in an order that differs from call to call, for
// lists whose order AWS leaves open.
func Shuffled[T any](r *Request, items []T) []T {
	items = List(r, items)
	if len(items) == 0 {
		return items
	}
	n := r.Seq % len(items)
	return append(items[n:], items[:n]...)
}

func (r *Request) pageToken(start int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s:%d", r.Operation, start))
}

func (r *Request) parseToken(token string, length int) (int, error) {
	if token == "" {
		return 0, nil
	}
	text, _ := base64.RawURLEncoding.DecodeString(token)
	offset, ok := strings.CutPrefix(string(text), r.Operation+":")
	start, err := strconv.Atoi(offset)
	if !ok || err != nil || start < 0 || start > length {
		return 0, refuse("the pagination token is not valid")
	}
	return start, nil
}
