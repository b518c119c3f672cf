package secretsmanager

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/secrets"
)

// classify says what an error of a read means for whoever configures the connector. The codes are those of
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html and CommonErrors.html; what the
// service writes beside its code is left out.
func classify(n secrets.Name, err error) error {
	if errors.Is(err, errNoCredentials) {
		return errNoCredentials
	}
	var api interface{ ErrorCode() string }
	if !errors.As(err, &api) {
		if errors.Is(err, context.Canceled) {
			return config.Passing(fmt.Errorf("reading the secret %s: %w", n, context.Canceled))
		}
		return secrets.Unreachable("Secrets Manager in "+n.Store, err)
	}
	code := api.ErrorCode()
	switch code {
	case "ResourceNotFoundException":
		return fmt.Errorf("there is no secret %s: create it, or correct its name, version or region", n)
	case "AccessDeniedException", "AccessDenied":
		return fmt.Errorf("the secret %s may not be read: allow the function's role secretsmanager:GetSecretValue on it, and kms:Decrypt on its key", n)
	case "DecryptionFailure":
		return fmt.Errorf("the secret %s cannot be decrypted: allow the function's role kms:Decrypt on its key, which must be enabled", n)
	case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature",
		"MissingAuthenticationToken", "NotAuthorized", "OptInRequired", "ExpiredToken", "ExpiredTokenException":
		return fmt.Errorf("the AWS credentials are refused (%s): correct or renew them", code)
	case "InvalidRequestException":
		return fmt.Errorf("the secret %s cannot be read in its state (%s): it may be marked for deletion", n, code)
	case "InternalServiceError", "InternalFailure", "ServiceUnavailable", "ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded":
		return config.Passing(fmt.Errorf("the secret %s cannot be read now (%s)", n, code))
	}
	var response interface{ HTTPStatusCode() int }
	if errors.As(err, &response) && (response.HTTPStatusCode() >= 500 || response.HTTPStatusCode() == http.StatusTooManyRequests) {
		return config.Passing(fmt.Errorf("the secret %s cannot be read now (HTTP status %d)", n, response.HTTPStatusCode()))
	}
	return fmt.Errorf("the secret %s cannot be read (%s)", n, code)
}
