/** Forged packets from plain data: what their fields may be. */

import { hexOctets } from '../capture/text-options.ts'
import { parseAddress } from '../wire/address.ts'
import { MAX_SACK_BLOCKS } from '../wire/segment.ts'
import { sackBlocksThatFit, TCP_HEADER_LENGTH, TCP_MAX_HEADER_LENGTH, tcpHeaderLength } from '../wire/tcp.ts'
import { type Data, flag, list, MAX_AT_US, object, pair, shown, side, UINT32, whole } from './checks.ts'
import {
  type ForgedError,
  type ForgedSegment,
  forgedOptions,
  forgedText,
  ICMP_ERRORS,
  type IcmpError,
  segmentOf,
} from './forged.ts'
import type { Intervention } from './lab-config.ts'
import { LabError } from './lab-error.ts'

type Forged = Extract<Intervention, { kind: 'inject' | 'icmp' }>

const UINT16 = 65_535
const MAX_TEXT = 1400
const MAX_OPTIONS = TCP_MAX_HEADER_LENGTH - TCP_HEADER_LENGTH

/** The most that each field of a forged segment takes that every segment has. */
export const SEGMENT_BOUNDS = {
  srcPort: UINT16,
  dstPort: UINT16,
  seq: UINT32,
  ack: UINT32,
  flags: 0xfff,
  window: UINT16,
  urgentPointer: UINT16,
  length: MAX_TEXT,
} as const

/** The same of fields that may be absent. */
export const OPTION_BOUNDS = { mss: UINT16, windowScale: 255, dataOffset: 15 } as const

/** The most that each number of a forged ICMP error takes. */
export const ERROR_BOUNDS: Readonly<Record<keyof Omit<ForgedError, 'says'>, number>> = {
  ...{ mtu: UINT16, srcPort: UINT16, dstPort: UINT16, seq: UINT32 },
  length: 65_000,
}

const OTHERS = ['text', 'sackPermitted', 'timestamps', 'sack', 'options', 'badChecksum']
const NAMES = [...Object.keys(SEGMENT_BOUNDS), ...Object.keys(OPTION_BOUNDS), ...OTHERS]

/**
 * @param given of kind 'inject' or 'icmp'.
 * @throws LabError naming the place and what is expected there.
 */
export function checkForged(given: unknown, place: string, ipv6: boolean): Forged {
  const kind = object(given, place, null).kind as Forged['kind']
  const what = kind === 'inject' ? 'segment' : 'error'
  const data = object(given, place, ['kind', 'atUs', 'to', 'from', what])
  const common = {
    atUs: whole(data.atUs, `${place}.atUs`, 0, MAX_AT_US),
    to: side(data.to, `${place}.to`),
    ...(data.from !== undefined && { from: addressOf(data.from, `${place}.from`, ipv6) }),
  }
  if (kind === 'inject') return { kind, ...common, segment: checkSegment(data.segment, `${place}.segment`) }
  return { kind, ...common, error: checkError(data.error, `${place}.error`, ipv6) }
}

function addressOf(given: unknown, place: string, ipv6: boolean): string {
  const address = typeof given === 'string' ? parseAddress(given) : null
  if (address === null || (address.version === 6) !== ipv6)
    throw new LabError(place, `expected an address of ${ipv6 ? 'IPv6' : 'IPv4'}, not ${shown(given)}`)
  return given as string
}

/** @throws LabError naming the field and what is expected there. */
export function checkSegment(given: unknown, place: string): ForgedSegment {
  const data = object(given, place, NAMES)
  const always = Object.entries(SEGMENT_BOUNDS).map(([name, most]) => {
    return [name, whole(data[name] ?? 0, `${place}.${name}`, 0, most)]
  })
  const numbers = Object.entries(OPTION_BOUNDS)
    .filter(([name]) => data[name] !== undefined)
    .map(([name, most]) => [name, whole(data[name], `${place}.${name}`, 0, most)])
  const segment = {
    ...Object.fromEntries([...always, ...numbers]),
    ...otherFields(data, place),
  } as ForgedSegment
  checkText(segment, place)
  checkRoom(segment, place)
  return segment
}

function otherFields(
  { text, sackPermitted, timestamps, sack, options, badChecksum }: Data,
  place: string,
): object {
  const edges = (one: unknown, where: string): [number, number] => {
    const [first, second] = pair(one, where)
    return [whole(first, `${where}[0]`, 0, UINT32), whole(second, `${where}[1]`, 0, UINT32)]
  }
  if (text !== undefined && (typeof text !== 'string' || text === ''))
    throw new LabError(`${place}.text`, `expected a text, not ${shown(text)}`)
  if (options !== undefined && (typeof options !== 'string' || hexOctets(options) === null))
    throw new LabError(`${place}.options`, `expected pairs of hexadecimal digits, not ${shown(options)}`)
  return {
    ...(text !== undefined && { text }),
    ...(options !== undefined && { options }),
    ...(sackPermitted !== undefined && { sackPermitted: flag(sackPermitted, `${place}.sackPermitted`) }),
    ...(badChecksum !== undefined && { badChecksum: flag(badChecksum, `${place}.badChecksum`) }),
    ...(timestamps !== undefined && { timestamps: edges(timestamps, `${place}.timestamps`) }),
    ...(sack !== undefined && {
      sack: list(sack, `${place}.sack`, MAX_SACK_BLOCKS).map((one, i) => edges(one, `${place}.sack[${i}]`)),
    }),
  }
}

function checkText(segment: ForgedSegment, place: string): void {
  if (segment.text === undefined) return
  if (segment.length !== 0) throw new LabError(`${place}.length`, 'expected 0 beside a text of its own')
  const { length } = forgedText(segment)
  if (length > MAX_TEXT)
    throw new LabError(`${place}.text`, `expected at most ${MAX_TEXT} octets, not ${length}`)
}

function checkRoom(forged: ForgedSegment, place: string): void {
  const segment = segmentOf(forged)
  const fitting = sackBlocksThatFit(segment)
  if (fitting < segment.sackBlocks)
    throw new LabError(`${place}.sack`, `expected at most ${fitting} blocks beside the other options`)
  const octets = tcpHeaderLength(segment) - TCP_HEADER_LENGTH + forgedOptions(forged).length
  if (octets > MAX_OPTIONS)
    throw new LabError(
      `${place}.options`,
      `expected at most ${MAX_OPTIONS} octets of options in all, not ${octets}`,
    )
}

function checkError(given: unknown, place: string, ipv6: boolean): ForgedError {
  const data = object(given, place, ['says', ...Object.keys(ERROR_BOUNDS)])
  const known = Object.keys(ICMP_ERRORS).filter((name) => !ipv6 || ICMP_ERRORS[name as IcmpError].v6 !== null)
  if (typeof data.says !== 'string' || !known.includes(data.says))
    throw new LabError(`${place}.says`, `expected one of ${known.join(', ')}, not ${shown(data.says)}`)
  const numbers = Object.entries(ERROR_BOUNDS).map(([name, most]) => {
    return [name, whole(data[name] ?? 0, `${place}.${name}`, 0, most)]
  })
  return { says: data.says as IcmpError, ...(Object.fromEntries(numbers) as Omit<ForgedError, 'says'>) }
}
