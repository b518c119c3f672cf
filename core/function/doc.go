// Package function is what a function's main calls: [Sink] takes a connector's definition and how to open it, reads
// connector.json, and runs on whatever started the process: AWS Lambda, Azure Functions, or nobody, which makes it a command line that
// describes, validates, documents and previews the connector.
//
// It links every converter and transform through one explicit list, and exactly the connector its caller names.
package function
