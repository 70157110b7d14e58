/** Every call that a stack, a listener or a connection has is recorded: scripts that make them, calls that are refused, nested ones. */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { drill } from '../../src/drill/drill.ts'
import { LogReader } from '../../src/replay/log-entries.ts'
import { replayRun } from '../../src/replay/replayed-run.ts'
import { Replayer } from '../../src/replay/replayer.ts'
import { InputLog } from '../../src/stack/input-log.ts'
import { Stack } from '../../src/stack/stack.ts'
import { type Config, configure, DEFAULT_CONFIG } from '../../src/tcp/config.ts'
import { Recorder } from '../../src/trace/recorder.ts'
import { parseAddress } from '../../src/wire/address.ts'

const folder = fileURLToPath(new URL('../../../test/drill/', import.meta.url))
const SELF = parseAddress('10.0.0.1')!

/** What a log holds, by kind. */
function kindsIn(log: Uint8Array): Set<string> {
  const kinds = new Set<string>()
  const reader = new LogReader(log)
  for (let entry = reader.next(); entry !== null; entry = reader.next()) kinds.add(entry.input.kind)
  return kinds
}

test('every script of ours replays as it was played: sockets, options, urgent data, errors', () => {
  const scripts = readdirSync(folder, { recursive: true }).map(String).sort()
  const kinds = new Set<string>()
  let played = 0
  for (const name of scripts) {
    if (!name.endsWith('.pkt')) continue
    const record = new InputLog()
    const { events } = drill(readFileSync(`${folder}${name}`, 'latin1'), name, { record })
    record.end()
    const run = replayRun(record.octets())
    assert.equal(run.divergence, null, name)
    assert.equal(run.retelling, null, name)
    assert.equal(run.problem, null, name)
    // The stage's own end, after the script's, is no part of the verdict.
    assert.deepEqual(run.events.slice(0, events.length), events, name)
    for (const kind of kindsIn(record.octets())) kinds.add(kind)
    played++
  }
  assert.ok(played > 100)
  for (const kind of ['push', 'acknowledge-quickly', 'reconfigure', 'abort', 'release']) {
    assert.ok(kinds.has(kind), `no script does ${kind}`)
  }
})

interface Made {
  readonly stack: Stack
  readonly frame: Uint8Array
  /** Carries what the stack sends itself, and takes events, until nothing is left. */
  settle(now: number): void
}

function made(
  config: Partial<Config> = {},
  record: boolean | InputLog = true,
  trace: Recorder | null = null,
): Made {
  let chance = 7
  const stack = new Stack({
    name: 'one',
    addresses: ['10.0.0.1/24'],
    secret: new Uint8Array(16).fill(3),
    random: () => (chance = Math.imul(chance, 1103515245) + 12345),
    config: configure(config),
    record,
    trace,
    privileged: false,
  })
  const frame = new Uint8Array(1500)
  const settle = (now: number): void => {
    while (stack.pollTransmit(now, frame) > 0);
    for (let next = stack.pollEvent(); next !== null; next = stack.pollEvent()) {
      if ('tcb' in next) next.pollEvents()
    }
    stack.pollTimeout()
  }
  return { stack, frame, settle }
}

/** What happens on a stack that speaks with itself, all kinds of calls among it. */
function story({ stack, settle }: Made): void {
  stack.clock.now = 1_000_000
  assert.throws(() => stack.listen({ port: 80 }), { reason: 'connection-illegal' })
  assert.throws(() => stack.listen({ port: 70_000 }), RangeError)
  const listener = stack.listen({ port: 8080, backlog: 3, sharing: 'alone' })
  assert.throws(() => stack.listen({ port: 8080 }), { reason: 'address-in-use' })
  listener.backlog = 5
  assert.equal(listener.backlog, 5)
  listener.reconfigure(configure({ nagle: false }, stack.config))
  assert.ok(stack.freePort() >= 49_152)
  const client = stack.connect({ remoteAddress: SELF, remotePort: 8080, config: configure({ corked: true }) })
  assert.throws(() => client.connect(), { reason: 'connection-already-exists' })
  settle(1_000_100)
  const server = stack.accept(listener)!
  assert.equal(server.tcb.config.nagle, false)
  client.send(new Uint8Array([1, 2, 3]), 0, 3, { push: false })
  client.send(new Uint8Array(2_000_000).fill(9), 5)
  client.push()
  settle(1_000_200)
  server.acknowledgeQuickly(true)
  assert.ok(server.receive(new Uint8Array(10), 2, 5) === 5)
  server.receive(new Uint8Array(1 << 20))
  client.reconfigure(configure({ corked: false }, client.tcb.config))
  settle(1_000_300)
  client.send(new Uint8Array([4]), 0, 1, { urgent: true, endOfRecord: true })
  client.close()
  assert.throws(() => client.send(new Uint8Array(1)), { reason: 'connection-closing' })
  settle(1_000_400)
  server.release()
  settle(1_000_500)
  stack.handleTimeout(1_400_000, 1_300_000)
  settle(1_400_000)
  stack.handlePacket(1_400_001, new Uint8Array([0x45, 0, 1]), 1, 2)
  stack.connect({ remoteAddress: SELF, remotePort: 9 }).abort('stack-closed')
  settle(1_500_000)
  stack.closeListener(listener)
  stack.closeListener(listener)
  stack.close()
  settle(1_600_000)
}

