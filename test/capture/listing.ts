/** A listing as tcpdump prints it, and packets with everything that it prints of TCP headers. */

import { makePacket } from '../../src/capture/made-packet.ts'
import { parseAddress } from '../../src/wire/address.ts'
import { ACK, CWR, ECE, FIN, PSH, RST, SYN, URG } from '../../src/wire/segment.ts'

const OPTIONS = 'options [nop,nop,TS val 5 ecr 6]'

export const LISTING: readonly string[] = [
  '12:00:00.000001 IP 10.0.0.1.40000 > server.80: Flags [S], seq 3000000000, win 64240, options [mss 1460,sackOK,TS val 5 ecr 0,nop,wscale 7], length 0',
  '12:00:00.010001 IP server.80 > 10.0.0.1.40000: Flags [S.], seq 4000000000, ack 3000000001, win 65160, options [mss 1400,nop,nop,sackOK,nop,wscale 9,eol], length 0',
  `12:00:00.010101 IP 10.0.0.1.40000 > server.80: Flags [.], ack 1, win 502, ${OPTIONS}, length 0`,
  `12:00:00.010201 IP 10.0.0.1.40000 > server.80: Flags [P.], seq 1:101, ack 1, win 502, ${OPTIONS}, length 100`,
  '12:00:00.020001 IP server.80 > 10.0.0.1.40000: Flags [.], ack 1, win 501, options [nop,nop,sack 2 {101:201}{301:401}], length 0',
  `12:00:00.020101 IP 10.0.0.1.40000 > server.80: Flags [FP.UEW], seq 101, ack 1, win 502, urg 3, ${OPTIONS}, length 0`,
  '12:00:00.030001 IP 10.0.0.1.40001 > server.80: Flags [none], win 512, length 0',
  '12:00:00.040001 IP server.80 > 10.0.0.1.40000: Flags [R], seq 4000000001, win 0, length 0',
]

export function octetsOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

const CLIENT_ETHERNET = Uint8Array.from([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1])
const SERVER_ETHERNET = Uint8Array.from([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2])

/** Ethernet frames of three connections, whole: over IPv4, over IPv6, and one that begins in the middle. */
export function packetsForPrinting(): Uint8Array[] {
  const v4 = speaker('10.0.0.1', '10.0.0.2')
  const v6 = speaker('2001:db8::1', '2001:db8::2')
  const later = speaker('10.0.0.3', '10.0.0.4')
  const scale = [2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0]
  const times = [1, 1, 8, 10, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 9]
  const sack = [1, 1, 5, 10, 0xee, 0x6b, 0x28, 0x64, 0xee, 0x6b, 0x28, 0xc8]
  return [
    v4(true, SYN | ECE | CWR, 3_000_000_000, 0, 0, scale),
    v4(false, SYN | ACK | ECE, 4_000_000_000, 3_000_000_001, 0, scale),
    v4(true, ACK, 3_000_000_001, 4_000_000_001, 0, times),
    v4(true, ACK | PSH, 3_000_000_001, 4_000_000_001, 100, times),
    v6(true, SYN, 1, 0, 0, [2, 4, 5, 0xa0]),
    v6(false, RST | ACK, 0, 2, 0, []),
    v4(false, ACK, 4_000_000_001, 3_000_000_001, 0, sack),
    later(true, ACK, 700_000, 800_000, 0, []),
    later(false, ACK | PSH, 800_000, 700_000, 10, []),
    v4(false, ACK | FIN | URG, 4_000_000_001, 3_000_000_101, 3, [34, 2, 253, 4, 0xab, 0xcd, 0, 0]),
    later(true, ACK, 700_000, 800_010, 1400, []),
    v4(true, RST, 3_000_000_101, 0, 0, []),
  ]
}

type Speak = (
  isClient: boolean,
  flags: number,
  seq: number,
  ack: number,
  length: number,
  options: readonly number[],
) => Uint8Array

function speaker(client: string, server: string): Speak {
  const [left, right] = [parseAddress(client)!, parseAddress(server)!]
  let identification = 100
  return (isClient, flags, seq, ack, length, options) => {
    const text = new Uint8Array(length).fill(0xf0)
    return makePacket({
      source: isClient ? left : right,
      destination: isClient ? right : left,
      sourcePort: isClient ? 40_000 : 4433,
      destinationPort: isClient ? 4433 : 40_000,
      ...{ flags, seq, ack, window: 512, urgentPointer: (flags & URG) === 0 ? 0 : 2 },
      ...{ options: Uint8Array.from(options), text, textLength: length, checksum: null },
      ...{ tos: isClient ? 0 : 0x10, ttl: isClient ? 64 : 57, flowLabel: left.version === 6 ? 0x12345 : 0 },
      identification: left.version === 6 ? 0 : identification++,
      dontFragment: left.version === 6 || isClient,
      ethernet: isClient ? CLIENT_ETHERNET : SERVER_ETHERNET,
    }).octets
  }
}
