/**
 * What is remembered of a captured connection while it lasts: few numbers for each side, and the frames that prove them.
 * Moments are seconds from the capture's first packet, NEVER where there was none; frames count from 1, 0 where there was
 * none; sequence numbers are int32 as on the wire.
 */

import { type Framing, flat, Moment, NEVER } from './flat-fields.ts'
import type { HostFacts, PortFacts } from './hosts.ts'

export { Moment, NEVER } from './flat-fields.ts'

/** More resets and ICMP errors of one connection say nothing new. */
export const MAX_RESETS = 8
export const MAX_ICMP = 8

/** Of one side, as they are when nothing is known of it. */
class SideFields {
  packets = 0
  readonly first = new Moment()

  // ---- the last packet that was no reset
  readonly last = new Moment()
  lastFlags = 0
  lastLength = 0
  lastSeq = 0
  lastAck = 0

  // ---- habits of its ordinary packets
  /** TTL of the first one, 0 where there was none; and whether others differ. */
  ttl = 0
  ttlVaries = false
  /** TTL of those behind the first one, 0 where there was none; -1: they differ among themselves. */
  laterTtl = 0
  identification = -1
  /** Identifications that were not 0, and those that followed closely on the one before. */
  identified = 0
  identifiedInOrder = 0
  /** Of these, those that came after a pause: in it the counter stood still, so that no other connection shares it. */
  identifiedAfterPause = 0
  /** Packets of IPv4 that routers may cut: without Don't Fragment. */
  fragmentable = 0
  hasTimestamps = false

  // ---- opening
  syns = 0
  readonly syn = new Moment()
  readonly lastSyn = new Moment()
  synAcks = 0
  readonly synAck = new Moment()
  /** Window of the first SYN-ACK, -1 where there was none. */
  synAckWindow = -1
  readonly lastSynAck = new Moment()
  /** SYN-ACKs after the client had acknowledged one. */
  lateSynAcks = 0
  /** The first number, where a SYN showed it. */
  hasIsn = false
  isn = 0
  mss = 0
  /** -1: no such option in the SYN. */
  scale = -1
  /** The capture ends within the options of the SYN: what is not among those before may have been behind. */
  optionsCut = false
  /** An ACK without SYN in answer to a SYN: it knows an older connection (RFC 5961 4.2). */
  readonly challenge = new Moment()

  // ---- what it sent
  hasNumbers = false
  /** Highest end of what it sent, and of what the other side acknowledged. */
  next = 0
  una = 0
  /** Octets and segments of text sent for the first time, and octets of the largest segment. */
  octets = 0
  segments = 0
  largest = 0
  readonly firstText = new Moment()
  readonly lastText = new Moment()
  /** When the other side last acknowledged something new. */
  readonly lastAcked = new Moment()
  retransmitted = 0
  fastRetransmitted = 0
  spurious = 0
  /** D-SACKs of the other side: it had what came again (RFC 2883). */
  duplicates = 0
  outOfOrder = 0
  duplicateAcks = 0
  readonly firstRetransmission = new Moment()
  readonly lastRetransmission = new Moment()
  /** The oldest text that nobody acknowledged: when it was first sent, how often again, how quiet it had been before. */
  readonly pending = new Moment()
  pendingAgain = 0
  pendingLength = 0
  pendingIdle = 0
  readonly pendingLast = new Moment()
  /** From the retransmission before the last one to the last one. */
  pendingGap = 0
  /** Octets of the largest segment that was acknowledged, and that waits to be. */
  largestDelivered = 0
  largestInFlight = 0
  /** Octets that the capture never showed: from `gapSeq` on. */
  readonly gap = new Moment()
  gapSeq = 0
  gaps = 0
  /** Text for the first time after the other side's FIN, and whether that FIN had been acknowledged. */
  readonly afterFin = new Moment()
  afterFinKnown = false
  octetsAfterFin = 0
  /** Octets that it sent since the other side last sent text. */
  sinceAnswer = 0

