/** `-d udp.port==N,TUNNEL`: tunnels on ports that nobody knows them by. */

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FRAME, inUdp } from '../../fuzz/tunnel-frames.ts'
import { pcapHeader, pcapPacket } from '../../src/capture/pcap.ts'
import { LINKTYPE_ETHERNET } from '../../src/wire/linktype.ts'
import { elko, temporaryFolder } from './elko.ts'

/** VXLAN on Linux' own port. */
const capture = join(temporaryFolder(), 'vxlan.pcap')
const octets = Uint8Array.from(inUdp(8472, '0800000000000100', FRAME))
writeFileSync(
  capture,
  Buffer.concat([pcapHeader({ linkType: LINKTYPE_ETHERNET }), pcapPacket(0, octets, 0, octets.length)]),
)
const ASKED = ['-d', 'udp.port==8472,vxlan']

test('every command that follows connections looks through the tunnels that are asked for', () => {
  assert.equal(elko(['read', '-T', 'fields', '-e', 'tcp.srcport', capture]).stdout, '')
  assert.equal(elko(['read', '-T', 'fields', '-e', 'tcp.srcport', ...ASKED, capture]).stdout, '40000\n')
  assert.match(elko(['read', '-V', ...ASKED, capture]).stdout, /Transmission Control Protocol/)
  assert.equal(
    elko(['read', '-T', 'fields', '-e', 'frame.number', '-Y', 'tcp', ...ASKED, capture]).stdout,
    '1\n',
  )
  assert.match(elko(['conversations', '--json', ...ASKED, capture]).stdout, /"port":40000/)
  assert.match(elko(['streams', ...ASKED, capture]).stdout, /40000/)
  assert.match(elko(['diagram', ...ASKED, capture]).stdout, /port 40000/)
  assert.match(elko(['stats', 'endpoints', ...ASKED, capture]).stdout, /40000/)
  assert.equal(elko(['follow', '--stream', '0', ...ASKED, capture]).code, 0)
})

test('a wrong tunnel is named with what was expected', () => {
  const cases: [word: string, message: RegExp][] = [
    ['udp.port==8472,vxlam', /unknown tunnel "vxlam"; did you mean vxlan\?/],
    ['udp.port==0,vxlan', /expected udp\.port==N,TUNNEL with a port from 1 to 65535/],
    ['tcp.port==80,http', /expected udp\.port==N,TUNNEL/],
  ]
  for (const [word, message] of cases) {
    const { code, stderr } = elko(['conversations', '-d', word, capture])
    assert.equal(code, 2)
    assert.match(stderr, message)
  }
})
