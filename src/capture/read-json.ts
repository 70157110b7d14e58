/**
 * Reads tshark's JSON: -T json, -T jsonraw and -T ek, an object a packet. With -x, and in jsonraw, the octets are there;
 * else headers are made from the fields of IP and TCP, and the text is what `tcp.payload` says.
 */

import { type Address, parseAddress } from '../wire/address.ts'
import * as links from '../wire/linktype.ts'
import {
  type CaptureError,
  type CaptureInterface,
  captureError,
  MAX_CAPTURED_LENGTH,
  NO_COMMENTS,
  plainInterface,
} from './capture-file.ts'
import { CaptureNotes } from './capture-notes.ts'
import { isObject, JsonFields } from './json-fields.ts'
import { JsonRecords } from './json-records.ts'
import { type MadePacket, makePacket } from './made-packet.ts'
import type { CaptureParser, CaptureRecord, RecordCallback, Window } from './record.ts'

const NO_OCTETS = new Uint8Array(0)
const WORD = 0xffff_ffff
const HALF = 0xffff
const NANOSECONDS = 9
const MOST_INTERFACES = 4096

/** Link types by Wireshark's numbers for them (frame.encap_type). */
const LINK_TYPES: Readonly<Record<number, number>> = {
  1: links.LINKTYPE_ETHERNET,
  4: links.LINKTYPE_PPP,
  5: links.LINKTYPE_FDDI,
  6: links.LINKTYPE_FDDI,
  7: links.LINKTYPE_RAW,
  8: links.LINKTYPE_ARCNET,
  9: links.LINKTYPE_ARCNET_LINUX,
  15: links.LINKTYPE_NULL,
  19: links.LINKTYPE_PPP_WITH_DIRECTION,
  20: links.LINKTYPE_IEEE802_11,
  23: links.LINKTYPE_IEEE802_11_RADIOTAP,
  25: links.LINKTYPE_LINUX_SLL,
  28: links.LINKTYPE_CHDLC,
  29: links.LINKTYPE_PPP_HDLC,
  32: links.LINKTYPE_LOOP,
  129: links.LINKTYPE_IPV4,
  130: links.LINKTYPE_IPV6,
  180: links.LINKTYPE_IPOIB,
  210: links.LINKTYPE_LINUX_SLL2,
}

/** Where no number says it, the outermost layer does. */
const LINK_LAYERS: Readonly<Record<string, number>> = {
  eth: links.LINKTYPE_ETHERNET,
  sll: links.LINKTYPE_LINUX_SLL,
  raw: links.LINKTYPE_RAW,
  ip: links.LINKTYPE_RAW,
  ipv6: links.LINKTYPE_RAW,
  null: links.LINKTYPE_NULL,
  ppp: links.LINKTYPE_PPP,
  radiotap: links.LINKTYPE_IEEE802_11_RADIOTAP,
  wlan: links.LINKTYPE_IEEE802_11,
}

export class JsonParser implements CaptureParser {
  readonly format = 'json'
  readonly interfaces: CaptureInterface[] = []
  readonly notes = new CaptureNotes()
  readonly needed = 1
  readonly #records = new JsonRecords()
  #untold = 0
  #untimed = 0

  parse(window: Window, record: CaptureRecord, onRecord: RecordCallback): CaptureError | null {
    const error = this.#records.next(window, (text, at) => this.#take(text, at, record, onRecord))
    if (error !== null || window.isLast) this.#summary()
    return error
  }

  #take(text: string, at: number, record: CaptureRecord, onRecord: RecordCallback): CaptureError | null {
    let object: unknown
    try {
      object = JSON.parse(text)
    } catch (error) {
      return captureError(at, 'an object of JSON', (error as Error).message)
    }
    if (!isObject(object)) return captureError(at, 'an object', typeof object)
    // -T ek writes a line for Elasticsearch before each packet.
    if (isObject(object.index)) return null
    const source = object._source
    const layers = isObject(source) ? source.layers : object.layers
    if (!isObject(layers)) {
      return captureError(at, 'a packet with layers, as tshark -T json, jsonraw or ek writes it', 'none')
    }
    this.#tell(new JsonFields(layers), record, onRecord)
    return null
  }

  #tell(fields: JsonFields, record: CaptureRecord, onRecord: RecordCallback): void {
    const frame = fields.frame()
    const made = frame === null ? makeFromFields(fields) : { octets: frame, originalLength: frame.length }
    if (made === null || made.octets.length > MAX_CAPTURED_LENGTH) {
      this.#untold++
      return
    }
    const onWire = fields.number('frame.len', 0x7fff_ffff) ?? 0
    const isBare = frame === null && !fields.has('eth')
    const linkType =
      frame !== null ? linkTypeOf(fields) : isBare ? links.LINKTYPE_RAW : links.LINKTYPE_ETHERNET
    if (!setTime(record, fields)) this.#untimed++
    record.bytes = made.octets
    record.view = new DataView(made.octets.buffer)
    record.start = 0
    record.length = made.octets.length
    // The frame's length counts a link header that a packet without Ethernet was not given.
    record.originalLength = isBare ? made.originalLength : Math.max(made.originalLength, onWire)
    record.linkType = linkType
    const name = fields.text('frame.interface_name', 'frame.interface_id_tree') ?? ''
    record.interfaceIndex = this.#interfaceOf(linkType, name)
    record.direction = null
    record.comments = commentsOf(fields)
    record.dropsBefore = -1
    record.number++
    onRecord(record)
  }

  #interfaceOf(linkType: number, name: string): number {
    const known = this.interfaces.findIndex((one) => one.linkType === linkType && one.name === name)
    if (known >= 0) return known
    if (this.interfaces.length >= MOST_INTERFACES && name !== '') return this.#interfaceOf(linkType, '')
    this.interfaces.push({ ...plainInterface(linkType, 0, NANOSECONDS), name })
    return this.interfaces.length - 1
  }

  #summary(): void {
    if (this.#untold > 0)
      this.notes.say(
        `${this.#untold} packets have neither octets (tshark -x) nor fields of IP and TCP: not told`,
      )
    if (this.#untimed > 0)
      this.notes.say(
        `${this.#untimed} packets have no time (frame.time_epoch): each has that of the one before`,
      )
    this.#untold = 0
    this.#untimed = 0
  }
}

