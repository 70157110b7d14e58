/** Second readers of pcap, pcapng and snoop, written from their documents: numbers from lists of octets, times as big integers. */

import { decodeUtf8 } from '../../src/capture/utf8.ts'

export interface PlainPacket {
  readonly at: number
  readonly restNs: number
  readonly linkType: number
  readonly interfaceIndex: number
  readonly originalLength: number
  readonly direction: 'inbound' | 'outbound' | null
  readonly comments: readonly string[]
  readonly bytes: readonly number[]
}

interface PlainInterface {
  readonly linkType: number
  readonly snapLength: number
  readonly name: string
}

export interface PlainFile {
  readonly interfaces: readonly PlainInterface[]
  readonly packets: readonly PlainPacket[]
  readonly isWhole: boolean
}

/** Most octets of a packet that a reader believes in. */
const MOST_CAPTURED = 262_144

class Numbers {
  readonly octets: readonly number[]
  readonly isLittle: boolean

  constructor(octets: readonly number[], isLittle: boolean) {
    this.octets = octets
    this.isLittle = isLittle
  }

  /** The number of two or four octets, or what is there of them. */
  at(place: number, length = 4): number {
    const piece = this.octets.slice(place, place + length)
    return (this.isLittle ? piece.reverse() : piece).reduce((sum, octet) => sum * 256 + octet, 0)
  }
}

/** Classic pcap by its draft: a header of 24 octets, then 16 (24 in a patched libpcap) and the packet, again and again. */
export function referencePcap(input: Uint8Array): PlainFile {
  const octets = [...input]
  const isLittle = octets[0] === 0xd4 || octets[0] === 0x4d || octets[0] === 0x34
  const numbers = new Numbers(octets, isLittle)
  const number = (at: number, length: number): number => numbers.at(at, length)
  const magic = number(0, 4)
  const isNano = magic === 0xa1b23c4d
  const packets: PlainPacket[] = []
  const head = magic === 0xa1b2cd34 ? 24 : 16
  if (!isNano && magic !== 0xa1b2c3d4 && head !== 24) return { interfaces: [], packets, isWhole: false }
  if (number(4, 2) !== 2 || octets.length < 24) return { interfaces: [], packets, isWhole: false }
  const linkType = number(20, 4) % 65_536
  const interfaces = [{ linkType, snapLength: number(16, 4), name: '' }]
  const minor = number(6, 2)
  let at = 24
  while (at < octets.length) {
    if (at + head > octets.length) return { interfaces, packets, isWhole: false }
    const lengths = [number(at + 8, 4), number(at + 12, 4)]
    if (minor < 3 || (minor === 3 && lengths[0]! > lengths[1]!)) lengths.reverse()
    const [captured, original] = lengths as [number, number]
    if (captured > MOST_CAPTURED || at + head + captured > octets.length)
      return { interfaces, packets, isWhole: false }
    const fraction = number(at + 4, 4)
    packets.push({
      at: number(at, 4) * 1e6 + (isNano ? Math.floor(fraction / 1000) : fraction),
      restNs: isNano ? fraction % 1000 : 0,
      linkType,
      interfaceIndex: 0,
      originalLength: original,
      direction: null,
      comments: [],
      bytes: octets.slice(at + head, at + head + captured),
    })
    at += head + captured
  }
  return { interfaces, packets, isWhole: true }
}

