// Package cosmossink writes records into Azure Cosmos DB for NoSQL through the account's gateway (HTTPS): transactional
// batches of upserts per partition key value, or point creates and deletes. What settings mean is in package cosmos,
// what a replay does in its README.
//
// The account and its containers are read with azcosmos. Documents are written by requests of our own on a pipeline of
// azcore, with its telemetry and logging (AZURE_SDK_GO_LOGGING=all), and a policy that signs: azcosmos writes the ids of
// batched deletes into the body without escaping them, builds URLs by cleaning paths, so that an id of dots leads
// elsewhere, and encodes every document again. The protocol needed is three requests,
// https://learn.microsoft.com/rest/api/cosmos-db/; the tests read back what was written with azcosmos.
//
// Retries are ours throughout: the SDK's would sleep past the end of an invocation.
//
// The package does not create databases or containers, does not read documents, and knows no authentication but the
// account's key.
package cosmossink
