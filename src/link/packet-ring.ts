/**
 * The kernel's ring of received packets, TPACKET_V3 (Linux: Documentation/networking/packet_mmap.rst): blocks that the
 * kernel fills and hands over, and gets back once they were read. Numbers are in the machine's order, little-endian.
 *
 *   block:  version | private | status | packets | offset of the first | ...
 *   packet: offset of the next | seconds | nanoseconds | captured | on the wire | status | at link | at network
 *           | hash | VLAN tag | VLAN type | ... and behind it the sockaddr_ll: where it came from
 */

import type { CaptureRecord } from '../capture/record.ts'

export const BLOCK_LENGTH = 1 << 20
export const BLOCKS = 16
/** Milliseconds after which a block that is not full is handed over. */
export const RETIRE_MS = 50

const BLOCK_STATUS = 8
const BLOCK_PACKETS = 12
const BLOCK_FIRST = 16
const KERNELS = 0
const READERS = 1

const NEXT = 0
const SECONDS = 4
const NANOSECONDS = 8
const CAPTURED = 12
const ON_WIRE = 16
const STATUS = 20
const AT_LINK = 24
const AT_NETWORK = 26
const VLAN_TAG = 32
const VLAN_TYPE = 36
/** Of the sockaddr_ll: its place, and in it protocol (big-endian), interface, kind of hardware, kind of packet, address. */
const FROM = 48
const FROM_PROTOCOL = FROM + 2
const FROM_INTERFACE = FROM + 4
const FROM_HARDWARE = FROM + 8
const FROM_KIND = FROM + 10
const FROM_ADDRESS_LENGTH = FROM + 11
const FROM_ADDRESS = FROM + 12

const STATUS_VLAN = 1 << 4
const STATUS_VLAN_TYPE = 1 << 6
const ETHERTYPE_VLAN = 0x8100
const VLAN_LENGTH = 4
/** Octets of the two addresses, behind which a VLAN tag stands. */
const ADDRESSES = 12
/** sll_pkttype of what this machine sent. */
const OUTGOING = 4
/** draft-gharris-opsawg-pcap, LINKTYPE_LINUX_SLL2: the header that stands for a link layer that was taken off. */
const COOKED_LENGTH = 20

/** What is made of the packets: as they are on an Ethernet link or without link layer, or with a cooked header. */
export interface RingView {
  readonly isEthernet: boolean
  readonly isCooked: boolean
  /** The loopback device shows each packet twice, sent and received: the first is passed over. */
  readonly passOverOutgoing: boolean
}

export class PacketRing {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #how: RingView
  #block = 0
  /** Where packets are put together that do not stand in the ring as they go on. */
  readonly #made = new Uint8Array(1 << 19)
  readonly #madeView = new DataView(this.#made.buffer)

  constructor(memory: ArrayBuffer, how: RingView) {
    this.#bytes = new Uint8Array(memory)
    this.#view = new DataView(memory)
    this.#how = how
  }

  /**
   * Tells of the packets of all blocks that were handed over, and gives these back.
   * @param take the record is borrowed; returns false to stop, the rest of the block is then lost.
   */
  read(record: CaptureRecord, take: (record: CaptureRecord) => boolean): void {
    for (let count = 0; count < BLOCKS; count++) {
      const start = this.#block * BLOCK_LENGTH
      const status = this.#view.getUint32(start + BLOCK_STATUS, true)
      if ((status & READERS) === 0) return
      const goesOn = this.#readBlock(start, record, take)
      this.#view.setUint32(start + BLOCK_STATUS, KERNELS, true)
      this.#block = (this.#block + 1) % BLOCKS
      if (!goesOn) return
    }
  }

  #readBlock(start: number, record: CaptureRecord, take: (record: CaptureRecord) => boolean): boolean {
    const view = this.#view
    let at = start + view.getUint32(start + BLOCK_FIRST, true)
    for (let left = view.getUint32(start + BLOCK_PACKETS, true); left > 0; left--) {
      const kind = this.#bytes[at + FROM_KIND]!
      if (!(this.#how.passOverOutgoing && kind === OUTGOING)) {
        this.#set(record, at, kind)
        record.number++
        if (!take(record)) return false
      }
      at += view.getUint32(at + NEXT, true)
    }
    return true
  }

  #set(record: CaptureRecord, at: number, kind: number): void {
    const view = this.#view
    record.seconds = view.getUint32(at + SECONDS, true)
    record.nanoseconds = view.getUint32(at + NANOSECONDS, true)
    record.length = view.getUint32(at + CAPTURED, true)
    record.originalLength = view.getUint32(at + ON_WIRE, true)
    record.direction = kind === OUTGOING ? 'outbound' : 'inbound'
    record.bytes = this.#bytes
    record.view = view
    if (this.#how.isCooked) {
      this.#cook(record, at, kind)
      return
    }
    record.start = at + view.getUint16(at + AT_LINK, true)
    const hasTag = (view.getUint32(at + STATUS, true) & STATUS_VLAN) !== 0
    if (hasTag && this.#how.isEthernet && record.length >= ADDRESSES) this.#putTag(record, at)
  }

  /** The kernel takes the tag off and tells it apart; on the wire it stood behind the addresses. */
  #putTag(record: CaptureRecord, at: number): void {
    const view = this.#view
    const hasType = (view.getUint32(at + STATUS, true) & STATUS_VLAN_TYPE) !== 0
    const { start, length } = record
    const made = this.#made
    made.set(this.#bytes.subarray(start, start + ADDRESSES))
    this.#madeView.setUint16(ADDRESSES, hasType ? view.getUint16(at + VLAN_TYPE, true) : ETHERTYPE_VLAN)
    this.#madeView.setUint16(ADDRESSES + 2, view.getUint16(at + VLAN_TAG, true))
    made.set(this.#bytes.subarray(start + ADDRESSES, start + length), ADDRESSES + VLAN_LENGTH)
    this.#useMade(record, length + VLAN_LENGTH, VLAN_LENGTH)
  }

  #cook(record: CaptureRecord, at: number, kind: number): void {
    const view = this.#view
    const made = this.#made
    const start = at + view.getUint16(at + AT_NETWORK, true)
    made.fill(0, 0, COOKED_LENGTH)
    this.#madeView.setUint16(0, view.getUint16(at + FROM_PROTOCOL))
    this.#madeView.setUint32(4, view.getUint32(at + FROM_INTERFACE, true))
    this.#madeView.setUint16(8, view.getUint16(at + FROM_HARDWARE, true))
    made[10] = kind
    made[11] = this.#bytes[at + FROM_ADDRESS_LENGTH]!
    made.set(this.#bytes.subarray(at + FROM_ADDRESS, at + FROM_ADDRESS + 8), 12)
    made.set(this.#bytes.subarray(start, start + record.length), COOKED_LENGTH)
    this.#useMade(record, record.length + COOKED_LENGTH, COOKED_LENGTH)
  }

  #useMade(record: CaptureRecord, length: number, more: number): void {
    record.bytes = this.#made
    record.view = this.#madeView
    record.start = 0
    record.length = length
    record.originalLength += more
  }
}