/** snoop by RFC 1761: a header of 16 octets, then records that say their own length. */
export function referenceSnoop(input: Uint8Array): PlainFile {
  const numbers = new Numbers([...input], false)
  const linkType = [undefined, undefined, 6, undefined, 1, undefined, undefined, undefined, 10, 104][
    numbers.at(12)
  ]
  const packets: PlainPacket[] = []
  if (input.length < 16 || numbers.at(8) !== 2 || linkType === undefined) {
    return { interfaces: [], packets, isWhole: false }
  }
  const interfaces = [{ linkType, snapLength: 0, name: '' }]
  let at = 16
  while (at < input.length) {
    const [original, captured, length] = [numbers.at(at), numbers.at(at + 4), numbers.at(at + 8)]
    const isSound =
      captured <= MOST_CAPTURED && length >= captured + 24 && length <= captured + 24 + MOST_CAPTURED
    if (at + 24 > input.length || !isSound || at + length > input.length)
      return { interfaces, packets, isWhole: false }
    const bytes = [...input.slice(at + 24, at + 24 + captured)]
    const time = numbers.at(at + 16) * 1e6 + numbers.at(at + 20)
    packets.push({
      ...{ at: time, restNs: 0, linkType, interfaceIndex: 0, originalLength: original },
      ...{ direction: null, comments: [], bytes },
    })
    at += length
  }
  return { interfaces, packets, isWhole: true }
}

interface Section {
  readonly interfaces: PlainInterface[]
  readonly clocks: { readonly ticks: bigint; readonly offset: bigint }[]
  readonly packets: PlainPacket[]
  /** Interfaces of the sections before. */
  first: number
}

/** pcapng: blocks of type, length, body and length again, in the order of octets that each section names. */
export function referencePcapng(input: Uint8Array): PlainFile {
  const octets = [...input]
  const all: Section = { interfaces: [], clocks: [], packets: [], first: 0 }
  const { interfaces, packets } = all
  let isLittle = true
  for (let at = 0; at < octets.length; ) {
    const left = octets.length - at
    const type = new Numbers(octets, isLittle).at(at)
    if (type === 0x0a0d0d0a && left >= 12) {
      const magic = octets.slice(at + 8, at + 12).join()
      isLittle = magic === '77,60,43,26'
      if (!isLittle && magic !== '26,43,60,77') return { interfaces, packets, isWhole: false }
    }
    const numbers = new Numbers(octets, isLittle)
    const total = left < 12 ? 0 : numbers.at(at + 4)
    const isSound = total >= 12 && total % 4 === 0 && total <= left && numbers.at(at + total - 4) === total
    const body = new Numbers(octets.slice(at + 8, at + total - 4), isLittle)
    if (!isSound || !takeBlock(all, type, body)) return { interfaces, packets, isWhole: false }
    at += total
  }
  return { interfaces, packets, isWhole: true }
}

/** @returns false where the block is damaged. */
function takeBlock(all: Section, type: number, body: Numbers): boolean {
  const { length } = body.octets
  switch (type) {
    case 0x0a0d0d0a:
      if (length < 16 || body.at(4, 2) !== 1 || optionsFrom(body, 16) === null) return false
      all.first = all.interfaces.length
      return true
    case 1:
      return length >= 8 && takeInterface(all, body)
    case 2:
      return length >= 20 && takePacket(all, body, body.at(0, 2))
    case 6:
      return length >= 20 && takePacket(all, body, body.at(0))
    case 3:
      return length >= 4 && takeSimple(all, body)
    case 4:
      return namesAreSound(body)
    case 5:
      return length >= 12 && all.first + body.at(0) < all.interfaces.length && optionsFrom(body, 12) !== null
    case 10:
      return length >= 8 && body.at(4) <= length - 8
    case 0xbad:
    case 0x40000bad:
      return length >= 4
    default:
      return true
  }
}

/** Records of names: type, length, and what is in them; addresses have 4 or 16 octets. */
function namesAreSound(body: Numbers): boolean {
  for (let at = 0; at + 4 <= body.octets.length; at += 4 + 4 * Math.ceil(body.at(at + 2, 2) / 4)) {
    const [type, length] = [body.at(at, 2), body.at(at + 2, 2)]
    if (type === 0) break
    const least = [0, 4, 16][type] ?? 0
    if (length < least || at + 4 + length > body.octets.length) return false
  }
  return true
}

type Option = readonly [code: number, value: readonly number[]]

