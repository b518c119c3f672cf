package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/connectless/connectless/core/connect"
)

// findings gathers what was found, in order.
type findings []connect.Finding

func (f *findings) good(subject, format string, args ...any) {
	*f = append(*f, connect.Finding{Level: connect.LevelOK, Subject: subject, Message: fmt.Sprintf(format, args...)})
}

func (f *findings) warn(subject, remedy, format string, args ...any) {
	*f = append(*f, connect.Finding{Level: connect.LevelWarning, Subject: subject, Message: fmt.Sprintf(format, args...), Remedy: remedy})
}

func (f *findings) bad(subject, remedy, format string, args ...any) {
	*f = append(*f, connect.Finding{Level: connect.LevelError, Subject: subject, Message: fmt.Sprintf(format, args...), Remedy: remedy})
}

// failed reports a request that got no answer, or a bad one.
func (f *findings) failed(subject string, err error) {
	f.bad(subject, remedy(err), "%s", strings.TrimPrefix(err.Error(), "kafka: "))
}

// remedy is what to do about an error of a Kafka client.
func remedy(err error) string {
	var (
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		timeout   net.Error
	)
	switch {
	case errors.As(err, &dns):
		return "That name is not known here: check bootstrap.servers, and the DNS of this network."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Nothing listens there: check host and port in bootstrap.servers."
	case errors.As(err, &authority), errors.As(err, &hostname), errors.As(err, &invalid):
		return "Check ssl.truststore.*, and whether the certificate names the broker's host."
	case errors.As(err, &record):
		return "The broker does not speak TLS there: check security.protocol and the port."
	case errors.Is(err, kerr.SaslAuthenticationFailed), errors.Is(err, kerr.UnsupportedSaslMechanism), errors.Is(err, kerr.IllegalSaslState):
		return "Check sasl.mechanism and sasl.jaas.config: the broker refuses the login."
	case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.GroupAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed):
		return "Grant the principal of these credentials what it needs."
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "The broker hangs up: security.protocol does not fit the port, or the login is refused."
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "No answer: check security groups and firewalls, whether this network reaches the brokers, and whether security.protocol fits the port."
	}
	return ""
}

// number is a count with its noun.
func number(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
