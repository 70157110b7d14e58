/**
 * What one direction of a network path does to packets, as a plain object with units, and its human spelling.
 *
 * The simulator in virtual time and the impairing link in real time take the same options.
 */

export interface ImpairmentOptions {
  /** Bits per second of IP packet, above 0. Without it a packet takes no time to send. */
  readonly rateBitsPerSecond?: number
  /** Octets that may wait for the line, the packet on the line included; the rest is dropped. Default 1500000. */
  readonly queueBytes?: number
  /** Microseconds from the end of sending to the arrival, 0 to one hour. Default 0. */
  readonly delayUs?: number
  /** The delay varies evenly from `delayUs - jitterUs` to `delayUs + jitterUs`, never below 0. Default 0. */
  readonly jitterUs?: number
  /** Whether jitter may change the order of packets; else a packet waits for the one before it. Default false. */
  readonly jitterReorders?: boolean
  /** Probability that a packet is lost, 0 to 1. */
  readonly loss?: number
  /** Losses in bursts (Gilbert and Elliott): a good state without loss and a bad one. */
  readonly burst?: BurstLoss
  /** The packets to lose, by their number on this path; the first packet offered is 1. */
  readonly loseList?: readonly number[]
  /** Probability that a packet arrives `reorderByUs` later than it would, so that others overtake it. */
  readonly reorder?: number
  /** Microseconds, default 10000. */
  readonly reorderByUs?: number
  /** Probability that a packet arrives twice, the copy right behind the original. */
  readonly duplicate?: number
  /** Probability that one to three bits are flipped, always such that a checksum tells (see impairments.ts). */
  readonly corrupt?: number
  /** Largest packet in octets, 68 to 65535; the sender of a larger one is told by ICMP (RFC 1191, RFC 8201). */
  readonly mtu?: number
  /** Larger packets vanish without the ICMP message (RFC 2923 2.1). Default false. */
  readonly mtuBlackHole?: boolean
  /**
   * Decides over single packets in code, before chance does: a fate, or null to leave it to the other options. The
   * bytes are borrowed for the call. A packet with fate 'pass' is spared by every option of chance.
   */
  readonly fate?: (packet: number, bytes: Uint8Array, offset: number, length: number) => PacketFate | null
  /** Octets on their way at once, each packet counting at least 256; the rest is dropped. Default 64 MiB. */
  readonly flightBytes?: number
}

/** The three are probabilities: per packet, to fall into the bad state, to leave it, and to be lost in it. */
export interface BurstLoss {
  readonly enter: number
  readonly leave: number
  /** Default 1. */
  readonly loss?: number
}

export type PacketFate = 'pass' | 'lose' | 'reorder' | 'duplicate' | 'corrupt' | HeldBack

/** The packet arrives so much later than it would, microseconds from 0 to an hour; those behind it do not wait for it. */
export interface HeldBack {
  readonly delayUs: number
}

/** An option that cannot be meant: which, what was given, and what it takes. */
export class ImpairmentError extends Error {
  readonly option: string
  readonly given: string
  readonly expected: string

  constructor(option: string, given: string, expected: string) {
    super(`${option}: expected ${expected}, not ${given === '' ? 'nothing' : `'${given}'`}`)
    this.name = 'ImpairmentError'
    this.option = option
    this.given = given
    this.expected = expected
  }
}

const HOUR_US = 3_600_000_000

/** @throws ImpairmentError where an option is out of its range. */
export function checkImpairments(options: ImpairmentOptions): void {
  const within = (name: string, value: number | undefined, low: number, high: number): void => {
    if (value === undefined || (value >= low && value <= high)) return
    throw new ImpairmentError(name, String(value), `a number from ${low} to ${high}`)
  }
  within('rateBitsPerSecond', options.rateBitsPerSecond, 1, 1e15)
  within('queueBytes', options.queueBytes, 0, 2 ** 40)
  within('delayUs', options.delayUs, 0, HOUR_US)
  within('jitterUs', options.jitterUs, 0, HOUR_US)
  within('loss', options.loss, 0, 1)
  within('burst.enter', options.burst?.enter, 0, 1)
  within('burst.leave', options.burst?.leave, 0, 1)
  within('burst.loss', options.burst?.loss, 0, 1)
  within('reorder', options.reorder, 0, 1)
  within('reorderByUs', options.reorderByUs, 0, HOUR_US)
  within('duplicate', options.duplicate, 0, 1)
  within('corrupt', options.corrupt, 0, 1)
  within('mtu', options.mtu, 68, 65535)
  within('flightBytes', options.flightBytes, 0, 2 ** 40)
  for (const packet of options.loseList ?? []) within('loseList', packet, 1, 2 ** 53)
}

/** The human spellings, for help texts: what an option takes, and an example. */
export const IMPAIRMENT_SPELLINGS = {
  rate: ['a rate such as 20mbit, 64kbit or 1gbit', '20mbit'],
  queue: ['a size such as 100kB, 64KiB or 1500', '100kB'],
  delay: ['a duration such as 30ms, 500us or 1.5s', '30ms'],
  jitter: ['a duration such as 30ms, 500us or 1.5s', '5ms'],
  'jitter-reorders': ['yes or no', 'yes'],
  loss: ['a probability such as 3% or 0.03', '3%'],
  burst: ['two or three probabilities ENTER/LEAVE[/LOSS] such as 1%/30%', '1%/30%'],
  lose: ['packet numbers from 1 such as 3,5,7-9', '3,5,7-9'],
  reorder: ['a probability and perhaps by how long, such as 2% or 2%/10ms', '2%/10ms'],
  duplicate: ['a probability such as 3% or 0.03', '1%'],
  corrupt: ['a probability such as 3% or 0.03', '1%'],
  mtu: ['octets from 68 to 65535', '1400'],
  'mtu-black-hole': ['yes or no', 'yes'],
} as const satisfies Record<string, readonly [expected: string, example: string]>

