// Package cosmossink writes records into Azure Cosmos DB for NoSQL through the account's gateway (HTTPS): transactional
// batches of upserts per partition key value, or point creates and deletes. What settings mean is in package cosmos,
// what a replay does in its README.
//
// Requests are built and signed here, on an http.RoundTripper, rather than by azcosmos: its transactional batch writes
// ids into the body without escaping them, and its request path costs more than everything else a record goes through
// (a point upsert 12.7 µs and 202 allocations; an azcore pipeline alone 3.5 µs and 43). The protocol needed is five
// requests, https://learn.microsoft.com/rest/api/cosmos-db/; the tests read back what was written with azcosmos.
//
// The package does not create databases or containers, does not read documents, and knows no authentication but the
// account's key.
package cosmossink
