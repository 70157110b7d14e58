/**
 * Which packet of one capture is which of another: by what they say and by their identification where it was left alone.
 * Retransmissions often say the same; then the usual time between the two places tells which of them arrived.
 */

/** What of a packet stays the same on its way. */
export interface Print {
  readonly frame: number
  /** Seconds on the clock of its capture. */
  readonly at: number
  readonly fromClient: boolean
  readonly seq: number
  readonly flags: number
  readonly length: number
  readonly ttl: number
  /** Of IPv4; 0: none. */
  readonly identification: number
  readonly key: string
}

export type SamePacket = readonly [first: Print, second: Print]

export interface Matched {
  readonly both: readonly SamePacket[]
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
  return { both, onlyFirst: first.filter(isAlone), onlySecond: second.filter(isAlone) }
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

function byName(prints: readonly Print[], nameOf: (print: Print) => string): Map<string, Print[]> {
  const named = new Map<string, Print[]>()
  for (const print of prints) {
    const name = nameOf(print)
    const same = named.get(name)
    if (same === undefined) named.set(name, [print])
    else same.push(print)
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
