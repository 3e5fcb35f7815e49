// What an MCP client does with a server behind Charter, by the TypeScript SDK:
// it is sent to log in, calls a tool, is asked for more scope by another,
// refreshes, and is cut off.
//
//   node mcp.mjs MCP_URL [CLIENT_ID_METADATA_DOCUMENT_URL]
//
// Without a metadata document it registers itself (RFC 7591). Standard output
// has a line "authorize URL" for each URL that the browser is sent to, then
// "revoke" when the person shall end the client's access, after which the program
// waits for a line of standard input, and at the end "report" with what happened,
// as JSON. The SDK checks every answer and throws at the first that it does not
// accept.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client'

const [mcpURL, metadataURL] = process.argv.slice(2)
const callbacks = createServer()
callbacks.listen(0, '127.0.0.1')
await once(callbacks, 'listening')

// provider keeps in memory what the SDK wants kept between its calls.
const provider = {
  redirectUrl: `http://127.0.0.1:${callbacks.address().port}/callback`,
  clientMetadataUrl: metadataURL,
  clientMetadata: {
    client_name: 'MCP TypeScript SDK',
    application_type: 'native',
    redirect_uris: ['http://127.0.0.1/callback'], // any port is good (RFC 8252 §7.3)
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
  },
  asked: [], // the scopes of each authorization request
  received: [], // the tokens of each token response
  forgotten: [], // what the authorization server no longer knows
  state() { return (this.expected = randomUUID()) },
  clientInformation() { return this.client },
  saveClientInformation(client) { this.client = client },
  tokens() { return this.kept },
  saveTokens(tokens) { this.kept = tokens; this.received.push(tokens) },
  codeVerifier() { return this.verifier },
  saveCodeVerifier(verifier) { this.verifier = verifier },
  invalidateCredentials(scope) { this.forgotten.push(scope); this.kept = undefined },
  redirectToAuthorization(url) {
    this.asked.push(url.searchParams.get('scope'))
    if (!this.away) console.log('authorize', url.href) // the person may be gone
  },
}

async function callback() {
  for (;;) {
    const [request, response] = await once(callbacks, 'request')
    const url = new URL(request.url, 'http://127.0.0.1')
    if (url.pathname !== '/callback') { // a browser's favicon
      response.writeHead(404).end()
      continue
    }
    response.writeHead(200, { 'Content-Type': 'text/html', Connection: 'close' }).end('<title>Done</title><p id="done">You can close this window.')
    assert.equal(url.searchParams.get('state'), provider.expected)
    return url.searchParams
  }
}

let client, transport

async function connect() {
  client = new Client({ name: 'test', version: '1' })
  transport = new StreamableHTTPClientTransport(new URL(mcpURL), { authProvider: provider })
  await client.connect(transport)
}

// allowed does a thing again that the person had to be asked for.
async function allowed(act) {
  await assert.rejects(act(), (e) => e instanceof UnauthorizedError || assert.fail(e))
  await transport.finishAuth(await callback())
  return act()
}

async function call(name, parameters = {}) {
  const result = await client.callTool({ name, arguments: parameters })
  return result.content[0].text
}

await allowed(connect)
const before = await call('list_notes')
const added = await allowed(() => call('add_note', { text: 'milk' }))
const after = await call('list_notes')

const first = provider.kept
provider.kept = { ...first, access_token: 'chat_expired' }
const refreshed = await call('list_notes')
const second = provider.kept

console.log('revoke')
await once(createInterface({ input: process.stdin }), 'line')
provider.away = true
let cut = false
for (let tries = 0; !cut && tries < 60; tries++) { // answers of introspection are kept for seconds
  cut = await call('list_notes').then(() => sleep(500, false), (e) => e instanceof UnauthorizedError || assert.fail(e))
}

callbacks.close()
callbacks.closeAllConnections()
console.log('report', JSON.stringify({
  client_id: provider.client.client_id, asked: provider.asked, forgotten: provider.forgotten,
  before, added, after, refreshed, cut,
  responses: provider.received.length,
  rotated: first.refresh_token !== second.refresh_token && first.access_token !== second.access_token,
}))
process.exit(0)
