/**
 * Expert information: what Wireshark 4.0 remarks on a TCP header, in its words, order, severities and groups. What the
 * analysis of sequence numbers marks is among it; what protocols above TCP would remark is not.
 */

import { rightChecksum } from '../dissect/tcp-details.ts'
import { ACK, FIN, RST, SYN, URG } from '../wire/segment.ts'
import { TCP_HEADER_LENGTH } from '../wire/tcp.ts'
import { expertOfOptions } from './expert-options.ts'
import type { Field, TcpView } from './field.ts'
import * as a from './tcp-analysis.ts'

export type Severity = 'error' | 'warning' | 'note' | 'chat'

/** One kind of remark. */
export interface Expert {
  readonly severity: Severity
  readonly group: 'Checksum' | 'Malformed' | 'Protocol' | 'Sequence'
  /** With the numbers of this packet in it. */
  readonly message: string
  /** Wireshark's name for it; the empty text where it has none that is told here. */
  readonly field: string
}

/** Everything that there is to remark, in Wireshark's order. */
export function expertOf(view: TcpView): Expert[] {
  const { tcp } = view
  const found: Expert[] = []
  const note: Remark = (severity, group, field, message) => {
    found.push({ severity, group, field, message })
  }
  if (tcp.headerLength < TCP_HEADER_LENGTH) {
    const message = `Bogus TCP header length (${tcp.headerLength}, must be at least ${TCP_HEADER_LENGTH})`
    note('error', 'Malformed', 'tcp.bogus_header_length', message)
    return found
  }
  remarkLength(view, note)
  remarkFastOpenAnswer(view, note)
  remarkFlags(view, note)
  remarkChecksum(view, note)
  if (tcp.urgentPointer !== 0 && (tcp.flags & URG) === 0) {
    note('note', 'Protocol', 'tcp.urgent_pointer.non_zero', URGENT_NONZERO)
  }
  expertOfOptions(view, note)
  remarkAnalysis(view, note)
  return found
}

export type Remark = (severity: Severity, group: Expert['group'], field: string, message: string) => void

const URGENT_NONZERO = 'The urgent pointer field is nonzero while the URG flag is not set'
const ACK_NONZERO = 'The acknowledgment number field is nonzero while the ACK flag is not set'
const SHORT_SEGMENT =
  'Short segment. Segment/fragment does not contain a full TCP header (might be NMAP or someone else deliberately ' +
  'sending unusual packets)'

/** Before the flags: a header that is longer than its segment, and an acknowledgment that nobody made. */
function remarkLength({ packet, tcp }: TcpView, note: Remark): void {
  const isShort = !packet.isQuoted && packet.wireEnd - tcp.at < tcp.headerLength
  if (isShort) note('warning', 'Malformed', 'tcp.short_segment', SHORT_SEGMENT)
  if ((tcp.flags & ACK) === 0 && tcp.ack !== 0) note('note', 'Protocol', 'tcp.ack.nonzero', ACK_NONZERO)
}

function remarkFastOpenAnswer({ analysis }: TcpView, note: Remark): void {
  const { flags } = analysis
  if ((flags & a.TFO_ACK) !== 0) {
    note('note', 'Sequence', 'tcp.analysis.tfo_ack', 'TCP SYN-ACK accepting TFO data')
  } else if ((flags & a.TFO_IGNORED) !== 0) {
    note('note', 'Sequence', 'tcp.analysis.tfo_ignored', 'TCP SYN-ACK ignoring TFO data')
  }
}

function remarkFlags({ tcp, analysis }: TcpView, note: Remark): void {
  const { flags } = tcp
  if ((flags & (SYN | ACK)) === (SYN | ACK)) {
    const message = `Connection establish acknowledge (SYN+ACK): server port ${tcp.sourcePort}`
    note('chat', 'Sequence', 'tcp.connection.synack', message)
  } else if ((flags & SYN) !== 0) {
    const message = `Connection establish request (SYN): server port ${tcp.destinationPort}`
    note('chat', 'Sequence', 'tcp.connection.syn', message)
  }
  if ((flags & FIN) !== 0) {
    note('chat', 'Sequence', 'tcp.connection.fin', 'Connection finish (FIN)')
    const does = analysis.finIs === 'active' ? 'initiates' : 'undergoes'
    if (analysis.finIs !== null) {
      note(
        'note',
        'Sequence',
        `tcp.connection.fin_${analysis.finIs}`,
        `This frame ${does} the connection closing`,
      )
    }
  }
  if ((flags & RST) !== 0) note('warning', 'Sequence', 'tcp.connection.rst', 'Connection reset (RST)')
}

function remarkChecksum({ packet, tcp }: TcpView, note: Remark): void {
  if (packet.isQuoted) return
  const right = rightChecksum(packet, tcp)
  if (right === null || right === tcp.checksum) return
  const shown = right.toString(16).padStart(4, '0')
  note('error', 'Checksum', 'tcp.checksum.bad', `Bad checksum [should be 0x${shown}]`)
}

