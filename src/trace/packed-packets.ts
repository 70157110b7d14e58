/**
 * The octets of packets in a form that fits into a file: of each packet all of its headers, and of what is behind them as much
 * as was kept. The headers of a direction differ in few octets, so that each octet stands as its difference to the same octet
 * of the header before it, place by place; a packer of octets, which is the caller's, makes next to nothing of that.
 */

import { fromBase64, toBase64 } from '../bytes/base64.ts'
import { joined } from '../bytes/join.ts'
import type { SegmentReceived, SegmentRecord, SegmentSent, TraceEvent } from './events.ts'
import { IntegerReader, IntegerWriter } from './integer-column.ts'

/** A packet as it was captured, or as much as is kept of it. */
export interface PacketOctets {
  /** From the start of its frame. */
  readonly octets: Uint8Array
  /** Octets of the frame that were captured, and that were on the wire. */
  readonly captured: number
  readonly onWire: number
  /** Where the IP header, the TCP header and what TCP carries begin in the frame; -1: not known. */
  readonly ipAt: number
  readonly tcpAt: number
  readonly textAt: number
}

/** Headers up to here are kept whole, octets; beyond, what stands before the text is no header of any link. */
const MOST_HEADER = 512

/** Octets of a packet that count as its headers: all but what its segment carries. */
export function headerLength({ captured, textAt }: Pick<PacketOctets, 'captured' | 'textAt'>): number {
  return Math.min(captured, textAt < 0 ? MOST_HEADER : textAt, MOST_HEADER)
}

/** Numbers of a packet, each a column. */
const COLUMNS = ['captured', 'onWire', 'ipAt', 'tcpAt', 'textAt'] as const

export interface PackedPackets {
  /** By column: the event that tells of each packet first, its octets that are kept, and the numbers of `COLUMNS`. */
  readonly count: number
  readonly places: string
  readonly kept: string
  readonly numbers: readonly string[]
  /** Differences of headers, and what was kept behind them, each packed by the caller. */
  readonly headers: string
  readonly rest: string
}

type PacketEvent = SegmentSent | SegmentReceived

/**
 * @param packetOf what is known of the packet that an event tells of
 * @param pack makes octets fewer; whoever unpacks undoes it
 */
export function packPackets(
  events: readonly TraceEvent[],
  packetOf: (event: PacketEvent) => PacketOctets | undefined,
  pack: (octets: Uint8Array) => Uint8Array,
): PackedPackets {
  const packets: PacketOctets[] = []
  const places: number[] = []
  const directions: string[] = []
  const told = new Set<SegmentRecord | number>()
  events.forEach((event, place) => {
    if (!isPacket(event) || told.has(keyOf(event))) return
    const packet = packetOf(event)
    if (packet === undefined) return
    told.add(keyOf(event))
    packets.push(packet)
    places.push(place)
    directions.push(event.host)
  })
  const groups = groupsOf(packets.map((packet, k) => `${directions[k]} ${headerLength(packet)}`))
  return {
    count: packets.length,
    places: columnOf(places),
    kept: columnOf(packets.map(({ octets }) => octets.length)),
    numbers: COLUMNS.map((name) => columnOf(packets.map((packet) => packet[name]))),
    headers: toBase64(pack(differences(packets, groups))),
    rest: toBase64(pack(joined(packets.map((packet) => packet.octets.subarray(headerLength(packet)))))),
  }
}

/** Packed octets of a file, to be unpacked before `unpackPackets` has them. */
export function packedOctets({ headers, rest }: PackedPackets): { headers: Uint8Array; rest: Uint8Array } {
  return { headers: fromBase64(headers), rest: fromBase64(rest) }
}

/**
 * The packets again, by the records of their segments.
 *
 * @param events the same as they were packed with
 * @param octets what the caller unpacked of `packedOctets`
 * @throws RangeError where they are damaged
 */
