/** One connection as the rules look at it: its facts, the hosts around it, and what follows from both. */

import { durationText } from '../observations.ts'
import type { Outcome } from './application-errors.ts'
import type { ConnectionFacts, IcmpFacts, Moment, ResetFacts, SideFacts } from './facts.ts'
import type { HostFacts, Hosts, PortFacts } from './hosts.ts'
import type { CaptureVerdict, Phase } from './verdicts.ts'

/** Who is at fault, as far as can be known. */
export type CaptureCulprit =
  | 'server-app'
  | 'server-host'
  | 'client-app'
  | 'client-host'
  | 'middlebox'
  | 'path'
  | 'none'
export type Confidence = 'certain' | 'likely' | 'possible'
export type ResetSender = 'server-host' | 'client-host' | 'middlebox'

export interface EvidenceFrame {
  readonly frame: number
  readonly text: string
}

export interface Cause {
  readonly cause: string
  readonly culprit: CaptureCulprit
  /** What tells it from the others. */
  readonly toTellApart: string
}

/** What a rule says once it applies. */
export interface Told {
  readonly culprit: CaptureCulprit | null
  readonly confidence: Confidence
  /** What is the matter cannot be told from this side of the connection. */
  readonly ambiguous?: boolean
  readonly phase?: Phase
  readonly resetBy?: ResetSender | null
  /** Behind the verdict's sentence. */
  readonly detail?: string | undefined
  readonly evidence: readonly EvidenceFrame[]
  readonly client: Outcome
  /** Null: its application knows nothing of the connection. */
  readonly server: Outcome | null
  readonly causes: readonly Cause[]
  readonly next: readonly string[]
}

export interface Rule {
  readonly verdict: CaptureVerdict
  readonly applies: (c: Case) => boolean
  readonly tell: (c: Case) => Told
}

/** Retransmissions of the same text that are more than bad luck. */
const MANY_AGAIN = 2
/** Identifications so far apart come from different counters. */
const FAR = 4096
/** Octets beyond what was sent, at which nobody who knows would reset. */
const GUESS = 500
/** Pause after which a host may have sent any number of other packets, seconds. */
const COUNTED = 1
/** Initial values of the TTL in use; a packet with one of them has not passed a router. */
const INITIAL_TTLS: ReadonlySet<number> = new Set([32, 64, 128, 255])
/** Set by applications (BGP's neighbours), which a reset of the kernel does not heed. */
const CHOSEN_TTLS: ReadonlySet<number> = new Set([1, 255])
/** What was on its way when a reset came has arrived by then, seconds. */
const LIVES = 1
/** A round trip where none was measured, seconds. */
const USUAL_RTT = 0.1

export interface Ends {
  /** tcp.stream; -1 where no packet of TCP was sent at all. */
  readonly stream: number
  readonly clientAddress: string
  readonly serverAddress: string
}

export class Case {
  readonly facts: ConnectionFacts
  readonly client: SideFacts
  readonly server: SideFacts
  readonly hosts: Hosts
  readonly serverHost: HostFacts
  readonly clientHost: HostFacts
  readonly port: PortFacts
  readonly serverAddress: string
  readonly stream: number
  /** When the capture ends. */
  readonly captureEnd: number
  /** The reset that ended the connection. */
  readonly reset: ResetFacts | null

