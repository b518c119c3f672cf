// Package cosmos declares the Azure Cosmos DB sink: its names, its settings under the keys of both generations of
// Microsoft's Java connector, and their documentation. It links no client; cosmossink writes the documents.
package cosmos
