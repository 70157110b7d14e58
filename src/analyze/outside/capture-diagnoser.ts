/**
 * Takes a capture packet by packet and says of each connection what became of it. Facts are kept of connections that are
 * open, and of closed ones that are not plainly healthy; the others leave a verdict behind.
 */

import type { CaptureRecord } from '../../capture/record.ts'
import { Dissector } from '../../dissect/dissect.ts'
import { IP_ICMP, IP_ICMPV6, LINK } from '../../dissect/layer-codes.ts'
import type { Packet, TcpFields } from '../../dissect/packet.ts'
import type { TunnelPorts } from '../../dissect/tunnels.ts'
import { senderIsClient } from '../../flows/client-side.ts'
import * as w from '../../flows/conversation-words.ts'
import { SequenceAnalysis } from '../../flows/sequence-analysis.ts'
import { REUSED_PORTS, type TcpAnalysis } from '../../flows/tcp-analysis.ts'
import { type Address, addressOf, formatAddress, socketText } from '../../wire/address.ts'
import { LINKTYPE_ETHERNET } from '../../wire/linktype.ts'
import { ACK, SYN } from '../../wire/segment.ts'
import { hardwareAddress, takeNeighbours } from './beside-tcp.ts'
import { type CaptureDiagnosis, doubted, judge, type Naming, plainDiagnosis } from './capture-diagnosis.ts'
import { type ConnectionFacts, MAX_ICMP } from './facts.ts'
import { gather } from './gather.ts'
import { Hosts } from './hosts.ts'
import { noNeighbours } from './neighbours.ts'
import { type CaptureNote, Frames, Notes } from './notes.ts'
import { FactsPacker, type PackedFacts } from './packed-facts.ts'
import { SpareFacts } from './spare-facts.ts'