function linkTypeOf(fields: JsonFields): number {
  const encapsulation = fields.number('frame.encap_type', HALF)
  if (encapsulation !== null) return LINK_TYPES[encapsulation] ?? links.LINKTYPE_ETHERNET
  for (const name of Object.keys(fields.layers)) {
    const layer = name.replace(/_raw$/, '')
    if (layer !== 'frame') return LINK_LAYERS[layer] ?? links.LINKTYPE_ETHERNET
  }
  return links.LINKTYPE_ETHERNET
}

/** @returns false where there is no time. */
function setTime(record: CaptureRecord, fields: JsonFields): boolean {
  const match = /^(-?\d{1,12})\.(\d{1,9})$/.exec(fields.text('frame.time_epoch') ?? '')
  if (match === null) return false
  const nanoseconds = Number(match[2]!.padEnd(9, '0'))
  const isBefore = match[1]!.startsWith('-') && nanoseconds > 0
  record.seconds = Number(match[1]) - (isBefore ? 1 : 0)
  record.nanoseconds = isBefore ? 1e9 - nanoseconds : nanoseconds
  return true
}

function commentsOf(fields: JsonFields): readonly string[] {
  const comment =
    fields.text('frame.comment', 'frame.comment_tree') ?? fields.text('pkt_comment.frame.comment')
  return comment === null ? NO_COMMENTS : [comment]
}

/** null where the fields of IP or TCP are missing. */
function makeFromFields(fields: JsonFields): MadePacket | null {
  const version = fields.has('ip') ? 4 : 6
  const ip = version === 4 ? 'ip' : 'ipv6'
  const [source, destination] = [addressIn(fields, `${ip}.src`), addressIn(fields, `${ip}.dst`)]
  const sourcePort = fields.number('tcp.srcport', HALF)
  const destinationPort = fields.number('tcp.dstport', HALF)
  if (source?.version !== version || destination?.version !== version) return null
  if (sourcePort === null || destinationPort === null) return null
  const text = fields.octets('tcp.payload') ?? NO_OCTETS
  const trafficClass = fields.number('ipv6.tclass', WORD) ?? 0
  return makePacket({
    ...{ source, destination, sourcePort, destinationPort },
    seq: fields.number('tcp.seq_raw', WORD) ?? fields.number('tcp.seq', WORD) ?? 0,
    ack: fields.number('tcp.ack_raw', WORD) ?? fields.number('tcp.ack', WORD) ?? 0,
    flags: fields.number('tcp.flags', HALF) ?? 0,
    window: fields.number('tcp.window_size_value', HALF) ?? 0,
    urgentPointer: fields.number('tcp.urgent_pointer', HALF) ?? 0,
    options: fields.octets('tcp.options') ?? NO_OCTETS,
    textLength: fields.number('tcp.len', 0x7fff_ffff) ?? text.length,
    text: text.length > MAX_CAPTURED_LENGTH ? NO_OCTETS : text,
    checksum: fields.number('tcp.checksum', HALF),
    tos: (version === 4 ? (fields.number('ip.dsfield', 0xff) ?? 0) : trafficClass) & 0xff,
    ttl: fields.number(version === 4 ? 'ip.ttl' : 'ipv6.hlim', 0xff) ?? 0,
    identification: fields.number('ip.id', HALF) ?? 0,
    dontFragment: fields.number('ip.flags.df', 1, 'ip.flags_tree') === 1,
    flowLabel: fields.number('ipv6.flow', 0xfffff) ?? 0,
    ethernet: ethernetOf(fields),
  })
}

function addressIn(fields: JsonFields, name: string): Address | null {
  return parseAddress(fields.text(name) ?? '')
}

function ethernetOf(fields: JsonFields): Uint8Array | null {
  if (!fields.has('eth')) return null
  const addresses = new Uint8Array(12)
  addresses.set(fields.octets('eth.dst')?.subarray(0, 6) ?? NO_OCTETS)
  addresses.set(fields.octets('eth.src')?.subarray(0, 6) ?? NO_OCTETS, 6)
  return addresses
}
