/** Connections on which something is not heard, and nobody ended them by a reset. */

import { counted } from '../../../trace/counted.ts'
import type { Outcome } from '../application-errors.ts'
import { type Case, cause, evidence, icmpText, type Rule, seconds } from '../case.ts'
import type { IcmpFacts, SideFacts } from '../facts.ts'
import { asks } from '../first-words.ts'
import { gaveUpWaiting, noResponse } from './no-response.ts'
import { probesInVain } from './probes-in-vain.ts'
import { icmpOutcome, meaningOf } from './refused.ts'
import { goneCauses } from './reset-story.ts'

/** A pause after which firewalls and NATs are known to forget, in tests at least, seconds. */
const PAUSE = 1
/** Segments of fewer octets pass almost everywhere. */
const LARGE = 1000
/** A window that stays closed for so long is a stall, seconds. */
const STALL = 1
/** How long a request may wait at the end of the capture, seconds. */
const PATIENCE = 5

const name = (c: Case, side: SideFacts): 'client' | 'server' => (side === c.client ? 'client' : 'server')

function stuckEvidence(c: Case, side: SideFacts): ReturnType<typeof evidence> {
  const who = name(c, side)
  return evidence(
    [side.lastAcked, `last that was acknowledged of the ${who}`],
    [side.pending, `data of the ${who}, never acknowledged`],
    [side.pendingLast, `sent again, ${counted(side.pendingAgain, 'time')} in all`],
  )
}

/** The kernel gave up where the next retransmission would be in the capture; else the application will have, before it. */
function unheardOutcome(c: Case, side: SideFacts): Outcome {
  const next = side.pendingLast.at + KERNEL_WAITS * side.pendingGap
  const isKernel = !side.fin.happened && (c.captureEnd > next || side.pendingAgain >= MANY_AGAIN)
  return isKernel ? 'timed-out' : 'read-timeout'
}
const KERNEL_WAITS = 2.2
/** Applications seldom wait for so many. */
const MANY_AGAIN = 8

/** Silence that the capture is long enough to believe in. */
const unheard = (c: Case): SideFacts | null => (c.opened ? c.unheard : null)

const aboutUnheard = (c: Case): IcmpFacts | undefined => {
  const side = unheard(c)
  if (side === null) return undefined
  return c.facts.icmps.find(
    ({ aboutClient, at, mtu }) => mtu === 0 && aboutClient === (side === c.client) && at >= side.pending.at,
  )
}

/** What Linux makes of an ICMP error when it gives an open connection up, where connect would say so at once. */
const MIDWAY: { readonly [K in Outcome]?: Outcome } = {
  'connect-refused': 'refused-midway',
  'connect-no-permission': 'no-permission',
  'connect-network-unreachable': 'network-unreachable',
}

/** A router has no route; who says that it is forbidden, or that nobody is at a port, has a rule. */
function rejecterOf(icmp: IcmpFacts): 'server-host' | 'middlebox' | null {
  const meaning = meaningOf(icmp)
  if (meaning !== 'port-unreachable' && meaning !== 'administratively-prohibited') return null
  return icmp.fromTarget ? 'server-host' : 'middlebox'
}

const unreachable: Rule = {
  verdict: 'unreachable-midway',
  applies: (c) => aboutUnheard(c) !== undefined,
  tell: (c) => {
    const side = unheard(c)!
    const icmp = aboutUnheard(c)!
    const rejecter = rejecterOf(icmp)
    const outcome = MIDWAY[icmpOutcome(icmp)] ?? 'host-unreachable'
    const rejects = cause('a firewall rule was added', rejecter ?? 'middlebox', `rules of ${icmp.source}`)
    return {
      culprit: rejecter ?? 'path',
      confidence: 'certain',
      evidence: [...stuckEvidence(c, side), ...evidence([icmp.frame, icmpText(icmp)])],
      client: side === c.client ? outcome : 'read-timeout',
      server: side === c.client ? 'unaware' : outcome,
      causes:
        rejecter !== null
          ? [
              rejects,
              cause(
                'a firewall forgot the connection and rejects what belongs to none',
                rejecter,
                'new connections to that host work',
              ),
            ]
          : [
              cause(
                'the other host went off its network',
                'server-host',
                'the router asks in vain for its hardware address',
              ),
              cause('a route went away', 'path', `the routes of ${icmp.source}`),
              rejects,
            ],
      next: [
        `look at ${icmp.source}, which sent the ICMP error`,
        'the error is a soft one on an open connection: the kernel tries on until its time-out',
      ],
    }
  },
}

