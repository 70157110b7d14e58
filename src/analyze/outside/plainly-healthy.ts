/** Most connections of a busy capture leave nothing to say: told by a few of their facts, so that these need not be kept. */

import type { ConnectionFacts } from './facts.ts'

export const isClosed = ({ a, b }: ConnectionFacts): boolean => a.finAckedFrame !== 0 && b.finAckedFrame !== 0

/** Opened, closed by both sides, and nothing in between that a rule might look at. */
export function isPlainlyHealthy(facts: ConnectionFacts): boolean {
  const { a, b, client, server } = facts
  const isQuiet = ({
    retransmitted,
    zeroWindows,
    nagleWaits,
    pendingFrame,
    outOfOrder,
    mss,
    lateSynAcks,
  }: typeof a): boolean =>
    retransmitted + zeroWindows + nagleWaits + outOfOrder + lateSynAcks === 0 &&
    pendingFrame === 0 &&
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
    client.finFrame < server.finFrame &&
    client.finAt - client.lastTextAt < 0.4 &&
    server.octets > 0
  )
}
