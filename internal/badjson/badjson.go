// Package badjson says what is wrong with a JSON document to those who wrote it:
// the place in the document, not the program's type.
package badjson

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
)

// Explain words an error of reading data as JSON.
func Explain(data []byte, err error) string {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		line, column := place(data, syntax.Offset-1) // the offset is behind what is wrong
		return fmt.Sprintf("it is not valid JSON at line %d, column %d", line, column)
	case errors.As(err, &mismatch):
		line, column := place(data, mismatch.Offset-1)
		return fmt.Sprintf("%s is of the wrong type, %s, at line %d, column %d", cmp.Or(mismatch.Field, "the whole"), mismatch.Value, line, column)
	default:
		return err.Error()
	}
}

func place(data []byte, offset int64) (line, column int) {
	before := data[:min(max(offset, 0), int64(len(data)))]
	return 1 + bytes.Count(before, []byte("\n")), len(before) - bytes.LastIndexByte(before, '\n')
}