  // ---- messages, see framing.ts
  framing: Framing = 'none'
  /** See first-words.ts; of text at the very beginning only. */
  firstWords = 0
  messageEnd = 0
  asksHead = false
  /** A fatal TLS alert in the clear: its description; -1: none. */
  fatalAlert = -1
  tlsHandshakes = 0
  /** The last record of TLS is an alert: behind a FIN of the other side it is close_notify. */
  endsWithAlert = false

  // ---- what it received, as its acknowledgments say
  hasAcked = false
  acked = 0
  window = -1
  largestWindow = 0
  readonly zeroWindow = new Moment()
  zeroWindows = 0
  longestZero = 0
  /** Since when its window is closed. */
  zeroSince = NEVER
  readonly lastZero = new Moment()
  /** Probes of the other side into its closed window, and those since it was last heard of. */
  probed = 0
  probedInVain = 0

  // ---- keep-alive
  keepAlives = 0
  keepAlivesUnanswered = 0
  /** Probes since its last packet of another kind, answered or not, and seconds from the last but one to the last. */
  keepAlivesInRow = 0
  keepAliveGap = 0
  readonly firstUnanswered = new Moment()
  readonly lastUnanswered = new Moment()

  // ---- closing
  fins = 0
  readonly fin = new Moment()
  finEnd = 0
  /** Its FIN answers the other one. */
  finAnswers = false
  readonly finAcked = new Moment()
  /** How long nothing of the connection had moved before the FIN; whether its side owed an answer. */
  finIdle = 0

  // ---- turns
  /** Times that it sent after the other side had sent, and the longest time that took. */
  answers = 0
  longestThink = 0
  readonly slowest = new Moment()
  thinkTotal = 0
  /** Times that it spoke again of its own accord, its last text acknowledged and not answered: it waits for no answers. */
  monologues = 0
  /** Small segments that waited for the acknowledgment of a small one before (Nagle against delayed ACK). */
  nagleWaits = 0
  nagleTotal = 0
  readonly nagle = new Moment()
}

const side = flat(SideFields)

export class SideFacts extends side.Fields {}

/** A reset, and what stood around it when it came. */
export interface ResetFacts {
  readonly frame: number
  readonly at: number
  readonly fromClient: boolean
  readonly hasAck: boolean
  readonly window: number
  readonly hasTimestamps: boolean
  readonly hasOptions: boolean
  readonly ttl: number
  readonly version: number
  readonly identification: number
  /** IPv4's Don't Fragment. */
  readonly dontFragment: boolean
  /** Its number minus what its receiver had acknowledged, and minus the end of what its sender had sent. */
  readonly seqFromAcked: number
  readonly seqFromSent: number
  /** It continues with the acknowledgment of the packet that it answers. */
  readonly answersAck: boolean
  /** The last packet of the other side before it. */
  readonly answersFrame: number
  readonly answersAt: number
  readonly answersFlags: number
  readonly answersLength: number
  /** How quiet the connection had been before that packet. */
  readonly idle: number
  /** Which side had sent FIN before. */
  readonly afterSenderFin: boolean
  readonly afterVictimFin: boolean
  /** Octets of the receiver that the sender had not acknowledged; octets of the sender on their way. */
  readonly victimPending: number
  readonly senderPending: number
  /** Retransmissions and unanswered probes of its sender just before. */
  readonly senderAgain: number
  readonly senderProbes: number
  readonly victimWindow: number
  readonly senderWindow: number
  // ---- what came after it and was no reset
  senderAfter: number
  senderAfterFrame: number
  senderAfterAt: number
  victimAfter: number
  victimAfterFrame: number
  victimAfterAt: number
}

/** An ICMP error that quotes the connection. */
export interface IcmpFacts {
  readonly frame: number
  readonly at: number
  readonly version: number
  readonly type: number
  readonly code: number
  readonly source: string
  /** Whether it quotes a packet of the client. */
  readonly aboutClient: boolean
  /** Its sender is the address that the quoted packet was going to. */
  readonly fromTarget: boolean
  /** Next-hop MTU of "too big"; 0 where it says none. */
  readonly mtu: number
}

