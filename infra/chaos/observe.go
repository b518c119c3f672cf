package chaos

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
)

// isWrite says whether a request writes documents.
func isWrite(r *cosmostest.Request) bool {
	return r.Op == cosmostest.OpBatch || r.Op == cosmostest.OpUpsertItem
}

// observe tells the history what the account has accepted, before the client has its answer.
func (c *Cloud) observe(x cosmostest.Exchange) {
	if isWrite(x.Request) {
		c.log.Debug("write", "process", sender(x.Request), "status", x.Status, "fault", x.Fault, "documents", versions{x.Request})
	}
	if x.Status == http.StatusUnauthorized {
		c.faults.mu.Lock()
		c.faults.refusals++
		c.faults.mu.Unlock()
	}
	if !isWrite(x.Request) || x.Status < 200 || x.Status > 299 || x.Status == http.StatusMultiStatus {
		return
	}
	for _, d := range documents(x.Request) {
		c.History.Wrote(d)
	}
	c.faults.wrote(x.Request)
}

// versions prints the names of the documents that a request writes.
type versions struct{ r *cosmostest.Request }

func (v versions) String() string {
	var b strings.Builder
	for _, d := range documents(v.r) {
		var doc struct {
			ID      string
			Version int
		}
		_ = json.Unmarshal(d, &doc) // what is no document shows as such
		fmt.Fprintf(&b, "%s/%d ", doc.ID, doc.Version)
	}
	return b.String()
}

// documents are those that a request writes.
func documents(r *cosmostest.Request) [][]byte {
	if r.Op != cosmostest.OpBatch {
		return [][]byte{r.Body}
	}
	var operations []struct{ ResourceBody json.RawMessage }
	if json.Unmarshal(r.Body, &operations) != nil {
		return [][]byte{r.Body} // the history says what it is
	}
	var all [][]byte
	for _, o := range operations {
		all = append(all, o.ResourceBody)
	}
	return all
}

// produced are the messages of a request for a topic.
func produced(req *kmsg.ProduceRequest, topic string) []*Message {
	var all []*Message
	for _, t := range req.Topics {
		if t.Topic != topic {
			continue
		}
		for _, p := range t.Partitions {
			var batch kmsg.RecordBatch
			if batch.ReadFrom(p.Records) != nil {
				continue
			}
			records, err := kfake.BatchRecords(batch)
			if err != nil {
				continue
			}
			for _, r := range records {
				all = append(all, message(r.Key, r.Value, r.Headers))
			}
		}
	}
	return all
}

// unwrap takes the record out of what a mapping sends to an on-failure topic: an invocation record whose payload is the
// event (https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure-destination.html).
func unwrap(m *Message) *Message {
	var doc struct {
		Payload struct {
			Records map[string][]struct {
				Key, Value *string
				Headers    []map[string][]int8
			}
		}
	}
	out := &Message{Headers: map[string][]byte{}}
	if json.Unmarshal(m.Value, &doc) != nil {
		return out // without a name, which the history says
	}
	for _, records := range doc.Payload.Records {
		for _, r := range records {
			out.Key, out.Value = decode(r.Key), decode(r.Value)
			for _, h := range r.Headers {
				for name, signed := range h {
					value := make([]byte, len(signed))
					for i, b := range signed {
						value[i] = byte(b)
					}
					out.Headers[name] = value
				}
			}
		}
	}
	return out
}

func decode(text *string) []byte {
	if text == nil {
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(*text)
	if err != nil {
		return []byte("not base64: " + *text)
	}
	return b
}
