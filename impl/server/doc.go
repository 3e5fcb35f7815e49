// Package server has the endpoints and grants of an authorization server: one
// file for each endpoint, grant and check. New makes an http.Handler of a Config.
// It knows no pages (those are an Interaction's, as interact has one) and no SQL
// (that is a store.Store's).
//
// Begin with Server and token.go: the top functions are tables of contents in the
// order of the protocol.
//
// # Threat model
//
// What is protected: that a person's consent is what tokens allow, to the client
// and for the resource that it was given for; the tokens, codes, client secrets,
// sessions and passwords; the props that an application attaches to a grant; the
// keys that sign; and that people can sign in at all.
//
// From whom, as RFC 9700 §3 and the attacker model of FAPI 2.0 number them:
//
//   - A1, a web attacker, who has sites and registers clients, and sends people links.
//   - A2, a network attacker, who reads and changes all that TLS does not cover.
//   - A3, who reads authorization responses: histories, logs, other apps of a phone.
//   - A4, who reads authorization requests.
//   - A5, who gets an access token, above all a resource that one was sent to.
//   - DB, who reads the database or a backup of it, or writes rows, and has not the
//     key-encryption key.
//   - DOS, who wants nobody to sign in.
//
// Trusted are the operator and the configuration, this process and its memory, the
// clock, TLS and whoever ends it, the certificate authorities, and the Interaction:
// it says who the person is. The store is trusted to do what store.Store says, and
// not to keep secrets. Not trusted are clients, whatever they registered, browsers,
// metadata documents, and all that comes in a request.
//
// Trust ends in five places, and each has one way through: a request is decoded by
// generated code (package gen); bytes become verdicts in jose, seal, pkce and client;
// what leaves the process goes through fetch; what is stored is a digest or sealed;
// what people read is escaped by templates that run no script.
//
// # Threats
//
// Each with what stands against it, and tests that fail without it.
//
//   - T1 (A1, A3) A code goes to another place than the client's: redirect URIs are
//     compared as texts, before anything is redirected anywhere.
//     Tests: client.TestRedirectURIClasses, client.FuzzMatchRedirectURI,
//     server.TestUnregisteredRedirectURIGetsAPage, server.TestLocationIsTheRegisteredURI.
//   - T2 (A3) A code that was read is redeemed: PKCE with S256 of every client, and a
//     code is of one client, one redirect URI and a minute.
//     Tests: server.TestCodeWithoutChallenge, pkce.TestVerify, server.TestCodeExpires,
//     server.TestMutatedCodes.
//   - T3 (A3) A code or refresh token is used twice: the store gives it to one caller;
//     a replay ends the grant.
//     Tests: server.TestRaceForACode, server.TestReplayEndsTheGrant,
//     server.TestEveryAncestorIsReuse, sqlstore.TestRacesCatchReadThenWrite.
//   - T4 (A1) A client is mixed up about its server: iss in every answer, and metadata
//     under one issuer that no header changes.
//     Tests: server.TestAuthorizationResponse, server.TestHostAndForwardedHeaders.
//   - T5 (A1) Somebody consents to what they did not see, or another person does: each
//     form is bound to its browser and its request, an answer is taken once, consent is
//     remembered for one client and what it asked.
//     Tests: server.TestPendingIsBoundToItsBrowser, server.TestOneAnswerWins,
//     interact.TestForgedForms, interact.TestConsentIsNotRemembered.
//   - T6 (A1) A request grows on its way: scopes and resources only narrow, at consent,
//     at refresh and by policy.
//     Tests: server.TestCompleteRefusesWhatWasNotAsked, server.TestRefreshNarrows,
//     server.TestPolicyNarrowsAndEnriches.
//   - T7 (A5) A token of one resource is used at another, or a token of one kind as
//     another: audiences are compared at path boundaries, and kinds have prefixes, typ
//     and digests of their own.
//     Tests: server.TestAudience, oauth.FuzzCovers, protect.TestAudience,
//     server.TestArtefactsInOtherSlots, jose.TestOtherTyp.
//   - T8 (A1) A client is impersonated: one way to authenticate, the registered one;
//     assertions are verified by keys of that client and used once.
//     Tests: server.TestClientAuthentication, server.TestAssertionIsTheRegisteredMethod,
//     server.TestAssertionKeyConfusion, server.TestAssertionOnce.
//   - T9 (A1, A2) A JWT is forged: the key decides the algorithm, the header only agrees,
//     and nothing else is allowed in it.
//     Tests: jose.TestKeyConfusion, jose.TestHeaderMembers, jose.FuzzVerifySigned.
//   - T10 (A1) A client calls itself another: registration keeps what it declares alone,
//     and people see the host and that nobody has verified the name.
//     Tests: server.TestRegistrationKeepsDeclaredMembersOnly, interact.TestDescribeApp,
//     server.TestMetadataDocumentContents.
//   - T11 (A1) This server is sent to fetch from inside the network: public addresses
//     only, judged when the connection is made, and no redirects.
//     Tests: fetch.TestRebinding, fetch.TestRedirect, fetch.FuzzAllowed,
//     server.TestMetadataDocumentFetchIsGuarded.
//   - T12 (A1) A page is framed, scripted, or made to post: a policy that allows no
//     script, no frame, and forms to where they belong. Frames of clients are in the
//     page after a logout alone; what may be framed is the check_session_iframe alone.
//     Tests: interact.TestContentSecurityPolicy, interact.FuzzPagesKeepTheirElements,
//     server.TestSecurityHeaders, server.TestCheckSessionPage, interact.TestFrontchannelLogout.
//   - T13 (A1) A session is fixed or stolen: it is 256 bits, new at each login, of one
//     issuer, and ends.
//     Tests: interact.TestLoginRotatesTheSession, interact.TestSessionIsOfOneIssuer,
//     interact.TestSessionExpires.
//   - T14 (A1) Passwords and secrets are guessed, or names are tried out: attempts are
//     counted before they are looked at, and every refusal costs and reads the same.
//     Tests: interact.TestGuessingRace, interact.TestAuthenticateDoesTheSameWorkForAll,
//     server.TestGuessingIsSlowed, server.TestUnknownClientReadsLikeWrongSecret.
//   - T15 (DB) Stored rows are read, or moved: digests of 256 random bits; props under a
//     key that only a token opens; signing keys and replies sealed, bound to their row.
//     Tests: mint.TestRowsShowNothing, mint.TestMixedUpRowsOpenNothing,
//     server.TestChangedKeyRowsAreRefused, seal.FuzzOpen.
//   - T16 (A1, A2) One request is two for two readers: one spelling of a path, no
//     repeated parameters, no credentials in a query, strict JSON.
//     Tests: server.TestOnlyOneSpellingOfAPath, server.TestCredentialsInTheQueryAreRefused,
//     server.FuzzServe, jose.FuzzStrictObject.
//   - T17 (A5) What was revoked still works: a token lives only while its grant does, and
//     caches say for how long they may be wrong.
//     Tests: server.TestRevocation, server.TestRaceWithARevocation,
//     protect.TestIntrospectionCache.
//   - T18 (A3, DB) Secrets are read in logs and errors: types print as redacted, and the
//     text of an error never reaches the wire.
//     Tests: server.TestLogHasNoSecrets, seal.TestPrinting, oauth.TestErrorCause.
//   - T19 (DOS) Work is asked for without end: sizes, counts and rates have limits, and
//     hashing has a bench of its own.
//     Tests: server.TestRateLimitMemory, server.TestRegistrationRate,
//     interact.TestBenchBoundsHashing, fetch.TestBudget.
//   - T20 (DOS, A1) A failure is used: a store that does not answer is 503 and never a
//     verdict, and what failed has changed nothing.
//     Tests: server.TestEveryStoreCallFailsOnce, server.TestFailedSignatureBurnsNothing.
//   - T21 (A1) The software is changed on its way: few modules, pinned, and a binary that
//     anybody can build again.
//     Tests: layout.TestModules, layout.TestFloors, sbom.TestBill.
//
// Not covered: a stolen bearer token is good until it expires or is revoked; a
// person who gives a password to another site; an operator who is the attacker; and
// whoever has both the database and the key-encryption key.
package server
