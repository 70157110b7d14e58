/** What takes time, side by side: closed windows, silent peers, keep-alive, black holes. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { countPackets } from './harness.ts'
import { requirements } from './netns.ts'
import {
  assertClean,
  captureAll,
  connect,
  connected,
  FAMILIES,
  type Family,
  hashOfBlocks,
  hashStream,
  listen,
  spawnNode,
  untilListening,
  untilPrinted,
  withPeers,
  writeBlocks,
} from './peer.ts'

const lacks = requirements('socat', 'nft', 'tcpdump', 'tshark', 'nstat', 'ss', 'sha256sum')

const CLOSED_MS = 20_000
/** More than both buffers hold, so that the window does close. */
const LENGTH = 20_000_000

/** Octets of a packet that are captured where only its headers are of interest. */
const HEADERS = 128
/** So many probes of a closed window, or of an idle connection, prove that they go on. */
const ENOUGH_PROBES = 3

/** Reads nothing until it is told to on its standard input, then all: how many octets and their hash. */
const SLOW_READER = `
  const { createHash } = require('crypto')
  require('net').createServer((socket) => {
    socket.pause()
    const hash = createHash('sha256')
    let octets = 0
    socket.on('data', (data) => { hash.update(data); octets += data.length })
    socket.on('end', () => { console.log('read', octets, hash.digest('hex')); process.exit() })
    process.stdin.once('data', () => socket.resume())
  }).listen(7000, '::')`

/** Waits for what will come, however slow the machine is; the limit is that of the test. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(20)
}

async function kernelReadsSlowly(family: Family): Promise<void> {
  await withPeers({ config: { rtoMinMs: 500 } }, async ({ ns, tun, net }) => {
    const reader = spawnNode(ns, SLOW_READER)
    await untilListening(ns, 7000)
    const capture = await ns.capture(tun, `${tun.name}.pcap`, HEADERS)
    const stream = await connected(net, family, 7000)
    const said = untilPrinted(reader, /read \d+ \w+/)
    const written = writeBlocks(stream, LENGTH)
    stream.resume()
    const { tcb } = stream.connection
    await until(() => tcb.snd.wnd === 0)
    // Of an open window there may have been some where the machine stood still.
    const timeouts = tcb.counts.timeouts + ENOUGH_PROBES
    await Promise.all([sleep(CLOSED_MS), until(() => tcb.counts.timeouts >= timeouts)])
    assert.equal(tcb.snd.wnd, 0, 'the window did not stay closed')
    assert.equal(stream.connection.stateName, 'ESTABLISHED')
    reader.stdin!.write('read')
    await written
    assert.match(await said, new RegExp(`read ${LENGTH} ${hashOfBlocks(LENGTH)}`))
    await capture.stop()
    const probes = await countPackets(capture.file, 'tcp.analysis.zero_window_probe')
    assert.ok(probes >= ENOUGH_PROBES, `${probes} probes of the closed window`)
  })
}

async function elkoReadsSlowly(family: Family): Promise<void> {
  await withPeers({ route: ['congctl cubic', 'rto_min 500ms'] }, async ({ ns, tun, net }) => {
    const capture = await ns.capture(tun, `${tun.name}.pcap`, HEADERS)
    const sender = ns.spawn('socat', [
      '-u',
      '-b65536',
      `SYSTEM:head -c ${LENGTH} /dev/zero`,
      `${family.socat}-LISTEN:7000`,
    ])
    await untilListening(ns, 7000)
    const stream = await connected(net, family, 7000)
    const { connection } = stream
    // Less than one unit of the scaled field: 0 on the wire.
    const isClosed = (): boolean => connection.status().receiveWindow >> connection.tcb.rcvScale === 0
    await Promise.all([sleep(CLOSED_MS), until(isClosed)])
    assert.ok(isClosed(), 'the window did not stay closed')
    assert.ok(connection.status().unread > 0)
    const { octets } = await hashStream(stream)
    assert.equal(octets, LENGTH)
    stream.end()
    await capture.stop()
    assert.ok((await countPackets(capture.file, 'tcp.analysis.zero_window')) > 0)
    assert.ok((await countPackets(capture.file, 'tcp.analysis.window_update')) > 0)
    sender.kill()
  })
}

async function connectTimesOut(family: Family): Promise<void> {
  // R2 is long beside the RTO: a machine that stands still for seconds still sends the SYN again before it gives up.
  const config = { rtoInitialMs: 100, r2SynMs: 25_000 }
  await withPeers({ config }, async ({ ns, tun, net }) => {
    await ns.loseRandomly(tun, { in: 100 })
    const stream = connect(net, family, 7000)
    const [error] = await once(stream, 'error')
    assert.equal(error.code, 'ETIMEDOUT')
    assert.equal(error.reason, 'connect-timeout')
    const said = error.cause.observations.join('\n')
    assert.match(said, /retransmitted (once|\d times)\nnothing was ever heard/)
  })
}

async function dataTimesOut(family: Family): Promise<void> {
  const config = { rtoMinMs: 50, r2Ms: 1500, blackHoleDetection: false }
  await withPeers({ config }, async ({ ns, tun, net }) => {
    spawnNode(ns, `require('net').createServer((socket) => socket.resume()).listen(7000, '::')`)
    await untilListening(ns, 7000)
    const stream = await connected(net, family, 7000)
    await ns.loseRandomly(tun, { in: 100, out: 100 })
    stream.write('into the void')
    stream.resume()
    const [error] = await once(stream, 'error')
    assert.equal(error.code, 'ETIMEDOUT')
    assert.equal(error.reason, 'retransmission-limit')
  })
}

async function kernelConnectTimesOut(family: Family): Promise<void> {
  await withPeers({}, async ({ ns, tun, net }) => {
    listen(net, 7000, () => assert.fail('nobody can come through'))
    await ns.loseRandomly(tun, { out: 100 })
    const { code, stderr } = await ns.run(
      'socat',
      ['-', `${family.socat}:${family.elkoHost}:7000,connect-timeout=2`],
      { mayFail: true },
    )
    assert.equal(code, 1)
    assert.match(stderr, /timed out/i)
  })
}

/** The kernel answers Elko's probes; once it can no longer, the connection ends. */
async function elkoKeepsAlive(family: Family): Promise<void> {
  const config = {
    keepAlive: true,
    keepAliveIdleMs: 300,
    keepAliveIntervalMs: 200,
    keepAliveProbes: 3,
  }
  await withPeers({ config }, async ({ ns, tun, net }) => {
    spawnNode(ns, `require('net').createServer((socket) => socket.resume()).listen(7000, '::')`)
    await untilListening(ns, 7000)
    const capture = await captureAll(ns, tun)
    const stream = await connected(net, family, 7000)
    stream.resume()
    const { tcb } = stream.connection
    const answered = tcb.counts.segmentsReceived + ENOUGH_PROBES
    await Promise.all([sleep(2000), until(() => tcb.counts.segmentsReceived > answered)])
    assert.equal(stream.connection.stateName, 'ESTABLISHED')
    await capture.stop()
    assert.ok((await countPackets(capture.file, 'tcp.analysis.keep_alive')) >= ENOUGH_PROBES)
    assert.ok((await countPackets(capture.file, 'tcp.analysis.keep_alive_ack')) >= ENOUGH_PROBES)
    await ns.loseRandomly(tun, { in: 100, out: 100 })
    const [error] = await once(stream, 'error')
    assert.equal(error.code, 'ETIMEDOUT')
    assert.equal(error.reason, 'keep-alive-timeout')
  })
}

