/**
 * The transmission control block: all that one connection remembers, in the RFC's spelling (RFC 9293 3.3.1).
 *
 * Data only. Each variable has one writer: `enterState` writes `state`, ack-arrives.ts advances SND.UNA, `commitSegment`
 * in output.ts advances SND.NXT, text-arrives.ts advances RCV.NXT, window.ts moves RCV.ADV.
 */

import type { RingPool } from '../bytes/ring-pool.ts'
import type { CongestionControl } from '../recovery/congestion.ts'
import { FastRecovery } from '../recovery/fast-recovery.ts'
import { NewReno } from '../recovery/new-reno.ts'
import { RttEstimator } from '../recovery/rtt.ts'
import { ReceiveBuffer } from '../storage/receive-buffer.ts'
import { SendBuffer } from '../storage/send-buffer.ts'
import type { DropCounters } from '../trace/counters.ts'
import type { CloseReason, DropReason, SendReason } from '../trace/reasons.ts'
import type { Trace } from '../trace/recorder.ts'
import { type Clock, msToUs, NEVER } from './clock.ts'
import type { Config } from './config.ts'
import type { Ending, IcmpNote } from './ending.ts'
import { Path } from './path.ts'
import { CLOSED, type State } from './state.ts'

/** Send sequence space (RFC 9293 3.3.1, figure 3). Sequence numbers are int32. */
export class SendSpace {
  /** SND.UNA: oldest unacknowledged. */
  una = 0
  /** SND.NXT: next to be sent. Never moves back; retransmission has its own place (`Lost`). */
  nxt = 0
  /** SND.WND in octets, scaled; an offset from SND.UNA. */
  wnd = 0
  /** SND.WL1, SND.WL2: SEG.SEQ and SEG.ACK of the last window update. */
  wl1 = 0
  wl2 = 0
  /** MAX.SND.WND: the largest window ever offered (RFC 5961 5.2, RFC 9293 3.8.6.2.1). */
  max = 0
  /** SND.UP: the octet after the last urgent one; meaningful while `urgent`. */
  up = 0
  urgent = false
  /** The number after the last octet that SEND queued: where FIN will stand. */
  end = 0
  /** The number after the last octet that was sent with PUSH. Octets behind it may wait for more (MAY-16). */
  psh = 0
  /** The number after the last small segment sent, for Minshall's variant of Nagle's algorithm. */
  small = 0
}

/** Receive sequence space (RFC 9293 3.3.1, figure 4). */
export class ReceiveSpace {
  /** RCV.NXT: next expected. */
  nxt = 0
  /** Right edge of the window as offered: RCV.NXT + RCV.WND. Never moves left (SHLD-14). */
  adv = 0
  /** RCV.UP: the octet after the last urgent one; meaningful while `urgent`. */
  up = 0
  urgent = false
  /** RCV.NXT as it stood in the last segment sent: Last.ACK.sent (RFC 7323 4.3). */
  acked = 0
  /** Sequence number of the FIN, once one was seen in the window. */
  fin = 0
  finSeen = false
  /** The number after the last octet that came with PSH, for the PUSH flag of RECEIVE (MAY-17). */
  psh = 0
}

/** Deadlines in microseconds on the connection's clock; NEVER where the timer is not running. */
export class Timers {
  /** Retransmission, or persist while the window is closed: never both (RFC 9293 3.8.1, 3.8.6.1). */
  retransmission = NEVER
  delayedAck = NEVER
  /** Sender's override of silly-window avoidance (RFC 9293 3.8.6.2.1). */
  override = NEVER
  keepAlive = NEVER
  /** User timeout (RFC 9293 3.10.8). */
  user = NEVER
  /** 2MSL in TIME-WAIT, the limit for orphans in FIN-WAIT-2. */
  finalWait = NEVER

  earliest(): number {
    let at = this.retransmission
    if (this.delayedAck < at) at = this.delayedAck
    if (this.override < at) at = this.override
    if (this.keepAlive < at) at = this.keepAlive
    if (this.user < at) at = this.user
    if (this.finalWait < at) at = this.finalWait
    return at
  }

  stopAll(): void {
    this.retransmission = NEVER
    this.delayedAck = NEVER
    this.override = NEVER
    this.keepAlive = NEVER
    this.user = NEVER
    this.finalWait = NEVER
  }
}

