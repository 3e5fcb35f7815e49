// A login with OpenID Connect as openid-client does it: discovery, registration,
// the code flow with a nonce, the ID token, UserInfo, and a refresh.
//
//   node openid-connect.mjs ISSUER
//
// The first line of standard output is the URL for the browser, the second what
// happened, as JSON. openid-client checks the ID tokens (signature by the issuer's
// keys, iss, aud, nonce, times) and that UserInfo is of the same person, and
// throws at the first fault.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import * as client from 'openid-client'

const issuer = new URL(process.argv[2])

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

const server = createServer()
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const config = await client.dynamicClientRegistration(issuer, {
  client_name: 'openid-client',
  application_type: 'native',
  redirect_uris: ['http://127.0.0.1/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'none',
}, client.None(), { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] }) // http on loopback

const pkceCodeVerifier = client.randomPKCECodeVerifier()
const expectedState = client.randomState()
const expectedNonce = client.randomNonce()
console.log(client.buildAuthorizationUrl(config, {
  redirect_uri: `http://127.0.0.1:${server.address().port}/callback`,
  scope: 'openid profile offline_access', state: expectedState, nonce: expectedNonce, prompt: 'consent',
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256',
}).href)
const answer = await callback(server)
await assert.rejects(client.authorizationCodeGrant(config, answer, { pkceCodeVerifier, expectedState: 'another', expectedNonce }))
const tokens = await client.authorizationCodeGrant(config, answer, { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true })
const claims = tokens.claims()
const person = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)

server.close()
server.closeAllConnections() // browsers open some ahead, and hold them
console.log(JSON.stringify({
  client_id: config.clientMetadata().client_id, claims, person,
  refreshed: refreshed.access_token !== tokens.access_token, again: refreshed.claims() ?? null,
}))