/** Full-sized segments are repeated for ever, or never seen, while smaller ones come through. */
function isBlackHole(c: Case): boolean {
  const side = unheard(c)
  if (side !== null) {
    const peer = side === c.client ? c.server : c.client
    const heard = peer.last.at > side.pending.at || side.lastAcked.at > side.pending.at - PAUSE
    // A FIN is small, and brings an acknowledgment where it gets through.
    const { fin } = side
    const isDeaf = fin.at > side.pending.at && peer.last.at < fin.at && c.captureEnd - fin.at > PAUSE
    return (
      !isDeaf &&
      side.pendingLength >= LARGE &&
      // As large ones came through before: what is lost is not lost for its size.
      side.pendingLength > side.largestDelivered &&
      heard
    )
  }
  return c.facts.handshake.happened && missing(c) !== null
}

/** The side of which large segments never came, although what was sent after them did. */
function missing(c: Case): SideFacts | null {
  for (const side of [c.server, c.client]) {
    const { gap, next, gapSeq, largestDelivered, last } = side
    const size = (next - gapSeq) | 0
    if (
      gap.happened &&
      side.una === gapSeq &&
      size > LARGE &&
      largestDelivered < LARGE &&
      c.facts.last.at - gap.at > 0.5 &&
      last.happened
    )
      return side
  }
  return null
}

const blackHole: Rule = {
  verdict: 'path-mtu-black-hole',
  applies: isBlackHole,
  tell: (c) => {
    const side = unheard(c) ?? missing(c)!
    const who = name(c, side)
    return {
      culprit: 'path',
      confidence: 'likely',
      detail: `no segment of ${side.largestInFlight} octets of the ${who} gets through, the largest that did had ${side.largestDelivered}`,
      evidence: [
        ...stuckEvidence(c, side),
        ...evidence([side.gap, `the ${who} sent more before this, which never came`]),
      ],
      client: side === c.client ? unheardOutcome(c, side) : 'read-timeout',
      server: side === c.client ? 'unaware' : unheardOutcome(c, side),
      causes: [
        cause(
          'a link with a smaller MTU (tunnel, VPN, PPPoE) on the way, and its ICMP "too big" is filtered',
          'middlebox',
          "a ping with Don't Fragment and 1472 octets gets no answer, a smaller one does",
        ),
        cause(
          'an interface of the path has another MTU than its neighbours',
          'path',
          'the MTU of both ends of each link',
        ),
      ],
      next: [
        '`ping -M do -s 1472` and smaller; `tracepath`',
        'allow ICMP 3/4 and ICMPv6 2/0, or clamp the MSS on the tunnel',
      ],
    }
  },
}

const stateLostSilently: Rule = {
  verdict: 'state-lost-silently',
  applies: (c) => {
    const side = unheard(c)
    return side !== null && side.pendingIdle >= PAUSE && c.server.packets > 1
  },
  tell: (c) => {
    const side = unheard(c)!
    return {
      culprit: 'middlebox',
      confidence: side.pendingIdle > 30 ? 'likely' : 'possible',
      ambiguous: true,
      detail: `it worked until a pause of ${seconds(side.pendingIdle)}`,
      evidence: stuckEvidence(c, side),
      client: side === c.client ? unheardOutcome(c, side) : 'read-timeout',
      server: side === c.client ? 'unaware' : unheardOutcome(c, side),
      causes: [
        cause(
          'a firewall or NAT forgot the connection while it was idle, and drops what belongs to none',
          'middlebox',
          'new connections to that host work; a capture at the other host shows nothing arrive',
        ),
        ...goneCauses().slice(0, 2),
      ],
      next: [
        'a capture at the other host: does the data arrive?',
        'keep-alive more often than the shortest idle time-out on the way',
      ],
    }
  },
}

const unacknowledged: Rule = {
  verdict: 'unacknowledged',
  applies: (c) =>
    unheard(c) !== null &&
    unheard(c)!.pendingLast.at - unheard(c)!.pending.at > 0.5 &&
    peerOf(c).zeroSince < 0,
  tell: (c) => {
    const side = unheard(c)!
    const hears = peerOf(c).last.at > side.pending.at
    return {
      culprit: 'path',
      confidence: side.pendingAgain > 3 ? 'certain' : 'likely',
      ambiguous: true,
      detail: `sent again ${side.pendingAgain} times in ${seconds(side.pendingLast.at - side.pending.at)}${hears ? '; packets of the other side still arrive' : ''}`,
      evidence: stuckEvidence(c, side),
      client: side === c.client ? unheardOutcome(c, side) : 'read-timeout',
      server: side === c.client ? 'unaware' : unheardOutcome(c, side),
      causes: [
        cause(
          'what is sent is lost on the way there',
          'path',
          'a capture at the other host does not show it',
        ),
        cause(
          'it arrives, and the answers are lost on the way back',
          'path',
          'a capture at the other host shows it, and answers',
        ),
        ...goneCauses().slice(1),
      ],
      next: ['a capture at the other host: does the data arrive, does it answer?'],
    }
  },
}

const FINS = 4
const MANY_REPEATED = 3

const finUnheard = (c: Case): SideFacts | null => {
  if (!c.opened || c.reset !== null) return null
  const isLost = ({ fins, finAcked }: SideFacts): boolean => fins >= FINS && !finAcked.happened
  return isLost(c.client) ? c.client : isLost(c.server) ? c.server : null
}

