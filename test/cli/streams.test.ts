/** `elko streams`: the states of both ends and what the connection was like, in words and as JSON. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { FlowReport } from '../../src/flows/flow.ts'
import { snapped } from '../flows/snapped.ts'
import { elko, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()

function captured(scenario: string, ...flags: string[]): string {
  const file = join(folder, `${scenario}.pcapng`)
  assert.equal(elko(['sim', scenario, ...flags, '--write', file]).code, 0)
  return file
}

const reports = (file: string): FlowReport[] =>
  elko(['streams', '--json', file])
    .stdout.trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as FlowReport)

test('a block for each connection, with the states of both ends', () => {
  const { code, stdout } = elko(['streams', captured('half-close')])
  assert.equal(code, 0)
  assert.match(stdout, /^stream 0: 192\.0\.2\.1:\d+ -> 192\.0\.2\.2:80\n/)
  assert.match(
    stdout,
    /client {2}CLOSED -> SYN-SENT -> ESTABLISHED -> FIN-WAIT-1 -> FIN-WAIT-2 -> TIME-WAIT\n/,
  )
  assert.match(
    stdout,
    /server {2}CLOSED -> \(LISTEN\) -> SYN-RECEIVED -> ESTABLISHED -> CLOSE-WAIT -> LAST-ACK/,
  )
})

test('what is simulated is measured: round trip, think time, octets', () => {
  const [flow] = reports(captured('half-close'))
  const { client, server, clientIs } = flow!
  assert.equal(clientIs, 'seen')
  assert.deepEqual([client.octets, server.octets], [500, 2000])
  // At the client the way to the server and back takes twice 20 ms, that to the client no time.
  assert.equal(server.roundTrips.handshake, 40e6)
  assert.equal(client.roundTrips.handshake, 0)
  // The server waits 100 ms after the end of the request, whose acknowledgment it sent at once.
  assert.equal(server.think!.count, 1)
  assert.ok(server.think!.least >= 99e6 && server.think!.least <= 101e6, `${server.think!.least}`)
  assert.deepEqual(client.states.map(({ state }) => state).slice(0, 3), ['CLOSED', 'SYN-SENT', 'ESTABLISHED'])
})

test('windows are scaled as the SYNs say; without them the scale is a guess', () => {
  const file = captured('window-scaling')
  const [flow] = reports(file)
  assert.equal(flow!.server.window.scaleIs, 'seen')
  assert.ok(flow!.server.window.most! > 65_535)
})

test('--stream shows one of several; one that is not there is an error', () => {
  const file = captured('nagle')
  assert.equal(reports(file).length, 2)
  const one = elko(['streams', '--stream', '1', file]).stdout
  assert.match(one, /^stream 1: /)
  assert.doesNotMatch(one, /stream 0/)
  const { code, stderr } = elko(['streams', '--stream', '9', file])
  assert.equal(code, 1)
  assert.match(stderr, /there is no stream 9; the file has streams 0 to 1/)
})

test('a retransmission has its cause', () => {
  const [flow] = reports(captured('retransmission'))
  const causes = { ...flow!.client.causes, ...flow!.server.causes }
  assert.ok((causes.timeout ?? 0) > 0, JSON.stringify(causes))
})

/** Simulated hosts speak raw IPv4: its header, and so many octets of TCP's. */
function snappedFile(name: string, octetsOfTcp: number): string {
  const file = join(folder, `${name}.pcapng`)
  writeFileSync(
    file,
    snapped(readFileSync(captured('window-scaling')), () => 20 + octetsOfTcp),
  )
  return file
}

test('options that were cut off are unknown, not absent: the scale is a guess, and stderr says so', () => {
  const file = snappedFile('no-options', 20)
  const [flow] = reports(file)
  for (const side of [flow!.client, flow!.server]) {
    const { mss, sackPermitted, timestamps, optionsCut, window } = side
    assert.deepEqual([mss, sackPermitted, timestamps, optionsCut], [null, null, null, true])
    assert.equal(window.scaleIs, 'guessed')
  }
  const { code, stdout, stderr } = elko(['streams', file])
  assert.equal(code, 0)
  assert.match(stdout, /further options cut off/)
  assert.doesNotMatch(stdout, /no MSS|not scaled/)
  assert.match(stderr, /TCP packets were captured without all options \(snap length 40\): .*length of 80 has/)
})

test('TCP of which too little was captured for a connection is not passed over in silence', () => {
  const file = snappedFile('no-window', 14)
  for (const command of ['streams', 'conversations']) {
    const { code, stderr } = elko([command, file])
    assert.equal(code, 0)
    assert.match(
      stderr,
      /TCP packets were captured with.* \(snap length 34\): .*length of 80 has all headers/,
      command,
    )
  }
  assert.match(elko(['streams', file]).stderr, /no TCP connection in \d+ packets\n/)
  assert.match(
    elko(['follow', '--stream', '0', file]).stderr,
    /no TCP connection \(notes on the capture: `elko diagnose`\)/,
  )
})
