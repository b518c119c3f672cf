package eventsource

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// errReport is a partial batch response that AWS takes for the failure of the whole batch.
var errReport = errors.New("partial batch response")

// decodeReport reads a partial batch response:
//
//	{"batchItemFailures":[{"itemIdentifier":{"partition":"orders-0","offset":17}}]}
//
// It returns the lowest reported offset of each partition key. An empty body, null, an object without the list and an
// empty or null list report nothing, which is success. Whatever else is not exactly this form, names included, is an error.
func decodeReport(body []byte) (map[string]int64, error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil, nil
	}
	var response map[string]json.RawMessage
	if err := json.Unmarshal(body, &response); err != nil {
		return nil, fmt.Errorf("%w: %w", errReport, err)
	}
	var items []map[string]json.RawMessage
	if list, ok := response["batchItemFailures"]; ok {
		if err := json.Unmarshal(list, &items); err != nil {
			return nil, fmt.Errorf("%w: batchItemFailures: %w", errReport, err)
		}
	}
	lowest := make(map[string]int64, len(items))
	for i, item := range items {
		var id map[string]json.RawMessage // by exact name: encoding/json would accept other cases in a struct
		if err := json.Unmarshal(orNull(item["itemIdentifier"]), &id); err != nil {
			return nil, fmt.Errorf("%w: item %d: itemIdentifier: %w", errReport, i, err)
		}
		var partition *string
		var offset *int64
		if err := errors.Join(json.Unmarshal(orNull(id["partition"]), &partition), json.Unmarshal(orNull(id["offset"]), &offset)); err != nil {
			return nil, fmt.Errorf("%w: item %d: %w", errReport, i, err)
		}
		if partition == nil || offset == nil {
			return nil, fmt.Errorf("%w: item %d has no itemIdentifier with partition and offset", errReport, i)
		}
		if low, ok := lowest[*partition]; !ok || *offset < low {
			lowest[*partition] = *offset
		}
	}
	return lowest, nil
}

func orNull(m json.RawMessage) json.RawMessage {
	if m == nil {
		return json.RawMessage("null")
	}
	return m
}
