/** Text as a capture: tcpdump's lines and tshark's JSON, in any text: packets or an error, in pieces, written and read again. */

import { joined } from '../../src/bytes/join.ts'
import type { CapturedPacket } from '../../src/capture/capture-file.ts'
import { CaptureReader, readCapture } from '../../src/capture/capture-reader.ts'
import { captureWriter } from '../../src/capture/capture-writer.ts'
import { encodeUtf8 } from '../../src/capture/utf8.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import { textTarget } from '../make-target.ts'
import { expect, expectSame, type Probe } from '../target.ts'

/** Branches for each letter, and once: no search goes over a line again and again. */
const WORK_PER_LETTER = 3000
const WORK = 100_000

const LINE = '12:00:00.000001 IP 10.0.0.1.80 > h.4000: Flags [S.], seq 5, ack 6, win 7'
const HEAD = '12:00:00.1 IP (tos 0x0, ttl 64, id 7, offset 0, flags [DF], proto TCP (6), length 40)'
const ETHERNET = '12:00:00.1 02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype IPv4 (0x0800), length 54: '
const SIX = ' 00:00:00.000000 IP6 fe80::1%a.22 > c.ssh: Flags [none], win 9, length 0'

const DICTIONARY = [
  ...`IP IP6 > : [ ] , Flags [S] [.] [P.] [FP.UEW] seq ack win urg options length cksum 0x 12:00:00.1 2018-06-18
  1529363926.969534 In Out eth0 10.0.0.1.80 fe80::1%a.22 h.http 4294967295 73894:75274 mss wscale sackOK TS val ecr nop eol
  sack {1:2} unknown-9 tfo cookie exp-tfo uto tcp-ao keyid mac [bad opt] { } "layers" "_source" "frame_raw" "tcp.srcport"
  "frame.time_epoch" "ip.src" "tcp.options" "index" null 0x0000: 0x0010: 4500 86dd \\ &gt; (tos ttl ) hlim`.split(
    /\s+/,
  ),
  ...[': Flags [', ' > ', ', seq ', ', options [', '], length ', '\n', '\t0x0000:  4500 0028 ', ', ack 1'],
]

export const target = textTarget({
  name: 'listing',
  about:
    "tcpdump's lines and tshark's JSON in any text: packets or an error, in pieces, written and read again",
  mostLetters: 700,
  dictionary: DICTIONARY,
  seeds: () => [
    `prose\n${LINE}, options [mss 1460,nop,wscale 7,sackOK], length 0\n`,
    `${LINE}, options [nop,nop,sack 1 {7:9},TS val 1 ecr 2], length 10: HTTP\n\t0x0000:  4500 0032 0000 4000 4006  E..2\n`,
    `${HEAD}\n    10.0.0.1.80 > h.4000: Flags [R], cksum 0x1 (correct), seq 1:3, win 0, length 2\n`,
    `${SIX}\n${ETHERNET}10.0.0.1.80 > 10.0.0.2.4: Flags [.], ack 1, win 9, length 1\n`,
    `${LINE}, length 0\n12:00:00.2 IP h.4000 > 10.0.0.1.80: Flags [.], ack 1, win 7, length 5\n`,
    '[{"_source":{"layers":{"frame_raw":["45000014",0,4,0,1],"frame":{"frame.time_epoch":"1.5","frame.len":"9"}}}}]',
    '{"index":{}}\n{"layers":{"ip":{"ip_ip_src":"1.2.3.4","ip_ip_dst":"1.2.3.5"},"tcp":{"tcp_tcp_srcport":"1","tcp_tcp_dstport":"2","tcp_tcp_payload":"aa:bb"}}}',
  ],
  run,
})

function run(input: string, probe: Probe): void {
  const octets = encodeUtf8(input)
  const before = probe.work()
  const whole = readCapture(octets)
  const work = probe.work() - before
  expect(work <= WORK + WORK_PER_LETTER * input.length, () => `${work} branches for ${input.length} letters`)
  const { packets, interfaces, error, notes } = whole
  if (error !== null)
    expect(error.offset >= 0 && error.offset <= octets.length, () => `an error at ${error.offset}`)
  expect(packets.length <= octets.length / 2 + 1, 'more packets than lines can be')
  for (const { at, restNs, bytes, originalLength, interfaceIndex, linkType } of packets) {
    expect(
      Number.isSafeInteger(at) && restNs >= 0 && restNs < 1000,
      () => `a packet at ${at} us ${restNs} ns`,
    )
    expect(bytes.length <= originalLength || whole.format !== 'text', 'a packet that is longer than it was')
    expect(interfaces[interfaceIndex]?.linkType === linkType, 'a packet of no interface')
  }
  expectSame(inPieces(octets), told(packets), 'what came in pieces')
  const parts: Uint8Array[] = []
  const writer = captureWriter('pcapng', (part) => parts.push(part))
  const dissector = new Dissector(() => {})
  const reader = new CaptureReader((record) => {
    dissector.dissect(record)
    if (record.seconds >= 0 && record.seconds < 2 ** 34) writer.write(record, reader)
  })
  reader.readWhole(octets)
  writer.end({ interfaces, notes })
  const again = readCapture(joined(parts))
  expect(again.error === null, () => `what was written cannot be read: ${again.error?.message}`)
  const kept = packets.filter(({ at }) => at >= 0 && at < 2 ** 34 * 1e6)
  expectSame(told(again.packets, false), told(kept, false), 'packets written and read again')
}

function told(packets: readonly CapturedPacket[], withTime = true): unknown {
  return packets.map(({ at, restNs, bytes, originalLength, linkType }) => {
    return [...(withTime ? [at, restNs] : []), originalLength, linkType, ...bytes]
  })
}

/** The packets as they are told where the octets come a few at a time. */
function inPieces(octets: Uint8Array): unknown {
  const seen: unknown[] = []
  const reader = new CaptureReader(
    ({ seconds, nanoseconds, bytes, start, length, originalLength, linkType }) => {
      const restNs = nanoseconds % 1000
      const at = seconds * 1e6 + (nanoseconds - restNs) / 1000
      seen.push([at, restNs, originalLength, linkType, ...bytes.subarray(start, start + length)])
    },
  )
  for (let at = 0; at < octets.length; at += 11) reader.push(octets.subarray(at, at + 11))
  reader.end()
  return seen
}
