/** `elko sim`: every scenario by name, its options, its data. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readCapture } from '../../src/capture/capture-reader.ts'
import { SOCKET_EXCEPTIONS } from '../../src/sim/scenarios/exceptions.ts'
import { SCENARIOS } from '../../src/sim/scenarios.ts'
import { elko, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()

test('--list names every scenario once, with the options it takes; --list --json is the same as data', () => {
  const { code, stdout } = elko(['sim', '--list'])
  assert.equal(code, 0)
  for (const { name, accepts } of SCENARIOS) {
    const lines = stdout.split('\n').filter((line) => line.startsWith(`  ${name} `))
    assert.equal(lines.length, 1, name)
    for (const flag of accepts) assert.ok(lines[0]!.includes(`--${flag}`), `${name} --${flag}`)
  }
  const groups: { scenarios: { name: string }[] }[] = JSON.parse(elko(['sim', '--list', '--json']).stdout)
  assert.deepEqual(
    groups.flatMap(({ scenarios }) => scenarios.map(({ name }) => name)),
    SCENARIOS.map(({ name }) => name),
  )
})

test('--errors tells of the thirteen socket exceptions, with questions and a scenario for each', () => {
  const { code, stdout } = elko(['sim', '--errors'])
  assert.equal(code, 0)
  for (const { text, scenario } of SOCKET_EXCEPTIONS) {
    assert.ok(stdout.includes(text))
    assert.ok(stdout.includes(`elko sim ${scenario}`))
  }
  assert.equal(JSON.parse(elko(['sim', '--errors', '--json']).stdout).length, 13)
})

test('a scenario prints its lesson, the ladder of each connection, the states and a sentence on each', () => {
  const { code, stdout, stderr } = elko(['sim', 'nagle'])
  assert.equal(stderr, '')
  assert.equal(code, 0)
  assert.match(stdout, /^While a small segment is unacknowledged/)
  assert.match(stdout, /═══ 1\. With Nagle's algorithm ═+\n[\s\S]*═══ 2\. With TCP_NODELAY ═+\n/)
  assert.match(stdout, /\nclient {4}CLOSED -> SYN-SENT -> ESTABLISHED\nclient 2 {2}CLOSED -> /)
  assert.equal(stdout.match(/client opened, sent 5 octets and received 0; still open/g)?.length, 2)
})

test('--json: paths, verdicts and events, with sequence numbers as on the wire', () => {
  const { code, stdout } = elko(['sim', 'sequence-wrap', '--json'])
  assert.equal(code, 0)
  const data = JSON.parse(stdout)
  assert.equal(data.name, 'sequence-wrap')
  assert.equal(data.intact, true)
  assert.deepEqual(data.paths[0].states.slice(0, 3), ['CLOSED', 'SYN-SENT', 'ESTABLISHED'])
  assert.deepEqual(data.verdicts, [
    'client opened, sent 3000 octets, received 0 and closed first; both sides closed normally.',
  ])
  const sent = data.events.filter((event: { kind: string }) => event.kind === 'sent')
  assert.equal(sent[0].segment.seq, 0xffffffff - 999)
  assert.ok(sent.every(({ segment }: { segment: { seq: number } }) => segment.seq >= 0))
})

test('the same seed and options give the same run, another seed another one', () => {
  const args = (seed: string) => [
    'sim',
    'data-transfer',
    '--json',
    '--loss',
    '20%',
    '--bytes',
    '20000',
    '--seed',
    seed,
  ]
  const one = elko(args('7')).stdout
  assert.equal(elko(args('7')).stdout, one)
  assert.notEqual(elko(args('8')).stdout, one)
})

test('options reach the network and the hosts', () => {
  const run = (...more: string[]) => elko(['sim', 'data-transfer', ...more]).stdout
  assert.match(run('--mss', '400'), /<mss 400>/)
  assert.match(run('--window', '2000'), /SYN,ACK seq 300 ack 101 win 2000/)
  assert.match(run('--window', '200000'), /wscale \d|ws \d|scale \d/i)
  assert.match(run('--bytes', '123'), /client opened, sent 123 octets/)
  assert.match(run('--delay', '70ms'), /─ 70 ms ─▶/)
  assert.match(run('--ipv6'), /2001:db8::1 port/)
  assert.match(run('--relative'), /SYN seq 0/)
  assert.match(run('--loss', '30%', '--seed', '3'), /× lost/)
  assert.match(run('--mtu', '700'), /× too big/)
  assert.match(run('--duplicate', '100%'), /duplicated by the network/)
  assert.match(run('--corrupt', '20%', '--seed', '2'), /corrupted by the network/)
  assert.match(run('--rate', '200kbit', '--queue', '4000'), /× queue full/)
  assert.match(run('--reorder', '50%/30ms', '--seed', '2'), /held back by the network/)
  assert.notEqual(run('--jitter', '15ms'), run())
})

test('--write saves what one host saw, or all of them', () => {
  const save = (name: string, ...more: string[]) => {
    const file = join(folder, 'deep/er', name)
    const { code, stdout } = elko(['sim', 'lost-final-ack', '--write', file, ...more])
    assert.equal(code, 0)
    const { packets, error } = readCapture(readFileSync(file))
    assert.equal(error, null)
    assert.ok(stdout.includes(`Saved ${packets.length} packets`))
    return packets
  }
  const client = save('client.pcapng')
  const server = save('server.pcapng', '--at', 'server')
  const all = save('all.pcapng', '--at', 'all')
  assert.equal(client.length, server.length + 1, 'the lost ACK was seen at the client only')
  assert.equal(all.length, client.length + server.length)
  assert.equal(client.filter(({ comments }) => comments[0]!.endsWith(', lost')).length, 1)
})
