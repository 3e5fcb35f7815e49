// The main job of an authorization server as openid-client does it: discovery,
// registration, the code flow with PKCE, refresh, client_credentials with each way
// of authentication, introspection, revocation.
//
//   node openid-client.mjs ISSUER SCOPE RESOURCE
//
// What it reads and prints is as in oauth4webapi.mjs. openid-client checks every
// answer and throws at the first that its standards do not allow.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import * as client from 'openid-client'

const [issuerText, scope, resource] = process.argv.slice(2)
const issuer = new URL(issuerText)
const { OPERATOR_ID, OPERATOR_SECRET } = process.env
const options = { algorithm: 'oauth2', execute: [client.allowInsecureRequests] } // http on loopback

async function callback(server) {
  for (;;) {
    const [request, response] = await once(server, 'request')
    const url = new URL(request.url, `http://127.0.0.1:${server.address().port}`)
    if (url.pathname !== '/callback') { // a browser's favicon
      response.writeHead(404).end()
      continue
    }
    response.writeHead(200, { 'Content-Type': 'text/html', Connection: 'close' }).end('<title>Done</title><p id="done">You can close this window.')
    return url
  }
}

async function authorize(config, server) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: `http://127.0.0.1:${server.address().port}/callback`, scope, resource, state: expectedState,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256',
  })
  console.log(url.href)
  return client.authorizationCodeGrant(config, await callback(server), { pkceCodeVerifier, expectedState }, { resource })
}

const server = createServer() // a port that was not registered (RFC 8252 §7.3)
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const config = await client.dynamicClientRegistration(issuer, {
  client_name: 'openid-client',
  application_type: 'native',
  redirect_uris: ['http://127.0.0.1/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'none',
}, client.None(), options)
const first = await authorize(config, server)
const second = await client.refreshTokenGrant(config, first.refresh_token)

// A secret is sent in the way that the client registered; an answer, also this
// one, is for clients that authenticated.
for (const [token_endpoint_auth_method, authentication] of [
  ['client_secret_basic', client.ClientSecretBasic], ['client_secret_post', client.ClientSecretPost],
]) {
  const confidential = await client.dynamicClientRegistration(issuer, {
    client_name: token_endpoint_auth_method, redirect_uris: ['https://app.example.com/callback'], token_endpoint_auth_method,
  }, authentication(), options)
  assert.equal((await client.tokenIntrospection(confidential, 'unknown')).active, false)
}

const operator = await client.discovery(issuer, OPERATOR_ID, undefined, client.ClientSecretBasic(OPERATOR_SECRET), options)
const own = await client.clientCredentialsGrant(operator, { scope: 'read', resource })
assert.equal((await client.tokenIntrospection(operator, own.access_token)).active, true)
await client.tokenRevocation(operator, own.access_token)
assert.equal((await client.tokenIntrospection(operator, own.access_token)).active, false)

const live = await client.tokenIntrospection(operator, second.access_token)
await client.tokenRevocation(config, second.refresh_token)
const dead = await client.tokenIntrospection(operator, second.access_token)
const refused = await assert.rejects(client.refreshTokenGrant(config, second.refresh_token), (e) => {
  assert.equal(e.constructor, client.ResponseBodyError)
  assert.equal(e.error, 'invalid_grant')
  return true
}).then(() => 'invalid_grant')

server.close()
server.closeAllConnections() // browsers open some ahead, and hold them
console.log(JSON.stringify({
  client_id: config.clientMetadata().client_id,
  scope: first.scope,
  rotated: first.refresh_token !== second.refresh_token && first.access_token !== second.access_token,
  live, dead, refused,
}))
