/** NODE_DEBUG=elko and elko-tcp: a line for each happening, and none where it is not asked for. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { PLAIN } from '../environment.ts'

const PROGRAM = `
import net from ${JSON.stringify(new URL('../../src/net/index.js', import.meta.url).href)}
const server = net.createServer((socket) => socket.pipe(socket)).listen(8080, '127.0.0.1', () => {
  const client = net.connect(8080, '127.0.0.1')
  client.write('hi')
  client.once('data', () => client.end())
  client.on('close', () => {
    server.close()
    net.connect(9, '127.0.0.1').on('error', () => {})
  })
})`

/** What the program writes to stderr, without process ids and what chance chose. */
function lines(NODE_DEBUG: string): string[] {
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    encoding: 'utf8',
    env: { ...PLAIN, NODE_DEBUG },
  })
  assert.equal(status, 0, stderr)
  return stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/ \d+:/, ':').replace(/\b(127\.0\.0\.1:)(\d{5})\b/g, '$1PORT'))
}

test('NODE_DEBUG=elko: what sockets and servers do', () => {
  const seen = lines('elko')
  // Which side hears first that the handshake is done is not ours to say.
  const [connected, accepted] = ['connected:', 'accepted'].map((word) =>
    seen.findIndex((line) => line.includes(word)),
  )
  if (accepted! < connected!) seen.splice(accepted!, 2, seen[connected!]!, seen[accepted!]!)
  assert.deepEqual(seen, [
    "ELKO: listening: { address: '127.0.0.1', family: 'IPv4', port: 8080 }",
    "ELKO: localhost: connect { port: 8080, host: '127.0.0.1' }",
    'ELKO: attempting to connect to 127.0.0.1:8080',
    'ELKO: connected: 127.0.0.1:PORT > 127.0.0.1:8080',
    'ELKO: accepted 127.0.0.1:PORT',
    'ELKO: destroy: 127.0.0.1:8080 > 127.0.0.1:PORT',
    'ELKO: destroy: 127.0.0.1:PORT > 127.0.0.1:8080',
    "ELKO: localhost: connect { port: 9, host: '127.0.0.1' }",
    'ELKO: attempting to connect to 127.0.0.1:9',
    'ELKO: connect ECONNREFUSED 127.0.0.1:9: connection-refused',
    'ELKO: destroy',
  ])
})

test('NODE_DEBUG=elko-tcp: segments as tcpdump shows them with their reasons, states, timers', () => {
  const seen = lines('elko-tcp')
  assert.ok(seen.every((line) => line.startsWith('ELKO-TCP: localhost')))
  const expected = [
    /^ELKO-TCP: localhost#1 CLOSED -> SYN-SENT \(active-open\)$/,
    /^ELKO-TCP: localhost#1 snd 127\.0\.0\.1:PORT > 127\.0\.0\.1:8080: Flags \[S\], seq \d+, win \d+, options \[.*\], length 0 \(syn\)$/,
    /^ELKO-TCP: localhost#2 rcv 127\.0\.0\.1:PORT > 127\.0\.0\.1:8080: Flags \[S\], .* length 0$/,
    /^ELKO-TCP: localhost#2 snd 127\.0\.0\.1:8080 > 127\.0\.0\.1:PORT: Flags \[S\.\], .* \(syn-ack\)$/,
    /^ELKO-TCP: localhost#1 call send 2$/,
    /^ELKO-TCP: localhost#1 timer time-wait started, in \d+ ms$/,
    /^ELKO-TCP: localhost#2 signal closed: closed-normally$/,
    /^ELKO-TCP: localhost dropped: no-connection$/,
    /^ELKO-TCP: localhost snd port 9 > port \d+: Flags \[R\.\], seq 0, .* \(reset-no-connection\)$/,
    /^ELKO-TCP: localhost#3 SYN-SENT -> CLOSED \(refused\)$/,
  ]
  let from = 0
  for (const each of expected) {
    const at = seen.findIndex((line, index) => index >= from && each.test(line))
    assert.ok(at >= 0, `${each} in\n${seen.slice(from).join('\n')}`)
    from = at + 1
  }
})

test('nothing is written where nobody asks', () => {
  assert.deepEqual(lines('net'), [])
})