/** So many closed connections wait for what may still come, before the oldest of them is judged. */
const LINGERING = 256

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
  readonly #notes = new Notes()
  /** By stream; null: closed, and nothing was wrong with it; undefined: packed, or nothing known. */
  readonly #facts: (ConnectionFacts | null | undefined)[] = []
  /** Those that closed last, in a ring. */
  readonly #closed: ConnectionFacts[] = []
  #oldestClosed = 0
  readonly #spare = new SpareFacts()
  /** By stream: closed, with something to tell. */
  readonly #packed = new Map<number, PackedFacts>()
  readonly #packer = new FactsPacker()
  #epoch = Number.NaN
  #now = 0
  #packets = 0
  #plain = 0
  #sawTcp = false

  readonly #watch: PacketWatch | null

  /** @param tunnels as for `Dissector`. */
  constructor(watch: PacketWatch | null = null, tunnels: TunnelPorts | null = null) {
    this.#watch = watch
    this.#dissector = new Dissector((packet, tcp) => this.#take(packet, tcp), tunnels)
    this.#dissector.onShortQuote = (packet, tcp) => this.#takeShortQuote(packet, tcp)
  }

  /** When its first packet was captured, in seconds since the epoch of the file; NaN before there is one. */
  get epoch(): number {
    return this.#epoch
  }

  /** The next packet of the capture; it is not kept. */
  take(record: CaptureRecord): void {
    if (Number.isNaN(this.#epoch)) this.#epoch = record.seconds + record.nanoseconds / 1e9
    this.#now = record.seconds - this.#epoch + record.nanoseconds / 1e9
    this.#packets++
    this.#sawTcp = false
    this.#notes.take(record, this.#now)
    this.#dissector.dissect(record)
    if (!this.#sawTcp) takeNeighbours(record, this.#hosts, this.#now)
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
    const oneSided = new Frames()
    for (const facts of this.#facts) if (facts?.unseen) oneSided.add(facts.first.frame)
    return {
      packets: this.#packets,
      notes: this.#notes.all(oneSided),
      plain: this.#plain,
      connections: this.#diagnoses(withPlain),
    }
  }

  *#diagnoses(withPlain: boolean): Generator<CaptureDiagnosis> {
    const { conversations } = this.#analysis
    for (let stream = 0; stream < conversations.count; stream++) {
      const facts = this.#facts[stream]
      if (facts === null) {
        if (withPlain) yield this.#plainDiagnosis(stream)
        continue
      }
      if (facts !== undefined) {
        yield this.#judge(facts)
        continue
      }
      const packed = this.#packed.get(stream)
      if (packed !== undefined) yield this.#judgePacked(packed)
    }
    yield* noNeighbours(this.#hosts)
  }

  #judgePacked(packed: PackedFacts): CaptureDiagnosis {
    const facts = this.#packer.unpack(packed, this.#spare)
    const diagnosis = this.#judge(facts)
    // The packed facts keep what is theirs.
    facts.resets = []
    facts.icmps = []
    this.#spare.put(facts)
    return diagnosis
  }

  #judge(facts: ConnectionFacts): CaptureDiagnosis {
    const diagnosis = judge(facts, this.#naming(facts.stream, facts.clientIsA), this.#hosts, this.#now)
    return this.#notes.dropped === 0 ? diagnosis : doubted(diagnosis)
  }

  #take(packet: Packet, tcp: TcpFields): void {
    this.#sawTcp = true
    const seen = this.#analysis.analyze(packet, tcp)
    if (packet.isQuoted) {
      this.#takeIcmp(packet, seen.stream, seen.isFromA)
      return
    }
    if (tcp.textLength < 0) return
    const known = this.#facts[seen.stream]
    if (known === null) return
    const facts = known ?? this.#resume(seen.stream) ?? this.#open(packet, tcp, seen.stream)
    const { resetCount, copies } = facts
    const wasOpen = facts.handshake.happened
    gather(facts, packet, tcp, seen, this.#now)
    this.#watch?.(facts, packet, tcp, seen.isFromA, this.#now)
    if (facts.copies !== copies) this.#notes.copy(packet.number)
    if (facts.oversized > 0 && facts.oversized < 2) this.#notes.oversized(packet.number)
    this.#noteHosts(facts, packet, tcp, seen, wasOpen)
    if (isClosed(facts) && !facts.isClosing) this.#close(facts)
    else if (facts.resetCount !== resetCount && !facts.isClosing) this.#close(facts)
  }

  /** A packet of a connection that closed long before. */
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
    const opens = facts.handshake.happened && !wasOpen
    const asks = isFromClient && side.syns === 1 && (tcp.flags & (SYN | ACK)) === SYN
    const answers = !isFromClient && side.firstText.frame === packet.number
    const refuses = !isFromClient && side.packets === 1 && facts.resetCount === 1
    if (!(isFirst || opens || asks || answers || refuses)) return
    const host = seen.isFromA ? facts.hostA : facts.hostB
    if (isFirst) host.noteTtl(side.ttl, facts.stream)
    const { port } = facts
    const isAgain = (seen.flags & REUSED_PORTS) !== 0
    if (asks && port.noteAsked(facts.clientHost, isAgain, this.#now)) this.#notes.noPorts(packet.number)
    if (refuses && port.firstRefusedAt < 0) port.firstRefusedAt = this.#now
    if (opens) {
      port.opened++
      if (port.firstOpenedAt < 0) port.firstOpenedAt = this.#now
      port.lastOpenedAt = this.#now
      port.lastOpenedFrame = packet.number
      port.noteSilent(facts)
    }
    if (answers) {
      port.answered++
      port.lastAnsweredAt = this.#now
      port.noteAnswered(facts)
    }
  }

  /** Old routers quote eight octets of the TCP header: enough to know the connection. */
  #takeShortQuote(packet: Packet, tcp: TcpFields): void {
    const { conversations } = this.#analysis
    if (conversations.find(packet, tcp) < 0) return
    this.#takeIcmp(packet, conversations.words[conversations.at + w.STREAM]!, conversations.isFromA)
  }

  #takeIcmp(packet: Packet, stream: number, isFromA: boolean): void {
    const known = this.#facts[stream]
    const facts = known === undefined ? this.#resume(stream) : known
    if (facts === undefined || facts === null || facts.icmps.length === MAX_ICMP) return
    for (let layer = packet.layers - 1; layer > 0; layer--) {
      const code = packet.layerCodes[layer]!
      if (code !== IP_ICMP && code !== IP_ICMPV6) continue
      const bytes = packet.layerBytes[layer]!
      const at = packet.layerAts[layer]!
      const version = code === IP_ICMP ? 4 : 6
      const source = outerSource(packet, layer - 1, version)
      if (source === null) return
      const type = bytes[at]!
      const subtype = bytes[at + 1]!
      const isTooBig = version === 4 ? type === 3 && subtype === 4 : type === 2
      const aboutClient = isFromA === facts.clientIsA
      const naming = this.#naming(facts.stream, facts.clientIsA)
      facts.icmps.push({
        frame: packet.number,
        at: this.#now,
        version,
        type,
        code: subtype,
        source: formatAddress(source),
        aboutClient,
        fromTarget: formatAddress(source) === (aboutClient ? naming.serverAddress : naming.clientAddress),
        mtu: isTooBig ? (version === 4 ? (bytes[at + 6]! << 8) | bytes[at + 7]! : 1280) : 0,
      })
      return
    }
  }

  /** The connection ended; what still comes is awaited for a while. */
  #close(facts: ConnectionFacts): void {
    facts.isClosing = true
    if (this.#closed.length < LINGERING) {
      this.#closed.push(facts)
      return
    }
    this.#settle(this.#closed[this.#oldestClosed]!)
    this.#closed[this.#oldestClosed] = facts
    this.#oldestClosed = (this.#oldestClosed + 1) % LINGERING
  }

  #settle(facts: ConnectionFacts): void {
    const { stream } = facts
    const isPlain = isPlainlyHealthy(facts)
    if (isPlain) {
      this.#facts[stream] = null
      this.#plain++
    }
    // Whoever watches may keep them; and a port, of whose server nobody has noticed that it answered.
    if (this.#watch !== null || facts.port.silent.includes(facts)) return
    if (!isPlain) {
      this.#packed.set(stream, this.#packer.pack(facts))
      this.#facts[stream] = undefined
    }
    this.#spare.put(facts)
  }

  #plainDiagnosis(stream: number): CaptureDiagnosis {
    const { a, b, portA, portB } = this.#ends(stream)
    return plainDiagnosis(stream, socketText(a, portA), socketText(b, portB))
  }

  #naming(stream: number, clientIsA: boolean): Naming {
    const { a, b, portA, portB } = this.#ends(stream)
    const [client, server] = clientIsA ? [a, b] : [b, a]
    const [clientPort, serverPort] = clientIsA ? [portA, portB] : [portB, portA]
    return {
      client: socketText(client, clientPort),
      server: socketText(server, serverPort),
      target: `${formatAddress(server)}:${serverPort}`,
      clientAddress: formatAddress(client),
      serverAddress: formatAddress(server),
    }
  }

  #ends(stream: number): { a: Address; b: Address; portA: number; portB: number } {
    const { conversations } = this.#analysis
    conversations.select(stream)
    const { words, at } = conversations
    const version = (words[at + w.BITS]! & w.IS_IPV6) !== 0 ? 6 : 4
    const ports = words[at + w.PORTS]!
    return {
      a: wordsToAddress(words, at + w.ADDRESS_A, version),
      b: wordsToAddress(words, at + w.ADDRESS_B, version),
      portA: ports >>> 16,
      portB: ports & 0xffff,
    }
  }
}

