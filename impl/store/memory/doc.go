// Package memory keeps a store.Store in maps behind one mutex: for tests, for
// development, and as the plain statement of what the verbs mean.
//
// Every method checks everything first and changes the maps last, so all or
// nothing needs no undo. What goes in and what comes out is copied. Like the SQL
// stores it keeps microseconds and refuses text that they refuse, so that a
// server which works here works there. Nothing survives the process, and one
// process cannot share it with another; it knows no SQL, HTTP or OAuth.
package memory