/** Remarks of the analysis, by their bits, in the order in which Wireshark shows them. */
const ANALYSIS: readonly (readonly [bit: number, severity: Severity, name: string, message: string])[] = [
  [
    a.REUSED_PORTS,
    'note',
    'reused_ports',
    'A new tcp session is started with the same ports as an earlier session in this trace',
  ],
  [a.FAST_RETRANSMISSION, 'note', 'fast_retransmission', 'This frame is a (suspected) fast retransmission'],
  [
    a.SPURIOUS_RETRANSMISSION,
    'note',
    'spurious_retransmission',
    'This frame is a (suspected) spurious retransmission',
  ],
  [a.RETRANSMISSION, 'note', 'retransmission', 'This frame is a (suspected) retransmission'],
  [a.OUT_OF_ORDER, 'warning', 'out_of_order', 'This frame is a (suspected) out-of-order segment'],
  [a.LOST_SEGMENT, 'warning', 'lost_segment', 'Previous segment(s) not captured (common at capture start)'],
  [
    a.ACK_LOST_SEGMENT,
    'warning',
    'ack_lost_segment',
    "ACKed segment that wasn't captured (common at capture start)",
  ],
  [a.WINDOW_UPDATE, 'chat', 'window_update', 'TCP window update'],
  [a.WINDOW_FULL, 'warning', 'window_full', 'TCP window specified by the receiver is now completely full'],
  [a.KEEP_ALIVE, 'note', 'keep_alive', 'TCP keep-alive segment'],
  [a.KEEP_ALIVE_ACK, 'note', 'keep_alive_ack', 'ACK to a TCP keep-alive segment'],
  [a.DUPLICATE_ACK, 'note', 'duplicate_ack', ''],
  [a.ZERO_WINDOW_PROBE, 'note', 'zero_window_probe', 'TCP Zero Window Probe'],
  [a.ZERO_WINDOW, 'warning', 'zero_window', 'TCP Zero Window segment'],
  [a.ZERO_WINDOW_PROBE_ACK, 'note', 'zero_window_probe_ack', 'ACK to a TCP Zero Window Probe'],
]

function remarkAnalysis({ analysis }: TcpView, note: Remark): void {
  for (const [bit, severity, name, message] of ANALYSIS) {
    if ((analysis.flags & bit) === 0) continue
    note(
      severity,
      'Sequence',
      `tcp.analysis.${name}`,
      message || `Duplicate ACK (#${analysis.duplicateAckNumber})`,
    )
  }
}

/** A field that is there where a remark of its name is. */
function remarked(field: string): Field {
  return {
    kind: 'flag',
    read: (view) => {
      const count = expertOf(view).filter((each) => each.field === field).length
      return count === 0 ? null : new Array<number>(count).fill(1)
    },
  }
}

/** Remarks as fields; those that the analysis or the flags have made are among these already. */
export const EXPERT_FIELDS: Readonly<Record<string, Field>> = {
  'tcp.connection.fin_active': finField('active'),
  'tcp.connection.fin_passive': finField('passive'),
  'tcp.short_segment': remarked('tcp.short_segment'),
  'tcp.bogus_header_length': remarked('tcp.bogus_header_length'),
  'tcp.ack.nonzero': remarked('tcp.ack.nonzero'),
  'tcp.urgent_pointer.non_zero': remarked('tcp.urgent_pointer.non_zero'),
  'tcp.options.sack.dsack': remarked('tcp.options.sack.dsack'),
  '_ws.expert.message': { kind: 'text', read: (view) => messages(view, ({ message }) => message) },
  '_ws.expert.severity': {
    kind: 'number',
    read: (view) => messages(view, ({ severity }) => SEVERITIES[severity]),
  },
  '_ws.expert.group': { kind: 'number', read: (view) => messages(view, ({ group }) => GROUPS[group]) },
}

function finField(which: 'active' | 'passive'): Field {
  return { kind: 'flag', read: ({ analysis }) => (analysis.finIs === which ? 1 : null) }
}

function messages<T extends string | number>(view: TcpView, read: (expert: Expert) => T): T[] | null {
  const found = expertOf(view)
  return found.length === 0 ? null : found.map(read)
}

/** Wireshark's numbers. */
const SEVERITIES: Readonly<Record<Severity, number>> = {
  chat: 0x20_0000,
  note: 0x40_0000,
  warning: 0x60_0000,
  error: 0x80_0000,
}
const GROUPS: Readonly<Record<Expert['group'], number>> = {
  Checksum: 0x100_0000,
  Sequence: 0x200_0000,
  Malformed: 0x700_0000,
  Protocol: 0x900_0000,
}
