/**
 * Reads what tcpdump printed, alone or in the midst of other text: each line that is a TCP packet becomes one, with
 * headers made from its words and the length of its text (which was not captured), or with the octets that -x printed.
 * Other lines are passed over and counted.
 *
 * Packets are told only when the lines behind them are known, as many as LOOK_AHEAD: what a number or a time counts from
 * shows in what follows.
 */

import type { Address } from '../wire/address.ts'
import * as links from '../wire/linktype.ts'
import {
  type CaptureError,
  type CaptureInterface,
  captureError,
  NO_COMMENTS,
  plainInterface,
} from './capture-file.ts'
import { CaptureNotes } from './capture-notes.ts'
import { MadeEnds, type PortOf } from './made-ends.ts'
import { ETHERNET_HEADER, makePacket } from './made-packet.ts'
import type { CaptureParser, CaptureRecord, RecordCallback, Window } from './record.ts'
import { carriesPorts, HexOctets, judgeOctets, readHexLine } from './text-hex.ts'
import {
  endsInIpHeader,
  hasSegment,
  readTextLine,
  type TextLine,
  type TextTime,
  timeOf,
} from './text-line.ts'
import { type PrintedNumbers, TextNumbers } from './text-numbers.ts'
import { readOptionsText } from './text-options.ts'
import { TextClock } from './text-time.ts'
import { decodeUtf8 } from './utf8.ts'

const LOOK_AHEAD = 64
/** What is behind so many octets of a line is not looked at. */
const MAX_LINE = 16 * 1024
const NEWLINE = 0x0a
const NO_TEXT = new Uint8Array(0)

/** A packet whose lines were read. */
interface Draft extends PrintedNumbers {
  /** null: of another protocol, which only octets can tell. */
  readonly line: TextLine | null
  readonly time: TextTime | null
  readonly source: Address | null
  readonly destination: Address | null
  readonly sourcePort: number
  readonly destinationPort: number
  readonly hex: HexOctets
}

interface Made {
  readonly octets: Uint8Array
  readonly originalLength: number
  readonly linkType: number
}

export class TextParser implements CaptureParser {
  readonly format = 'text'
  readonly interfaces: CaptureInterface[] = []
  readonly notes = new CaptureNotes()
  readonly needed = MAX_LINE + 1
  readonly #ends: MadeEnds
  readonly #numbers = new TextNumbers()
  readonly #clock = new TextClock(this.notes)
  readonly #drafts: Draft[] = []
  /** An IPv4 header as -v prints it, which the next line goes on from. */
  #header = ''
  #isInLongLine = false
  #lines = 0
  #firstPassedOver = 0
  #otherProtocols = 0

  constructor(portOf?: PortOf) {
    this.#ends = new MadeEnds(this.notes, portOf)
  }

  parse(window: Window, record: CaptureRecord, onRecord: RecordCallback): CaptureError | null {
    const { bytes, end } = window
    for (;;) {
      const found = bytes.indexOf(NEWLINE, window.start)
      const isWhole = found >= 0 && found < end
      const stop = isWhole ? found : end
      if (!isWhole && !window.isLast && stop - window.start <= MAX_LINE) break
      if (!isWhole && stop === window.start) break
      if (!this.#isInLongLine) {
        this.#readLine(lineText(bytes, window.start, Math.min(stop, window.start + MAX_LINE)))
      }
      this.#isInLongLine = !isWhole
      window.start = isWhole ? stop + 1 : stop
      while (this.#drafts.length > LOOK_AHEAD) this.#tellFirst(record, onRecord)
    }
    if (!window.isLast) return null
    this.tellAll(record, onRecord)
    return this.#summary(window.base + window.start, record)
  }

  /** Nothing more is to be waited for: tells of the packets whose lines were read. */
  tellAll(record: CaptureRecord, onRecord: RecordCallback): void {
    while (this.#drafts.length > 0) this.#tellFirst(record, onRecord)
  }

  #readLine(text: string): void {
    this.#lines++
    const header = this.#header
    this.#header = ''
    const hex = readHexLine(text)
    if (hex !== null && this.#drafts.length > 0) return this.#drafts.at(-1)!.hex.add(hex)
    if (hasSegment(text)) {
      const line = readTextLine(header === '' ? text : `${header} ${text.trimStart()}`)
      return line === null || !this.#draft(line) ? this.#passOver() : undefined
    }
    // The second line of another protocol's packet has been counted with its first.
    if (header !== '' && /^\s/.test(text)) return
    const time = /^ ?\d/.test(text) ? timeOf(text.slice(0, 40)) : null
    if (endsInIpHeader(text)) {
      if (text.includes('proto TCP')) this.#header = text
      else this.#other(time)
    } else if (time !== null) this.#other(time)
    else if (text.trim() !== '') this.#passOver()
  }

  #passOver(): void {
    if (this.notes.linesPassedOver === 0) this.#firstPassedOver = this.#lines
    this.notes.linesPassedOver++
  }

  /** A packet of another protocol: kept where octets follow it. */
  #other(time: TextTime | null): void {
    const ends = { source: null, destination: null, sourcePort: 0, destinationPort: 0, from: '', to: '' }
    const numbers = { flags: 0, seq: null, ack: null, length: 0 }
    this.#drafts.push({ line: null, time, ...ends, ...numbers, hex: new HexOctets() })
  }

