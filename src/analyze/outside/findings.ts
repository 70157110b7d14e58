/** What is worth knowing of a connection beside its verdict: numbers that a reader of the capture would ask for. */

import { counted } from '../../trace/counted.ts'
import type { StateName } from '../../trace/states.ts'
import { type Case, seconds } from './case.ts'
import { neededNot } from './duplicate-sacks.ts'
import type { SideFacts } from './facts.ts'
import { lossOf, PERFORMANCE_RULES } from './rules/performance.ts'

export interface Finding {
  readonly kind: string
  readonly text: string
  readonly frames: readonly number[]
  readonly numbers: Readonly<Record<string, number>>
}

/** A path that lets less through than this is unusually narrow: IPv6's least MTU without its headers is 1220. */
const SMALL_MSS = 1200

export function findingsOf(c: Case): Finding[] {
  const findings: Finding[] = []
  const { facts } = c
  for (const side of [c.client, c.server]) {
    const who = side === c.client ? 'client' : 'server'
    loss(findings, side, who)
    windows(findings, side, who)
    options(findings, c, side, who)
  }
  for (const { verdict, applies, tell } of PERFORMANCE_RULES) {
    if (findings.some(({ kind }) => kind === verdict) || !applies(c)) continue
    const { detail, evidence } = tell(c)
    findings.push({
      kind: verdict,
      text: detail ?? '',
      frames: evidence.map(({ frame }) => frame),
      numbers: {},
    })
  }
  if (facts.rtt > 0) {
    findings.push({
      kind: 'handshake-rtt',
      text: `the handshake took ${seconds(facts.rtt)}`,
      frames: [c.client.syn.frame, facts.handshake.frame],
      numbers: { seconds: facts.rtt },
    })
  }
  if (c.server.answers > 0) {
    const { longestThink, answers, thinkTotal, slowest } = c.server
    findings.push({
      kind: 'think-time',
      text: `${counted(answers, 'answer')} of the server, the slowest after ${seconds(longestThink)}`,
      frames: [slowest.frame],
      numbers: { answers, longest: longestThink, total: thinkTotal },
    })
  }
  for (const reset of facts.resets) {
    if (reset === c.reset) continue
    findings.push({
      kind: 'reset-without-effect',
      text:
        reset.senderAfter > 0 ? 'a reset that was not believed: both sides go on' : 'a reset after the end',
      frames: [reset.frame],
      numbers: {},
    })
  }
  shape(findings, c)
  return findings
}

/** How it was opened, closed and captured. */
function shape(findings: Finding[], c: Case): void {
  const { facts } = c
  if (facts.unseen !== null) {
    const who = facts.unseen === c.client ? 'client' : 'server'
    findings.push({
      kind: 'one-sided',
      text: `the capture has no packet of the ${who}, which the other side acknowledges: what it answered is not known`,
      frames: [facts.first.frame],
      numbers: { packets: facts.packets },
    })
  }
  synProxy(findings, c)
  states(findings, c)
  if (isSimultaneous(c)) {
    findings.push({
      kind: 'simultaneous-open',
      text: 'both sides opened at the same time',
      frames: [facts.a.syn.frame, facts.b.syn.frame],
      numbers: {},
    })
  }
  if (c.client.fin.happened && c.server.lastText.at > c.client.fin.at && c.reset === null) {
    findings.push({
      kind: 'half-close',
      text: 'the server went on sending after the FIN of the client',
      frames: [c.client.fin.frame, c.server.lastText.frame],
      numbers: {},
    })
  }
}

/** The SYN-ACK is not of the kind of what comes behind it: another than the server made it, until the client had proved itself. */
function synProxy(findings: Finding[], { server, client, facts }: Case): void {
  if (server.synAcks !== 1 || !facts.handshake.happened || server.packets < 3) return
  const { ttl, laterTtl, synAckWindow } = server
  const reasons: string[] = []
  if (laterTtl > 0 && laterTtl !== ttl)
    reasons.push(`has TTL ${ttl}, and all packets of the server behind it have TTL ${laterTtl}`)
  if (synAckWindow === 0 && client.firstText.happened)
    reasons.push('offers no window until the server behind it has answered')
  if (reasons.length === 0) return
  findings.push({
    kind: 'syn-proxy',
    text: `another than the server may have answered the SYN (a SYN proxy or load balancer, which connects to the server once the client has proved that it exists): the SYN-ACK ${reasons.join('; it ')}`,
    frames: [server.synAck.frame],
    numbers: { ttl, laterTtl, window: synAckWindow },
  })
}

