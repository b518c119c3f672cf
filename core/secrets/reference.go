package secrets

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// A Name says which version of which secret of which store. The zero value of what a store does not have, or has a
// default for, is "".
type Name struct {
	Store   string // host of a vault, region
	Secret  string // name or identifier, prefix included
	Version string // identifier; "": the current one
	Stage   string // label of a version
}

func (n Name) String() string {
	text := n.Secret
	if n.Store != "" {
		text = n.Store + "/" + text
	}
	if n.Version != "" {
		text += ", version " + n.Version
	}
	if n.Stage != "" {
		text += ", stage " + n.Stage
	}
	return text
}

// A Reference is a secret, or a key of one that is a JSON object.
type Reference struct {
	Name
	Key    string
	Whole  bool // the secret itself: there is no key
	Base64 bool // all of it is given in base64
}

// Options splits what providers of Java let stand behind a secret's name or its key: name?version=1&ttl=1000. Known
// options go into n. A time to live is read over, as secrets are not read again while nothing fails. Text whose part
// behind the question mark is no option is left as it is.
func Options(text string, n *Name) (string, error) {
	name, query, found := strings.Cut(text, "?")
	if !found || !strings.Contains(query, "=") {
		return text, nil
	}
	options, err := url.ParseQuery(query)
	if err != nil {
		return "", fmt.Errorf("%s: the options behind the question mark are not of the form name=value", name)
	}
	for option, values := range options {
		switch strings.ToLower(option) {
		case "version", "versionid":
			n.Version = values[0]
		case "stage", "versionstage":
			n.Stage = values[0]
		case "ttl":
		default:
			return "", fmt.Errorf("%s: there is no option %q: versionid, versionstage, version and ttl are options", name, option)
		}
	}
	return name, nil
}

var errNoName = errors.New("the reference names no secret")
