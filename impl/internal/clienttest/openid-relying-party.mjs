// What a client on the web does with OpenID Connect, as openid-client does it:
// private_key_jwt, single sign-on, prompt=none with both outcomes, max_age, refresh,
// form_post, signed request objects, pairwise subjects, logout.
//
//   node openid-relying-party.mjs ISSUER CALLBACK
//
// The browser is the caller's. Each line of standard output but the last is
// {"visit": URL}; standard input then has a line of what came to the redirect URI
// CALLBACK, {"saw", "method", "url", "body"}, where saw lists the pages that the
// person was shown. The last line is {"done": true}. openid-client checks each
// answer and throws; for each kind of check there is an answer that it must refuse.
import assert from 'node:assert/strict'
import { createInterface } from 'node:readline'
import * as client from 'openid-client'

const [issuerText, callback] = process.argv.slice(2)
const issuer = new URL(issuerText)
const options = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] } // http on loopback
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

// visit sends the person there, wants them to see exactly those pages, and returns
// what comes back as openid-client takes it.
async function visit(url, saw) {
  console.log(JSON.stringify({ visit: url.href }))
  const back = JSON.parse((await input.next()).value)
  assert.deepEqual(back.saw ?? [], saw, url.href)
  if (back.method === 'GET') return new URL(back.url)
  return new Request(back.url, { method: back.method, body: back.body, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } })
}

// prepare returns an authorization request and what its answer is checked with.
async function prepare(parameters = {}, redirect_uri = callback) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const checks = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce(), idTokenExpected: true }
  return [{
    redirect_uri, scope: 'openid profile', state: checks.expectedState, nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256', ...parameters,
  }, checks]
}

// login is one code flow; check is what else openid-client is to look at.
async function login(config, saw, parameters, check = {}) {
  const [request, checks] = await prepare(parameters, config.clientMetadata().redirect_uris[0])
  return client.authorizationCodeGrant(config, await visit(client.buildAuthorizationUrl(config, request), saw), { ...checks, ...check })
}

const refusedByClient = (code) => (e) => { assert.equal(e.cause?.code ?? e.code, code, `${e.code}: ${e.message}`); return true }
const refusedByServer = (error) => (e) => { assert.equal(e.error, error, `${e.error}: ${e.message}`); return true }

const refusedWithChallenge = (e) => { assert.equal(e.code, 'OAUTH_WWW_AUTHENTICATE_CHALLENGE', e.message); assert.equal(e.status, 401); return true }

const generate = () => crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
const keys = await generate()
const another = await generate()
const jwk = { ...await crypto.subtle.exportKey('jwk', keys.publicKey), kid: 'one', alg: 'ES256', use: 'sig' }
const signing = { key: keys.privateKey, kid: 'one' }
const forged = { key: another.privateKey, kid: 'one' }
const metadata = {
  client_name: 'openid-client', redirect_uris: [callback], post_logout_redirect_uris: [callback + '/signed-out'], grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'ES256', request_object_signing_alg: 'ES256',
  id_token_signed_response_alg: 'ES256', jwks: { keys: [jwk] },
}
const config = await client.dynamicClientRegistration(issuer, metadata, client.PrivateKeyJwt(signing), options)
assert.equal(config.clientMetadata().token_endpoint_auth_method, 'private_key_jwt')
// as is the same client with something changed: another key, other metadata.
async function as(changes, authentication = client.PrivateKeyJwt(signing)) {
  return client.discovery(issuer, config.clientMetadata().client_id, { ...config.clientMetadata(), ...changes }, authentication, options)
}

// Nobody has signed in: prompt=none shows nothing, and says so.
await assert.rejects(login(config, [], { prompt: 'none' }), refusedByServer('login_required'))

const first = await login(config, ['login', 'consent'])
const claims = first.claims()
const person = await client.fetchUserInfo(config, first.access_token, claims.sub)
assert.ok(person.preferred_username)
await assert.rejects(client.fetchUserInfo(config, first.access_token, 'another'), refusedByClient('OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED'))

// Single sign-on, asked for and not.
const silent = await login(config, [], { prompt: 'none' })
assert.equal(silent.claims().sub, claims.sub)
assert.equal(silent.claims().auth_time, claims.auth_time)
assert.equal((await login(config, [], {})).claims().sub, claims.sub)
await assert.rejects(login(config, [], { prompt: 'none', scope: 'openid profile email' }), refusedByServer('consent_required'))