/** So many probes in as many seconds may go unanswered: more than a machine stands still. */
const PATIENT_PROBES = 30

/** MUST-26: Elko answers the kernel's probes, which would otherwise end the connection. */
async function kernelKeepsAlive(family: Family): Promise<void> {
  await withPeers({}, async ({ ns, tun, host, net }) => {
    const capture = await captureAll(ns, tun)
    listen(net, 7000, (stream) => stream.resume().once('end', () => stream.end()))
    const options = `keepalive,keepidle=1,keepintvl=1,keepcnt=${PATIENT_PROBES}`
    const client = ns.spawn('socat', ['-', `${family.socat}:${family.elkoHost}:7000,${options}`])
    await sleep((PATIENT_PROBES + 5) * 1000)
    assert.equal(client.exitCode, null)
    assert.equal(host.stack.connections()[0]?.stateName, 'ESTABLISHED')
    client.stdin!.end()
    await once(client, 'close')
    await assertClean(ns, capture)
    assert.ok((await countPackets(capture.file, 'tcp.analysis.keep_alive_ack')) >= ENOUGH_PROBES)
  })
}

const CASES: Readonly<Record<string, (family: Family) => Promise<void>>> = {
  "the kernel's application closes the window for 20 s, and then all octets arrive": kernelReadsSlowly,
  "Elko's application closes the window for 20 s, and then all octets arrive": elkoReadsSlowly,
  'MUST-23: a connect that nobody answers ends with ETIMEDOUT after R2': connectTimesOut,
  'MUST-20: data that nobody acknowledges end with ETIMEDOUT after R2': dataTimesOut,
  "the kernel's connect times out where nothing reaches Elko": kernelConnectTimesOut,
  'MUST-24: Elko asks an idle kernel whether it lives, and gives up when it does not': elkoKeepsAlive,
  "Elko answers the kernel's keep-alive probes": kernelKeepsAlive,
}

test('side by side', { skip: lacks, concurrency: true, timeout: 900_000 }, async (t) => {
  const runs = FAMILIES.flatMap((family) =>
    Object.entries(CASES).map(([what, run]) => t.test(`${family.name}: ${what}`, () => run(family))),
  )
  await Promise.all(runs)
})
