/**
 * 20 live runs against the kernel over TUN are recorded and replayed bit for bit: ten stories over IPv4 and IPv6. What the
 * replay tells is what the run told, to the microsecond, and each packet that the run sent comes again, octet for octet.
 */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { Link } from '../../src/link/link.ts'
import { Replayer } from '../../src/replay/replayer.ts'
import { InputLog } from '../../src/stack/input-log.ts'
import { Recorder } from '../../src/trace/recorder.ts'
import { requirements } from './netns.ts'
import {
  accepted,
  assertSettles,
  connect,
  connected,
  FAMILIES,
  type Family,
  hashOfBlocks,
  hashStream,
  kernelServer,
  listen,
  type Peers,
  type PeersOptions,
  readAll,
  runNode,
  spawnNode,
  untilListening,
  untilPrinted,
  withPeers,
  writeBlocks,
} from './peer.ts'

const lacks = requirements('ss', 'nstat')
const OCTETS = 300_000

const ECHO = kernelServer('socket.pipe(socket)')

/** Connects from the namespace, sends so much, and prints how much comes back. */
const ASK = `const [host, port, octets] = process.argv.slice(-3)
  const socket = require('net').connect({ host, port: Number(port), allowHalfOpen: true })
  let back = 0
  socket.on('data', (data) => { back += data.length })
  socket.on('error', (error) => console.log('error', error.code))
  socket.on('close', () => console.log('back', back))
  socket.end(Buffer.alloc(Number(octets), 'question'))`

interface Story {
  readonly what: string
  readonly peers?: PeersOptions
  readonly run: (peers: Peers, family: Family) => Promise<void>
}

async function elkoAsks({ ns, host, net }: Peers, family: Family): Promise<void> {
  spawnNode(ns, ECHO, '7000')
  await untilListening(ns, 7000)
  const socket = await connected(net, family, 7000)
  const back = hashStream(socket)
  await writeBlocks(socket, OCTETS)
  assert.deepEqual(await back, { octets: OCTETS, hash: hashOfBlocks(OCTETS) })
  await assertSettles(host)
}

async function kernelAsks({ ns, host, net }: Peers, family: Family): Promise<void> {
  listen(net, 7, (socket) => socket.pipe(socket))
  assert.equal(await runNode(ns, ASK, family.elko, '7', `${OCTETS}`), `back ${OCTETS}\n`)
  await assertSettles(host)
}

async function manyAsk({ ns, host, net }: Peers, family: Family): Promise<void> {
  spawnNode(ns, ECHO, '7000')
  await untilListening(ns, 7000)
  const ask = async (number: number): Promise<void> => {
    const socket = connect(net, family, 7000, { noDelay: number % 2 === 0, keepAlive: number % 3 === 0 })
    const text = Buffer.alloc(5000, `${number} `)
    socket.end(text)
    assert.deepEqual(await readAll(socket), text)
  }
  await Promise.all(Array.from({ length: 20 }, (_, number) => ask(number)))
  await assertSettles(host)
}

async function elkoIsRefused({ net }: Peers, family: Family): Promise<void> {
  const [error] = await once(connect(net, family, 81), 'error')
  assert.equal(error.code, 'ECONNREFUSED')
}

async function kernelIsRefused({ ns }: Peers, family: Family): Promise<void> {
  assert.match(await runNode(ns, ASK, family.elko, '81', '10'), /error ECONNREFUSED/)
}

async function elkoAborts({ ns, net }: Peers, family: Family): Promise<void> {
  const waiting = accepted(net, 7)
  const client = spawnNode(ns, ASK, family.elko, '7', '100')
  const told = untilPrinted(client, /error ECONNRESET/)
  const socket = await waiting
  await once(socket, 'data')
  socket.resetAndDestroy()
  await told
}

/** The window closes and opens again. */
async function elkoReadsSlowly({ ns, host, net }: Peers, family: Family): Promise<void> {
  const waiting = accepted(net, 7, { pauseOnConnect: true })
  const asked = runNode(ns, ASK, family.elko, '7', `${OCTETS}`)
  const socket = await waiting
  while (socket.connection.readable < 20_000) await new Promise((resolve) => setTimeout(resolve, 5))
  const { octets } = await hashStream(socket.iterator({ destroyOnReturn: false }) as never)
  assert.equal(octets, OCTETS)
  socket.end('done')
  assert.equal(await asked, 'back 4\n')
  await assertSettles(host)
}

const HOSTILE = { loss: 0.04, reorder: 0.02, reorderByUs: 500, duplicate: 0.02, corrupt: 0.02 }
const QUICK: PeersOptions = { config: { rtoMinMs: 20 }, route: ['rto_min 20ms', 'congctl cubic'] }
const IMPAIRED: PeersOptions = { ...QUICK, impair: { toLink: HOSTILE, fromLink: HOSTILE }, seed: 3 }
const STORIES: readonly Story[] = [
  { what: 'Elko asks, the kernel answers', run: elkoAsks },
  { what: 'the kernel asks, Elko answers', run: kernelAsks },
  {
    what: 'Elko asks through a link that loses, reorders, duplicates and corrupts',
    peers: IMPAIRED,
    run: elkoAsks,
  },
  { what: 'the kernel asks through such a link', peers: IMPAIRED, run: kernelAsks },
  { what: 'small packets', peers: { mtu: 1280, config: { timestamps: false } }, run: kernelAsks },
  { what: '20 connections at once', run: manyAsk },
  { what: 'the kernel refuses', run: elkoIsRefused },
  { what: 'Elko refuses', run: kernelIsRefused },
  { what: 'Elko aborts', run: elkoAborts },
  {
    what: 'Elko reads late: the window closes and opens',
    peers: { config: { receiveBufferBytes: 32_768 } },
    run: elkoReadsSlowly,
  },
]

for (const family of FAMILIES) {
  for (const { what, peers, run } of STORIES) {
    test(`${family.name}: ${what}: the run replays bit for bit`, {
      skip: lacks,
      timeout: 300_000,
    }, async () => {
      const log = new InputLog()
      const told = new Recorder()
      const sent: Buffer[] = []
      const wrap = (link: Link): Link => keepSent(link, sent)
      await withPeers({ ...peers, record: log, trace: told, wrap }, (all) => run(all, family))
      log.end()
      assertReplays(log.octets(), told, sent)
    })
  }
}

function assertReplays(log: Uint8Array, told: Recorder, sent: readonly Buffer[]): void {
  const replayed = new Recorder()
  const again: Buffer[] = []
  const replayer = new Replayer(log, {
    trace: replayed,
    onPacket: ({ direction, octets }) => {
      if (direction === 'outbound') again.push(Buffer.from(octets))
    },
  })
  replayer.run()
  assert.deepEqual([replayer.divergence, replayer.retelling], [null, null])
  assert.equal(replayer.problem, null)
  assert.equal(replayer.end, 'ended')
  assert.ok(again.length > 0)
  assert.equal(again.length, sent.length)
  assert.ok(again.every((packet, place) => packet.equals(sent[place]!)))
  assert.deepEqual(replayed.events, told.events)
}

/** The same link; copies of the packets that it was given. One that it had no room for is given again. */
function keepSent(link: Link, sent: Buffer[]): Link {
  const { send } = link
  let isAgain = false
  link.send = (frame, length) => {
    if (!isAgain) sent.push(Buffer.from(frame.subarray(0, length)))
    const isTaken = send.call(link, frame, length)
    isAgain = !isTaken
    return isTaken
  }
  return link
}