/** What both ends are in, where the capture ends before the connection does. */
function states(findings: Finding[], c: Case): void {
  const { client, server, facts } = c
  if (c.reset !== null || (client.finAcked.happened && server.finAcked.happened)) return
  const told = [client, server].filter(({ packets }) => packets > 0)
  if (told.length === 0) return
  const names = told.map((side) => `the ${side === client ? 'client' : 'server'} in ${stateOf(side, c)}`)
  const began = client.syns + server.synAcks > 0 ? '' : '; the connection began before the capture'
  findings.push({
    kind: 'states',
    text: `the capture ends with ${names.join(' and ')}${began}`,
    frames: [facts.last.frame],
    numbers: {},
  })
}

/** RFC 9293 3.3.2, as far as the packets tell. */
function stateOf(side: SideFacts, c: Case): StateName {
  const peer = side === c.client ? c.server : c.client
  const { fin, finAcked, finAnswers } = side
  if (fin.happened && peer.fin.happened) {
    if (finAcked.happened) return 'TIME-WAIT'
    return finAnswers ? 'LAST-ACK' : 'CLOSING'
  }
  if (fin.happened) return finAcked.happened ? 'FIN-WAIT-2' : 'FIN-WAIT-1'
  if (peer.fin.happened) return 'CLOSE-WAIT'
  // It says SYN-ACK again: the acknowledgment did not reach it, or found no room.
  if (c.opened && !(side.lateSynAcks > 0 && c.nothingAcknowledged)) return 'ESTABLISHED'
  return side.synAcks > 0 ? 'SYN-RECEIVED' : 'SYN-SENT'
}

const peerName = (side: SideFacts, c: Case): string => (side === c.client ? 'server' : 'client')

const isSimultaneous = ({ facts }: Case): boolean => facts.a.syns > 0 && facts.b.syns > 0

function loss(findings: Finding[], side: SideFacts, who: string): void {
  const spurious = neededNot(side)
  const { retransmitted, fastRetransmitted, outOfOrder, segments } = side
  const again = Math.max(0, side.syns - 1) + Math.max(0, side.synAcks - 1 - side.lateSynAcks)
  if (again > 0 && side.packets > side.syns + side.synAcks) {
    findings.push({
      kind: 'loss',
      text: `the ${who} sent its SYN again`,
      frames: [side.lastSyn.frame, side.lastSynAck.frame],
      numbers: { again },
    })
  }
  if (retransmitted > 0) {
    findings.push({
      kind: 'loss',
      text: `${counted(retransmitted, 'segment')} of the ${who} sent again, ${spurious} of them needlessly`,
      frames: [side.firstRetransmission.frame, side.lastRetransmission.frame],
      numbers: { retransmitted, spurious, fast: fastRetransmitted, segments, rate: lossOf(side) },
    })
  }
  if (outOfOrder > 0) {
    findings.push({
      kind: 'reordering',
      text: `${counted(outOfOrder, 'segment')} of the ${who} arrived out of order`,
      frames: [],
      numbers: { outOfOrder, segments },
    })
  }
}

function windows(findings: Finding[], side: SideFacts, who: string): void {
  const { zeroWindows, longestZero, zeroWindow, lastZero } = side
  if (zeroWindows > 0) {
    findings.push({
      kind: 'zero-window',
      text: `the ${who} closed its window${longestZero > 0 ? `, for up to ${seconds(longestZero)}` : ''}`,
      frames: [zeroWindow.frame, lastZero.frame],
      numbers: { zeroWindows, longest: longestZero },
    })
  }
  if (side.nagleWaits > 0) {
    findings.push({
      kind: 'delayed-ack-nagle',
      text: `small segments of the ${who} waited for a delayed acknowledgment`,
      frames: [side.nagle.frame],
      numbers: { times: side.nagleWaits, seconds: side.nagleTotal },
    })
  }
  if (side.keepAlives > 0) {
    findings.push({
      kind: 'keep-alive',
      text: `${counted(side.keepAlives, 'keep-alive probe')} of the ${who}`,
      frames: [],
      numbers: { probes: side.keepAlives, unanswered: side.keepAlivesUnanswered },
    })
  }
}

function options(findings: Finding[], c: Case, side: SideFacts, who: string): void {
  const opened = side.syn.happened || side.synAck.happened
  const frame = side.syn.happened ? side.syn.frame : side.synAck.frame
  if (opened && side.mss > 0 && side.mss < SMALL_MSS) {
    findings.push({
      kind: 'small-mss',
      text: `the ${who} asks for segments of no more than ${side.mss} octets`,
      frames: [frame],
      numbers: { mss: side.mss },
    })
  }
  const peer = side === c.client ? c.server : c.client
  if (side.synAck.happened && side.scale < 0 && !side.optionsCut && peer.scale >= 0) {
    findings.push({
      kind: 'lost-window-scale',
      text: `the ${peerName(side, c)} offers window scale and the ${who} answers without: it has none, or something on the way took it out; at most 65,535 octets are in flight`,
      frames: [frame],
      numbers: {},
    })
  }
}
