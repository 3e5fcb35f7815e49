// Package redisstore is a store.Store over Redis or Valkey.
//
// Every verb is one Lua script, which the engine runs alone and whole: that is
// what makes one of several racers win. The scripts are in lua/, one file a verb,
// each behind lua/common.lua. A record is a hash with a field for each field of
// the Go record that is not zero; sets and sorted sets beside it are its indexes.
//
// All keys have one hash tag, {charter} unless the URL names another. So the
// store works on a cluster, in one of its slots: it scales with the memory and
// the speed of one shard, and that slot must not be moved while Charter runs,
// since a script would see half of it.
//
// What is over is found by sorted sets of expiries and removed by Sweep. Where a
// record's own expiry is all that keeps it (unspent tokens, sessions, replay
// marks, counters), a TTL of a day more frees the memory should nobody sweep; it
// is the engine's clock against the caller's, so the two may differ by that day.
//
// An acknowledged write is durable when the engine writes its append-only file
// before it answers, which Open demands. A replica that takes over has it only
// when the write waited for it: see the parameter replicas of Open.
package redisstore
