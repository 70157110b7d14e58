/**
 * Which connection of one capture is which of the other: by first numbers, which NAT leaves alone; else by what was said, which a
 * capture that begins later has as well; else by the two ends, where something on the way counts by numbers of its own.
 */

import type { ConnectionFacts, SideFacts } from './facts.ts'
import { byName, type Print } from './same-packets.ts'

export type Legs = ReadonlyMap<number, Leg>

/** One connection in one of the captures. */
export interface Leg {
  /** Addresses and ports. */
  readonly ends: string
  readonly facts: ConnectionFacts
  readonly prints: Print[]
}

export type Pair = readonly [Leg | null, Leg | null]

/** By the client's first number, else by what they said first, else by anything that both said. */
export function pairUp(first: Legs, second: Legs): Pair[] {
  const waiting = byName(second.values(), nameOf)
  const pairs: Pair[] = []
  const used = new Set<Leg>()
  const lonely: Leg[] = []
  for (const leg of first.values()) {
    const other = waiting.get(nameOf(leg))?.shift()
    if (other === undefined) lonely.push(leg)
    else {
      used.add(other)
      pairs.push([leg, rebased(other, leg)])
    }
  }
  const alone = lonely.length === 0 ? [] : [...second.values()].filter((leg) => !used.has(leg))
  const said = byText(alone)
  const ends = new Map(alone.map((leg) => [leg.ends, leg]))
  for (const leg of lonely) {
    const other = sharing(leg, said) ?? ends.get(leg.ends) ?? null
    const isFree = other !== null && !used.has(other)
    if (isFree) used.add(other)
    pairs.push([leg, isFree ? rebased(other, leg) : null])
  }
  for (const leg of second.values()) if (!used.has(leg)) pairs.push([null, leg])
  return pairs
}

/** Legs by what they said. */
function byText(legs: Iterable<Leg>): Map<string, Leg> {
  const said = new Map<string, Leg>()
  for (const leg of legs) for (const { key, length } of leg.prints) if (length > 0) said.set(key, leg)
  return said
}

/** One that said something of the same: a capture that began later knows neither its first numbers nor its first text. */
function sharing({ facts, prints }: Leg, said: ReadonlyMap<string, Leg>): Leg | null {
  for (const { key } of prints) {
    const other = said.get(key)
    if (other !== undefined && !(facts.client.hasIsn && other.facts.client.hasIsn)) return other
  }
  return null
}

function nameOf({ facts, prints }: Leg): string {
  const { client } = facts
  if (client.hasIsn) return `isn ${client.isn}`
  const text = prints.find(({ length }) => length > 0) ?? prints[0]!
  return `text ${text.key}`
}

/** The same with the numbers of `like`: a SYN proxy, or a firewall that makes first numbers random, moves those of a side by as much. */
export function rebased(leg: Leg, like: Leg): Leg {
  const client = movedBy(leg.facts.client, like.facts.client)
  const server = movedBy(leg.facts.server, like.facts.server)
  if (client === 0 && server === 0) return leg
  const prints = leg.prints.map((print) => {
    const [mine, peers] = print.fromClient ? [client, server] : [server, client]
    return printOf({ ...print, seq: (print.seq - mine) | 0, ack: (print.ack - peers) | 0 })
  })
  return { ...leg, prints }
}

function movedBy(side: SideFacts, like: SideFacts): number {
  return side.hasIsn && like.hasIsn ? (side.isn - like.isn) | 0 : 0
}

/** With the key by which it is found in the other capture. */
export function printOf(print: Omit<Print, 'key'>): Print {
  const { fromClient, seq, ack, flags, length } = print
  return { ...print, key: `${fromClient} ${seq} ${ack} ${flags} ${length}` }
}