  constructor(facts: ConnectionFacts, ends: Ends, hosts: Hosts, captureEnd: number) {
    this.facts = facts
    this.client = facts.client
    this.server = facts.server
    this.hosts = hosts
    this.serverAddress = ends.serverAddress
    this.stream = ends.stream
    this.serverHost = facts.serverHost
    this.clientHost = facts.clientHost
    this.port = facts.port
    this.captureEnd = captureEnd
    this.reset = foremost(facts.resets.filter((reset) => !this.#isWithoutEffect(reset)))
  }

  /** The client has what it needs to send: the handshake is done, or was before the capture began. */
  get opened(): boolean {
    const { handshake } = this.facts
    return handshake.happened || this.client.syns + this.server.synAcks === 0
  }

  get connecting(): boolean {
    return !this.opened && this.client.syns > 0
  }

  get rtt(): number {
    return this.facts.rtt > 0 ? this.facts.rtt : USUAL_RTT
  }

  /** The client asked last and has no answer. */
  get requestOpen(): boolean {
    return this.client.lastText.at > this.server.lastText.at
  }

  /** No text of the client was ever acknowledged. */
  get nothingAcknowledged(): boolean {
    const { client } = this
    return client.hasIsn && client.una === ((client.isn + 1) | 0)
  }

  /** The side whose text goes unacknowledged although it is repeated. */
  get unheard(): SideFacts | null {
    const stuck = ({ pending, pendingAgain }: SideFacts): boolean =>
      pending.happened && pendingAgain >= MANY_AGAIN
    if (stuck(this.client)) return this.client
    return stuck(this.server) ? this.server : null
  }

  side(fromClient: boolean): SideFacts {
    return fromClient ? this.client : this.server
  }

  /** Which side the capture was made at, by TTLs that have not passed a router. */
  get capturedAt(): 'client' | 'server' | null {
    const clientIsHere = INITIAL_TTLS.has(this.client.ttl)
    const serverIsHere = INITIAL_TTLS.has(this.server.ttl !== 0 ? this.server.ttl : this.serverHost.ttl)
    if (clientIsHere === serverIsHere) return null
    return clientIsHere ? 'client' : 'server'
  }

  // ---- resets

  /** What shows that another than the address in it sent the reset; null where nothing does. */
  foreign(reset: ResetFacts): string | null {
    const side = this.side(reset.fromClient)
    const host = reset.fromClient ? this.clientHost : this.serverHost
    const who = reset.fromClient ? 'client' : 'server'
    const isOpening = side.ttl === 0 && this.connecting
    const varies = isOpening ? host.ttlVaries : side.ttlVaries
    const ordinary = isOpening ? host.ttl : side.ttl
    if (ordinary !== 0 && !varies && !CHOSEN_TTLS.has(ordinary) && ordinary !== reset.ttl) {
      const where = side.ttl !== 0 ? 'other packets' : `packets on stream ${host.ttlStream}`
      return `TTL ${reset.ttl}, where the ${who}'s ${where} have TTL ${ordinary}`
    }
    if (ordinary === 0 && this.#isMadeByGateway(reset)) {
      return `TTL ${reset.ttl} has not passed a router, and the server stands behind one`
    }
    if (reset.senderAfter > 0 && reset.victimAfter === 0 && isExact(reset)) {
      return `the ${who} goes on sending after it (frame ${reset.senderAfterFrame}) as if it had not sent it`
    }
    // A client may choose another TTL for packets that it makes by hand, as a port scan does.
    if (!this.connecting && !reset.fromClient && isNearer(side.ttl, host.ttl)) {
      return `all packets of the ${who} here have TTL ${side.ttl} and passed no router, those on stream ${host.ttlStream} have TTL ${host.ttl}: something nearer answers in its name`
    }
    return this.#foreignForm(reset, side, who)
  }

  #foreignForm(reset: ResetFacts, side: SideFacts, who: string): string | null {
    const near = (reset.identification - side.identification) & 0xffff
    // What a capture has missed was counted as well.
    const isWhole = this.side(!reset.fromClient).gaps === 0
    const isSteady = isWhole && side.identified >= 3 && side.identifiedInOrder >= side.identified - 1
    // Answers of a host that does not know the connection count by another counter, so that only live resets tell.
    if (reset.hasAck && isSteady && reset.identification > 0 && near > FAR && near < 0x1_0000 - FAR) {
      const count = `IP identification 0x${hex(reset.identification)}, far from the ${who}'s count, which is at 0x${hex(side.identification)}`
      const more = this.#otherHabit(reset, side)
      if (more !== null) return `${count}${more}`
    }
    const guesses = this.facts.resets.filter(
      (other) =>
        other.fromClient === reset.fromClient &&
        other.answersFrame === reset.answersFrame &&
        other.seqFromSent > GUESS,
    )
    const hasGap = side.gap.happened || side.gaps > 0
    return guesses.length > 0 && !hasGap
      ? `more resets with it, as far as ${guesses.at(-1)!.seqFromSent} octets beyond anything that the ${who} has sent`
      : null
  }

  /**
   * What makes a count that jumps tell of another sender: a counter that all connections of a host share goes on in a pause,
   * so that behind one there must be more. Empty where nothing more is needed, null where it does not tell.
   */
  #otherHabit(reset: ResetFacts, side: SideFacts): string | null {
    if (reset.idle < COUNTED) return ''
    if (side.identifiedAfterPause > 0) return ', and in a pause before it stood still'
    if (side.fragmentable === 0 && !reset.dontFragment) return ", and without Don't Fragment, which all have"
    // Linux stamps the resets of its sockets; Windows counts, but stamps nothing by default.
    const isStamped = this.client.hasTimestamps && this.server.hasTimestamps
    return isStamped && !reset.hasTimestamps ? ', and without the timestamps that its packets have' : null
  }

