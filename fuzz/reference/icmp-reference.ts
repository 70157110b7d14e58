/** A second decoder of ICMP and ICMPv6, written from RFC 792, RFC 1191 and RFC 4443. */

import type { Verdict } from '../../src/wire/verdict.ts'
import { type IpFields, type Octets, referenceIp } from './ip-reference.ts'
import { checksumHolds } from './tcp-reference.ts'

export interface IcmpFields {
  readonly version: number
  readonly type: number
  readonly code: number
  readonly mtu: number
  readonly echoId: number
  readonly echoSequence: number
  readonly quote: Quote | null
}

interface Quote {
  readonly protocol: number
  readonly totalLength: number
  readonly src: string
  readonly dst: string
  /** Of TCP: ports and sequence number; of anything else nothing. */
  readonly tcp: readonly [number, number, number]
}

const ERRORS_4: readonly number[] = [3, 4, 5, 11, 12]

export function referenceIcmp(ip: IpFields, verifyChecksum: boolean): Verdict | IcmpFields {
  const isV4 = ip.version === 4
  if (ip.protocol !== (isV4 ? 1 : 58)) return 'other-protocol'
  const message = ip.payload
  if (message.length < 8) return 'icmp-truncated'
  if (verifyChecksum && message.length === ip.payloadLength) {
    if (isV4 ? message.sum() !== 0xffff : !checksumHolds(ip, message)) return 'icmp-checksum'
  }
  const type = message.number(0)
  const code = message.number(1)
  const isTooBig = isV4 ? type === 3 && code === 4 : type === 2
  const isEcho = isV4 ? type === 8 || type === 0 : type === 128 || type === 129
  const isError = isV4 ? ERRORS_4.includes(type) : type < 128
  let quote: Quote | null = null
  if (isError) {
    quote = quoteOf(message.from(8), ip.version)
    if (quote === null) return 'icmp-quote'
  }
  return {
    version: ip.version,
    type,
    code,
    mtu: isTooBig ? (isV4 ? message.number(6, 2) : message.number(4, 4)) : -1,
    echoId: isEcho ? message.number(4, 2) : -1,
    echoSequence: isEcho ? message.number(6, 2) : -1,
    quote,
  }
}

function quoteOf(octets: Octets, version: number): Quote | null {
  const quoted = referenceIp(octets, false, 65535 + 40)
  if (typeof quoted === 'string' || quoted.version !== version) return null
  const { protocol, totalLength, src, dst, payload } = quoted
  if (protocol !== 6) return { protocol, totalLength, src, dst, tcp: [0, 0, 0] }
  if (payload.length < 8) return null
  const tcp = [payload.number(0, 2), payload.number(2, 2), payload.number(4, 4)] as const
  return { protocol, totalLength, src, dst, tcp }
}