/** Of both sides together, and as `SideFields`. */
class ConnectionFields {
  stream = 0
  portA = 0
  portB = 0
  clientIsA = true
  /** A SYN, or SYN-ACK, says who the client is. */
  knowsClient = false
  version = 4
  packets = 0
  readonly first = new Moment()
  readonly last = new Moment()
  /** The client's acknowledgment of the SYN-ACK. */
  readonly handshake = new Moment()
  /** Seconds; NEVER where the handshake is not in the capture. */
  rtt = NEVER
  longestIdle = 0
  /** Copies of the packet before: the capture sees some twice. */
  copies = 0
  readonly firstCopy = new Moment()
  /** Segments larger than the other side's MSS: segmentation or receive offload. */
  oversized = 0
  readonly firstOversized = new Moment()
  /** Whether side A sent text last. */
  textFromA = true
  resetCount = 0
  /** Resets after both sides had closed. */
  resetsAfterEnd = 0
  /** The frame that ended it, behind which it waits for what may still come; 0: it is open. */
  closedFrame = 0
  /** Hardware address that the first SYN went to, 0 where there is none. */
  hop = 0
}

const connection = flat(ConnectionFields)

/** All numbers of a connection that nothing is known of: its own, those of side A, those of side B. */
export const FRESH_NUMBERS = Float64Array.from([...connection.fresh, ...side.fresh, ...side.fresh])

/** More than these numbers are the hosts and the lists. */
export class ConnectionFacts extends connection.Fields {
  /** Side A sent the first packet. */
  readonly a: SideFacts
  readonly b: SideFacts
  hostA: HostFacts
  hostB: HostFacts
  resets: ResetFacts[] = []
  icmps: IcmpFacts[] = []

  /** @param page from `place` on as FRESH_NUMBERS. */
  constructor(
    stream: number,
    hosts: { a: HostFacts; b: HostFacts },
    ports: { a: number; b: number },
    page: Float64Array = FRESH_NUMBERS.slice(),
    place = 0,
  ) {
    super(page, place)
    this.a = new SideFacts(page, place + connection.fresh.length)
    this.b = new SideFacts(page, place + connection.fresh.length + side.fresh.length)
    this.hostA = hosts.a
    this.hostB = hosts.b
    this.stream = stream
    this.portA = ports.a
    this.portB = ports.b
  }

  /** All that is known but the hosts and the lists, in the order of FRESH_NUMBERS. */
  get numbers(): Float64Array {
    return this.page.subarray(this.place, this.place + FRESH_NUMBERS.length)
  }

  /**
   * The side that the capture shows nothing of, although the other one acknowledges what it sends; null where both are seen, or
   * one may not have answered at all.
   */
  get unseen(): SideFacts | null {
    const { a, b } = this
    if (a.packets > 0 && b.packets > 0) return null
    const [seen, unseen] = a.packets > 0 ? [a, b] : [b, a]
    const wasAnswered = seen.syns > 0 && seen.packets - this.resetCount > seen.syns
    return seen.hasAcked && (wasAnswered || unseen.lastAckedFrame !== 0) ? unseen : null
  }

  /** It opened, and its server has said nothing. */
  get isSilent(): boolean {
    return this.handshakeFrame !== 0 && this.server.octets === 0
  }

  get clientHost(): HostFacts {
    return this.clientIsA ? this.hostA : this.hostB
  }

  get serverHost(): HostFacts {
    return this.clientIsA ? this.hostB : this.hostA
  }

  get serverPort(): number {
    return this.clientIsA ? this.portB : this.portA
  }

  /** What is known of the server's port. */
  get port(): PortFacts {
    return this.serverHost.port(this.serverPort)
  }

  get client(): SideFacts {
    return this.clientIsA ? this.a : this.b
  }

  get server(): SideFacts {
    return this.clientIsA ? this.b : this.a
  }
}