export function unpackPackets(
  packed: PackedPackets,
  events: readonly TraceEvent[],
  { headers, rest }: { readonly headers: Uint8Array; readonly rest: Uint8Array },
): Map<SegmentRecord, PacketOctets> {
  const { count } = packed
  const told = numbersOf(packed.places, count).map((place) => packetEventAt(events, place))
  const kept = numbersOf(packed.kept, count)
  const columns = packed.numbers.map((column) => numbersOf(column, count))
  const all = told.map((_, k) => {
    const [captured, onWire, ipAt, tcpAt, textAt] = columns.map((column) => column[k]!)
    const numbers = { captured: captured!, onWire: onWire!, ipAt: ipAt!, tcpAt: tcpAt!, textAt: textAt! }
    return { ...numbers, octets: new Uint8Array(kept[k]!) }
  })
  const groups = groupsOf(all.map((packet, k) => `${told[k]!.host} ${headerLength(packet)}`))
  addDifferences(all, groups, headers)
  let at = 0
  for (const packet of all) {
    const length = headerLength(packet)
    const more = packet.octets.length - length
    if (more < 0 || at + more > rest.length)
      throw new RangeError('packed packets: their octets end too early')
    packet.octets.set(rest.subarray(at, at + more), length)
    at += more
  }
  return new Map(told.map(({ segment }, k) => [segment, all[k]!]))
}

function packetEventAt(events: readonly TraceEvent[], place: number): PacketEvent {
  const event = events[place]
  if (event === undefined || !isPacket(event)) throw new RangeError(`packed packets: event ${place} is none`)
  return event
}

const isPacket = (event: TraceEvent): event is PacketEvent =>
  event.kind === 'sent' || event.kind === 'received'

/** A packet that arrives is the one that was sent, where packets have numbers. */
const keyOf = ({ packet, segment }: PacketEvent): SegmentRecord | number => (packet > 0 ? packet : segment)

/** Packets whose headers are compared, by their places: those of a name. */
function groupsOf(names: readonly string[]): number[][] {
  const groups = new Map<string, number[]>()
  names.forEach((name, k) => {
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [k])
    else group.push(k)
  })
  return [...groups.values()]
}

/** Of each group first all first octets, each less the one before it, then all second ones. */
function differences(packets: readonly PacketOctets[], groups: readonly (readonly number[])[]): Uint8Array {
  const octets = new Uint8Array(packets.reduce((sum, packet) => sum + headerLength(packet), 0))
  let start = 0
  for (const group of groups) {
    const length = headerLength(packets[group[0]!]!)
    const last = new Uint8Array(length)
    group.forEach((k, row) => {
      const header = packets[k]!.octets
      for (let column = 0; column < length; column++) {
        const octet = header[column]!
        octets[start + column * group.length + row] = octet - last[column]!
        last[column] = octet
      }
    })
    start += length * group.length
  }
  return octets
}

function addDifferences(
  packets: readonly PacketOctets[],
  groups: readonly (readonly number[])[],
  headers: Uint8Array,
): void {
  let start = 0
  for (const group of groups) {
    const length = headerLength(packets[group[0]!]!)
    const last = new Uint8Array(length)
    if (start + length * group.length > headers.length)
      throw new RangeError('packed packets: their headers end too early')
    group.forEach((k, row) => {
      for (let column = 0; column < length; column++)
        last[column] = last[column]! + headers[start + column * group.length + row]!
      packets[k]!.octets.set(last)
    })
    start += length * group.length
  }
}

function columnOf(numbers: readonly number[]): string {
  const writer = new IntegerWriter()
  let last = 0
  for (const number of numbers) {
    writer.put(number - last)
    last = number
  }
  return toBase64(writer.finish())
}

function numbersOf(column: string, count: number): number[] {
  const reader = new IntegerReader(fromBase64(column))
  const numbers: number[] = []
  let last = 0
  for (let k = 0; k < count; k++) {
    last += reader.next()
    numbers.push(last)
  }
  return numbers
}
