/** What the layers of one captured packet say, as far as TCP cares: one reused object, filled from the outside in. */

import type { Direction } from '../capture/capture-file.ts'
import type { CaptureRecord } from '../capture/record.ts'

/** Headers that are followed inside each other; more is an attack or a mistake. */
const MAX_LAYERS = 32
/** A longer packet is a mistake of the file. */
const MAX_LENGTH = 0x7fff_ffff

const NOTHING = new Uint8Array(0)

export class Packet {
  // ---- the record
  /** frame.number: counts from 1. */
  number = 0
  seconds = 0
  nanoseconds = 0
  frameLength = 0
  capturedLength = 0
  linkType = 0
  direction: Direction | null = null

  // ---- the cursor: octets from `at` on are not understood yet
  bytes: Uint8Array = NOTHING
  view: DataView = new DataView(NOTHING.buffer)
  at = 0
  /** End of the octets that were captured, and of those that were on the wire, both as places in `bytes`. */
  end = 0
  wireEnd = 0
  /** Frames beside this one in the same frame: four numbers each, the arguments of `later`. */
  readonly others: number[] = []

  // ---- the innermost IP header
  version = 0
  ipAt = 0
  ttl = 0
  identification = 0
  /** As four int32 words; an IPv4 address stands in word 3 behind ::ffff. */
  src0 = 0
  src1 = 0
  src2 = 0
  src3 = 0
  dst0 = 0
  dst1 = 0
  dst2 = 0
  dst3 = 0
  /** Outermost VLAN, or -1. */
  vlan = -1
  /** Within an ICMP error, which quotes the start of a packet. */
  isQuoted = false
  /** The first fragment of a datagram that cannot be put together, looked into on its own. */
  isFragment = false
  /** Layers so far, from the outside in: what each is (layer-codes.ts), and where it starts in which octets. */
  layers = 0
  readonly layerCodes = new Int32Array(MAX_LAYERS)
  readonly layerAts = new Int32Array(MAX_LAYERS)
  readonly layerBytes: Uint8Array[] = []

  /** Starts at a record. */
  begin(record: CaptureRecord): void {
    this.number = record.number
    this.seconds = record.seconds
    this.nanoseconds = record.nanoseconds
    this.frameLength = Math.min(record.originalLength, MAX_LENGTH)
    this.capturedLength = record.length
    this.linkType = record.linkType
    this.direction = record.direction
    this.bytes = record.bytes
    this.view = record.view
    this.at = record.start
    this.end = record.start + record.length
    this.wireEnd = record.start + Math.max(record.length, this.frameLength)
    this.version = 0
    this.vlan = -1
    this.isQuoted = false
    this.isFragment = false
    this.layers = 0
  }

  /** Notes another frame in this frame, to be looked at after this one. */
  later(at: number, end: number, wireEnd: number, layer: number): void {
    this.others.push(at, end, wireEnd, layer)
  }

  /** Notes that a layer starts at the cursor; false where there are too many. */
  enter(code: number): boolean {
    const layer = this.layers
    if (layer === MAX_LAYERS) return false
    this.layerCodes[layer] = code
    this.layerAts[layer] = this.at
    this.layerBytes[layer] = this.bytes
    this.layers = layer + 1
    return true
  }

  /** Octets that were captured and are not understood yet. */
  get left(): number {
    return this.end - this.at
  }
}

/** Where a TCP header lies and what it says. Text is the RFC's word for what it carries. */
export class TcpFields {
  at = 0
  /** Octets of header and text that were captured: 16 at least. What was not is zero here. */
  held = 0
  sourcePort = 0
  destinationPort = 0
  /** As int32. */
  seq = 0
  ack = 0
  /** Nine bits, see wire/segment.ts. */
  flags = 0
  window = 0
  checksum = 0
  urgentPointer = 0
  headerLength = 0
  /**
   * Octets of text on the wire; -1 where that cannot be known: a fragment, a quotation, a header longer than the segment. Behind
   * a header that says less than 20 octets of itself, what is left of the segment.
   */
  textLength = 0
  textAt = 0
  /** Octets of text that were captured. */
  textHeld = 0
}
