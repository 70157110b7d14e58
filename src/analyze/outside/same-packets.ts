/**
 * Which packet of one capture is which of another: by what they say and by their identification where it was left alone.
 * Retransmissions often say the same; then the usual time between the two places tells which of them arrived.
 */

import { seqDiff } from '../../wire/seq.ts'

/** What of a packet stays the same on its way. */
export interface Print {
  readonly frame: number
  /** Seconds on the clock of its capture. */
  readonly at: number
  readonly fromClient: boolean
  readonly seq: number
  readonly ack: number
  readonly flags: number
  readonly length: number
  readonly ttl: number
  /** Of IPv4; 0: none. */
  readonly identification: number
  readonly key: string
}

export type SamePacket = readonly [first: Print, second: Print]

/** Octets that are in a packet of each capture, which begin or end elsewhere: a network card split or joined segments. */
export interface SamePiece {
  readonly first: Print
  readonly second: Print
  readonly seq: number
  readonly length: number
}

export interface Matched {
  readonly both: readonly SamePacket[]
  /** Of packets that are not in `both`, what they have in common. */
  readonly pieces: readonly SamePiece[]
  /** What is left of each capture: packets, or what of them is not in `pieces`. */
  readonly onlyFirst: readonly Print[]
  readonly onlySecond: readonly Print[]
}

/** Matches the packets of one connection, each list in the order of its capture. */
export function matched(first: readonly Print[], second: readonly Print[]): Matched {
  const both: SamePacket[] = []
  const isNumbered = ({ identification }: Print): boolean => identification !== 0
  pairUp(first.filter(isNumbered), second.filter(isNumbered), exactName, both)
  const found = new Set<Print>(both.flat())
  const isLeft = (print: Print): boolean => !found.has(print)
  // Some devices change identifications.
  const doubtful = pairUp(first.filter(isLeft), second.filter(isLeft), ({ key }) => key, both)
  const usual = [true, false].map((fromClient) => usualDelay(both, fromClient))
  for (const { here, there } of doubtful)
    for (const pair of byTime(here, there, usual[here[0]!.fromClient ? 0 : 1]!)) both.push(pair)
  const all = new Set<Print>(both.flat())
  const isAlone = (print: Print): boolean => !all.has(print)
  const [one, other] = [first.filter(isAlone), second.filter(isAlone)]
  const { pieces, onlyFirst, onlySecond } = inPieces(one, other, both)
  return { both, pieces, onlyFirst, onlySecond }
}

/** Cuts what is alone at the edges of what is alone in the other capture, and pairs what is the same then. */
function inPieces(
  first: readonly Print[],
  second: readonly Print[],
  both: readonly SamePacket[],
): Omit<Matched, 'both'> {
  const pieces: SamePiece[] = []
  const left: [first: Print[], second: Print[]] = [first.filter(hasNoText), second.filter(hasNoText)]
  for (const way of [true, false]) {
    const isWay = (print: Print): boolean => print.fromClient === way && !hasNoText(print)
    const [here, there] = [first.filter(isWay), second.filter(isWay)]
    const hops = both.find(([print]) => print.fromClient === way)
    const hopCount = hops === undefined ? null : hops[0].ttl - hops[1].ttl
    const others = byName(cutAt(there, edgesOf(here)), pieceName)
    for (const piece of cutAt(here, edgesOf(there))) {
      const same = others.get(pieceName(piece)) ?? []
      // What comes from elsewhere, as a forgery does, has passed other routers.
      const k = same.findIndex(({ of }) => hopCount === null || piece.of.ttl - of.ttl === hopCount)
      if (k < 0) left[0].push(restOf(piece))
      else
        pieces.push({
          first: piece.of,
          second: same.splice(k, 1)[0]!.of,
          seq: piece.seq,
          length: piece.length,
        })
    }
    for (const rest of others.values()) left[1].push(...rest.map(restOf))
  }
  const byFrame = (a: Print, b: Print): number => a.frame - b.frame
  return { pieces, onlyFirst: left[0].sort(byFrame), onlySecond: left[1].sort(byFrame) }
}

