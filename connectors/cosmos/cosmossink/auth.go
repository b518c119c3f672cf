package cosmossink

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// credentials are the two headers that sign a request, in the form a header map holds: shared, never changed.
type credentials struct {
	second     int64
	date, auth []string
}

// sign makes the headers of a request signed with the account's key. verb and resourceType are in lower case; link is
// the resource's path as it is named, not as it is escaped in a URL.
// https://learn.microsoft.com/rest/api/cosmos-db/access-control-on-cosmosdb-resources
func sign(key []byte, now time.Time, verb, resourceType, link string) *credentials {
	date := now.UTC().Format(http.TimeFormat)
	mac := hmac.New(sha256.New, key)
	for _, part := range [...]string{verb, "\n", resourceType, "\n", link, "\n", strings.ToLower(date), "\n\n"} {
		_, _ = mac.Write([]byte(part)) // a hash never fails
	}
	signature := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return &credentials{
		second: now.Unix(),
		date:   []string{date},
		auth:   []string{url.QueryEscape("type=master&ver=1.0&sig=" + signature)},
	}
}

// resource is what signatures are about: verb and kind in lower case, the path as in sign. It remembers the credentials of
// requests that differ in nothing but their body: they are the same for a second.
type resource struct {
	verb, kind, link string

	last atomic.Pointer[credentials]
}

func (r *resource) credentials(key []byte) *credentials {
	now := time.Now()
	c := r.last.Load()
	if c == nil || c.second != now.Unix() {
		c = sign(key, now, r.verb, r.kind, r.link)
		r.last.Store(c)
	}
	return c
}
