/**
 * A TCP segment as fields (RFC 9293 3.1), decoded into one reused object.
 *
 * Whoever is handed a Segment borrows it for the call: the next packet overwrites it. The octets stay in the packet
 * (`bytes`, `textOffset`, `textLength`) and are copied once, into the receive buffer.
 */

/** Control bits, as they lie in the 9-bit flags field (AE is RFC 3168/9768's ninth bit). */
export const FIN = 0x01
export const SYN = 0x02
export const RST = 0x04
export const PSH = 0x08
export const ACK = 0x10
export const URG = 0x20
export const ECE = 0x40
export const CWR = 0x80
export const AE = 0x100

/** At most four SACK blocks fit into forty octets of options (RFC 2018 3). */
export const MAX_SACK_BLOCKS = 4

const EMPTY = new Uint8Array(0)

export class Segment {
  srcPort = 0
  dstPort = 0
  /** SEG.SEQ, int32. */
  seq = 0
  /** SEG.ACK, int32; meaningful where the ACK flag is set. */
  ack = 0
  /** Control bits: FIN | SYN | RST | PSH | ACK | URG | ECE | CWR | AE. */
  flags = 0
  /** The window field as sent: 0 to 65535, not scaled. */
  window = 0
  /** The urgent pointer field, 0 to 65535; meaningful where the URG flag is set. */
  urgentPointer = 0

  /** MSS option value, or -1 where absent. */
  mss = -1
  /** Window scale shift count as sent (0 to 255), or -1 where absent. */
  windowScale = -1
  sackPermitted = false
  hasTimestamps = false
  /** TSval and TSecr, int32; meaningful where `hasTimestamps`. */
  tsVal = 0
  tsEcr = 0
  /** Number of SACK blocks, 0 to 4; block i is sackEdges[2i] (left) to sackEdges[2i+1] (right). */
  sackBlocks = 0
  readonly sackEdges = new Int32Array(2 * MAX_SACK_BLOCKS)
  /** Bit set of further option kinds seen (OPTION_* bits of tcp-options.ts): UTO, TFO, AccECN, MD5, AO, unknown. */
  otherOptions = 0

  /** The packet that holds the text. */
  bytes: Uint8Array = EMPTY
  textOffset = 0
  textLength = 0

  /** SEG.LEN: octets of text, SYN and FIN counting one each (RFC 9293 3.3.1). */
  get length(): number {
    const controls = this.flags & (SYN | FIN)
    return this.textLength + (controls === 0 ? 0 : controls === (SYN | FIN) ? 2 : 1)
  }
}