/** The last FIN finds nobody any more. */
const finUnacknowledged: Rule = {
  verdict: 'unacknowledged',
  applies: (c) => finUnheard(c) !== null,
  tell: (c) => {
    const side = finUnheard(c)!
    const peer = side === c.client ? c.server : c.client
    const isDone = peer.fin.happened
    // It was in the middle of something that did not go on, or said again what had been acknowledged here.
    const isStuck = side.fin.at - peer.last.at >= PAUSE || peer.spurious >= MANY_REPEATED
    const isMidway = !isDone && peer.lastLength >= LARGE && isStuck
    return {
      culprit: 'path',
      confidence: 'likely',
      ambiguous: true,
      phase: isMidway ? 'data' : 'close',
      detail: `the FIN of the ${name(c, side)} was sent ${side.fins} times`,
      evidence: evidence(
        [isMidway ? peer.last : 0, 'last that is heard of the other side, in the middle of its text'],
        [side.fin, 'FIN'],
        [peer.fin, 'FIN of the other side'],
      ),
      client: isMidway && side === c.client ? 'read-timeout' : 'nothing',
      server: isMidway && side === c.server ? 'read-timeout' : 'nothing',
      causes: isDone
        ? [
            cause(
              'the last acknowledgment is lost, and its sender has forgotten the connection',
              'path',
              'both had closed: no data is missing',
            ),
            ...goneCauses(),
          ]
        : goneCauses(),
      next: ['a capture at the other host: does the FIN arrive there?'],
    }
  },
}

const peerOf = (c: Case): SideFacts => (unheard(c) === c.client ? c.server : c.client)

const keepAliveUnanswered: Rule = {
  verdict: 'keep-alive-timeout',
  applies: (c) => c.opened && Math.max(c.client.keepAlivesUnanswered, c.server.keepAlivesUnanswered) >= 3,
  tell: (c) => {
    const isClient = c.client.keepAlivesUnanswered >= 3
    const side = isClient ? c.client : c.server
    return {
      culprit: 'path',
      confidence: 'likely',
      ambiguous: true,
      detail: `${side.keepAlivesUnanswered} keep-alive probes without an answer`,
      evidence: evidence(
        [side.firstUnanswered, 'first probe without an answer'],
        [side.lastUnanswered, 'last one'],
      ),
      client: isClient ? 'timed-out' : 'unaware',
      server: isClient ? 'unaware' : 'timed-out',
      causes: goneCauses(),
      next: ['is the other host up? a capture there shows whether the probes arrive'],
    }
  },
}

/** So many times as long as its window was closed before: who reads in its own time closes it again and again. */
const USUAL = 2

const stuckReader = (c: Case): SideFacts | null => {
  for (const side of [c.server, c.client]) {
    const patience = Math.max(STALL, USUAL * side.longestZero)
    if (side.zeroSince >= 0 && c.facts.last.at - side.zeroSince >= patience) return side
  }
  return null
}

const notReading: Rule = {
  verdict: 'receiver-not-reading',
  applies: (c) => stuckReader(c) !== null,
  tell: (c) => {
    const side = stuckReader(c)!
    const who = name(c, side)
    const culprit = side === c.server ? 'server-app' : 'client-app'
    return {
      culprit,
      confidence: 'certain',
      detail: `the ${who}'s window is closed for ${seconds(c.facts.last.at - side.zeroSince)}; ${counted(side.probed, 'probe')}`,
      evidence: evidence(
        [side.zeroWindow, `the ${who} closes its window`],
        [side.lastZero, 'it is still closed'],
      ),
      client: side === c.server ? 'write-blocked' : 'nothing',
      server: side === c.server ? 'nothing' : 'write-blocked',
      causes: [
        cause(
          `the ${who} application does not read: it hangs, waits for something else, or is slower than what it is sent`,
          culprit,
          `a stack dump of the ${who} application`,
        ),
      ],
      next: [`what does the ${who} application wait for while its window is closed?`],
    }
  },
}

const unanswered: Rule = {
  verdict: 'no-response',
  applies: (c) => {
    if (!c.opened || c.reset !== null) return false
    if (gaveUpWaiting(c)) return true
    const { client, server, facts } = c
    const isOpen = server.octets === 0 && !client.fin.happened && !server.fin.happened && c.requestOpen
    return (
      isOpen &&
      facts.handshake.happened &&
      !client.pending.happened &&
      c.captureEnd - client.lastText.at >= PATIENCE &&
      asks(client, server)
    )
  },
  tell: noResponse,
}

export const SILENCE_RULES: readonly Rule[] = [
  unreachable,
  probesInVain,
  notReading,
  blackHole,
  stateLostSilently,
  unacknowledged,
  finUnacknowledged,
  keepAliveUnanswered,
  unanswered,
]