/** null where one of them does not fit. */
function optionsFrom(body: Numbers, from: number): Option[] | null {
  const { octets } = body
  const options: Option[] = []
  for (let at = from; at + 4 <= octets.length; ) {
    const code = body.at(at, 2)
    const length = body.at(at + 2, 2)
    if (code === 0) break
    if (at + 4 + length > octets.length) return null
    options.push([code, octets.slice(at + 4, at + 4 + length)])
    at += 4 + 4 * Math.ceil(length / 4)
  }
  return options
}

const text = (value: readonly number[]): string => decodeUtf8(Uint8Array.from(value), 0, value.length)

function takeInterface(all: Section, body: Numbers): boolean {
  const options = optionsFrom(body, 8)
  if (options === null) return false
  // Of several options of a kind the last one counts.
  const find = (code: number, length: number | null): readonly number[] | undefined =>
    options.filter(([one, { length: n }]) => one === code && (length === null || n === length)).at(-1)?.[1]
  const resolution = find(9, 1)?.[0] ?? 6
  const offset = find(14, 8)
  const ticks = resolution >= 128 ? 2n ** BigInt(resolution - 128) : 10n ** BigInt(resolution)
  const [a, b] = offset === undefined ? [0, 0] : wordsOf(offset, body)
  const whole = BigInt.asIntN(64, (BigInt(a) << 32n) + BigInt(b))
  all.clocks.push({ ticks, offset: whole })
  all.interfaces.push({ linkType: body.at(0, 2), snapLength: body.at(4), name: text(find(2, null) ?? []) })
  return true
}

/** The upper and the lower half of eight octets. */
function wordsOf(octets: readonly number[], body: Numbers): [number, number] {
  const isLittle = body.isLittle
  const numbers = new Numbers(octets, isLittle)
  return isLittle ? [numbers.at(4), numbers.at(0)] : [numbers.at(0), numbers.at(4)]
}

function takePacket(all: Section, body: Numbers, number: number): boolean {
  const interfaceIndex = all.first + number
  const link = all.interfaces[interfaceIndex]
  const clock = all.clocks[interfaceIndex]
  const captured = body.at(12)
  if (link === undefined || clock === undefined) return false
  if (captured > Math.min(MOST_CAPTURED, body.octets.length - 20)) return false
  const options = optionsFrom(body, 20 + 4 * Math.ceil(captured / 4))
  if (options === null) return false
  const ticks = BigInt(body.at(4)) * 2n ** 32n + BigInt(body.at(8))
  const ns = (ticks * 10n ** 9n) / clock.ticks + clock.offset * 10n ** 9n
  const restNs = ((ns % 1000n) + 1000n) % 1000n
  const flags = options.filter(([code, { length }]) => code === 2 && length === 4).at(-1)?.[1]
  const bits = flags === undefined ? 0 : new Numbers(flags, body.isLittle).at(0) % 4
  all.packets.push({
    at: Number((ns - restNs) / 1000n),
    restNs: Number(restNs),
    linkType: link.linkType,
    interfaceIndex,
    originalLength: body.at(16),
    direction: bits === 1 ? 'inbound' : bits === 2 ? 'outbound' : null,
    comments: options.filter(([code]) => code === 1).map(([, value]) => text(value)),
    bytes: body.octets.slice(20, 20 + captured),
  })
  return true
}

function takeSimple(all: Section, body: Numbers): boolean {
  const link = all.interfaces[all.first]
  if (link === undefined) return false
  const originalLength = body.at(0)
  const captured = link.snapLength === 0 ? originalLength : Math.min(originalLength, link.snapLength)
  if (captured > Math.min(MOST_CAPTURED, body.octets.length - 4)) return false
  all.packets.push({
    at: 0,
    restNs: 0,
    linkType: link.linkType,
    interfaceIndex: all.first,
    originalLength,
    direction: null,
    comments: [],
    bytes: body.octets.slice(4, 4 + captured),
  })
  return true
}