function wordsToAddress(words: Int32Array, at: number, version: 4 | 6): Address {
  return addressOf(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!, version)
}

/** The source of the IP header in this layer. */
function outerSource(packet: Packet, layer: number, version: 4 | 6): Address | null {
  const bytes = packet.layerBytes[layer]!
  const at = packet.layerAts[layer]!
  const word = (offset: number): number =>
    (bytes[at + offset]! << 24) |
    (bytes[at + offset + 1]! << 16) |
    (bytes[at + offset + 2]! << 8) |
    bytes[at + offset + 3]!
  if (bytes[at]! >> 4 !== version) return null
  return version === 4
    ? addressOf(0, 0, 0xffff, word(12), 4)
    : addressOf(word(8), word(12), word(16), word(20), 6)
}

const isClosed = ({ a, b }: ConnectionFacts): boolean => a.finAcked.happened && b.finAcked.happened

/** Opened, closed by both sides, and nothing in between that a rule might look at. */
function isPlainlyHealthy(facts: ConnectionFacts): boolean {
  const { a, b, client, server } = facts
  const isQuiet = ({
    retransmitted,
    zeroWindows,
    nagleWaits,
    pending,
    outOfOrder,
    mss,
    lateSynAcks,
  }: typeof a): boolean =>
    retransmitted + zeroWindows + nagleWaits + outOfOrder + lateSynAcks === 0 &&
    !pending.happened &&
    (mss === 0 || mss >= 1200)
  return (
    isClosed(facts) &&
    facts.clientIsA &&
    facts.icmps.length === 0 &&
    facts.resetCount === facts.resetsAfterEnd &&
    client.syns === 1 &&
    server.synAcks === 1 &&
    isQuiet(a) &&
    isQuiet(b) &&
    facts.rtt < 0.1 &&
    server.longestThink < 0.5 &&
    client.fin.frame < server.fin.frame &&
    client.fin.at - client.lastText.at < 0.4 &&
    server.octets > 0
  )
}