/** What must be sent besides new data. Set by arriving segments, calls and timeouts; cleared by `commitSegment`. */
export class Owed {
  /** Why an acknowledgment is due now, or null. */
  ack: SendReason | null = null
  /** Duplicate acknowledgments due, one for each out-of-order segment (RFC 5681 3.2). */
  duplicateAcks = 0
  /** Why a reset <SEQ=resetSeq><CTL=RST> is due, or null. */
  reset: SendReason | null = null
  resetSeq = 0
  /** Why the segment at SND.UNA must be sent again, whatever the windows say; or null. */
  retransmit: SendReason | null = null
  /** A zero-window probe, a keep-alive probe, the release of a silly-window segment. */
  probe = false
  keepAlive = false
  override = false
  urgentNotice = false
  /** The reset carries an acknowledgment. */
  resetAck = false
  /** What is queued goes at once, small or not; or: no longer waits for a PUSH. Until all of it was sent. */
  push = false
  release = false

  clear(): void {
    this.ack = null
    this.duplicateAcks = 0
    this.reset = null
    this.retransmit = null
    this.probe = false
    this.keepAlive = false
    this.override = false
    this.urgentNotice = false
    this.push = false
    this.release = false
  }
}

/** Counts that the user may ask for (STATUS); no decision rests on them but that on quick acknowledgments. */
export class Counts {
  segmentsSent = 0
  segmentsReceived = 0
  textSegmentsSent = 0
  textSegmentsReceived = 0
  outOfOrderSegments = 0
  octetsSent = 0
  octetsRetransmitted = 0
  octetsAcknowledged = 0
  octetsReceived = 0
  timeouts = 0
  /** When the connection was synchronized, and when text last arrived; microseconds, -1: never. */
  synchronizedAt = -1
  lastTextAt = -1
}

/** What our SYN offers, decided once: one that goes again says the same, and the answer is held against it. */
export class Offer {
  timestamps = false
  scaling = false
  shift = 0
}

/** What is taken as lost after a timeout, or once the window or the path MTU changed: [next, end) goes again. */
export class Lost {
  next = 0
  end = 0
  active = false

  /** Everything outstanding, from SND.UNA to SND.NXT. */
  takeAll(una: number, nxt: number): void {
    this.next = una
    this.end = nxt
    this.active = true
  }
}

/** One round trip being timed, by Karn's rule never over a retransmission (MUST-18). */
export class TimedSegment {
  active = false
  seq = 0
  sentAt = 0
}

/** What a connection shares with the others of its stack. */
export interface Environment {
  readonly clock: Clock
  readonly pool: RingPool
  trace: Trace | null
  /** The name that trace events carry. */
  readonly host: string
  readonly isn: InitialNumbers
  /** Where the stack counts what its connections did not use. */
  readonly counters?: DropCounters
}

/** Chooses the numbers that a connection starts with (RFC 6528; timestamps: RFC 7323 5.4). */
export interface InitialNumbers {
  sequenceNumber(path: Path, now: number): number
  timestampOffset(path: Path): number
}

export class Tcb {
  readonly clock: Clock
  config: Config
  trace: Trace | null
  readonly host: string
  readonly id: number

  /** Written by `enterState` only. */
  state: State = CLOSED
  readonly path = new Path()
  /** MUST-11: the connection came from a passive OPEN, so a reset returns it to LISTEN. */
  passive = false
  /** The passive OPEN named its remote socket. */
  remoteSpecified = false
  /** Where initial sequence numbers come from; injected (RFC 6528). */
  isn: InitialNumbers
  iss = 0
  /** Our SYN was acknowledged. SND.UNA alone cannot tell: after 4 GiB it is the ISS again. */
  synAcknowledged = false
  irs = 0
  readonly snd = new SendSpace()
  readonly rcv = new ReceiveSpace()
  readonly sendBuffer: SendBuffer
  readonly receiveBuffer: ReceiveBuffer

  /** CLOSE was called: FIN follows SND.END. */
  closeRequested = false
  /** Nobody will read or call again: FIN-WAIT-2 is limited, arriving text is answered with a reset. */
  released = false
  /** Event bits for the user (signals.ts), taken by `pollEvents`. */
  events = 0
  /** SEND found the buffer full: WRITABLE is owed once there is room. */
  wantsWritable = false
  closeReason: CloseReason | null = null
  /** What may mend: an ICMP error, R1. Null again once something new is acknowledged. */
  softError: CloseReason | null = null
  /** How it ended, and the last ICMP error: only for whoever asks why. */
  ending: Ending | null = null
  icmp: IcmpNote | null = null

  /** Eff.snd.MSS: octets of text per segment, options already subtracted (RFC 9293 3.7.1, MUST-16). */
  mss = 0
  /** What the peer's MSS option said, or the default (MUST-15). */
  peerMss = 0
  readonly offer = new Offer()
  /** Both sides offered window scaling (RFC 7323 2.2 (c)). */
  scaling = false
  sndScale = 0
  rcvScale = 0
  /** Both sides offered timestamps: Snd.TS.OK (RFC 7323 3.2 (g)). */
  timestamps = false
  /** TS.Recent, int32, and when it was taken (RFC 7323 4.3, 5.5 (b)). */
  tsRecent = 0
  tsRecentAt = 0
  /** What is added to the clock in TSval (RFC 7323 5.4). */
  tsOffset = 0