/** A part of the text of a packet. */
interface Cut {
  readonly of: Print
  readonly seq: number
  readonly length: number
}

const hasNoText = ({ length }: Print): boolean => length === 0
const pieceName = ({ seq, length }: Cut): string => `${seq} ${length}`

function restOf({ of, seq, length }: Cut): Print {
  return length === of.length ? of : { ...of, seq, length }
}

/** Where texts begin and end, in order, each once. */
function edgesOf(prints: readonly Print[]): number[] {
  const base = prints[0]?.seq ?? 0
  const edges = prints.flatMap(({ seq, length }) => [seqDiff(seq, base), seqDiff((seq + length) | 0, base)])
  return [...new Set(edges)].sort((a, b) => a - b).map((edge) => (base + edge) | 0)
}

/** @param edges in order */
function cutAt(prints: readonly Print[], edges: readonly number[]): Cut[] {
  return prints.flatMap((of) => {
    const end = (of.seq + of.length) | 0
    const cuts: Cut[] = []
    let from = of.seq
    for (let k = firstBehind(edges, of.seq); k < edges.length && seqDiff(edges[k]!, end) < 0; k++) {
      cuts.push({ of, seq: from, length: seqDiff(edges[k]!, from) })
      from = edges[k]!
    }
    cuts.push({ of, seq: from, length: seqDiff(end, from) })
    return cuts
  })
}

/** Index of the first edge behind a number. */
function firstBehind(edges: readonly number[], seq: number): number {
  let low = 0
  let high = edges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (seqDiff(edges[middle]!, seq) <= 0) low = middle + 1
    else high = middle
  }
  return low
}

const exactName = ({ key, identification }: Print): string => `${key} ${identification}`

/** Packets that say the same, more of them in one capture than in the other. */
interface Doubtful {
  readonly here: readonly Print[]
  readonly there: readonly Print[]
}

/** Pairs those of one name where both captures have as many of them. @returns the others. */
function pairUp(
  first: readonly Print[],
  second: readonly Print[],
  nameOf: (print: Print) => string,
  both: SamePacket[],
): Doubtful[] {
  const there = byName(second, nameOf)
  const doubtful: Doubtful[] = []
  for (const [name, here] of byName(first, nameOf)) {
    const others = there.get(name)
    if (others === undefined) continue
    if (others.length !== here.length) doubtful.push({ here, there: others })
    else for (const [k, print] of here.entries()) both.push([print, others[k]!])
  }
  return doubtful
}

/** Those of each name, in their order. */
export function byName<T>(list: Iterable<T>, nameOf: (one: T) => string): Map<string, T[]> {
  const named = new Map<string, T[]>()
  for (const one of list) {
    const name = nameOf(one)
    const same = named.get(name)
    if (same === undefined) named.set(name, [one])
    else same.push(one)
  }
  return named
}

const delayOf = ([one, other]: SamePacket): number => other.at - one.at

/** Seconds from one place to the other and between their clocks; NaN where nothing tells. */
function usualDelay(both: readonly SamePacket[], fromClient: boolean): number {
  const delays = Float64Array.from(
    both.filter(([{ fromClient: way }]) => way === fromClient).map(delayOf),
  ).sort()
  return delays[delays.length >> 1] ?? Number.NaN
}

/** Each of the fewer ones goes with that of the others which is nearest to the usual time away from it, in their order. */
function* byTime(here: readonly Print[], there: readonly Print[], usual: number): Generator<SamePacket> {
  const isFewerHere = here.length < there.length
  const [fewer, more] = isFewerHere ? [here, there] : [there, here]
  const pairOf = (k: number, j: number): SamePacket =>
    isFewerHere ? [fewer[k]!, more[j]!] : [more[j]!, fewer[k]!]
  const offBy = (k: number, j: number): number => Math.abs(delayOf(pairOf(k, j)) - usual)
  let j = 0
  for (let k = 0; k < fewer.length; k++) {
    // The others need one each, too. A comparison with NaN is false: then it is the first that is left.
    const last = more.length - (fewer.length - k)
    while (j < last && offBy(k, j + 1) < offBy(k, j)) j++
    yield pairOf(k, j++)
  }
}
