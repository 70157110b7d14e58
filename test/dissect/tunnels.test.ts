/** TCP is found in whatever tunnels and tags stand around it, by default where Wireshark does, and on ports that are asked for. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FRAME, hex, INNER, inUdp, TUNNELS } from '../../fuzz/tunnel-frames.ts'
import { CaptureRecord } from '../../src/capture/record.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import type { TunnelPorts } from '../../src/dissect/tunnels.ts'

function found(octets: readonly number[], ports: TunnelPorts | null = null, linkType = 1): number {
  let count = 0
  const dissector = new Dissector((_, tcp) => {
    assert.equal(tcp.sourcePort, 40_000)
    assert.equal(tcp.textLength, 0)
    count++
  }, ports)
  const record = new CaptureRecord()
  record.bytes = Uint8Array.from(octets)
  record.view = new DataView(record.bytes.buffer)
  record.length = record.originalLength = octets.length
  record.linkType = linkType
  dissector.dissect(record)
  return count
}

for (const [name, octets] of Object.entries(TUNNELS)) {
  test(`TCP is found behind ${name}, and nowhere where that is cut`, () => {
    assert.equal(found(octets), 1)
    for (let length = 0; length < octets.length - 4; length++) {
      assert.equal(found(octets.slice(0, length)), 0)
    }
  })
}

test('a tunnel on a port of its own is looked through where that is asked for', () => {
  const octets = inUdp(8472, '0800000000000100', FRAME)
  assert.equal(found(octets), 0)
  assert.equal(found(octets, new Map([[8472, 'vxlan']])), 1)
  assert.equal(found(inUdp(9000, '', INNER), new Map([[9000, 'ip']])), 1)
})

test('the netfilter log and per-packet information hold packets behind what they say of them', () => {
  const log = hex('02000000 08000100 00000300 05000a00 00000000')
  assert.equal(found([...log, ...[44, 0, 9, 0], ...INNER], null, 239), 1)
  assert.equal(found([...log, ...[0, 0, 9, 0], ...INNER], null, 239), 0)
  assert.equal(found([...hex('00000c00 01000000 00000000'), ...FRAME], null, 192), 1)
})
