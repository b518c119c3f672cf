package deadletter

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
)

// inFlight is how many objects are written at a time.
const inFlight = 16

// bucket writes each letter as an object <prefix>/<topic>/<partition>/<offset>.json, so that a letter that is written again
// takes the place of the first. It is a connect.Sink and a connect.Prober.
type bucket struct {
	client
	at config.DeadLetterTarget

	mu     sync.Mutex
	region string
}

func newBucket(t config.DeadLetterTarget, region string) *bucket {
	return &bucket{client: newClient("s3", "S3", t.String()), at: t, region: region}
}

// Put writes the letters, in no order: each is an object of its own.
func (b *bucket) Put(ctx context.Context, batch []*connect.Record) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	errs := make([]error, len(batch))
	room := make(chan struct{}, inFlight)
	var wg sync.WaitGroup
	for i, r := range batch {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			errs[i] = b.put(ctx, r)
			if connect.Classify(errs[i]) == connect.ClassFatal { // as all the others would
				cancel(errs[i])
			}
		})
	}
	wg.Wait()
	var failed connect.BatchError
	cause := context.Cause(ctx)
	for i, err := range errs {
		if err != nil && connect.Classify(err) == connect.ClassRetriable && connect.Classify(cause) == connect.ClassFatal {
			err = cause
		}
		failed.Fail(i, err)
	}
	return failed.ErrOrNil()
}

func (b *bucket) put(ctx context.Context, r *connect.Record) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	body, err := encode(r)
	if err != nil {
		return err
	}
	m := r.Origin
	// Offsets have the width of the largest, so that a listing is in their order.
	key := strings.TrimPrefix(fmt.Sprintf("%s/%s/%d/%019d.json", b.at.Prefix, m.Topic, m.Partition, m.Offset), "/")
	_, err = b.request(ctx, http.MethodPut, key, "", map[string]string{"Content-Type": "application/json"}, body)
	return err
}

// request sends a request to the region where the bucket is: that of the function, until S3 names another one.
func (b *bucket) request(ctx context.Context, method, key, query string, headers map[string]string, body []byte) (*answer, error) {
	for moved := false; ; moved = true {
		b.mu.Lock()
		region := b.region
		b.mu.Unlock()
		at := b.url(region, key)
		if query != "" {
			at += "?" + query
		}
		a, err := b.send(ctx, method, at, region, headers, body, 1, xmlCode)
		if err == nil || a == nil || moved {
			return a, err
		}
		elsewhere := a.header.Get("X-Amz-Bucket-Region")
		if elsewhere == "" || elsewhere == region {
			return a, err
		}
		b.mu.Lock()
		b.region = elsewhere
		b.mu.Unlock()
	}
}

// url addresses an object as bucket.host/key; where the bucket's name would not fit a certificate, or the host is not AWS's,
// as host/bucket/key.
func (b *bucket) url(region, key string) string {
	host := b.at.BucketHost(region)
	switch {
	case b.endpoint != "":
		return b.endpoint + "/" + b.at.Bucket + "/" + escape(key)
	case strings.Contains(b.at.Bucket, "."):
		return "https://" + host + "/" + b.at.Bucket + "/" + escape(key)
	}
	return "https://" + b.at.Bucket + "." + host + "/" + escape(key)
}

// escape encodes a key as signatures want it: all but unreserved characters and slashes.
func escape(key string) string {
	parts := strings.Split(key, "/")
	for i := range parts {
		parts[i] = strings.ReplaceAll(url.QueryEscape(parts[i]), "+", "%20")
	}
	return strings.Join(parts, "/")
}

func xmlCode(a *answer) string {
	var e struct{ Code string }
	if xml.Unmarshal(a.body, &e) != nil { // an answer to HEAD, or of something in between: the status has to do
		return ""
	}
	return e.Code
}

// Probe looks whether the bucket is there.
func (b *bucket) Probe(ctx context.Context) []connect.Finding {
	_, err := b.request(ctx, http.MethodHead, "", "", nil, nil)
	return b.probed(err,
		"The bucket must exist; allow the function's role s3:PutObject below the prefix, and s3:ListBucket for this check.")
}
