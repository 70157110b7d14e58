/** An expected packet and the one that came: what differs, and what differs without consequence. */

import { ACK, CWR, FIN, PSH } from '../wire/segment.ts'
import { compareOptions } from './compare-options.ts'
import { icmpNumbers } from './icmp-names.ts'
import { printFlags } from './print.ts'
import type { IcmpSpec, IpSpec, PacketAction, TcpSpec, UdpSpec } from './script.ts'
import type { Settings } from './settings.ts'
import type { Difference } from './verdict.ts'

export interface Comparison {
  readonly differences: Difference[]
  /** What differs and does not count. */
  readonly notes: string[]
}

/** Compares everything that the script has a word about. Times, flow labels and time stamp values are the caller's. */
export function comparePackets(
  expected: PacketAction,
  actual: PacketAction,
  settings: Settings,
  version: 4 | 6,
): Comparison {
  const result: Comparison = { differences: [], notes: [] }
  const { body } = expected
  if (body.kind !== actual.body.kind) {
    differs(result, 'protocol', body.kind, actual.body.kind)
    return result
  }
  compareIp(expected.ip, actual.ip, result)
  if (body.kind === 'tcp') compareTcp(body, actual.body as TcpSpec, settings, result)
  else if (body.kind === 'udp') differs(result, 'length', body.length, (actual.body as UdpSpec).length)
  else compareIcmp(body, actual.body as IcmpSpec, version, result)
  return result
}

/** Notes a difference where there is one. */
function differs(result: Comparison, field: string, expected: unknown, actual: unknown): void {
  if (expected === actual) return
  result.differences.push({ field, expected: `${expected}`, actual: `${actual}` })
}

function compareIp(expected: IpSpec, actual: IpSpec, result: Comparison): void {
  const { ecn, tos, dscp, ttl } = expected
  if (tos !== null) differs(result, 'tos', hex(tos), hex(actual.tos ?? 0))
  if (dscp !== null) differs(result, 'dscp', hex(dscp), hex(actual.dscp ?? 0))
  if (ttl !== null) differs(result, 'ttl', ttl, actual.ttl)
  if (ecn === 'ect01') {
    if (actual.ecn !== 'ect0' && actual.ecn !== 'ect1') differs(result, 'ecn', ecn, actual.ecn)
  } else if (ecn !== null) differs(result, 'ecn', ecn, actual.ecn)
}

function compareTcp(expected: TcpSpec, actual: TcpSpec, settings: Settings, result: Comparison): void {
  compareFlags(expected, actual, result)
  const { sequence } = expected
  if (expected.sequenceIs !== 'any') differs(result, 'seq', sequence.start >>> 0, actual.sequence.start)
  differs(result, 'length', sequence.length, actual.sequence.length)
  if ((expected.flags.bits & ACK) !== 0 && actual.ack !== null) {
    differs(result, 'ack', (expected.ack ?? 0) >>> 0, actual.ack)
  }
  if (expected.window !== null) differs(result, 'win', expected.window, actual.window)
  differs(result, 'urg', expected.urgent ?? 0, actual.urgent ?? 0)
  if (expected.options === null) return
  const { differences, notes } = compareOptions(expected.options, actual.options ?? [], settings)
  result.differences.push(...differences)
  result.notes.push(...notes)
}

/** Where the script has a digit for the three bits of ECN, they count as one number. */
function compareFlags(expected: TcpSpec, actual: TcpSpec, result: Comparison): void {
  const { bits, ace } = expected.flags
  if (bits === actual.flags.bits) return
  differs(result, 'flags', printFlags({ bits, ace }), printFlags({ bits: actual.flags.bits, ace }))
}

function compareIcmp(expected: IcmpSpec, actual: IcmpSpec, version: 4 | 6, result: Comparison): void {
  const wanted = icmpNumbers(version, expected.type, expected.code)
  const found = icmpNumbers(version, actual.type, actual.code)
  differs(result, 'type', wanted?.type ?? expected.type, found?.type)
  differs(result, 'code', wanted?.code ?? expected.code, found?.code)
  if (expected.mtu !== null) differs(result, 'mtu', expected.mtu, actual.mtu)
  if (expected.id !== null) differs(result, 'id', expected.id, actual.id)
}

/** Flags in which segments that make up one expected segment may differ. */
const MAY_DIFFER = PSH | FIN | CWR

/**
 * Whether a segment goes on where the one before ended, so that both are parts of one longer segment: the same header,
 * the next octets.
 */
export function continues(before: TcpSpec, next: TcpSpec): string | null {
  if (next.sequence.start !== before.sequence.end) {
    return `the next segment starts at ${next.sequence.start}, not at ${before.sequence.end}`
  }
  if ((before.flags.bits & ~MAY_DIFFER) !== (next.flags.bits & ~MAY_DIFFER)) {
    return `the next segment has flags ${printFlags(next.flags)} after ${printFlags(before.flags)}`
  }
  return before.ack === next.ack ? null : `the next segment has ack ${next.ack} after ${before.ack}`
}

/** Segments as the one that they make up: the first one's number, the last one's flags, window and options. */
export function joined(parts: readonly PacketAction[]): PacketAction {
  const last = parts.at(-1)!
  const [first] = parts
  if (parts.length === 1 || first?.body.kind !== 'tcp' || last.body.kind !== 'tcp') return last
  const { start } = first.body.sequence
  const length = parts.reduce((sum, { body }) => sum + (body.kind === 'tcp' ? body.sequence.length : 0), 0)
  const bits = (last.body.flags.bits & ~CWR) | (first.body.flags.bits & CWR)
  return {
    ...last,
    body: {
      ...last.body,
      flags: { bits, ace: false },
      sequence: { start, end: (start + length) >>> 0, length },
    },
  }
}

function hex(value: number): string {
  return `0x${value.toString(16)}`
}