  /** @returns false where an end has no address, or no port. */
  #draft(line: TextLine): boolean {
    const source = this.#ends.address(line.source, line.version)
    const destination = this.#ends.address(line.destination, line.version)
    const [sourcePort, destinationPort] = [
      this.#ends.port(line.sourcePort),
      this.#ends.port(line.destinationPort),
    ]
    if (source === null || destination === null || sourcePort === null || destinationPort === null)
      return false
    const { time, flags, seq, ack, length } = line
    const [from, to] = [`${source}.${sourcePort}`, `${destination}.${destinationPort}`]
    const ends = { source, destination, sourcePort, destinationPort, from, to }
    this.#drafts.push({ line, time, ...ends, flags, seq, ack, length, hex: new HexOctets() })
    return true
  }

  #tellFirst(record: CaptureRecord, onRecord: RecordCallback): void {
    const draft = this.#drafts.shift()!
    const { line, hex } = draft
    if (line === null && hex.octets.length === 0) {
      this.#otherProtocols++
      return
    }
    const times = this.#drafts.map(({ time }) => time)
    this.#clock.set(record, draft.time, times)
    const made = fromHex(draft) ?? this.#fromWords(draft)
    const name = line?.link.interfaceName ?? ''
    record.bytes = made.octets
    record.view = new DataView(made.octets.buffer)
    record.start = 0
    record.length = made.octets.length
    record.originalLength = made.originalLength
    record.linkType = made.linkType
    record.interfaceIndex = this.#interfaceOf(made.linkType, name)
    record.direction = line?.link.direction ?? null
    record.comments = NO_COMMENTS
    record.dropsBefore = -1
    record.number++
    onRecord(record)
  }

  #fromWords(draft: Draft): Made {
    const line = draft.line!
    const numbers = this.#numbers.resolve(draft, this.#drafts)
    const { octets, edges, unknown } = readOptionsText(line.options)
    for (const words of unknown)
      this.notes.say(`the option "${words.slice(0, 60)}" is none that is known: left out`)
    const options = Uint8Array.from(octets)
    const view = new DataView(options.buffer)
    for (const at of edges) view.setUint32(at, view.getUint32(at) + numbers.edgeBase)
    const made = makePacket({
      ...line,
      source: draft.source!,
      destination: draft.destination!,
      sourcePort: draft.sourcePort,
      destinationPort: draft.destinationPort,
      seq: numbers.seq,
      ack: numbers.ack,
      options,
      textLength: line.length,
      text: NO_TEXT,
      ethernet: line.link.addresses,
    })
    const isEthernet = line.link.addresses !== null
    return {
      octets: made.octets,
      originalLength: Math.max(made.originalLength, Math.min(line.link.length, made.originalLength + 64)),
      linkType: isEthernet ? links.LINKTYPE_ETHERNET : links.LINKTYPE_RAW,
    }
  }

  #interfaceOf(linkType: number, name: string): number {
    const known = this.interfaces.findIndex((one) => one.linkType === linkType && one.name === name)
    if (known >= 0) return known
    if (this.interfaces.length === MOST_INTERFACES) return this.#interfaceOf(linkType, '')
    this.interfaces.push({ ...plainInterface(linkType, 0), name })
    return this.interfaces.length - 1
  }

  #summary(end: number, record: CaptureRecord): CaptureError | null {
    const { notes } = this
    if (record.number === 0) {
      const expected = 'the magic number of a pcap, pcapng or snoop file, or lines that tcpdump printed'
      return captureError(
        0,
        expected,
        `${this.#lines} ${this.#lines === 1 ? 'line' : 'lines'} in ${end} octets, none of them a packet`,
      )
    }
    const count = notes.linesPassedOver
    if (count > 0) {
      notes.say(
        `${count} ${count === 1 ? 'line is no packet' : 'lines are no packets'} of tcpdump's and passed over, the first of them line ${this.#firstPassedOver}`,
      )
    }
    if (this.#otherProtocols > 0)
      notes.say(
        `${this.#otherProtocols} packets of other protocols are not told: only TCP is made from words`,
      )
    return null
  }
}

/** Beyond that names of interfaces are not told apart. */
const MOST_INTERFACES = 256

/** The octets that were printed, if they are the packet's; -x prints none of the link's, which -e has in words. */
function fromHex({ hex, line, sourcePort, destinationPort }: Draft): Made | null {
  if (hex.octets.length === 0) return null
  const judged = judgeOctets(hex.octets)
  if (line !== null && !carriesPorts(hex.octets, judged, sourcePort, destinationPort)) return null
  const addresses = line?.link.addresses ?? null
  if (addresses === null || judged.linkType !== links.LINKTYPE_RAW) {
    const { linkType, originalLength } = judged
    return { octets: Uint8Array.from(hex.octets), originalLength, linkType }
  }
  const octets = new Uint8Array(ETHERNET_HEADER + hex.octets.length)
  octets.set(addresses)
  octets.set(line!.version === 4 ? [0x08, 0x00] : [0x86, 0xdd], 12)
  octets.set(hex.octets, ETHERNET_HEADER)
  const originalLength = Math.max(ETHERNET_HEADER + judged.originalLength, line!.link.length)
  return { octets, originalLength, linkType: links.LINKTYPE_ETHERNET }
}

function lineText(bytes: Uint8Array, start: number, end: number): string {
  const stop = end > start && bytes[end - 1] === 0x0d ? end - 1 : end
  const text = decodeUtf8(bytes, start, stop)
  return text.includes('&gt;') ? text.replaceAll('&gt;', '>') : text
}

/** Whether these octets may be text: no zeros and no control characters but those of lines, and a letter or more. */
export function looksLikeText(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < Math.min(end, start + LOOKED_AT); at++) {
    const octet = bytes[at]!
    if (octet < 0x20 && octet !== 0x09 && octet !== 0x0a && octet !== 0x0d && octet !== 0x0c) return false
  }
  return end > start
}

/** As many as every file shows at once, however its octets come. */
const LOOKED_AT = 8
