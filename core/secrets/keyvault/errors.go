package keyvault

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/secrets"
)

// classify says what an error of a read means for whoever configures the connector. The codes are those of
// https://learn.microsoft.com/azure/key-vault/general/rest-error-codes; what the services write beside them is left out.
func classify(n secrets.Name, err error) error {
	if errors.Is(err, context.Canceled) {
		return config.Passing(fmt.Errorf("reading the secret %s: %w", n, context.Canceled))
	}
	var auth *azidentity.AuthenticationFailedError
	if errors.As(err, &auth) {
		switch r := auth.RawResponse; {
		case r == nil:
			return config.Passing(errors.New("signing in to Azure failed without an answer: the managed identity's endpoint or login.microsoftonline.com is out of reach"))
		case r.StatusCode >= 500 || r.StatusCode == http.StatusTooManyRequests:
			return config.Passing(fmt.Errorf("signing in to Azure is not possible now (HTTP status %d)", r.StatusCode))
		default:
			return fmt.Errorf("signing in to Azure is refused (HTTP status %d): correct tenant.id, client.id and client.secret, or give the function a managed identity", r.StatusCode)
		}
	}
	var response *azcore.ResponseError
	if !errors.As(err, &response) {
		var transport net.Error
		var final interface{ NonRetriable() }
		if errors.As(err, &final) && !errors.As(err, &transport) {
			return fmt.Errorf("the vault %s cannot be spoken to: it must be a Key Vault, and the function must have a managed identity, or tenant.id, client.id and client.secret", n.Store)
		}
		return secrets.Unreachable("the vault "+n.Store, err)
	}
	switch status := response.StatusCode; {
	case status == http.StatusNotFound:
		return fmt.Errorf("there is no secret %s: create it, or correct its name, version or vault", n)
	case status == http.StatusUnauthorized:
		return fmt.Errorf("the vault %s does not accept the identity (%s): the vault must be of its tenant", n.Store, code(response))
	case status == http.StatusForbidden:
		return fmt.Errorf("the secret %s may not be read (%s): give the function's identity the role Key Vault Secrets User on the vault, let the vault's firewall pass it, and see that the secret is enabled", n, code(response))
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return config.Passing(fmt.Errorf("the secret %s cannot be read now (%s)", n, code(response)))
	}
	return fmt.Errorf("the secret %s cannot be read (%s)", n, code(response))
}

func code(r *azcore.ResponseError) string {
	if r.ErrorCode != "" {
		return r.ErrorCode
	}
	return fmt.Sprintf("HTTP status %d", r.StatusCode)
}
