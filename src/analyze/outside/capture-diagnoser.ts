/**
 * Takes a capture packet by packet and says of each connection what became of it. Facts are kept of connections that are
 * open, and of closed ones that are not plainly healthy; the others leave a verdict behind. Of what has long been quiet the
 * facts are packed.
 */

import type { CaptureRecord } from '../../capture/record.ts'
import { Dissector } from '../../dissect/dissect.ts'
import { LINK } from '../../dissect/layer-codes.ts'
import type { Packet, TcpFields } from '../../dissect/packet.ts'
import type { TunnelPorts } from '../../dissect/tunnels.ts'
import { senderIsClient } from '../../flows/client-side.ts'
import * as w from '../../flows/conversation-words.ts'
import { hashOf } from '../../flows/conversations.ts'
import { SequenceAnalysis } from '../../flows/sequence-analysis.ts'
import { REUSED_PORTS, type TcpAnalysis } from '../../flows/tcp-analysis.ts'
import { LINKTYPE_ETHERNET } from '../../wire/linktype.ts'
import { ACK, SYN } from '../../wire/segment.ts'
import { AskLog, USED_AGAIN } from './asked-ports.ts'
import { hardwareAddress, takeNeighbours } from './beside-tcp.ts'
import { type CaptureDiagnosis, doubted, judge } from './capture-diagnosis.ts'
import { type ConnectionFacts, MAX_ICMP } from './facts.ts'
import { gather } from './gather.ts'
import {
  type Gathered,
  hostRows,
  NO_HOSTS,
  PLACES_OF_FRAME,
  type Share,
  Survey,
  takeShare,
  whole,
} from './gathered.ts'
import { Hosts } from './hosts.ts'
import { icmpFactsOf } from './icmp-facts.ts'
import { namingOf, plainDiagnosisOf } from './naming.ts'
import { noNeighbours } from './neighbours.ts'
import { type CaptureNote, NoteTaker } from './notes.ts'
import { FactsPacker, type PackedFacts } from './packed-facts.ts'
import { isClosed, isPlainlyHealthy } from './plainly-healthy.ts'
import { peekedShard, type Shard, shardOf } from './shard.ts'
import { SpareFacts } from './spare-facts.ts'

/**
 * A closed connection waits for what may still come, during so many frames of the capture: what is said of it does not depend on
 * which other connections the same reader looks at.
 */
export const LINGERING = 16_384
/**
 * An open connection is asked, so many frames after its first one, whether it has been quiet for LINGERING of them: a scan or
 * a flood leaves a million of these behind, of 3 KB each.
 */
export const ASKED_AFTER = 4 * LINGERING

export interface CaptureReport {
  readonly packets: number
  readonly notes: readonly CaptureNote[]
  /** Connections that are plainly healthy, and have no more to them than that; `connections` leaves them out if asked to. */
  readonly plain: number
  /** In the order in which they began. */
  readonly connections: Iterable<CaptureDiagnosis>
}

/** Sees each TCP packet of a connection; all is borrowed until it returns. `at` is in seconds since the first packet. */
export type PacketWatch = (
  facts: ConnectionFacts,
  packet: Packet,
  tcp: TcpFields,
  isFromA: boolean,
  at: number,
) => void

export class CaptureDiagnoser {
  readonly #analysis = new SequenceAnalysis()
  readonly #dissector: Dissector
  readonly #hosts = new Hosts()
  readonly #notes = new NoteTaker()
  readonly #asks = new AskLog()
  /** Where each stream begins. */
  readonly #begins: number[] = []
  /** By stream; null: closed, and nothing was wrong with it; undefined: packed, or nothing known. */
  readonly #facts: (ConnectionFacts | null | undefined)[] = []
  /** Those that closed and wait, from `#waiting` on; the first of them waits up to the frame `#dueFrame`. */
  #closed: ConnectionFacts[] = []
  #waiting = 0
  #dueFrame = Number.POSITIVE_INFINITY
  readonly #spare = new SpareFacts()
  /** The first stream that has not been asked whether it is quiet: each is, once. */
  #unasked = 0
  /** By stream: closed, with something to tell, or quiet. */
  readonly #packed = new Map<number, PackedFacts>()
  readonly #packer = new FactsPacker()
  #epoch = Number.NaN
  #now = 0
  #packets = 0
  /** The last one's number. */
  #frame = 0
  #plain = 0
  /** Headers of TCP in this frame so far. */
  #headers = 0
  #place = 0

