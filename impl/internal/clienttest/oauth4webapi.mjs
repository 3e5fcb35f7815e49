// The main job of an authorization server as oauth4webapi does it: discovery,
// registration, the code flow with PKCE, refresh, introspection, revocation.
//
//   node oauth4webapi.mjs ISSUER SCOPE RESOURCE
//
// The environment holds OPERATOR_ID and OPERATOR_SECRET of a client that may
// introspect. The first line of standard output is the URL for the browser, the
// second what happened, as JSON. oauth4webapi checks every answer and throws at
// the first that its standards do not allow.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import * as oauth from 'oauth4webapi'

const [issuerText, scope, resource] = process.argv.slice(2)
const issuer = new URL(issuerText)
const { OPERATOR_ID, OPERATOR_SECRET } = process.env
const options = { [oauth.allowInsecureRequests]: true } // http on loopback

async function discover() {
  const response = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options })
  return oauth.processDiscoveryResponse(issuer, response)
}

async function register(as, redirectURI) {
  const response = await oauth.dynamicClientRegistrationRequest(as, {
    client_name: 'oauth4webapi',
    application_type: 'native',
    redirect_uris: [redirectURI],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
  }, options)
  return oauth.processDynamicClientRegistrationResponse(response)
}

// listen starts the loopback server that the browser comes back to (RFC 8252
// §7.3), on a port that was not registered.
async function listen() {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function callback(server) {
  for (;;) {
    const [request, response] = await once(server, 'request')
    const url = new URL(request.url, 'http://127.0.0.1')
    if (url.pathname !== '/callback') { // a browser's favicon
      response.writeHead(404).end()
      continue
    }
    response.writeHead(200, { 'Content-Type': 'text/html', Connection: 'close' }).end('<title>Done</title><p id="done">You can close this window.')
    return url
  }
}

async function authorize(as, client, redirectURI, server) {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const url = new URL(as.authorization_endpoint)
  for (const [name, value] of Object.entries({
    client_id: client.client_id, response_type: 'code', redirect_uri: redirectURI, scope, resource, state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  })) {
    url.searchParams.set(name, value)
  }
  console.log(url.href)
  const answer = oauth.validateAuthResponse(as, client, await callback(server), state)
  const response = await oauth.authorizationCodeGrantRequest(
    as, client, oauth.None(), answer, redirectURI, verifier, { additionalParameters: { resource }, ...options })
  return oauth.processAuthorizationCodeResponse(as, client, response)
}

async function refresh(as, client, token) {
  const response = await oauth.refreshTokenGrantRequest(as, client, oauth.None(), token, options)
  return oauth.processRefreshTokenResponse(as, client, response)
}

async function introspect(as, token) {
  const operator = { client_id: OPERATOR_ID }
  const response = await oauth.introspectionRequest(
    as, operator, oauth.ClientSecretBasic(OPERATOR_SECRET), token, options)
  return oauth.processIntrospectionResponse(as, operator, response)
}

const as = await discover()
const client = await register(as, 'http://127.0.0.1/callback')
const server = await listen()
const redirectURI = `http://127.0.0.1:${server.address().port}/callback`
const first = await authorize(as, client, redirectURI, server)

const second = await refresh(as, client, first.refresh_token)
const live = await introspect(as, second.access_token)

const revocation = await oauth.revocationRequest(as, client, oauth.None(), second.refresh_token, options)
await oauth.processRevocationResponse(revocation)

const dead = await introspect(as, second.access_token)
const refused = await assert.rejects(refresh(as, client, second.refresh_token), (e) => {
  assert.equal(e.constructor, oauth.ResponseBodyError)
  assert.equal(e.error, 'invalid_grant')
  return true
}).then(() => 'invalid_grant')

server.close()
server.closeAllConnections() // browsers open some ahead, and hold them
console.log(JSON.stringify({
  client_id: client.client_id,
  scope: first.scope,
  rotated: first.refresh_token !== second.refresh_token && first.access_token !== second.access_token,
  live, dead, refused,
}))