// The checks are not for show: another nonce, another state, another key of the server's.
await assert.rejects(login(config, [], {}, { expectedNonce: 'another' }), refusedByClient('OAUTH_JWT_CLAIM_COMPARISON_FAILED'))
await assert.rejects(login(config, [], {}, { expectedState: 'another' }), refusedByClient('OAUTH_INVALID_RESPONSE'))
const deceived = await as({})
const published = await (await fetch(deceived.serverMetadata().jwks_uri)).json()
const theirs = await crypto.subtle.exportKey('jwk', another.publicKey)
client.setJwksCache(deceived, { jwks: { keys: published.keys.map((k) => (k.kty === 'EC' ? { ...k, x: theirs.x, y: theirs.y } : k)) }, uat: Math.floor(Date.now() / 1000) })
await assert.rejects(login(deceived, []), refusedByClient('OAUTH_INVALID_RESPONSE'))

// max_age: what is fresh enough is taken as it is, and what is not is made anew.
assert.equal((await login(config, [], { max_age: 3600 }, { maxAge: 3600 })).claims().auth_time, claims.auth_time)
const exact = await as({ [client.clockTolerance]: 0 })
await new Promise((passed) => setTimeout(passed, (claims.auth_time + 2) * 1000 - Date.now())) // at most two seconds
await assert.rejects(login(exact, [], {}, { maxAge: 1 }), refusedByClient('OAUTH_JWT_TIMESTAMP_CHECK_FAILED'))
const began = Math.floor(Date.now() / 1000)
const fresh = await login(config, ['login'], { max_age: 0 }, { maxAge: 0 })
assert.ok(fresh.claims().auth_time >= began && fresh.claims().sub === claims.sub)

// Refresh, with an ID Token of the same person and sign-in.
const refreshed = await client.refreshTokenGrant(config, first.refresh_token)
assert.notEqual(refreshed.access_token, first.access_token)
assert.equal(refreshed.claims().sub, claims.sub)
assert.equal(refreshed.claims().auth_time, claims.auth_time)

// private_key_jwt by another key, for each way to the token endpoint.
const impostor = await as({}, client.PrivateKeyJwt(forged))
await assert.rejects(client.refreshTokenGrant(impostor, refreshed.refresh_token), refusedWithChallenge)
await assert.rejects(login(impostor, []), refusedWithChallenge)
assert.ok((await client.refreshTokenGrant(config, refreshed.refresh_token)).access_token)

// form_post: the browser posts the answer.
const [posted, postedChecks] = await prepare({ response_mode: 'form_post' })
const form = await visit(client.buildAuthorizationUrl(config, posted), [])
assert.equal(form.method, 'POST')
assert.equal(new URL(form.url).search, '')
assert.equal((await client.authorizationCodeGrant(config, form, postedChecks)).claims().sub, claims.sub)

// A request object, signed by the client and by somebody else.
const [signed, signedChecks] = await prepare()
const object = await client.buildAuthorizationUrlWithJAR(config, signed, signing)
assert.ok(object.searchParams.get('request') && !object.searchParams.has('nonce'))
assert.equal((await client.authorizationCodeGrant(config, await visit(object, []), signedChecks)).claims().sub, claims.sub)
const [untrue, untrueChecks] = await prepare()
const untrueURL = await client.buildAuthorizationUrlWithJAR(config, untrue, forged)
for (const name of ['redirect_uri', 'state']) untrueURL.searchParams.set(name, untrue[name]) // where to tell it
await assert.rejects(client.authorizationCodeGrant(config, await visit(untrueURL, []), untrueChecks), refusedByServer('invalid_request_object'))

// Pairwise: two clients of one host know a person by one name, a client of another
// host by another, and none of them by that of the public client.
const elsewhere = callback.replace('127.0.0.1', 'localhost')
const subjects = []
for (const [i, uri] of [callback, callback + '/second', elsewhere].entries()) {
  const pairwise = await client.dynamicClientRegistration(issuer, {
    ...metadata, client_name: `pairwise ${i}`, redirect_uris: [uri], subject_type: 'pairwise',
  }, client.PrivateKeyJwt(signing), options)
  const tokens = await login(pairwise, ['consent'])
  subjects.push(tokens.claims().sub)
  assert.equal((await client.fetchUserInfo(pairwise, tokens.access_token, tokens.claims().sub)).preferred_username, person.preferred_username)
}
assert.equal(subjects[0], subjects[1])
assert.equal(new Set([...subjects, claims.sub]).size, 3)

// Logout: the ID Token says who, and nobody who has that session is asked. Then
// nobody is signed in.
const signedOut = await visit(client.buildEndSessionUrl(config, {
  id_token_hint: first.id_token, post_logout_redirect_uri: callback + '/signed-out', state: 'out',
}), [])
assert.equal(signedOut.href, callback + '/signed-out?state=out')
await assert.rejects(login(config, [], { prompt: 'none' }), refusedByServer('login_required'))

console.log(JSON.stringify({ done: true }))
process.exit(0)
