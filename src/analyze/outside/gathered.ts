/**
 * What a shard has gathered of a capture that concerns the connections of others as well, as flat numbers that threads can
 * pass on; and how the parts of all shards become one whole, the same whatever their number. Where something is "first" or
 * "last" the place of the packet decides it, never which shard was faster.
 */

import { joinedCutHeaders } from '../../flows/cut-headers.ts'
import { AskedPorts, type AskRows, USED_AGAIN } from './asked-ports.ts'
import type { ConnectionFacts } from './facts.ts'
import {
  type HostFacts,
  type HostKey,
  type Hosts,
  MAX_SILENT,
  type PortFacts,
  type SilentConnection,
} from './hosts.ts'
import { type CaptureNote, Frames, joinedFrames, MAX_FRAMES, type Noted, notesOf } from './notes.ts'

/** A header's place is its frame's number times this, plus how many headers of TCP came before it in the frame. */
export const PLACES_OF_FRAME = 0x1_0000

/** Numbers of a host: its TTL, whether it varies, the stream that showed it, and the place of that packet. */
const HOST_ROW = 4
/** Numbers of a port: index of its host, port, first opened frame and moment, last ones, answered connections. */
const PORT_ROW = 7
/** Numbers of a silent connection: index of the server's host, port, stream, handshake's frame, first and last moment. */
const SILENT_ROW = 6

export interface Gathered {
  readonly packets: number
  readonly plain: number
  readonly noted: Omit<Noted, 'oneSided' | 'portless'>
  /** Where each stream of the shard begins, ascending: the place of its first header. */
  readonly begins: Float64Array
  readonly hostKeys: readonly HostKey[]
  readonly hosts: Float64Array
  readonly ports: Float64Array
  readonly silent: Float64Array
  readonly asks: AskRows
  /** How many connections have one direction only; streams and first frames of the first of them. */
  readonly oneSided: { readonly count: number; readonly streams: number[]; readonly frames: number[] }
}

/** What a shard has to know of the whole before it judges. */
export interface Share {
  /** The number in the whole capture of each of its streams. */
  readonly streams: Int32Array
  /** As in Gathered, of the shard's own hosts, with what all shards know of them. */
  readonly hosts: Float64Array
  readonly ports: Float64Array
  readonly silent: Float64Array
}

export interface Whole {
  readonly packets: number
  readonly plain: number
  readonly notes: readonly CaptureNote[]
  readonly shares: readonly Share[]
}

// ---- of hosts, into rows and back

export function hostRows(hosts: Hosts): Pick<Gathered, 'hostKeys' | 'hosts' | 'ports'> {
  const hostKeys: HostKey[] = []
  const rows = new Float64Array(HOST_ROW * hosts.count)
  const ports: number[] = []
  for (const [key, host] of hosts.all()) {
    hostKeys.push(key)
    rows.set([host.ttl, Number(host.ttlVaries), host.ttlStream, host.ttlPlace], HOST_ROW * host.index)
    for (const [number, port] of host.ports) {
      const { firstOpenedFrame, firstOpenedAt, lastOpenedFrame, lastOpenedAt, answered } = port
      if (firstOpenedFrame + answered === 0) continue
      ports.push(host.index, number, firstOpenedFrame, firstOpenedAt)
      ports.push(lastOpenedFrame, lastOpenedAt, answered)
    }
  }
  return { hostKeys, hosts: rows, ports: Float64Array.from(ports) }
}

/** Where one shard is the whole, its hosts know all there is. */
export const NO_HOSTS: ReturnType<typeof hostRows> = {
  hostKeys: [],
  hosts: new Float64Array(0),
  ports: new Float64Array(0),
}

/** Tells a shard's hosts what all shards know of them. */
export function takeShare(hosts: Hosts, share: Share): void {
  const { ports, silent } = share
  if (share.hosts.length + silent.length === 0) return
  const byIndex: HostFacts[] = []
  for (const [, host] of hosts.all()) {
    byIndex.push(host)
    if (share.hosts.length === 0) continue
    const at = HOST_ROW * host.index
    host.ttl = share.hosts[at]!
    host.ttlVaries = share.hosts[at + 1] !== 0
    host.ttlStream = share.hosts[at + 2]!
    host.ttlPlace = share.hosts[at + 3]!
  }
  for (let at = 0; at < ports.length; at += PORT_ROW) {
    const port = byIndex[ports[at]!]!.port(ports[at + 1]!)
    port.firstOpenedFrame = ports[at + 2]!
    port.firstOpenedAt = ports[at + 3]!
    port.lastOpenedFrame = ports[at + 4]!
    port.lastOpenedAt = ports[at + 5]!
    port.answered = ports[at + 6]!
  }
  const found = new Map<PortFacts, SilentConnection[]>()
  for (let at = 0; at < silent.length; at += SILENT_ROW) {
    const port = byIndex[silent[at]!]!.port(silent[at + 1]!)
    const connection: SilentConnection = {
      stream: silent[at + 2]!,
      handshakeFrame: silent[at + 3]!,
      firstAt: silent[at + 4]!,
      lastAt: silent[at + 5]!,
    }
    const list = found.get(port)
    if (list === undefined) found.set(port, [connection])
    else list.push(connection)
  }
  for (const [port, list] of found) port.silent = list
}