  /** A SYN for another network went to a router whose address answers by itself. */
  #isMadeByGateway({ fromClient, ttl }: ResetFacts): boolean {
    const { hop } = this.facts
    if (fromClient || hop === 0 || !INITIAL_TTLS.has(ttl)) return false
    if (this.hosts.hardware.get(this.serverAddress) !== undefined) return false
    return [...this.hosts.hardware.values()].includes(hop)
  }

  /** Both sides went on as if nothing had come, or both had closed before. */
  #isWithoutEffect(reset: ResetFacts): boolean {
    const { senderAfter, victimAfter, afterSenderFin, afterVictimFin } = reset
    // Its number is of what the victim has long had (RFC 9293 3.10.7.4), and the victim lives on.
    if (reset.seqFromAcked < 0 && reset.victimAfterAt - reset.at > Math.max(LIVES, 3 * this.rtt)) return true
    if (senderAfter > 0 && victimAfter > 0) return true
    const isOver = this.client.finAcked.happened && this.server.finAcked.happened
    return afterSenderFin && afterVictimFin && isOver
  }
}

/** The first; but what a host answers that knows nothing any more may overtake the reset by which its socket went. */
function foremost(resets: readonly ResetFacts[]): ResetFacts | null {
  const [first = null] = resets
  if (first === null || !isStateless(first)) return first
  const isOfSocket = (one: ResetFacts): boolean =>
    one.fromClient === first.fromClient &&
    isLive(one) &&
    one.at - first.at <= OVERTAKES &&
    one.ttl === first.ttl
  return resets.find(isOfSocket) ?? first
}
/** Seconds. */
const OVERTAKES = 0.005

/** A TTL that passed no router, where that host's packets elsewhere have passed some. */
export const isNearer = (ttl: number, elsewhere: number): boolean =>
  ttl > elsewhere &&
  elsewhere !== 0 &&
  INITIAL_TTLS.has(ttl) &&
  !INITIAL_TTLS.has(elsewhere) &&
  !CHOSEN_TTLS.has(elsewhere)

const hex = (value: number): string => value.toString(16).padStart(4, '0')

/** It continues exactly where its receiver stands (RFC 5961 3.2): the receiver believes it. */
export function isExact(reset: ResetFacts): boolean {
  return reset.seqFromAcked === 0
}

/**
 * Measured on Linux 6.18: a live socket's reset has ACK, a window and the timestamps; an answer for a connection that the
 * host does not know has neither, and continues with the number that the answered packet acknowledged.
 */
export function isStateless({ hasAck, window, hasOptions }: ResetFacts): boolean {
  return !hasAck && window === 0 && !hasOptions
}

/**
 * It came at once upon the packet that it answers: nobody decided anything, a host found no such connection. Who had
 * acknowledged that packet knew the connection.
 */
export function isAnswer(reset: ResetFacts, rtt: number): boolean {
  const wasTaken = reset.answersLength > 0 && reset.victimPending === 0
  return isStateless(reset) && !wasTaken && reset.at - reset.answersAt <= 2 * rtt + AT_ONCE
}
const AT_ONCE = 0.05

export function isLive({ hasAck, window, hasTimestamps }: ResetFacts): boolean {
  return hasAck && (window > 0 || hasTimestamps)
}

export function resetText(reset: ResetFacts): string {
  const who = reset.fromClient ? 'client' : 'server'
  const form = isLive(reset)
    ? 'in the form of a live socket (ACK, window or timestamps)'
    : isStateless(reset)
      ? 'in the form of a host without such a connection (no ACK, window 0, no options)'
      : `${reset.hasAck ? 'with' : 'without'} ACK, window ${reset.window}`
  return `reset in the name of the ${who}, ${form}, TTL ${reset.ttl}`
}

export function icmpText({ version, type, code, source }: IcmpFacts): string {
  return `ICMP${version === 6 ? 'v6' : ''} type ${type} code ${code} from ${source}`
}

export const seconds = (value: number): string => durationText(value * 1e6)

/** Evidence of moments that happened, in the order of the capture. */
export function evidence(...pairs: readonly (readonly [Moment | number, string])[]): EvidenceFrame[] {
  const frames: EvidenceFrame[] = []
  for (const [moment, text] of pairs) {
    const frame = typeof moment === 'number' ? moment : moment.frame
    if (frame !== 0) frames.push({ frame, text })
  }
  return frames.sort((one, other) => one.frame - other.frame)
}

/** The reset that ended it, as one of `evidence`'s pairs: none where there was none. */
export function resetEvidence({ reset }: Case): readonly [frame: number, text: string] {
  return reset === null ? [0, ''] : [reset.frame, resetText(reset)]
}

export function cause(text: string, culprit: CaptureCulprit, toTellApart: string): Cause {
  return { cause: text, culprit, toTellApart }
}
