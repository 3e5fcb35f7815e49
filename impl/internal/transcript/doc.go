// Package transcript proves requirements by conversations: each file of
// testdata/<standard> is what a client says to a server and what it must hear,
// written to be read, and names the requirements that it proves. The package
// parses such files, plays them over TCP against a server on any store, and
// reports which requirements have a passing proof.
//
// A file is a txtar archive. Its comment has the ids of requirements, then one
// sentence. Its sections are the steps; a section's name is its kind, and after a
// colon what a reader should know:
//
//	server    what is configured otherwise: registration closed, issuer URL, …;
//	          and what stands beside it: protects URL SCOPE, a resource behind
//	          package protect; documents, a web server at {docs}
//	given     what exists before: client app confidential; grant app; document /x {…};
//	          key one ES256
//	request   method and path, ?query parameters, headers; an empty line; form
//	          parameters, one a line and not yet encoded, or a JSON object
//	again     the last request with changes: name=value replaces, +name=value
//	          repeats, -name removes; ?name for the query, Name: value for headers
//	answer    what the person at the browser decides: alice allows, alice denies;
//	          alice leaves, who answers a logout request;
//	          alice@10m allows, who signed in ten minutes ago; nobody login_required
//	response  status and headers; an empty line; members of the JSON object
//	id_token  the client; an empty line; claims of the ID Token in the last
//	          response, whose signature and audience are verified first
//	form      the form_post page in the last response: where it posts; an empty line;
//	          its fields, all of them
//	sign      a JWT of a client, as NAME by KEY TYP; an empty line; its claims
//	encrypt   a JWT, to the server: NAME of {jwt} by ALG ENC
//	jwt       a token, or the body; members of its header; an empty line; its claims
//	state     token {x} is active; event code_replayed; no event code_replayed;
//	          the refusal changed grants
//	clock     +61s
//
// {name} is a value known by that name. In a response a name that is not known
// yet takes the value that is there; one that is known must be equal to it. * is
// any text, absent is none, and !{name} any other value.
//
// What holds of every answer is not written: a redirect is written whole, and an
// answer that says no says exactly which error it is, is not stored, repeats no
// secret of its request, puts none in the log, and leaves every record of the store
// as it was, or the state section behind it says which kinds it changed (package
// oracle). Whatever is refused is also shown, or given, as it succeeds.
//
// It knows the server only as its clients and its operator do.
package transcript