  readonly rtt: RttEstimator
  readonly congestion: CongestionControl
  readonly recovery = new FastRecovery(0)
  readonly lost = new Lost()
  readonly timed = new TimedSegment()
  readonly timers = new Timers()
  readonly owed = new Owed()
  readonly counts = new Counts()

  /** Octets of text received and not yet acknowledged: the count of delayed ACK. */
  unackedText = 0
  /** RMSS: what our MSS option allowed the other side. */
  receiveMss = 536
  /** The longest text that ever arrived in one segment: what counts as full-sized for delayed ACK. */
  receivedMss = 0
  /** Text segments that will yet be acknowledged at once (`config.quickAcks`). */
  quickAcks = 0
  /** Zero-window probes without an answer. */
  probes = 0
  /** cwnd, not the application or the peer, held the sender back when it last looked for new data to send. */
  cwndLimited = false
  /** The most that was outstanding since SND.UNA was below `usedUntil`, where `config.growsWhenHalfUsed`. */
  usedOctets = 0
  usedUntil = 0
  /** Where the burst ends that the last new segment belongs to, where `config.burstSegments`. */
  burstEnd = 0
  /** When text, SYN or FIN was last sent, and when any segment last arrived, microseconds as all times here. */
  lastSentAt = 0
  lastReceivedAt = 0
  /** Since when the front of the queue waits for an acknowledgment: the start of R1, R2 and the user timeout. */
  waitingSince = 0
  /** When the front segment was last sent again because of a timeout. */
  retransmittedAt = 0
  /** Retransmissions of the front segment in a row. */
  retransmissions = 0
  totalRetransmissions = 0
  /** Our SYN went unanswered and was sent again. */
  synLost = false
  /** A full-sized segment that ends at `fullSizedEnd` is under way; one was acknowledged, so the path carries them. */
  fullSizedSent = false
  fullSizedEnd = 0
  fullSizedDelivered = false
  /** R1 was reached: the IP layer should look for another route; taken by the stack (MUST-20). */
  negativeAdvice = false
  keepAliveProbes = 0
  /** When the last keep-alive probe became due; only for whoever asks why the connection ended. */
  lastProbeAt = 0
  challengesSent = 0
  challengesSince = 0
  readonly counters: DropCounters | null
  /** Segments, or parts of them, that were not used; and why the last was not. */
  drops = 0
  lastDrop: DropReason | null = null
  /** DiffServ field of the last segment received (MAY-9). */
  receivedTos = 0
  /** TTL or hop limit of the last segment received that was no reset; 0 before any. */
  receivedTtl = 0

  constructor(config: Config, environment: Environment, id: number) {
    this.config = config
    this.clock = environment.clock
    this.trace = environment.trace
    this.host = environment.host
    this.isn = environment.isn
    this.counters = environment.counters ?? null
    this.id = id
    this.sendBuffer = new SendBuffer(environment.pool, config.sendBufferBytes)
    this.receiveBuffer = new ReceiveBuffer(environment.pool, receiveCapacity(config), config.reassemblyRanges)
    this.congestion = new NewReno(config.slowStartSegmentsPerAck)
    this.rtt = new RttEstimator(msToUs(config.rtoInitialMs), msToUs(config.rtoMinMs), msToUs(config.rtoMaxMs))
  }
}

/** The largest shift count (RFC 7323 2.3 (f)). */
export const MAX_SHIFT = 14

/** The shift count with which a buffer's size fits the 16-bit field. */
function scaleFor(bufferBytes: number): number {
  let shift = 0
  while (shift < MAX_SHIFT && bufferBytes >>> shift > 0xffff) shift++
  return shift
}

/** The shift count of our window scale option. */
export function shiftToOffer(config: Config): number {
  return config.windowShift >= 0 ? config.windowShift : scaleFor(config.receiveBufferBytes)
}

/** The window is offered in units of 2^scale, so up to one unit more than the buffer may be on its way to us. */
export function receiveCapacity(config: Config, agreedShift = 0): number {
  return config.receiveBufferBytes + (1 << Math.max(agreedShift, shiftToOffer(config)))
}

/** Octets outstanding: FlightSize of RFC 5681, SYN and FIN counted. */
export function flightSize(tcb: Tcb): number {
  return (tcb.snd.nxt - tcb.snd.una) | 0
}

/** The number of the octet at the front of the send buffer. */
export function dataStart(tcb: Tcb): number {
  return (tcb.snd.end - tcb.sendBuffer.length) | 0
}

/** FIN was sent and stands at SND.END. */
export function finSent(tcb: Tcb): boolean {
  return tcb.closeRequested && ((tcb.snd.nxt - tcb.snd.end) | 0) > 0
}
