/**
 * Elko's module, sockets and servers stand in for node:net's in every type: this file compiles, or `tsc -b` fails. And at
 * run time they have all that node:net's have.
 */

import assert from 'node:assert/strict'
import type http from 'node:http'
import nodeNet from 'node:net'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import type tls from 'node:tls'
import * as elkoModule from '../../src/net/index.ts'
import { createNet, defaultHost, type Net, type Server, type Socket } from '../../src/net/index.ts'
import type { TcpInfo } from '../../src/net/tcp-info.ts'

/** What may be given where something else is asked for. */
type StandsFor<Given extends Asked, Asked> = Given extends Asked ? true : false
/** Both ways: the same to whoever uses it. */
type Same<A, B> = [A, B] extends [B, A] ? true : false

/** Each is `true`, or does not compile. */
type Holds = [
  // The module, as a whole and as `import * as net`.
  StandsFor<Net, typeof nodeNet>,
  StandsFor<typeof elkoModule, typeof nodeNet>,
  StandsFor<typeof elkoModule.default, typeof nodeNet>,
  // Classes: what `new` and `extends` take and give, and what they inherit.
  StandsFor<Net['Socket'], typeof nodeNet.Socket>,
  StandsFor<Net['Stream'], typeof nodeNet.Socket>,
  StandsFor<Net['Server'], typeof nodeNet.Server>,
  StandsFor<Net['BlockList'], typeof nodeNet.BlockList>,
  // What they make.
  StandsFor<Socket, nodeNet.Socket>,
  StandsFor<Socket, Duplex>,
  StandsFor<Server, nodeNet.Server>,
  StandsFor<ReturnType<Net['connect']>, nodeNet.Socket>,
  StandsFor<ReturnType<Net['createServer']>, nodeNet.Server>,
  // Functions, with all their overloads.
  StandsFor<Net['connect'], typeof nodeNet.connect>,
  StandsFor<Net['createConnection'], typeof nodeNet.createConnection>,
  StandsFor<Net['createServer'], typeof nodeNet.createServer>,
  Same<Net['isIP'], typeof nodeNet.isIP>,
  Same<Net['getDefaultAutoSelectFamily'], typeof nodeNet.getDefaultAutoSelectFamily>,
  // What takes a socket of node:net.
  StandsFor<Socket, NonNullable<tls.ConnectionOptions['socket']>>,
  StandsFor<Socket, NonNullable<ReturnType<NonNullable<http.ClientRequestArgs['createConnection']>>>>,
]
const holds: Holds = [
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
]

/** The other way round it does not hold: node:net's sockets have no `tcpInfo`, and the rest is of Node 24 or not in its types. */
type Beyond = Exclude<keyof Socket, keyof nodeNet.Socket>
const beyond: Same<Beyond, 'tcpInfo' | 'getTypeOfService' | 'setTypeOfService' | 'server' | '_server'> = true

/** tcpInfo() has names of its own and numbers, not any name. */
type Names = keyof TcpInfo
const exact: Same<string extends Names ? true : false, false> = true

/** Programs as people write them; never run. */
export function compiles(net: Net): void {
  class Mine extends net.Socket {
    readonly mine = 1
  }
  const mine: nodeNet.Socket = new Mine({ allowHalfOpen: true })
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    const rtt: number | undefined = socket.tcpInfo()?.rtt
    socket.write(String(rtt))
  })
  server.listen({ port: 80, host: '::', signal: new AbortController().signal }, () => mine.end())
  server.on('connection', (socket) => socket.setNoDelay(true))
  server.on('drop', (data) => data?.remoteAddress)
  const client = net.connect({ port: 80, host: 'x', autoSelectFamily: true, keepAlive: true }, () => {})
  client.on('connectionAttempt', (ip, port, family) => `${ip}${port}${family}`)
  client.setTimeout(1).ref().unref().resetAndDestroy()
  // @ts-expect-error No such field of tcp_info.
  void client.tcpInfo()?.no_such_field
}

test('the types hold', () => {
  assert.ok(holds.every((each) => each) && beyond && exact)
})

/** Node's own internals, under names that no program should use. */
const INTERNAL = new Set([
  '_createServerHandle',
  '_setSimultaneousAccepts',
  '_writeGeneric',
  '_listen2',
  '_setupWorker',
  '_usingWorkers',
  '_workers',
])
const visible = (object: object): string[] =>
  Reflect.ownKeys(object).filter((key): key is string => typeof key === 'string' && !INTERNAL.has(key))

test('all that the module, its classes, their statics and instances have in node:net', () => {
  const net = createNet(defaultHost)
  const named: Readonly<Record<string, unknown>> = { ...elkoModule }
  for (const [name, value] of Object.entries(nodeNet)) {
    if (INTERNAL.has(name)) continue
    assert.equal(typeof net[name as keyof Net], typeof value, name)
    assert.equal(typeof named[name], typeof value, name)
  }
  for (const name of ['Socket', 'Server'] as const) {
    const [theirs, ours] = [nodeNet[name], net[name]]
    for (const key of visible(theirs)) assert.ok(key in ours, `${name}.${key}`)
    for (const key of visible(theirs.prototype)) assert.ok(key in ours.prototype, `${name}.prototype.${key}`)
    const instance = new ours()
    for (const key of visible(new theirs())) assert.ok(key in instance, `new ${name}().${key}`)
  }
})