export type ImpairmentName = keyof typeof IMPAIRMENT_SPELLINGS

/** More packets than this cannot be named in a list. */
const MAX_LISTED = 10_000

/**
 * Options from their human spelling: `{ loss: '3%', delay: '30ms', rate: '20mbit' }`. An absent or undefined value
 * leaves the option out.
 *
 * @throws ImpairmentError naming the option and what it takes.
 */
export function parseImpairments(texts: Readonly<Record<string, string | undefined>>): ImpairmentOptions {
  const options: { -readonly [K in keyof ImpairmentOptions]: ImpairmentOptions[K] } = {}
  for (const [name, given] of Object.entries(texts)) {
    if (given === undefined) continue
    if (!Object.hasOwn(IMPAIRMENT_SPELLINGS, name)) {
      throw new ImpairmentError('impairment', name, `one of ${Object.keys(IMPAIRMENT_SPELLINGS).join(', ')}`)
    }
    const known = name as ImpairmentName
    const parsed = PARSERS[known](given.trim())
    if (parsed === null) throw new ImpairmentError(name, given, IMPAIRMENT_SPELLINGS[known][0])
    Object.assign(options, parsed)
  }
  checkImpairments(options)
  return options
}

const PARSERS: Readonly<Record<ImpairmentName, (text: string) => ImpairmentOptions | null>> = {
  rate: (text) => present(rate(text), (rateBitsPerSecond) => ({ rateBitsPerSecond })),
  queue: (text) => present(size(text), (queueBytes) => ({ queueBytes })),
  delay: (text) => present(duration(text), (delayUs) => ({ delayUs })),
  jitter: (text) => present(duration(text), (jitterUs) => ({ jitterUs })),
  'jitter-reorders': (text) => present(yesOrNo(text), (jitterReorders) => ({ jitterReorders })),
  loss: (text) => present(probability(text), (loss) => ({ loss })),
  burst,
  lose: (text) => present(numberList(text), (loseList) => ({ loseList })),
  reorder,
  duplicate: (text) => present(probability(text), (duplicate) => ({ duplicate })),
  corrupt: (text) => present(probability(text), (corrupt) => ({ corrupt })),
  mtu: (text) =>
    present(/^\d{1,5}$/.test(text) ? inRange(Number(text), 68, 65535) : null, (mtu) => ({ mtu })),
  'mtu-black-hole': (text) => present(yesOrNo(text), (mtuBlackHole) => ({ mtuBlackHole })),
}

function burst(text: string): ImpairmentOptions | null {
  const parts = text.split('/').map(probability)
  const [enter, leave, loss] = parts
  if (parts.includes(null) || parts.length < 2 || parts.length > 3) return null
  return { burst: { enter: enter!, leave: leave!, ...(parts.length === 3 ? { loss: loss! } : {}) } }
}

function reorder(text: string): ImpairmentOptions | null {
  const parts = text.split('/')
  const chance = probability(parts[0]!)
  if (chance === null || parts.length > 2) return null
  if (parts.length === 1) return { reorder: chance }
  return present(duration(parts[1]!), (reorderByUs) => ({ reorder: chance, reorderByUs }))
}

function probability(text: string): number | null {
  const percent = /^([0-9]*\.?[0-9]+)\s*%$/.exec(text)
  if (percent !== null) return inRange(Number(percent[1]) / 100, 0, 1)
  return /^[0-9]*\.?[0-9]+$/.test(text) ? inRange(Number(text), 0, 1) : null
}

function duration(text: string): number | null {
  if (text === '0') return 0
  const value = measured(text, { us: 1, µs: 1, ms: 1e3, s: 1e6, min: 6e7 })
  return value === null ? null : inRange(Math.round(value), 0, HOUR_US)
}

function rate(text: string): number | null {
  const value = measured(text.replace(/(\/s|ps)$/, ''), { bit: 1, kbit: 1e3, mbit: 1e6, gbit: 1e9 })
  return value === null ? null : inRange(value, 1, 1e15)
}

function size(text: string): number | null {
  if (/^\d+$/.test(text)) return inRange(Number(text), 0, 2 ** 40)
  const value = measured(text, { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 })
  return value === null ? null : inRange(Math.round(value), 0, 2 ** 40)
}

/** A number with one of the units, which are in small letters; a plain number has none and is refused: null. */
export function measured(text: string, units: Readonly<Record<string, number>>): number | null {
  const match = /^([0-9]*\.?[0-9]+)\s*([a-zµ]+)$/i.exec(text)
  if (match === null) return null
  const unit = match[2]!.toLowerCase()
  return Object.hasOwn(units, unit) ? Number(match[1]) * units[unit]! : null
}

function numberList(text: string): number[] | null {
  const numbers: number[] = []
  for (const part of text.split(',')) {
    const match = /^\s*(\d{1,15})(?:-(\d{1,15}))?\s*$/.exec(part)
    if (match === null) return null
    const first = Number(match[1])
    const last = match[2] === undefined ? first : Number(match[2])
    if (first < 1 || last < first || last - first + numbers.length >= MAX_LISTED) return null
    for (let n = first; n <= last; n++) numbers.push(n)
  }
  return numbers
}

function yesOrNo(text: string): boolean | null {
  if (text === '' || text === 'yes' || text === 'true') return true
  return text === 'no' || text === 'false' ? false : null
}

function inRange(value: number, low: number, high: number): number | null {
  return value >= low && value <= high ? value : null
}

function present<T>(value: T | null, then: (value: T) => ImpairmentOptions): ImpairmentOptions | null {
  return value === null ? null : then(value)
}
