package plan

import "encoding/json"

// Seal gives a document the digest that fits it; what is no document stays as it is.
func Seal(document []byte) []byte {
	digest, err := digestOf(document)
	var members map[string]json.RawMessage
	if err != nil || json.Unmarshal(document, &members) != nil {
		return document
	}
	members["plan_digest"] = json.RawMessage(`"` + digest + `"`)
	sealed, err := json.Marshal(members)
	if err != nil {
		return document
	}
	return sealed
}