  readonly #watch: PacketWatch | null
  readonly #shard: Shard | null

  /**
   * @param tunnels as for `Dissector`.
   * @param shard null: all connections are its own. Else `gathered` and `judged` take the place of `report`.
   */
  constructor(
    watch: PacketWatch | null = null,
    tunnels: TunnelPorts | null = null,
    shard: Shard | null = null,
  ) {
    this.#watch = watch
    this.#shard = shard
    this.#dissector = new Dissector((packet, tcp) => this.#take(packet, tcp), tunnels)
    this.#dissector.onShortQuote = (packet, tcp) => this.#takeShortQuote(packet, tcp)
    this.#dissector.onUnreadHeader = (packet) => this.#notes.unreadHeader(packet)
  }

  /** When its first packet was captured, in seconds since the epoch of the file; NaN before there is one. */
  get epoch(): number {
    return this.#epoch
  }

  /** The next packet of the capture; it is not kept. */
  take(record: CaptureRecord): void {
    if (Number.isNaN(this.#epoch)) {
      this.#epoch = record.seconds + record.nanoseconds / 1e9
      this.#analysis.begin(record.seconds)
    }
    this.#now = record.seconds - this.#epoch + record.nanoseconds / 1e9
    this.#packets++
    this.#frame = record.number
    this.#notes.take(record, this.#now)
    if (this.#shard !== null && isOfAnother(record, this.#shard)) return
    this.#headers = 0
    this.#dissector.dissect(record)
    if (this.#headers === 0) takeNeighbours(record, this.#hosts, this.#now)
  }

  /** How many packets the capture lost, where the file says it as a whole (CaptureReader's `drops`). */
  noteDrops(packets: number | null): void {
    this.#notes.droppedInAll = packets ?? 0
  }

  /**
   * What became of all connections, behind the last packet.
   * @param withPlain whether the plainly healthy ones are told one by one
   */
  report(withPlain = true): CaptureReport {
    const { packets, notes, plain, shares } = whole([this.gathered()])
    return { packets, notes, plain, connections: this.judged(shares[0]!, withPlain) }
  }

  /** Behind the last packet: what the other shards of the capture have to know, to be made a `whole`. */
  gathered(): Gathered {
    this.#settleUpTo(this.#frame)
    const survey = new Survey()
    for (const [stream, known] of this.#facts.entries()) {
      if (known === null) continue
      const packed = known === undefined ? this.#packed.get(stream) : undefined
      if (packed !== undefined && !packed.isOneSided && !packed.isSilent) continue
      const facts = packed === undefined ? known : this.#packer.unpack(packed, this.#spare)
      if (facts === undefined) continue
      survey.add(facts)
      if (packed !== undefined) this.#putBack(facts)
    }
    return {
      packets: this.#packets,
      plain: this.#plain,
      noted: this.#notes.noted(),
      begins: new Float64Array(this.#begins),
      ...(this.#shard === null ? NO_HOSTS : hostRows(this.#hosts)),
      ...survey.found,
      asks: this.#asks.rows,
    }
  }

  /** Its connections in their order; behind those of the first shard the hosts that were looked for in vain. */
  *judged(share: Share, withPlain: boolean): Generator<CaptureDiagnosis> {
    takeShare(this.#hosts, share)
    const { conversations } = this.#analysis
    for (let id = 0; id < conversations.count; id++) {
      const stream = share.streams[id]!
      const facts = this.#facts[id]
      if (facts === null) {
        if (withPlain) yield plainDiagnosisOf(conversations, id, stream)
        continue
      }
      if (facts !== undefined) {
        yield this.#judge(facts, stream)
        continue
      }
      const packed = this.#packed.get(id)
      if (packed !== undefined) yield this.#judgePacked(packed, stream)
    }
    if (this.#shard === null || this.#shard.index === 0) yield* noNeighbours(this.#hosts)
  }

  #judgePacked(packed: PackedFacts, stream: number): CaptureDiagnosis {
    const facts = this.#packer.unpack(packed, this.#spare)
    const diagnosis = this.#judge(facts, stream)
    this.#putBack(facts)
    return diagnosis
  }

  /** Facts that were unpacked to be looked at: the packed ones keep what is theirs. */
  #putBack(facts: ConnectionFacts): void {
    facts.resets = []
    facts.icmps = []
    this.#spare.put(facts)
  }

  #judge(facts: ConnectionFacts, stream: number): CaptureDiagnosis {
    const naming = namingOf(this.#analysis.conversations, facts.stream, stream, facts.clientIsA)
    const diagnosis = judge(facts, naming, this.#hosts, this.#now)
    return this.#notes.dropped === 0 ? diagnosis : doubted(diagnosis)
  }

  #take(packet: Packet, tcp: TcpFields): void {
    this.#place = PLACES_OF_FRAME * packet.number + this.#headers++
    const shard = this.#shard
    if (shard !== null && shardOf(hashOf(packet, tcp), shard.count) !== shard.index) return
    this.#notes.header(packet, tcp)
    if (packet.number > this.#dueFrame) this.#settleUpTo(packet.number)
    const seen = this.#analysis.analyze(packet, tcp)
    if (seen.stream === this.#begins.length) this.#begins.push(this.#place)
    if (packet.isQuoted) {
      this.#takeIcmp(packet, seen.stream, seen.isFromA)
      return
    }
    if (tcp.textLength < 0) return
    const known = this.#facts[seen.stream]
    if (known === null) return
    const facts = known ?? this.#resume(seen.stream) ?? this.#open(packet, tcp, seen.stream)
    const { resetCount, copies } = facts
    const wasOpen = facts.handshakeFrame !== 0
    gather(facts, packet, tcp, seen, this.#now)
    this.#watch?.(facts, packet, tcp, seen.isFromA, this.#now)
    if (facts.copies !== copies) this.#notes.copy(packet.number)
    if (facts.oversized > 0 && facts.oversized < 2) this.#notes.oversized(packet.number)
    this.#noteHosts(facts, packet, tcp, seen, wasOpen)
    if (facts.closedFrame !== 0) return
    if (facts.resetCount !== resetCount || isClosed(facts)) this.#close(facts, packet.number)
  }

  /** A packet of a connection that closed long before, or was quiet. */
  #resume(stream: number): ConnectionFacts | undefined {
    // Nearly all that come here are new, and the map has not to be asked for these.
    const packed = stream < this.#facts.length ? this.#packed.get(stream) : undefined
    if (packed === undefined) return undefined
    this.#packed.delete(stream)
    const facts = this.#packer.unpack(packed, this.#spare)
    this.#facts[stream] = facts
    return facts
  }

  #open(packet: Packet, tcp: TcpFields, stream: number): ConnectionFacts {
    this.#packQuiet(packet.number)
    const { sourcePort, destinationPort } = tcp
    const hosts = { a: this.#hosts.source(packet), b: this.#hosts.destination(packet) }
    const facts = this.#spare.take(stream, hosts, { a: sourcePort, b: destinationPort })
    facts.version = packet.version
    facts.clientIsA = senderIsClient(tcp)
    if (
      (tcp.flags & SYN) !== 0 &&
      packet.linkType === LINKTYPE_ETHERNET &&
      packet.layerCodes[0] === LINK + LINKTYPE_ETHERNET
    ) {
      facts.hop = hardwareAddress(packet.layerBytes[0]!, packet.layerAts[0]!)
    }
    this.#facts[stream] = facts
    return facts
  }

  /** What the connection shows of its ends, told once for each thing. */
  #noteHosts(
    facts: ConnectionFacts,
    packet: Packet,
    tcp: TcpFields,
    seen: TcpAnalysis,
    wasOpen: boolean,
  ): void {
    const side = seen.isFromA ? facts.a : facts.b
    const isFromClient = seen.isFromA === facts.clientIsA
    const isFirst = side.packets === 1 && side.ttl !== 0
    const opens = facts.handshakeFrame !== 0 && !wasOpen
    const asks = isFromClient && side.syns === 1 && (tcp.flags & (SYN | ACK)) === SYN
    const answers = !isFromClient && side.firstTextFrame === packet.number
    if (isFirst) {
      const host = seen.isFromA ? facts.hostA : facts.hostB
      host.noteTtl(side.ttl, facts.stream, this.#place)
    }
    if (asks) {
      const again = (seen.flags & REUSED_PORTS) !== 0 ? USED_AGAIN : 0
      const { clientHost, serverHost, serverPort } = facts
      this.#asks.add(this.#place, this.#now, serverHost.index, clientHost.index, serverPort | again)
    }
    if (opens) facts.port.noteOpened(packet.number, this.#now)
    if (answers) facts.port.answered++
  }

  /** Old routers quote eight octets of the TCP header: enough to know the connection. */
  #takeShortQuote(packet: Packet, tcp: TcpFields): void {
    const { conversations } = this.#analysis
    if (packet.number > this.#dueFrame) this.#settleUpTo(packet.number)
    if (conversations.find(packet, tcp) < 0) return
    this.#takeIcmp(packet, conversations.words[conversations.at + w.STREAM]!, conversations.isFromA)
  }

  #takeIcmp(packet: Packet, stream: number, isFromA: boolean): void {
    const known = this.#facts[stream]
    const facts = known === undefined ? this.#resume(stream) : known
    if (facts === undefined || facts === null || facts.icmps.length === MAX_ICMP) return
    const naming = namingOf(this.#analysis.conversations, stream, stream, facts.clientIsA)
    const icmp = icmpFactsOf(packet, isFromA === facts.clientIsA, naming, this.#now)
    if (icmp !== null) facts.icmps.push(icmp)
  }

  /** The connection ended; what still comes is awaited for a while. */
  #close(facts: ConnectionFacts, frame: number): void {
    facts.closedFrame = frame
    if (this.#waiting === this.#closed.length) this.#dueFrame = frame + LINGERING
    this.#closed.push(facts)
  }

  /** Those that have waited for long enough when this frame comes. */
  #settleUpTo(frame: number): void {
    while (this.#waiting < this.#closed.length && frame > this.#dueFrame) {
      this.#settle(this.#closed[this.#waiting++]!)
      this.#dueFrame = (this.#closed[this.#waiting]?.closedFrame ?? Number.POSITIVE_INFINITY) + LINGERING
    }
    if (2 * this.#waiting > this.#closed.length) {
      this.#closed = this.#closed.slice(this.#waiting)
      this.#waiting = 0
    }
  }

  #settle(facts: ConnectionFacts): void {
    const { stream } = facts
    const isPlain = isPlainlyHealthy(facts)
    if (isPlain) {
      this.#facts[stream] = null
      this.#plain++
    }
    // Whoever watches may keep them.
    if (this.#watch !== null) return
    if (isPlain) this.#spare.put(facts)
    else this.#pack(facts)
  }

  #packQuiet(frame: number): void {
    if (this.#watch !== null) return
    for (; this.#unasked < this.#facts.length; this.#unasked++) {
      const facts = this.#facts[this.#unasked]
      if (facts === null || facts === undefined || facts.closedFrame !== 0) continue
      // Those behind it began later.
      if (frame - facts.firstFrame <= ASKED_AFTER) return
      if (frame - facts.lastFrame > LINGERING) this.#pack(facts)
    }
  }

  #pack(facts: ConnectionFacts): void {
    this.#packed.set(facts.stream, this.#packer.pack(facts))
    this.#facts[facts.stream] = undefined
    this.#spare.put(facts)
  }
}

function isOfAnother(record: CaptureRecord, { index, count }: Shard): boolean {
  const shard = peekedShard(record, count)
  return shard >= 0 && shard !== index
}
