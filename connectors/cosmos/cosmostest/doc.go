// Package cosmostest is an Azure Cosmos DB for NoSQL account inside a Go process: an http.Handler that speaks the
// gateway's REST protocol closely enough that azcosmos v1.5.0 cannot tell it from the service, with faults that a
// test scripts per request. `connectless local` serves it to any client; tests start one with [NewServer].
//
// It covers the account, databases, containers, offers, physical partitions and their splits, items (create, read,
// replace, upsert, delete, patch), transactional batches and bulk requests, queries, the latest-version change feed,
// etags, master-key signatures, request charges, throttling and the service's limits. With [Options.Dir] set the
// contents survive a restart.
//
// It is not a database to put real data in. It does not do: Entra ID tokens, stored procedures, triggers, UDFs,
// indexing policies (kept, not applied), expiry (ttl is kept, nothing expires), the all-versions-and-deletes feed,
// several regions, weaker consistency than strong, TLS. Queries are parsed and run by github.com/pikami/cosmium:
// what its grammar lacks (BETWEEN, LIKE, ??, arithmetic, property names that are no identifiers) is answered with 400.
//
// Request charges follow a simple model, not the service's: see [Options.EnforceThroughput].
package cosmostest