/** Gathers connections that are silent or one-sided, in the order of their streams. */
export class Survey {
  readonly #silent: number[] = []
  readonly #oneSided = { count: 0, streams: [] as number[], frames: [] as number[] }

  add(facts: ConnectionFacts): void {
    const { stream, handshakeFrame, firstFrame, firstAt, lastAt, serverHost, serverPort } = facts
    if (facts.isSilent)
      this.#silent.push(serverHost.index, serverPort, stream, handshakeFrame, firstAt, lastAt)
    if (facts.unseen === null || this.#oneSided.count++ >= MAX_FRAMES) return
    this.#oneSided.streams.push(stream)
    this.#oneSided.frames.push(firstFrame)
  }

  get found(): Pick<Gathered, 'silent' | 'oneSided'> {
    return { silent: firstSilent(this.#silent), oneSided: this.#oneSided }
  }
}

/** Of each port those that opened first; they stand in that order. */
function firstSilent(rows: ArrayLike<number>): Float64Array {
  const order: number[] = []
  for (let at = 0; at < rows.length; at += SILENT_ROW) order.push(at)
  order.sort((one, other) => rows[one + 3]! - rows[other + 3]! || rows[one + 2]! - rows[other + 2]!)
  const counts = new Map<number, number>()
  const kept: number[] = []
  for (const at of order) {
    const key = rows[at]! * 0x1_0000 + rows[at + 1]!
    const count = counts.get(key) ?? 0
    if (count === MAX_SILENT) continue
    counts.set(key, count + 1)
    for (let k = 0; k < SILENT_ROW; k++) kept.push(rows[at + k]!)
  }
  return Float64Array.from(kept)
}

// ---- the whole

/** What all shards of a capture gathered, in the order of their indexes. */
export function whole(parts: readonly Gathered[]): Whole {
  const first = parts[0]!
  const streams = streamsOf(parts)
  const hosts = parts.length === 1 ? onlyHosts(first) : new JoinedHosts(parts, streams)
  const noted: Noted = {
    // All shards see each packet, and one speaks for all; of connections each has its own.
    ...first.noted,
    copies: joinedFrames(parts.map(({ noted }) => noted.copies)),
    oversized: joinedFrames(parts.map(({ noted }) => noted.oversized)),
    optionsCut: joinedCutHeaders(parts.map(({ noted }) => noted.optionsCut)),
    portless: portlessOf(parts, hosts).found,
    oneSided: oneSidedOf(parts, streams),
  }
  return {
    packets: first.packets,
    plain: parts.reduce((sum, { plain }) => sum + plain, 0),
    notes: notesOf(noted),
    shares: parts.map((_, k) => ({ streams: streams[k]!, ...hosts.shareOf(k) })),
  }
}

/** Streams are numbered in the order in which they begin. */
function streamsOf(parts: readonly Gathered[]): Int32Array[] {
  const streams = parts.map(({ begins }) => new Int32Array(begins.length))
  let number = 0
  forEachByPlace(
    parts.map(({ begins }) => ({ places: begins, count: begins.length })),
    (part, k) => {
      streams[part]![k] = number++
    },
  )
  return streams
}

/** Calls with the number of a list and an index in it, by ascending places; no place is in two lists. */
function forEachByPlace(
  lists: readonly Pick<AskRows, 'places' | 'count'>[],
  take: (list: number, index: number) => void,
): void {
  const next = lists.map(() => 0)
  for (;;) {
    let least = -1
    let place = Number.POSITIVE_INFINITY
    for (let list = 0; list < lists.length; list++) {
      const { places, count } = lists[list]!
      const index = next[list]!
      if (index === count || places[index]! >= place) continue
      least = list
      place = places[index]!
    }
    if (least < 0) return
    take(least, next[least]!)
    next[least]!++
  }
}

function portlessOf(parts: readonly Gathered[], hosts: Pick<JoinedHosts, 'indexOf'>): Frames {
  const asked = new AskedPorts()
  const portless = new Frames()
  forEachByPlace(
    parts.map(({ asks }) => asks),
    (part, k) => {
      const { places, ats, servers, clients, ports } = parts[part]!.asks
      const server = hosts.indexOf(part, servers[k]!)
      const client = hosts.indexOf(part, clients[k]!)
      const port = ports[k]! & 0xffff
      if (asked.note(server, port, client, (ports[k]! & USED_AGAIN) !== 0, ats[k]!)) {
        portless.add(Math.floor(places[k]! / PLACES_OF_FRAME))
      }
    },
  )
  return portless
}

function oneSidedOf(parts: readonly Gathered[], streams: readonly Int32Array[]): Noted['oneSided'] {
  const all = parts.flatMap(({ oneSided }, part) =>
    oneSided.streams.map((stream, k) => ({ stream: streams[part]![stream]!, frame: oneSided.frames[k]! })),
  )
  all.sort((one, other) => one.stream - other.stream)
  return {
    count: parts.reduce((sum, { oneSided }) => sum + oneSided.count, 0),
    first: all.slice(0, MAX_FRAMES).map(({ frame }) => frame),
  }
}

function onlyHosts({ hosts, ports, silent }: Gathered): Pick<JoinedHosts, 'indexOf' | 'shareOf'> {
  return { indexOf: (_, index) => index, shareOf: () => ({ hosts, ports, silent }) }
}

/** The hosts of all shards. */
class JoinedHosts {
  readonly #parts: readonly Gathered[]
  /** By shard and index there. */
  readonly #indexes: readonly Int32Array[]
  readonly #hosts: number[] = []
  /** By host's index and port, as one number. */
  readonly #ports = new Map<number, number[]>()
  readonly #silent: Float64Array

  constructor(parts: readonly Gathered[], streams: readonly Int32Array[]) {
    this.#parts = parts
    this.#indexes = parts.map(({ hostKeys }) => new Int32Array(hostKeys.length))
    const known = new Map<HostKey, number>()
    const silent: number[] = []
    for (const [part, { hostKeys, hosts, ports, silent: rows }] of parts.entries()) {
      for (const [index, key] of hostKeys.entries()) {
        const at = HOST_ROW * index
        const stream = hosts[at + 2]! < 0 ? -1 : streams[part]![hosts[at + 2]!]!
        this.#indexes[part]![index] = this.#addHost(known, key, [
          hosts[at]!,
          hosts[at + 1]!,
          stream,
          hosts[at + 3]!,
        ])
      }
      for (let at = 0; at < ports.length; at += PORT_ROW) {
        this.#addPort([this.indexOf(part, ports[at]!), ...ports.subarray(at + 1, at + PORT_ROW)])
      }
      for (let at = 0; at < rows.length; at += SILENT_ROW) {
        const stream = streams[part]![rows[at + 2]!]!
        silent.push(
          this.indexOf(part, rows[at]!),
          rows[at + 1]!,
          stream,
          ...rows.subarray(at + 3, at + SILENT_ROW),
        )
      }
    }
    this.#silent = firstSilent(silent)
  }

  /** Among all hosts, of the host with this index in a shard. */
  indexOf(part: number, index: number): number {
    return this.#indexes[part]![index]!
  }

  #addHost(known: Map<HostKey, number>, key: HostKey, row: readonly number[]): number {
    const index = known.get(key)
    if (index === undefined) {
      known.set(key, known.size)
      this.#hosts.push(...row)
      return known.size - 1
    }
    const hosts = this.#hosts
    const at = HOST_ROW * index
    const [ttl, varies, stream, place] = row as [number, number, number, number]
    if (ttl === 0) return index
    const before = hosts[at]!
    if (before === 0 || place < hosts[at + 3]!) {
      hosts[at] = ttl
      hosts[at + 2] = stream
      hosts[at + 3] = place
    }
    if (varies !== 0 || (before !== 0 && before !== ttl)) hosts[at + 1] = 1
    return index
  }