test('all calls, with what they refuse, are replayed; `record: true` keeps the log', () => {
  const told = new Recorder()
  const run = made({}, true, told)
  story(run)
  const log = run.stack.recording!.log.octets()
  const again = replayRun(log)
  assert.deepEqual([again.divergence, again.retelling], [null, null])
  assert.equal(again.end, 'open')
  assert.deepEqual(again.events, told.events)
  const all = `stack listen backlog listener-config free-port connect open transmit told accept events send push
    acknowledge-quickly receive reconfigure deadline close release timeout packet abort close-listener close-stack`
  assert.deepEqual([...kindsIn(log)].sort(), all.split(/\s+/).sort())
})

test('a stack does the same, recorded or not', () => {
  const [plain, recorded] = [new Recorder(), new Recorder()]
  const without = made({}, false, plain)
  story(without)
  story(made({}, true, recorded))
  assert.equal(without.stack.recording, null)
  assert.deepEqual(recorded.events, plain.events)
})

test('a sink has the log in pieces, all of it after `end`', () => {
  const whole = made()
  story(whole)
  const pieces: Uint8Array[] = []
  const record = new InputLog({ sink: (octets) => pieces.push(octets) })
  story(made({}, record))
  assert.ok(pieces.length >= 2)
  record.flush()
  assert.deepEqual(Buffer.concat(pieces), Buffer.from(whole.stack.recording!.log.octets()))
  record.end()
  record.end()
  assert.equal(replayRun(Buffer.concat(pieces)).end, 'ended')
})

test('beyond its limit a log says that it is full; the stack goes on as ever', () => {
  const [plain, recorded] = [new Recorder(), new Recorder()]
  story(made({}, false, plain))
  const record = new InputLog({ limitBytes: 4000 })
  story(made({}, record, recorded))
  assert.deepEqual(recorded.events, plain.events)
  assert.ok(record.isEnded)
  // The input that crossed the limit is whole.
  assert.ok(record.length > 4000)
  const { end, divergence, events, replayed } = replayRun(record.octets())
  assert.deepEqual([end, divergence], ['full', null])
  assert.ok(replayed > 10)
  assert.deepEqual(events, plain.events.slice(0, events.length))
})

test('one log serves several stacks, whose inputs stand in their order', () => {
  const record = new InputLog()
  const [a, b] = [made({}, record), made({ nagle: false }, record)]
  a.stack.clock.now = 5
  b.stack.clock.now = 1e9 + 0.5
  a.stack.listen({ port: 8080 })
  b.stack.freePort()
  a.stack.freePort()
  const replayer = new Replayer(record.octets())
  const seen: [number, string, number][] = []
  while (replayer.step()) seen.push([replayer.entry!.stack, replayer.entry!.input.kind, replayer.entry!.at])
  assert.equal(replayer.divergence, null)
  assert.deepEqual(seen, [
    [0, 'stack', 0],
    [1, 'stack', 0],
    [0, 'listen', 5],
    [1, 'free-port', 1e9 + 0.5],
    [0, 'free-port', 5],
  ])
})

test('the log has the whole configuration, so that another default changes nothing', () => {
  const log = made().stack.recording!.log.octets()
  const entry = new LogReader(log).next()
  assert.ok(entry?.input.kind === 'stack')
  assert.deepEqual(entry.input.made.config, DEFAULT_CONFIG)
  const text = Buffer.from(log).toString('latin1')
  for (const name of Object.keys(DEFAULT_CONFIG)) assert.ok(text.includes(`"${name}":`), name)
})

test('what a stack throws in the end is the last that its log has', () => {
  const { stack, frame } = made()
  stack.clock.now = 1
  stack.connect({ remoteAddress: parseAddress('10.0.0.9')!, remotePort: 80 })
  assert.throws(() => stack.pollTransmit(2, frame.subarray(0, 30)), RangeError)
  const run = replayRun(stack.recording!.log.octets())
  assert.equal(run.divergence, null)
  const reader = new LogReader(stack.recording!.log.octets())
  let last = reader.next()
  for (let entry = last; entry !== null; entry = reader.next()) last = entry
  assert.equal(last?.outcome.threw, 'RangeError')
})
