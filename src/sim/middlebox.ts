/**
 * What stands on a path and is no end of it: firewalls, translators, boxes that reset or rewrite (RFC 3234).
 *
 * A middlebox sees octets and knows nothing of the hosts' connections beyond what passed. It stands at the sender's end
 * of a path, in front of the line: what it answers arrives at the sender at once, what it sends on goes through the
 * path's impairments as the packet itself does.
 */

import { decodeIp } from '../wire/ip.ts'
import { IpHeader } from '../wire/ip-header.ts'
import { Segment } from '../wire/segment.ts'
import { decodeTcp } from '../wire/tcp.ts'

/** The side on which a packet enters: that of the host which was named first where the box was placed, or the other. */
export type Direction = 'out' | 'back'

export interface Middlebox {
  /** One or two words for captures: 'firewall'. */
  readonly name: string
  /** One packet, to be passed on (true), rewritten or not, or dropped (false). The transit is borrowed for the call. */
  handlePacket(transit: Transit): boolean
}

/** A packet that passes, and what the box says because of it. One reused object. */
export class Transit {
  /** Microseconds. */
  now = 0
  direction: Direction = 'out'
  /** The packet is bytes[0] to bytes[length - 1]; it may be rewritten there, but not grow. */
  bytes: Uint8Array = NOTHING
  length = 0
  readonly ip = new IpHeader()
  readonly segment = new Segment()
  /** Whether `ip` holds its header, and `segment` the segment in it. */
  isIp = false
  isTcp = false
  /** Whole packets of the box's own: to the host that sent this one, and onwards behind it. */
  readonly answers: Uint8Array[] = []
  readonly onwards: Uint8Array[] = []

  /** Whether the box said anything. */
  get speaks(): boolean {
    return this.answers.length > 0 || this.onwards.length > 0
  }

  load(now: number, direction: Direction, bytes: Uint8Array, length: number): void {
    this.now = now
    this.direction = direction
    this.bytes = bytes
    this.length = length
    if (this.speaks) {
      this.answers.length = 0
      this.onwards.length = 0
    }
    this.read()
  }

  /** Reads the headers again, for the boxes behind one that has rewritten them. Checksums are the hosts' to verify. */
  read(): void {
    this.isIp = decodeIp(this.bytes, 0, this.length, this.ip, false) === 'ok'
    this.isTcp = this.isIp && decodeTcp(this.bytes, this.ip, this.segment, false) === 'ok'
  }
}

const NOTHING: Uint8Array = new Uint8Array(0)

/** The other side. */
export function opposite(direction: Direction): Direction {
  return direction === 'out' ? 'back' : 'out'
}
