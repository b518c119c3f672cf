package cosmostest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// clockSkew is how far x-ms-date may be from the server's time.
const clockSkew = 15 * time.Minute

// authorize checks the master-key signature of a request:
// https://learn.microsoft.com/rest/api/cosmos-db/access-control-on-cosmosdb-resources
func (s *Server) authorize(r *http.Request, rt route) *failure {
	token := r.Header.Get("Authorization")
	if token == "" {
		if s.opts.AllowUnsigned {
			return nil
		}
		return newFailure(http.StatusUnauthorized, "Required Header authorization is missing. Ensure a valid Authorization token is passed.")
	}
	if strings.Contains(token, "%") {
		if plain, err := url.QueryUnescape(token); err == nil {
			token = plain
		}
	}
	fields := make(map[string]string, 3)
	for f := range strings.SplitSeq(token, "&") {
		name, value, _ := strings.Cut(f, "=")
		fields[name] = value
	}
	if fields["type"] != "master" || fields["ver"] != "1.0" {
		return newFailure(http.StatusUnauthorized, "The authorization header is not a master key token of version 1.0, the only kind that cosmostest knows.")
	}
	date := r.Header.Get(hdrDate)
	if date == "" {
		return newFailure(http.StatusUnauthorized, "The x-ms-date header is missing.")
	}
	// The client signs with the real time, whatever Options.Clock says.
	at, err := http.ParseTime(date)
	if err != nil {
		return newFailure(http.StatusUnauthorized, "The x-ms-date header is not a date in the format of RFC 1123: "+date)
	}
	if skew := time.Since(at).Abs(); skew > clockSkew {
		return newFailure(http.StatusForbidden, "The authorization token is not valid at the current time. Please check the x-ms-date header: "+date)
	}
	want := signature(s.key, r.Method, rt.resourceType, rt.resourceLink, date)
	if got, err := base64.StdEncoding.DecodeString(fields["sig"]); err != nil || !hmac.Equal(got, want) {
		return newFailure(http.StatusUnauthorized,
			"The input authorization token can't serve the request. The wrong key is being used or the expected payload is not built as per the protocol.")
	}
	return nil
}

func signature(key []byte, method, resourceType, resourceLink, date string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(strings.ToLower(method) + "\n" + strings.ToLower(resourceType) + "\n" + resourceLink + "\n" +
		strings.ToLower(date) + "\n\n"))
	return mac.Sum(nil)
}
