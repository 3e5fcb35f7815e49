// Package kvstore is a store.Store over any key-value engine that has ordered
// keys and transactions: bbolt, FoundationDB, TiKV, etcd. Whoever has such an
// engine writes the few methods of DB and Tx; impl/examples/customstore does it
// for bbolt, whole.
//
// Every verb is one transaction of the engine, and that is all that makes one of
// several racers win. A record is one value (table.go); what finds it otherwise
// than by its identifier is an index, kept in the same transaction. No verb reads
// more than the records that it is about.
package kvstore