  #addPort(row: number[]): void {
    const key = row[0]! * 0x1_0000 + row[1]!
    const known = this.#ports.get(key)
    if (known === undefined) {
      this.#ports.set(key, row)
      return
    }
    if (row[2]! > 0 && (known[2] === 0 || row[2]! < known[2]!)) {
      known[2] = row[2]!
      known[3] = row[3]!
    }
    if (row[4]! > known[4]!) {
      known[4] = row[4]!
      known[5] = row[5]!
    }
    known[6]! += row[6]!
  }

  /** Of the hosts that a shard knows. */
  shareOf(part: number): Omit<Share, 'streams'> {
    const { hostKeys } = this.#parts[part]!
    const hosts = new Float64Array(HOST_ROW * hostKeys.length)
    const own = new Int32Array(this.#hosts.length / HOST_ROW).fill(-1)
    for (const [index, joined] of this.#indexes[part]!.entries()) {
      own[joined] = index
      for (let k = 0; k < HOST_ROW; k++) hosts[HOST_ROW * index + k] = this.#hosts[HOST_ROW * joined + k]!
    }
    const ports: number[] = []
    for (const row of this.#ports.values()) {
      const index = own[row[0]!]!
      if (index >= 0) ports.push(index, ...row.slice(1))
    }
    const silent: number[] = []
    for (let at = 0; at < this.#silent.length; at += SILENT_ROW) {
      const index = own[this.#silent[at]!]!
      if (index >= 0) silent.push(index, ...this.#silent.subarray(at + 1, at + SILENT_ROW))
    }
    return { hosts, ports: Float64Array.from(ports), silent: Float64Array.from(silent) }
  }
}
