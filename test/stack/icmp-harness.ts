/** ICMP messages for the tests of stack/: echo requests, and errors that quote a packet. */

import { parseAddress } from '../../src/wire/address.ts'
import { icmpChecksum, icmpProtocol } from '../../src/wire/icmp.ts'
import { writeIcmpError } from '../../src/wire/icmp-write.ts'
import { writeIpHeader } from '../../src/wire/ip.ts'
import { headerOf } from './packets-harness.ts'

export interface Echo {
  readonly src?: string
  readonly dst?: string
  readonly id?: number
  readonly sequence?: number
}

export function echoRequest(version: 4 | 6, octets: number, echo: Echo): Uint8Array {
  const src = echo.src ?? (version === 4 ? '10.0.0.2' : 'fd00::2')
  const dst = echo.dst ?? (version === 4 ? '10.0.0.1' : 'fd00::1')
  const ip = headerOf(version, src, dst, icmpProtocol(version))
  const at = version === 4 ? 20 : 40
  const packet = new Uint8Array(at + 8 + octets).map((_, i) => i * 3)
  const view = new DataView(packet.buffer)
  ip.totalLength = packet.length
  writeIpHeader(view, 0, ip)
  packet[at] = version === 4 ? 8 : 128
  packet[at + 1] = 0
  view.setUint16(at + 4, echo.id ?? 1)
  view.setUint16(at + 6, echo.sequence ?? 1)
  view.setUint16(at + 2, 0)
  view.setUint16(at + 2, icmpChecksum(packet, ip, at, 8 + octets))
  return packet
}

/** The types and codes of the two versions, by what they say. */
export const ERRORS = {
  4: {
    network: [3, 0],
    host: [3, 1],
    protocol: [3, 2],
    port: [3, 3],
    tooBig: [3, 4],
    sourceRoute: [3, 5],
    filtered: [3, 13],
    quench: [4, 0],
    timeExceeded: [11, 0],
    parameter: [12, 0],
  },
  6: {
    network: [1, 0],
    host: [1, 3],
    protocol: [4, 1],
    port: [1, 4],
    tooBig: [2, 0],
    filtered: [1, 1],
    timeExceeded: [3, 0],
    parameter: [4, 0],
  },
} as const

/** An error from `router` about a packet, which it quotes as routers do: cut. */
export function icmpError(
  packet: Uint8Array,
  [type, code]: readonly [number, number],
  mtu = 0,
  router?: string,
): Uint8Array {
  const version = packet[0]! >>> 4 === 4 ? 4 : 6
  const from = parseAddress(router ?? (version === 4 ? '10.0.0.254' : 'fd00::fe'))!
  const frame = new Uint8Array(1280)
  const { w0, w1, w2, w3 } = from
  const length = writeIcmpError(frame, version, type, code, mtu, w0, w1, w2, w3, packet, packet.length)
  if (length === 0) throw new Error('about this packet no error may be sent')
  return frame.slice(0, length)
}
