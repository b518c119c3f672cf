package awslambda

import "encoding/json"

// unquote decodes the inside of a JSON string that has escapes; nothing Lambda sends for Kafka names has any.
func unquote(raw []byte) (string, error) {
	quoted := make([]byte, 0, len(raw)+2)
	quoted = append(quoted, '"')
	quoted = append(quoted, raw...)
	quoted = append(quoted, '"')
	var s string
	err := json.Unmarshal(quoted, &s)
	return s, err
}
