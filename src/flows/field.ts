/** A field of a captured packet under Wireshark's name: how it is read, and how it is written. */

import type { CaptureFile, CaptureFormat } from '../capture/capture-file.ts'
import type { CaptureRecord } from '../capture/record.ts'
import type { Packet, TcpFields } from '../dissect/packet.ts'
import type { FrameTimes } from './frame-times.ts'
import type { TcpAnalysis } from './tcp-analysis.ts'
import type { UdpStreams } from './udp-streams.ts'

/** A number, an address or a name as text, a span of time in seconds as text, or whether a flag is set. */
export type FieldValue = number | string

/**
 * How Wireshark writes a field: hexadecimal with so many digits; `boolean` is there whether it is set or not, `flag` only where
 * it is set; `octets` as hexadecimal digits; `date` as a point in time.
 */
export type FieldKind =
  | 'number'
  | 'hex2'
  | 'hex4'
  | 'hex6'
  | 'hex8'
  | 'boolean'
  | 'flag'
  | 'address'
  | 'ether'
  | 'time'
  | 'date'
  | 'octets'
  | 'text'

export type CaptureHead = Pick<CaptureFile, 'interfaces'> & { readonly format: CaptureFormat | null }

/** A frame, whether there is TCP in it or not. */
export interface FrameView {
  readonly packet: Packet
  /** What it was read from; without it the fields of the file are not known. */
  readonly record?: CaptureRecord
  /** Without it the frame's time is compared with no other. */
  readonly times?: FrameTimes
  /** Without it UDP is not followed. */
  readonly udp?: UdpStreams
  /** What it was read from, as far as that was read; without it, it is not known what is said of interfaces. */
  readonly file?: CaptureHead
}

/** One TCP header of a frame and what the analysis says of it. */
export interface TcpView extends FrameView {
  readonly tcp: TcpFields
  readonly analysis: TcpAnalysis
}

type Values<V> = V | readonly V[] | null

export interface Field<View extends FrameView = TcpView> {
  readonly kind: FieldKind
  /** The values in the frame, or of its TCP header; null where the field does not stand there. */
  readonly read: (view: View) => Values<FieldValue>
  /** Of `octets`: the same without a detour over text. */
  readonly octets?: (view: View) => Values<Uint8Array>
}

export type FrameFields = Readonly<Record<string, Field<FrameView>>>

/** Digits of the hexadecimal kinds. */
const DIGITS: Partial<Record<FieldKind, number>> = { hex2: 2, hex4: 4, hex6: 6, hex8: 8 }

/** A value as Wireshark's `-T fields` writes it. */
export function fieldText(kind: FieldKind, value: FieldValue): string {
  const digits = DIGITS[kind]
  return digits === undefined ? String(value) : `0x${value.toString(16).padStart(digits, '0')}`
}
